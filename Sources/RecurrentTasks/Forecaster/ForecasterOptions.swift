import Recurrent

/// How a forecaster looks at a series, what its network is, and how it is trained.
public struct ForecasterOptions: JobOptions {
  /// Rows that the network sees before it forecasts.
  public var window = 100
  /// Rows that one forecast covers, all at once.
  public var horizon = 1
  /// The kind of recurrent layer.
  public var cell = CellKind.lstm
  /// Hidden units of each layer.
  public var hiddenSize = 50
  /// Recurrent layers.
  public var layers = 3
  /// Dropout between the layers.
  public var dropout: Float = 0
  /// What the recurrent layers do beyond their plain formula; nil: nothing.
  public var recurrent: RecurrentOptions?
  /// Bytes that training may use; nil: as many as it takes.
  public var memoryLimit: Int?
  /// Epochs at most.
  public var epochs = 100
  /// Windows in a training step.
  public var batchSize = 64
  /// Adam's learning rate.
  public var learningRate: Float = 1e-3
  /// Epochs in a row without a better validation loss after which training stops.
  public var patience = 10
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// The loss that training minimizes.
  public var loss = ForecastLoss.mse
  /// The quantiles that are forecast when the loss is `quantile`, ascending.
  public var quantiles: [Float] = [0.1, 0.5, 0.9]
  /// Whether the network's quantiles are kept from crossing: it says one of them and how far the others
  /// lie from it. nil: it says each by itself, and they are put in order.
  var ordersQuantiles: Bool? = true
  /// How values are brought to the network's range.
  public var scaling = ScalingMethod.window
  /// The share of rows at the end that training never sees.
  public var testFraction = 0.25
  /// The share of the rows before them that judges each epoch.
  public var validationFraction = 0.1
  /// Rows in a season, for the seasonal naive forecast: 12 for monthly, 24 for hourly data.
  public var season: Int?
  /// Rows of longer seasons beside it, ascending; nil: none.
  public var moreSeasons: [Int]?
  /// Whether seasons are found on the training rows where none is given; nil: they are not.
  public var findsSeasons: Bool? = true
  /// What the recurrent layers go over; nil: rows.
  public var steps: ForecastSteps?
  /// Rows of a segment, where steps are segments; nil: a season, or an eighth of the window.
  public var segment: Int?
  /// Whether a straight line from the window to the horizon stands beside the recurrent layers; nil:
  /// it does not. It begins at the ridge regression on the training part.
  public var line: Bool?
  /// What becomes of the target before all else, and is undone behind it; nil: nothing.
  public var transform: ValueTransform?
  /// The forecast that the network corrects; nil: of the last value and the last season the better one
  /// over all training rows.
  public var base: ForecastBase?
  /// Whether the network sees where on the calendar rows stand; nil: it does not.
  public var calendar: CalendarFeatures? = .auto
  /// Whether each series has a vector of its own, where steps are segments; nil: none has. It helps where
  /// they are measurements of one thing.
  public var seriesVectors: Bool?
  /// Windows that an epoch draws from those of the training part; nil: all.
  public var windowsPerEpoch: Int?
  /// Which rows tell how far forecasts are off; nil: those of the validation part.
  public var calibration: CalibrationRows? = .auto
  /// What is learned from anew once validation chose the epochs; nil: nothing.
  public var refit: ForecastRefit? = .after
  /// Networks whose forecasts are averaged; nil: one.
  public var members: Int?
  /// Whether series too short for a window are taken, with their first value in the place of the rows
  /// that are missing before it; nil: they are left out.
  public var pads: Bool?
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}

  /// Networks that are trained and asked together.
  public var networks: Int? { members }

  /// Rows of all seasons, the shortest first.
  var seasons: [Int] { (season.map { [$0] } ?? []) + (moreSeasons ?? []) }

  /// Rows that a forecast is made from at least.
  var fewestSeen: Int { pads == true ? min(window, 4) : window }

  /// The first row of a series of so many that is forecast where its future is known.
  func firstOrigin(rows: Int) -> Int {
    rows >= window + horizon ? window : fewestSeen
  }

  /// Rows of a segment; nil where steps are rows.
  var segmentRows: Int? {
    guard steps == .segments else { return nil }
    return segment ?? season.flatMap { 2 * $0 <= window ? $0 : nil } ?? max(1, window / 8)
  }

  /// Steps of the recurrent layers over a window.
  var timeSteps: Int { window / (segmentRows ?? 1) }

  /// Whether a straight line stands beside the recurrent layers.
  var hasLine: Bool { line ?? false }

  /// Whether the network corrects a base forecast that is made without it. The mean of counts it says itself.
  public var hasBase: Bool { scaling.hasBase && !loss.isOfCounts && base != .learned }

  /// Whether series have weights of their own: a vector, or coefficients of a smoothing.
  var tellsSeriesApart: Bool { seriesVectors == true || base == .learned }

  /// Numbers that the network gives for each row of the horizon.
  var outputs: Int {
    switch loss {
    case .mse, .mae, .huber: 1
    case .quantile: quantiles.count
    case .normal, .negativeBinomial: 2
    case .studentT, .zeroInflated: 3
    }
  }
}

/// Rows that a forecaster learns from anew, for as many epochs as validation chose: the newest rows are
/// those that tell most.
public enum ForecastRefit: String, Sendable, Codable, CaseIterable {
  /// No refit: the model is the network that validation chose and the report judges.
  case none
  /// All rows, after the report: the report is of the network that validation chose, and the model one that
  /// no row was kept from.
  case after
  /// Training and validation rows, before the report.
  case known
  /// Those before the report, and all rows after it: the report is of a network trained as the model is,
  /// without the test part.
  case all
}

/// What a forecaster's training minimizes.
public enum ForecastLoss: String, Sendable, Codable, CaseIterable {
  /// The mean squared error.
  case mse
  /// The mean absolute error.
  case mae
  /// The Huber loss with δ = 1 in scaled units.
  case huber
  /// The pinball loss of several quantiles.
  case quantile
  /// -log likelihood of normal distributions.
  case normal
  /// -log likelihood of Student's t distributions: for values with outliers.
  case studentT = "student-t"
  /// -log likelihood of negative binomial distributions: for counts.
  case negativeBinomial = "negative-binomial"
  /// The same with a share of values that are zero whatever the rest says: for counts that often are.
  case zeroInflated = "zero-inflated"

  /// Whether the network says the parameters of a distribution.
  var isOfDistribution: Bool { !isOfNumber && self != .quantile }

  /// Whether what it says is in the unit of the target, whatever that was scaled by.
  public var isOfCounts: Bool { self == .negativeBinomial || self == .zeroInflated }

  /// Whether the network says one number, and nothing of how sure it is.
  var isOfNumber: Bool { [.mse, .mae, .huber].contains(self) }

  /// The loss of predictions `[B, H, Q]` for a batch.
  func callAsFunction(
    _ predictions: Tensor, _ batch: ForecastExamples.Batch, quantiles: [Float]
  ) -> Tensor {
    let targets = batch.targets
    switch self {
    case .mse: return meanSquaredError(predictions, targets)
    case .mae: return meanAbsoluteError(predictions, targets)
    case .huber: return huberLoss(predictions, targets)
    case .quantile: return quantileLoss(predictions, targets, quantiles: quantiles)
    case .normal: return normalLoss(predictions, targets)
    case .studentT: return studentTLoss(predictions, targets)
    case .negativeBinomial, .zeroInflated:
      return negativeBinomialLoss(
        predictions, targets, scales: batch.scales, zeroInflated: self == .zeroInflated)
    }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecasterOptions {
  public static var fullSize: Int { 32 }

  public mutating func takeCourse(of other: Self) {
    (testFraction, validationFraction) = (other.testFraction, other.validationFraction)
    (memoryLimit, windowsPerEpoch) = (other.memoryLimit, other.windowsPerEpoch)
    (refit, calibration) = (other.refit, other.calibration)
  }

  public func check(_ rules: inout OptionRules) {
    rules.require(
      shares: ["the test fraction": testFraction, "the validation fraction": validationFraction])
    rules.require(["the window": window, "the horizon": horizon])
    if let recurrent {
      rules.require(
        shares: [
          "input dropout": recurrent.inputDropout,
          "recurrent dropout": recurrent.recurrentDropout, "zoneout": recurrent.zoneout,
          "cell zoneout": recurrent.cellZoneout, "DropConnect": recurrent.dropConnect,
        ])
      rules.require(
        cell == .lstm || recurrent.cellZoneout == 0 && recurrent.cellClip == nil,
        else: "cell zoneout and a cell clip need the cell state of --cell lstm")
      var mogrified = RecurrentOptions(
        inputDropout: recurrent.inputDropout, dropConnect: recurrent.dropConnect)
      (mogrified.rounds, mogrified.rank) = (recurrent.rounds, recurrent.rank)
      rules.require(
        cell != .mogrifier || recurrent == mogrified,
        else:
          "the cell mogrifier has input dropout and DropConnect, and no recurrent dropout, zoneout, clip or activation of its own"
      )
      for limit in [recurrent.gateClip, recurrent.cellClip].compactMap(\.self) {
        rules.require(limit > 0, else: "a clip is a positive number, not \(limit)")
      }
      let functions = [recurrent.activation, recurrent.gateActivation]
      rules.require(
        !functions.contains(.softmax) && (cell != .rnn || recurrent.gateActivation == nil),
        else: "the activations do not fit the cell")
    }
    if let segment {
      rules.require(
        (1...max(1, window)).contains(segment),
        else: "a segment has between 1 row and those of the window, \(window), not \(segment)")
      rules.require(steps == .segments, else: "a segment (--segment) needs --model segments")
    }
    rules.require(
      seriesVectors != true || steps == .segments,
      else: "vectors of series (--series-vectors) need --model segments")
    rules.require(
      base != .season || season != nil || findsSeasons == true,
      else: "--base season needs a --season")
    rules.require(
      base != .seasons || seasons.count > 1 || findsSeasons == true,
      else: "--base seasons needs several, as --season 24,168")
    rules.require(
      base != .learned || !loss.isOfCounts,
      else:
        "--base learned does not fit counts, whose mean the network says by itself: leave it out, or use "
        + "--loss normal, student-t or quantile")
    if let windowsPerEpoch {
      rules.require(
        windowsPerEpoch >= 1, else: "an epoch has at least 1 window, not \(windowsPerEpoch)")
    }
    if let memoryLimit {
      rules.require(
        memoryLimit >= 1, else: "the memory limit is at least 1 byte, not \(memoryLimit)")
    }
    for season in seasons {
      rules.require(season >= 1, else: "a season has at least 1 row, not \(season)")
      rules.require(
        season <= window,
        else: "a season of \(season) rows needs a window of at least as many, not \(window)")
    }
    rules.require(
      zip(seasons, seasons.dropFirst()).allSatisfy { $0 < $1 },
      else: "seasons ascend, as 24,168, not " + seasons.map(String.init).joined(separator: ","))
    rules.require(
      !loss.isOfCounts || scaling == .magnitude && transform == nil,
      else: "counts (--loss \(loss.rawValue)) need --scaling magnitude and no --transform")
    if loss == .quantile {
      let isAscending = zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 < $1 }
      rules.require(
        !quantiles.isEmpty && isAscending && quantiles.allSatisfy { $0 > 0 && $0 < 1 },
        else: "quantiles are ascending numbers between 0 and 1, not "
          + quantiles.map { "\($0)" }.joined(separator: ","))
    }
  }
}
