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
public struct Forecaster: Job {
  /// All of the model but its weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with.
    public var options: ForecasterOptions
    /// The columns it reads from tables, if it was trained on one.
    public var columns: ForecastColumns?
    /// Channels of the network: the target and the covariates.
    public var channels: [String]
    /// The naive forecast that the network corrects, where ``bases`` do not say another.
    var base: NaiveForecast
    /// The scales fitted on the training rows, by series; empty when each window has its own.
    var scales: [String: [ChannelScale]]
    /// The share of the steps before its end that a window is scaled by at least; nil in models that
    /// know no least scale, and where scales are fitted.
    var leastScale: Double?
    /// What the target of each series goes through; nil: nothing.
    var powers: [String: PowerTransform]?
    /// What the network is told of rows before they come; nil: nothing.
    var known: KnownInputs?
    /// The names of the series that have weights of their own in the network, in its order.
    var ownVectors: [String]?
    /// The base forecast of each series; nil: one for all.
    var bases: [String: ForecastBase]?
    /// The names of series that it was not trained on, though they stood in the data.
    var leftOut: [String]?
    /// The interval for each step of the horizon, in models that know no ``calibration``.
    var interval: [ForecastInterval]
    /// Which scores hold which share; nil where nothing was known to find it by.
    var calibration: ForecastCalibration?
    /// The training on rows that had been held out; nil: there was none.
    public internal(set) var refitted: Refitted?
    /// The time of the last row of each series that training or validation saw; nil in older model
    /// folders.
    var learnedUntil: [String: Double]?
    /// How far forecasts of the next row were off in the validation part; nil without one, and in older
    /// model folders.
    var oneStepErrors: OneStepErrors?
    /// How far from a forecast what is said of a series that is transformed may lie, as a share of the mean
    /// size of the window: twice the largest error on the validation part. nil: as far as it does.
    var reaches: [String: Double]?
    /// Parts of the training rows that calibrated what is said of errors; nil: the validation part alone.
    public internal(set) var calibrationFolds: CalibrationFolds?
    /// The source of the interval.
    public var intervalSource: IntervalSource
    /// Epochs that were run.
    public var epochs: Int
    /// The epoch whose weights these are: the one with the lowest validation loss, or the last
    /// without a validation part.
    public var bestEpoch: Int
    /// The evaluation on the test part.
    public var evaluation: ForecastEvaluation?
    /// The training data in words: source, rows, dates.
    public var trainedOn: String
    /// What its weights were rounded to and what that cost; nil: they are as trained.
    public var rounding: Rounding?
  }

  /// The job's name in model folders.
  public static let task = "forecaster"
  /// The word for one example in reports.
  public static let example = "window"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { options.timeSteps }
  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<Forecaster>
  /// A model of its parts.
  public init(_ parts: JobParts<Forecaster>) { self.parts = parts }

  /// The last rows of each series it was trained on, so that it can go on from there.
  public var recent: [Series] { extras.series }

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
    return try ForecastPlan([series], options: options).followingSize().train(callbacks: callbacks)
  }

  /// The share of values that the interval should hold.
  public var nominalCoverage: Double {
    guard options.loss == .quantile, let first = options.quantiles.first,
      let last = options.quantiles.last
    else { return ForecastInterval.coverage }
    return Double(last) - Double(first)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Forecaster {
  public static func model(
    _ configuration: Configuration, _ recent: RecentRows,
    using generator: inout some RandomNumberGenerator
  ) -> ForecastModel {
    ForecastModel(
      features: configuration.channels.count, known: configuration.known?.width ?? 0,
      series: configuration.ownVectors?.count ?? 0,
      options: configuration.options, using: &generator)
  }
}
