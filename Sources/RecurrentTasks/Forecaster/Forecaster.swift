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
    /// The interval for each step of the horizon; empty if the network forecasts quantiles.
    var interval: [ForecastInterval]
    /// Where the interval comes from.
    public var intervalSource: IntervalSource
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss, or the last
    /// without a validation part.
    public var bestEpoch: Int
    /// How the test part went.
    public var evaluation: ForecastEvaluation?
    /// The training data in words: source, rows, dates.
    public var trainedOn: String
    /// What its weights were rounded to and what that cost; nil: they are as trained.
    public internal(set) var rounding: ForecastRounding?
  }

  /// All but the weights.
  public internal(set) var configuration: Configuration
  /// The network.
  public let model: ForecastModel
  /// The last rows of each series it was trained on, so that it can go on from there.
  public let recent: [Series]
  /// Epoch by epoch; empty after loading.
  public let history: TrainingHistory

  /// Trains a forecaster with the options most programs change; ``ForecastPlan`` has them all.
  ///
  /// - Throws: ``DataError`` if the series is too short or constant; ``NonFiniteError`` if training
  ///   runs away.
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

  init(plan: ForecastPlan, model: ForecastModel, history: TrainingHistory) {
    let options = plan.options
    self.model = model
    self.history = history
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
      bestEpoch: history.best?.epoch ?? 0,
      evaluation: nil,
      trainedOn:
        "\(plan.series[0].source), \(rows) rows"
        + (plan.series.count > 1 ? " of \(plan.series.count) series" : ""))
    if options.loss != .quantile {
      let known = WindowForecasts(
        plan.examples(hasValidation ? \.validation : \.training), by: self)
      configuration.interval = (0..<options.horizon).map {
        ForecastInterval(ofErrors: known.scaledErrors(step: $0))
      }
    }
    let test = plan.examples(\.test)
    if test.count > 0 {
      let scales = zip(plan.series, plan.splits).map { series, split in
        ForecastErrors.naiveScale(
          series.target[..<split.validationStart], season: options.season ?? 1)
      }
      configuration.evaluation = WindowForecasts(test, by: self).evaluation(
        naiveScales: scales, nominalCoverage: nominalCoverage)
    }
  }

  init(configuration: Configuration, model: ForecastModel, recent: [Series]) {
    self.configuration = configuration
    self.model = model
    self.recent = recent
    history = TrainingHistory()
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
    else { return ForecastInterval.coverage }
    return Double(last) - Double(first)
  }
}
