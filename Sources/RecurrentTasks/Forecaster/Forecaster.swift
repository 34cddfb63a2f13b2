import Recurrent

/// A trained forecaster: the network and all that prediction needs.
///
/// ```swift
/// let prices = try Series(csv: "prices.csv", value: "Close", time: "Date")
/// let forecaster = try Forecaster.train(on: prices, window: 100, horizon: 10, seed: 1)
/// print(forecaster.report)                          // test error beside the naive forecast
/// let next = try forecaster.forecast(after: prices, steps: 10)
/// try forecaster.save(to: "model")
/// ```
public struct Forecaster: Sendable {
  /// All but the weights.
  public struct Configuration: Sendable, Codable, Equatable {
    /// How it was made.
    public var options: ForecasterOptions
    /// The columns it reads from tables, if it was trained on one.
    public var columns: ForecastColumns?
    /// Channels of the network: the target and the covariates.
    public var channels: [String]
    /// The naive forecast that the network corrects.
    var base: NaiveForecast
    /// The scales fitted on the training rows, by series; empty when each window has its own.
    var scales: [String: [ChannelScale]]
    /// The ends of the interval for each step of the horizon, as errors in scaled units.
    var interval: [Interval]
    /// Where the interval comes from.
    public var intervalSource: IntervalSource
    /// Epochs that were run, and the one whose weights these are.
    public var epochs: Int
    /// The epoch with the best validation loss.
    public var bestEpoch: Int
    /// How the test part went.
    public var evaluation: ForecastEvaluation?
    /// The training data in words: source, rows, dates.
    public var trainedOn: String
  }

  /// Errors between which the stated share of values lay.
  struct Interval: Sendable, Codable, Equatable {
    var lower: Double
    var upper: Double
  }

  /// Where an interval comes from.
  public enum IntervalSource: String, Sendable, Codable {
    /// Forecast quantiles.
    case quantiles = "the quantiles that the network forecasts"
    /// Errors on the validation part.
    case validationResiduals = "the errors on the validation part"
    /// Errors on the training part, for want of a validation part: too narrow, as a rule.
    case trainingResiduals = "the errors on the training part (there is no validation part)"
  }

  /// All but the weights.
  public internal(set) var configuration: Configuration
  /// The network.
  public let model: ForecastModel
  /// The last rows of each series it was trained on, so that it can go on from there.
  public let recent: [Series]
  /// Epoch by epoch; empty after loading.
  public let history: TrainingHistory
  /// Why training ended; nil after loading.
  public let stop: StopReason?

  /// Trains a forecaster with the options most programs change; ``ForecastPlan`` has them all.
  ///
  /// - Throws: ``DataError`` if the series is too short or constant; ``NonFiniteError`` if training runs away.
  public static func train(
    on series: Series, window: Int = 100, horizon: Int = 1, season: Int? = nil, seed: UInt64 = 0,
    callbacks: [TrainingCallback] = []
  ) throws -> Forecaster {
    var options = ForecasterOptions()
    options.window = window
    options.horizon = horizon
    options.season = season
    options.seed = seed
    return try ForecastPlan([series], options: options).train(callbacks: callbacks)
  }

  init(plan: ForecastPlan, model: ForecastModel, history: TrainingHistory, stop: StopReason) {
    let options = plan.options
    self.model = model
    self.history = history
    self.stop = stop
    recent = plan.series.map { $0.suffix(options.window) }
    let hasValidation = options.validationFraction > 0
    let names = plan.series.map { $0.name ?? "" }
    let rows = plan.series.reduce(0) { $0 + $1.count }
    configuration = Configuration(
      options: options, columns: plan.columns,
      channels: [plan.series[0].targetName] + plan.series[0].covariates.map(\.name),
      base: plan.base,
      scales: options.scaling == .window
        ? [:]
        : Dictionary(
          zip(names, plan.channels.map { $0.scales ?? [] }), uniquingKeysWith: { $1 }),
      interval: [],
      intervalSource: options.loss == .quantile
        ? .quantiles : hasValidation ? .validationResiduals : .trainingResiduals,
      epochs: history.epochs.count,
      bestEpoch: (hasValidation ? history.best?.epoch : nil) ?? history.epochs.count,
      evaluation: nil,
      trainedOn:
        "\(plan.series[0].source), \(rows) rows"
        + (plan.series.count > 1 ? " of \(plan.series.count) series" : ""))
    if options.loss != .quantile {
      configuration.interval = residualInterval(
        plan.examples(hasValidation ? \.validation : \.training))
    }
    let test = plan.examples(\.test)
    if test.count > 0 {
      let scales = zip(plan.series, plan.splits).map { series, split in
        ForecastErrors.naiveScale(
          series.target[..<split.validationStart], season: options.season ?? 1)
      }
      configuration.evaluation = evaluate(test, naiveScales: scales)
    }
  }

  init(configuration: Configuration, model: ForecastModel, recent: [Series]) {
    self.configuration = configuration
    self.model = model
    self.recent = recent
    history = TrainingHistory()
    stop = nil
  }

  /// The options.
  public var options: ForecasterOptions { configuration.options }

  /// How the test part went, as text.
  public var report: String {
    configuration.evaluation?.description ?? "There was no test part (test fraction 0)."
  }

  /// The share of values that the interval should hold.
  public var nominalCoverage: Double {
    guard options.loss == .quantile, let first = options.quantiles.first,
      let last = options.quantiles.last
    else { return 0.8 }
    return Double(last) - Double(first)
  }

  /// A forecast of one row: the value, and the ends of its interval.
  public struct Point: Sendable, Codable, Equatable {
    /// The forecast.
    public var value: Double
    /// The lower end of the interval.
    public var lower: Double
    /// The upper end of the interval.
    public var upper: Double
  }

  /// The forecasts for each window, `[windows][horizon]`, in the unit of the target.
  func points(_ examples: ForecastExamples) -> [[Point]] {
    let (horizon, outputs) = (options.horizon, options.outputs)
    var result: [[Point]] = []
    for start in stride(from: 0, to: examples.count, by: 256) {
      let indices = Array(start..<min(start + 256, examples.count))
      let batch = examples.batch(indices)
      let scaled = (model(batch.inputs) + batch.base).elements
      for (place, index) in indices.enumerated() {
        let scale = examples.targetScale(index)
        result.append(
          (0..<horizon).map { step in
            let first = (place * horizon + step) * outputs
            return point(scaled[first..<first + outputs], step: step, scale: scale)
          })
      }
    }
    return result
  }

  private func point(_ scaled: ArraySlice<Float>, step: Int, scale: ChannelScale) -> Point {
    if options.loss == .quantile {
      // Quantiles that cross are put in order.
      let sorted = scaled.sorted()
      return Point(
        value: scale.restored(sorted[options.pointOutput]),
        lower: scale.restored(sorted[0]),
        upper: scale.restored(sorted[sorted.count - 1]))
    }
    let value = scale.restored(scaled[scaled.startIndex])
    let interval =
      configuration.interval.isEmpty ? Interval(lower: 0, upper: 0) : configuration.interval[step]
    return Point(
      value: value, lower: value + interval.lower * scale.scale,
      upper: value + interval.upper * scale.scale)
  }

  /// The 10 % and 90 % quantiles of the scaled errors, step by step; widened where the network errs
  /// so much to one side that the forecast itself would lie outside.
  private func residualInterval(_ examples: ForecastExamples) -> [Interval] {
    let forecasts = points(examples)
    return (0..<options.horizon).map { step in
      let errors = forecasts.indices.map { index in
        let origin = examples.origins[index]
        let actual = examples.channels[origin.series].values[0][origin.row + step]
        return (actual - forecasts[index][step].value) / examples.targetScale(index).scale
      }.sorted()
      return Interval(lower: min(0, quantile(errors, 0.1)), upper: max(0, quantile(errors, 0.9)))
    }
  }

  /// Linear between the two nearest of `sorted`.
  private func quantile(_ sorted: [Double], _ share: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let place = share * Double(last)
    let below = Int(place)
    let above = min(below + 1, last)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The errors on windows whose future is known.
  ///
  /// - Parameter naiveScales: MASE's denominator, one a series.
  func evaluate(_ examples: ForecastExamples, naiveScales: [Double]) -> ForecastEvaluation {
    let forecasts = points(examples)
    let season = options.season
    func errors(_ forecast: (_ index: Int, _ step: Int) -> Double) -> ForecastEvaluation.Errors {
      func over(_ steps: Range<Int>) -> ForecastErrors {
        var values: [Double] = []
        var predicted: [Double] = []
        var scales: [Double] = []
        for index in forecasts.indices {
          let origin = examples.origins[index]
          for step in steps {
            values.append(examples.channels[origin.series].values[0][origin.row + step])
            predicted.append(forecast(index, step))
            scales.append(naiveScales[origin.series])
          }
        }
        return ForecastErrors(values: values, forecasts: predicted, scale: scales)
      }
      return ForecastEvaluation.Errors(
        overall: over(0..<options.horizon),
        steps: (0..<options.horizon).map { over($0..<$0 + 1) })
    }
    func naive(_ base: NaiveForecast) -> ForecastEvaluation.Errors {
      errors { index, step in
        let origin = examples.origins[index]
        return base.value(
          examples.channels[origin.series].values[0], origin: origin.row, step: step,
          season: season)
      }
    }
    var inside = 0
    for (index, points) in forecasts.enumerated() {
      let origin = examples.origins[index]
      for (step, point) in points.enumerated() {
        let actual = examples.channels[origin.series].values[0][origin.row + step]
        if (point.lower...max(point.lower, point.upper)).contains(actual) { inside += 1 }
      }
    }
    return ForecastEvaluation(
      windows: forecasts.count, model: errors { forecasts[$0][$1].value }, naive: naive(.last),
      seasonalNaive: season == nil ? nil : naive(.season),
      coverage: Double(inside) / Double(max(1, forecasts.count * options.horizon)),
      nominalCoverage: nominalCoverage)
  }
}
