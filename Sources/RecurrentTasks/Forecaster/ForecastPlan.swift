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
  public let leftOut: [(series: Series, problem: String)]
  /// One split a series.
  public let splits: [ForecastSplit]
  /// The options.
  public var options: ForecasterOptions {
    // A smaller batch fits where a larger one did.
    didSet { memory = (try? Self.memory(series, splits, options)) ?? memory }
  }
  /// The model that training goes on from.
  public let origin: Forecaster?
  /// The columns of the table that the series came from, if they did.
  public let columns: ForecastColumns?
  /// How training stays within the memory.
  public private(set) var memory: MemoryPlan
  let channels: [Channels]
  let base: NaiveForecast

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
    let options = try options.settled(from: model)
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
    memory = try Self.memory(series, parts, options)
    let channels = zip(series, parts).map { series, split in
      Channels(
        series, rule: model?.rule(of: series), method: options.scaling,
        trainingRows: 0..<split.validationStart)
    }
    self.channels = channels
    base =
      model?.configuration.base
      ?? Self.betterBase(zip(channels, parts).map { ($0, $1) }, options)
  }

  /// A network far larger than the machine would end the program without a word, and one larger
  /// than the limit would pass it.
  private static func memory(
    _ series: [Series], _ splits: [ForecastSplit], _ options: ForecasterOptions
  ) throws(DataError) -> MemoryPlan {
    let rows = min(options.batchSize, splits.reduce(0) { $0 + $1.training.count })
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    var shapes = ShapesOnly()
    let model = ForecastModel(
      features: 1 + series[0].covariates.count, options: options, using: &shapes)
    let (paths, weights) = (model.paths, model.parameterCount)
    let plan = MemoryPlan(
      paths: paths, parameterCount: weights, batchSize: rows, time: options.window,
      limit: options.memoryLimit)
    if let plan, plan.bytes <= available { return plan }
    let least = MemoryPlan.smallestBytes(
      paths: paths, parameterCount: weights, batchSize: rows, time: options.window)
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
      channels, origins: splits.map { $0[keyPath: part] }, options: options, base: base)
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
    if options.loss != .quantile {
      let known = WindowForecasts(
        examples(hasValidation ? \.validation : \.training), by: forecaster)
      forecaster.configuration.interval = (0..<options.horizon).map {
        ForecastInterval(ofErrors: known.scaledErrors(step: $0))
      }
    }
    let test = examples(\.test)
    guard test.count > 0 else { return }
    forecaster.configuration.evaluation = ForecastEvaluation(
      WindowForecasts(test, by: forecaster).judged(
        naiveScales: naiveScales, rivals: rivals(on: test)),
      nominalCoverage: forecaster.nominalCoverage)
  }

  /// MASE's denominator of each series.
  var naiveScales: [Double] {
    zip(series, splits).map { series, split in
      ForecastErrors.naiveScale(
        series.target[..<split.validationStart], season: options.season ?? 1)
    }
  }

  /// Forecasts that are fitted without a network, on the training rows.
  func rivals(on windows: ForecastExamples) -> [ForecastRival] {
    var rivals = ClassicalForecast.Method.allCases.map { method in
      let forecasts = zip(series, splits).map { series, split in
        ClassicalForecast(
          method, series.target, trainingRows: max(1, split.validationStart),
          season: options.season)
      }
      return ForecastRival(name: method.name) { window, step in
        let origin = windows.origins[window]
        return forecasts[origin.series].value(origin: origin.row, step: step)
      }
    }
    let line = RidgeForecast(training: trainingExamples, validation: validationExamples)
    if let values = line?.values(windows) {
      rivals.append(ForecastRival(name: "ridge regression") { values[$0][$1] })
    }
    return rivals
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecastPlan {
  public var memoryPlan: MemoryPlan? { memory }
  public var trainingExamples: ForecastExamples { examples(\.training) }
  public var validationExamples: ForecastExamples { examples(\.validation) }
  public var extras: RecentRows {
    let others = leftOut.map(\.series).filter { $0.count >= options.window }
    let all = zip(series + others, channels + others.map { Channels($0, rule: channels[0].rule) })
    return RecentRows(
      all.map { series, _ in series.suffix(options.window) },
      before: all.map { $1.steps(upTo: $0.count - options.window) })
  }

  public func trainer(
    of model: ForecastModel, member: Int
  ) -> Trainer<ForecastModel, Adam, ForecastExamples> {
    let (loss, quantiles) = (options.loss, options.quantiles)
    var training = options.training(member: member)
    training.segmentLength = memory.segmentLength
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate), options: training
    ) { model, batch, mode in
      loss(model(batch.inputs, mode: mode) + batch.base, batch.targets, quantiles: quantiles)
    }
  }

  public func configuration(after histories: [TrainingHistory]) -> Forecaster.Configuration {
    let names = series.map { $0.name ?? "" }
    let rows = series.reduce(0) { $0 + $1.count }
    return Forecaster.Configuration(
      options: options, columns: columns,
      channels: [series[0].targetName] + series[0].covariates.map(\.name), base: base,
      scales: options.scaling == .window
        ? [:]
        : Dictionary(zip(names, channels.map { $0.scales ?? [] }), uniquingKeysWith: { $1 })
          .merging(origin?.configuration.scales ?? [:]) { $1 },
      leastScale: channels[0].leastScale,
      leftOut: leftOut.isEmpty ? nil : leftOut.compactMap(\.series.name), interval: [],
      intervalSource: options.loss == .quantile
        ? .quantiles : hasValidation ? .validationResiduals : .trainingResiduals,
      epochs: histories.first?.epochs.count ?? 0, bestEpoch: histories.first?.best?.epoch ?? 0,
      trainedOn: "\(series[0].source), \(rows) rows"
        + (series.count > 1 ? " of \(series.count) series" : ""))
  }
}
