import Recurrent
import RecurrentFiles

/// Everything about a forecaster that is fixed before training starts: series, split, scales and
/// the untrained network.
///
/// Scales are fitted here, on the training rows, and nowhere else: no later step can see them
/// change, and no row after the training part can reach them.
public struct ForecastPlan: JobPlan {
  /// The series, each with its split.
  public let series: [Series]
  /// Series that are too short or do not vary, and why; those that hold a window can be forecast.
  public internal(set) var leftOut: [(series: Series, problem: String)]
  /// The splits of the series, one each.
  public let splits: [ForecastSplit]
  /// The ranks that share the report.
  var ranks: (any Communicator)?
  /// The options.
  public var options: ForecasterOptions {
    // A smaller batch fits where a larger one did.
    didSet { memory = (try? Self.memory(series, splits, known, options)) ?? memory }
  }
  /// The model that training goes on from.
  public let origin: Forecaster?
  /// The columns of the table that the series came from, if they did.
  public let columns: ForecastColumns?
  /// How training stays within the memory.
  public private(set) var memory: MemoryPlan
  let channels: [Channels]
  /// Where what is computed from numbers is kept.
  let store: ValueStore
  /// What the network is told of rows before they come; nil: nothing.
  let known: KnownInputs?
  /// The seasons that training rows show, where none was given.
  public let seasonsFound: [FoundSeason]
  let base: NaiveForecast
  /// What the training before this one found; nil for the first.
  var former: Forecaster.Configuration?
  /// The penalty of the ridge regression that its validation part chose.
  var ridgePenalty: Double?
  /// Epochs over which the learning rate falls.
  var scheduleEpochs: Int?
  /// Trainings that came before.
  public internal(set) var stage = 0
  /// The rows that this training leaves out to tell how far forecasts are off; nil: none.
  var fold: FoldTraining?
  /// Of the weights of a network of segments.
  private static let averaging = 0.99

  /// Plans a forecaster. Of several series those that are too short or do not vary are left out.
  ///
  /// - Parameters:
  ///   - series: what is forecast.
  ///   - columns: where they stand in a table.
  ///   - splits: one a series; nil: by the shares that the options say.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, there is no series,
  ///   two have one name or other covariates, not one is long enough for the window and horizon and has
  ///   a target that changes, or the model has other covariates.
  public init(
    _ series: [Series], options: ForecasterOptions = ForecasterOptions(),
    columns: ForecastColumns? = nil, splits: [ForecastSplit]? = nil,
    from model: Forecaster? = nil
  ) throws(DataError) {
    try self.init(
      series, options: options, columns: columns, splits: splits, from: model,
      in: ValueStore())
  }

  /// - Parameter store: where what is computed from the numbers of the series is kept.
  init(
    _ series: [Series], options: ForecasterOptions, columns: ForecastColumns? = nil,
    splits: [ForecastSplit]? = nil, from model: Forecaster? = nil, in store: ValueStore
  ) throws(DataError) {
    try require(Self.problem(series), of: "the series")
    self.store = store
    let splits = splits ?? []
    require(
      splits.isEmpty || splits.count == series.count,
      "one split a series: \(splits.count) for \(series.count)")
    var options = try options.settled(from: model)
    self.options = options
    origin = model
    for series in series { try model?.checkChannels(of: series) }
    // Rows that a split does not know are in no part, and no forecast goes on from them.
    let all = splits.isEmpty ? series : zip(series, splits).map { $0.prefix($1.count) }
    let allParts =
      splits.isEmpty
      ? all.map { ForecastSplit(count: $0.count, options: options) } : splits
    let series: [Series]
    let parts: [ForecastSplit]
    (series, parts, leftOut) = try Self.usable(all, allParts, options)
    (self.series, self.splits, self.columns) = (series, parts, columns)
    seasonsFound =
      model == nil && options.season == nil && options.findsSeasons == true
      ? SeasonSearch.seasons(
        of: zip(series, parts).map { $0.target[..<$1.validationStart] }, times: series[0].times)
      : []
    let usable = seasonsFound.map(\.rows).filter { $0 <= options.window }
    if let first = usable.first {
      options.season = first
      options.moreSeasons = usable.count > 1 ? Array(usable.dropFirst()) : nil
    }
    if options.base == .season && usable.isEmpty && options.season == nil
      || options.base == .seasons && options.seasons.count < 2
    {
      throw DataError(
        file: series[0].source,
        problem:
          "--base \(options.base?.rawValue ?? "") needs \(options.base == .season ? "a season" : "several seasons"), and the training rows show "
          + (usable.isEmpty ? "none" : "one of \(usable[0]) rows") + " within the window",
        advice: "Name them with --season, or use --base auto")
    }
    self.options = options
    let inputs =
      model.map(\.configuration.known)
      ?? KnownInputs(
        series, trainingRows: parts.map(\.validationStart), calendar: options.calendar ?? .none)
    known = inputs.flatMap { $0.width > 0 ? $0 : nil }
    memory = try Self.memory(series, parts, known, options)
    var channels: [Channels] = []
    for (series, split) in zip(series, parts) {
      channels.append(
        try Channels(
          series, rule: model?.rule(of: series),
          power: model?.power(of: series, rows: 0..<split.validationStart), options: options,
          trainingRows: 0..<split.validationStart, before: model?.steps(before: series)
        ).with(known, of: series, ahead: options.horizon).stored(in: store))
    }
    base =
      model?.configuration.base
      ?? Self.betterBase(zip(channels, parts).map { ($0, $1) }, options)
    let usual: ForecastBase = options.base ?? (base == .season ? .season : .last)
    for (place, split) in parts.enumerated() {
      let (values, rows) = (channels[place].values[0], split.validationStart)
      let kind =
        model.map { $0.configuration.bases?[series[place].name ?? ""] ?? usual } ?? usual
      let base: BaseForecast =
        kind == .auto
        ? .best(
          values, fittedRows: rows, origins: split.training, options: options,
          alone: parts.count == 1)
        : BaseForecast(kind, values.array, fittedRows: rows, seasons: options.seasons)
      channels[place].base = try base.stored(in: store)
    }
    self.channels = channels
  }

  /// Which naive forecast the network corrects: the one with the smaller error over the training
  /// rows.
  private static func betterBase(
    _ parts: [(Channels, ForecastSplit)], _ options: ForecasterOptions
  ) -> NaiveForecast {
    guard options.season != nil else { return .last }
    func error(_ base: NaiveForecast) -> Double {
      parts.reduce(0) { sum, part in
        let target = StoredValues(part.0.values[0].array)
        return part.1.training.reduce(sum) { sum, origin in
          let scale = part.0.scale(of: 0, for: origin - options.window..<origin).scale
          return (0..<options.horizon).reduce(sum) { sum, step in
            let forecast = base.value(target, origin: origin, step: step, season: options.season)
            let error = scale > 0 ? (target[origin + step] - forecast) / scale : 0
            return sum + error * error
          }
        }
      }
    }
    return error(.season) < error(.last) ? .season : .last
  }

  /// The windows of one part.
  func examples(_ part: KeyPath<ForecastSplit, Range<Int>>) -> ForecastExamples {
    ForecastExamples(
      channels, origins: splits.map { $0[keyPath: part] }, options: options, places: places)
  }

  /// The place of each series among those that have weights of their own.
  var places: [Int?] {
    guard let names = ownVectors else { return series.map { _ in nil } }
    return series.map { names.firstIndex(of: $0.name ?? "") }
  }

  /// The series that have weights of their own; nil if none has.
  private var ownVectors: [String]? {
    if let origin { return origin.configuration.ownVectors }
    return options.tellsSeriesApart ? series.map { $0.name ?? "" } : nil
  }

  /// The number of training, validation and test windows.
  public var windowCounts: (training: Int, validation: Int, test: Int) {
    (
      splits.reduce(0) { $0 + $1.training.count }, splits.reduce(0) { $0 + $1.validation.count },
      splits.reduce(0) { $0 + $1.test.count }
    )
  }

  var hasValidation: Bool { splits.contains { !$0.validation.isEmpty } }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastPlan {
  public var memoryPlan: MemoryPlan? { memory }
  public var trainingExamples: ForecastExamples {
    fold.map { trainingExamples(without: $0.fold) } ?? examples(\.training)
  }
  public var validationExamples: ForecastExamples {
    // Without a fold, as many epochs are run as validation chose.
    fold == nil
      ? examples(\.validation)
      : ForecastExamples(
        channels, origins: channels.map { _ in 0..<0 }, options: options, places: places)
  }
  public var updatesPerEpoch: Int {
    let windows = min(size.count, options.windowsPerEpoch ?? .max)
    return (windows + options.batchSize - 1) / options.batchSize
  }

  /// The line begins at the ridge regression, behind the smoothing if that is learned.
  public func prepared(_ model: ForecastModel) -> ForecastModel {
    var (training, validation) = (trainingExamples, validationExamples)
    if model.smoothing != nil {
      (training.view, validation.view) = (model.smoothed, model.smoothed)
    }
    guard options.hasLine,
      let ridge = RidgeForecast(
        training: training, validation: validation, penalty: ridgePenalty, ofTargetAlone: true)
    else { return model }
    var model = model
    model.line = ridge.line
    return model
  }

  public var extras: RecentRows {
    let others = leftOutChannels
    let all = zip(series + others.map(\.series), channels + others.map(\.channels))
    let count = RecentRows.count(
      window: options.window, followsRows: channels.contains { $0.base.kind.followsRows })
    return RecentRows(
      all.map { series, _ in series.suffix(count) },
      before: all.map { $1.steps(upTo: max(0, $0.count - count)) })
  }

  public func trainer(
    of model: ForecastModel, member: Int
  ) -> Trainer<ForecastModel, Adam, ForecastExamples> {
    let (loss, quantiles) = (options.loss, options.quantiles)
    var training = options.training(member: member)
    training.segmentLength = memory.segmentLength
    training.examplesPerEpoch = options.windowsPerEpoch
    if options.steps == .segments {
      training.averaging = options.averaging ?? Self.averaging
      training.schedule = .cosine(epochs: Double(scheduleEpochs ?? options.epochs))
    }
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate), options: training
    ) { model, batch, mode in
      loss(model(batch, mode: mode), batch, quantiles: quantiles)
    }
  }

  public func configuration(after histories: [TrainingHistory]) -> Forecaster.Configuration {
    // Forecasts of what was left out go on from its last rows as from all of them.
    let others = leftOutChannels
    let names = series.map { $0.name ?? "" } + others.map { $0.series.name ?? "" }
    let all = channels + others.map(\.channels)
    let rows = series.reduce(0) { $0 + $1.count }
    return Forecaster.Configuration(
      options: former?.options ?? options, columns: columns,
      channels: [series[0].targetName] + series[0].covariates.map(\.name), base: base,
      scales: options.scaling.window != nil
        ? [:]
        : Dictionary(zip(names, all.map { $0.scales ?? [] }), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.scales ?? [:]) { $1 },
      leastScale: channels[0].leastScale,
      powers: options.transform == nil
        ? nil
        : Dictionary(zip(names, all.map(\.power)), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.powers ?? [:]) { $1 },
      known: known, ownVectors: ownVectors,
      bases: options.base == nil
        ? nil
        : Dictionary(zip(names, channels.map(\.base.kind)), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.bases ?? [:]) { $1 },
      leftOut: leftOut.isEmpty ? nil : leftOut.compactMap(\.series.name), interval: [],
      refitted: former.map { _ in
        Refitted(rows: splits.reduce(0) { $0 + $1.testStart }, of: rows, epochs: options.epochs)
      }, learnedUntil: learnedUntil,
      intervalSource: former?.intervalSource
        ?? (options.loss == .quantile
          ? .quantiles
          : options.loss.isOfDistribution
            ? .likelihood : hasValidation ? .validationResiduals : .trainingResiduals),
      epochs: former?.epochs ?? histories.first?.epochs.count ?? 0,
      bestEpoch: former?.bestEpoch ?? histories.first?.best?.epoch ?? 0,
      trainedOn: "\(series[0].source), \(rows) rows"
        + (series.count > 1 ? " of \(series.count) series" : "")
        + (paddedCount > 0 ? ", \(paddedCount) of them padded" : ""))
  }
}
