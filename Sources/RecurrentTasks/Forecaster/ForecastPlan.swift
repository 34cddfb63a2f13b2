import Foundation
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
  public private(set) var leftOut: [(series: Series, problem: String)]
  /// One split a series.
  public let splits: [ForecastSplit]
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
  /// What the network is told of rows before they come; nil: nothing.
  let known: KnownInputs?
  /// The seasons that training rows show, where none was given.
  public let seasonsFound: [FoundSeason]
  let base: NaiveForecast
  /// What the training before this one found; nil for the first.
  private var former: Forecaster.Configuration?
  /// The penalty of the ridge regression that its validation part chose.
  private var ridgePenalty: Double?
  /// Epochs over which the learning rate falls.
  private var scheduleEpochs: Int?
  /// Trainings that came before.
  public private(set) var stage = 0
  private static let rowsAtOnce = 100_000
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
    try require(Self.problem(series), of: "the series")
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
    let unbased = zip(series, parts).map { series, split in
      Channels(
        series, rule: model?.rule(of: series),
        power: model?.power(of: series, rows: 0..<split.validationStart), options: options,
        trainingRows: 0..<split.validationStart, before: model?.steps(before: series))
    }
    base =
      model?.configuration.base
      ?? Self.betterBase(zip(unbased, parts).map { ($0, $1) }, options)
    let usual: ForecastBase = options.base ?? (base == .season ? .season : .last)
    let inputsOfRows = known
    channels = zip(zip(series, unbased), parts).map { series, split in
      var channels = series.1.with(inputsOfRows, of: series.0, ahead: options.horizon)
      let (values, rows) = (channels.values[0], split.validationStart)
      let kind = model.map { $0.configuration.bases?[series.0.name ?? ""] ?? usual } ?? usual
      channels.base =
        kind == .auto
        ? .best(values, fittedRows: rows, origins: split.training, options: options)
        : BaseForecast(kind, values, fittedRows: rows, seasons: options.seasons)
      return channels
    }
  }

  /// A network far larger than the machine would end the program without a word, and one larger
  /// than the limit would pass it.
  private static func memory(
    _ series: [Series], _ splits: [ForecastSplit], _ known: KnownInputs?,
    _ options: ForecasterOptions
  ) throws(DataError) -> MemoryPlan {
    let rows = min(options.batchSize, splits.reduce(0) { $0 + $1.training.count })
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    var shapes = ShapesOnly()
    let model = ForecastModel(
      features: 1 + series[0].covariates.count, known: known?.width ?? 0,
      series: options.seriesVectors == true ? series.count : 0, options: options,
      using: &shapes)
    let (paths, weights) = (model.paths, model.parameterCount)
    let time = options.timeSteps
    let plan = MemoryPlan(
      paths: paths, parameterCount: weights, batchSize: rows, time: time, limit: options.memoryLimit
    )
    if let plan, plan.bytes <= available { return plan }
    let least = MemoryPlan.smallestBytes(
      paths: paths, parameterCount: weights, batchSize: rows, time: time)
    if let limit = options.memoryLimit, plan == nil {
      throw DataError(
        file: series[0].source,
        problem: "training such a network takes at least \(NumberFormat.bytes(least)) of memory, "
          + "the limit is \(NumberFormat.bytes(Double(limit)))",
        advice: "Use a higher --memory-limit, or a smaller --batch, --hidden, --layers or --window")
    }
    throw DataError(
      file: series[0].source,
      problem: "training such a network takes about "
        + "\(NumberFormat.bytes(plan?.bytes ?? least)) of memory, this machine has "
        + NumberFormat.bytes(available),
      advice: (least < available ? "Use a --memory-limit, or a " : "Use a ")
        + "smaller --hidden, --layers, --window or --batch")
  }

  /// Which naive forecast the network corrects: the one with the smaller error over the training
  /// rows.
  private static func betterBase(
    _ parts: [(Channels, ForecastSplit)], _ options: ForecasterOptions
  ) -> NaiveForecast {
    guard options.season != nil else { return .last }
    func error(_ base: NaiveForecast) -> Double {
      parts.reduce(0) { sum, part in
        let target = part.0.values[0]
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

  /// The place of each series among those that have a vector of their own.
  var places: [Int?] {
    guard let names = ownVectors else { return series.map { _ in nil } }
    return series.map { names.firstIndex(of: $0.name ?? "") }
  }

  /// The series that have a vector of their own; nil if none has.
  private var ownVectors: [String]? {
    if let origin { return origin.configuration.ownVectors }
    return options.seriesVectors == true ? series.map { $0.name ?? "" } : nil
  }

  /// The number of training, validation and test windows.
  public var windowCounts: (training: Int, validation: Int, test: Int) {
    (
      splits.reduce(0) { $0 + $1.training.count }, splits.reduce(0) { $0 + $1.validation.count },
      splits.reduce(0) { $0 + $1.test.count }
    )
  }

  private var hasValidation: Bool { splits.contains { !$0.validation.isEmpty } }

  /// The interval, from the errors on the validation part, and how the test part goes.
  public func complete(_ forecaster: inout Forecaster) {
    if let former {
      forecaster.configuration.calibration = former.calibration
      forecaster.configuration.oneStepErrors = former.oneStepErrors
    } else {
      calibrate(&forecaster)
    }
    let test = examples(\.test)
    guard test.count > 0 else {
      forecaster.configuration.evaluation = former?.evaluation
      return
    }
    // That of the training which follows is the one that counts.
    guard former != nil || refit == .none || !hasValidation else { return }
    var sums = ForecastEvaluation.Sums()
    let (units, rivals) = (units, rivals)
    // A part at a time: all forecasts of all windows would not fit in memory.
    let atOnce = max(1, Self.rowsAtOnce / options.horizon)
    for first in stride(from: 0, to: test.count, by: atOnce) {
      let part = test[first..<min(first + atOnce, test.count)]
      let windows = WindowForecasts(part, by: forecaster).judged(units, rivals: rivals.on(part))
      for window in windows { sums.add(window) }
    }
    forecaster.configuration.evaluation = ForecastEvaluation(
      sums, nominalCoverage: forecaster.nominalCoverage)
  }

  /// Finds which shares of what came lay below what the network said, on rows that it was not trained on
  /// if there are any. What it says of its own errors is moved only by enough of them.
  private func calibrate(_ forecaster: inout Forecaster) {
    let isOfNumber = options.loss.isOfNumber
    guard hasValidation || isOfNumber else { return }
    let known = WindowForecasts(
      examples(hasValidation ? \.validation : \.training), by: forecaster)
    let scores = (0..<options.horizon).map { known.scores(step: $0) }
    forecaster.configuration.oneStepErrors = hasValidation ? OneStepErrors(scores[0]) : nil
    let independent = splits.reduce(0.0) { sum, split in
      let windows = hasValidation ? split.validation.count : split.training.count
      return sum
        + (windows > 0 ? Double(windows + options.horizon - 1) / Double(options.horizon) : 0)
    }
    guard !isOfNumber else {
      forecaster.configuration.calibration = ForecastCalibration(scores, independent: independent)
      return
    }
    let all = scores.flatMap(\.self)
    guard all.count >= Self.fewestScores else { return }
    let isEnough = scores.allSatisfy { $0.count >= Self.fewestScores }
    forecaster.configuration.calibration = ForecastCalibration(
      isEnough ? scores : scores.map { _ in all }, independent: independent)
    forecaster.configuration.intervalSource = .calibrated
  }

  /// Fewer scores tell less of a share than the network does.
  private static let fewestScores = 50

  private var refit: ForecastRefit { options.refit ?? .none }

  /// The first training, those of known rows and of all rows.
  public var stages: Int {
    switch refit {
    case .none: 1
    case .known: hasValidation ? 2 : 1
    case .all: (hasValidation ? 2 : 1) + (hasTest ? 1 : 0)
    }
  }

  /// The training on rows that were held out, if the options ask for it.
  public func sequel(to trained: Forecaster) throws(DataError) -> ForecastPlan? {
    let learnsTest = refit == .all && hasTest && !hasValidation
    guard refit != .none, hasValidation || learnsTest else { return nil }
    let splits = splits.map { split in
      ForecastSplit(
        count: split.count, validationStart: learnsTest ? split.count : split.testStart,
        testStart: learnsTest ? split.count : split.testStart, options: self.options)
    }
    var options = options
    options.epochs = max(1, trained.configuration.bestEpoch)
    options.findsSeasons = nil
    // Scales and bases may follow the rows that are known now.
    var plan = try ForecastPlan(
      series, options: options, columns: columns, splits: splits, from: origin)
    require(
      plan.series.count == series.count,
      "a series that was learned from still can be with more rows")
    plan.leftOut = leftOut
    plan.former = trained.configuration
    plan.ridgePenalty =
      hasValidation
      ? RidgeForecast(training: trainingExamples, validation: validationExamples)?.penalty
      : ridgePenalty
    plan.scheduleEpochs = scheduleEpochs ?? self.options.epochs
    plan.stage = stage + 1
    return plan
  }

  private var hasTest: Bool { splits.contains { !$0.test.isEmpty } }

  /// What errors of each series are divided by.
  var units: [SeriesUnit] {
    zip(series, splits).map { series, split in
      SeriesUnit(trainingRows: series.target[..<split.validationStart], season: options.season)
    }
  }

  /// Forecasts that are fitted without a network, on the training rows.
  var rivals: FittedRivals {
    let trainingRows = splits.map { max(1, $0.validationStart) }
    return FittedRivals(
      classical: ClassicalForecast.Method.allCases.map { method in
        zip(series, trainingRows).map { series, rows in
          ClassicalForecast(method, series.target, trainingRows: rows, season: options.season)
        }
      },
      ridge: RidgeForecast(
        training: trainingExamples, validation: validationExamples, penalty: ridgePenalty))
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastPlan {
  public var memoryPlan: MemoryPlan? { memory }
  public var trainingExamples: ForecastExamples { examples(\.training) }
  public var validationExamples: ForecastExamples { examples(\.validation) }
  public var updatesPerEpoch: Int {
    let windows = min(size.count, options.windowsPerEpoch ?? .max)
    return (windows + options.batchSize - 1) / options.batchSize
  }

  /// The line begins at the ridge regression.
  public func prepared(_ model: ForecastModel) -> ForecastModel {
    guard options.hasLine,
      let ridge = RidgeForecast(
        training: trainingExamples, validation: validationExamples, penalty: ridgePenalty,
        ofTargetAlone: true)
    else { return model }
    var model = model
    model.line = ridge.line
    return model
  }

  public var extras: RecentRows {
    let others = leftOut.map(\.series).filter { $0.count >= options.window }
    let all = zip(
      series + others,
      channels
        + others.map {
          Channels($0, rule: channels[0].rule, power: PowerTransform())
        })
    // A smoothing follows all rows, as far as they tell.
    let count =
      channels.contains { $0.base.kind == .smoothing } ? max(options.window, 2000) : options.window
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
      training.averaging = Self.averaging
      training.schedule = .cosine(epochs: Double(scheduleEpochs ?? options.epochs))
    }
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate), options: training
    ) { model, batch, mode in
      loss(model(batch, mode: mode), batch, quantiles: quantiles)
    }
  }

  public func configuration(after histories: [TrainingHistory]) -> Forecaster.Configuration {
    let names = series.map { $0.name ?? "" }
    let rows = series.reduce(0) { $0 + $1.count }
    return Forecaster.Configuration(
      options: former?.options ?? options, columns: columns,
      channels: [series[0].targetName] + series[0].covariates.map(\.name), base: base,
      scales: options.scaling.window != nil
        ? [:]
        : Dictionary(zip(names, channels.map { $0.scales ?? [] }), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.scales ?? [:]) { $1 },
      leastScale: channels[0].leastScale,
      powers: options.transform == nil
        ? nil
        : Dictionary(zip(names, channels.map(\.power)), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.powers ?? [:]) { $1 },
      known: known, ownVectors: ownVectors,
      bases: options.base == nil
        ? nil
        : Dictionary(zip(names, channels.map(\.base.kind)), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.bases ?? [:]) { $1 },
      leftOut: leftOut.isEmpty ? nil : leftOut.compactMap(\.series.name), interval: [],
      intervalSource: former?.intervalSource
        ?? (options.loss == .quantile
          ? .quantiles
          : options.loss.isOfDistribution
            ? .likelihood : hasValidation ? .validationResiduals : .trainingResiduals),
      epochs: former?.epochs ?? histories.first?.epochs.count ?? 0,
      bestEpoch: former?.bestEpoch ?? histories.first?.best?.epoch ?? 0,
      trainedOn: "\(series[0].source), \(rows) rows"
        + (series.count > 1 ? " of \(series.count) series" : ""))
  }
}
