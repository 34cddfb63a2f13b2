import Recurrent

/// Which rows tell how far forecasts are off.
public enum CalibrationRows: String, Sendable, Codable, CaseIterable {
  /// The validation part where it holds at least 10 horizons side by side, otherwise folds too.
  case auto
  /// The validation part alone. It costs nothing, and where it is short all of it lies in one season.
  case validation
  /// Beside the validation part, parts of the training rows, each held out from a training of its own
  /// (cross-conformal prediction, Vovk 2015).
  case folds

  /// Horizons side by side, over all series, from which errors tell enough by themselves.
  static let enoughHorizons = 10.0
}

/// Where what is known of errors comes from, besides a validation part alone.
public struct CalibrationFolds: Sendable, Codable, Equatable, CustomStringConvertible {
  /// Parts of the training rows, each held out from a training of its own.
  public let count: Int
  /// Whether the validation part counts too.
  public let hasValidation: Bool
  /// Windows whose errors count.
  public let windows: Int

  /// In words that follow "calibrated on".
  public var description: String {
    let parts = count == 1 ? "1 part" : "\(count) parts"
    return (hasValidation ? "the validation part and " : "") + parts
      + " of the training rows, left out in turn"
  }
}

/// How far forecasts were off on rows that their network had not learned.
struct HeldOutErrors: Sendable {
  /// Normal scores of what came, `[steps][windows]`.
  private(set) var scores: [[Double]]
  /// How far from forecasts values lay, by series (``WindowForecasts/reaches``).
  private(set) var reaches: [String: Double] = [:]
  /// Horizons side by side: windows that overlap repeat each other's errors.
  private(set) var horizons = 0.0
  /// Networks that these are the errors of.
  private(set) var networks = 0

  /// The scores; of few horizons with both signs, for these cannot tell to which side forecasts err: errors of
  /// one season, or of a trend that has turned since, would move all that is said to where values lay then.
  var centred: [[Double]] {
    horizons < CalibrationRows.enoughHorizons ? scores.map { $0 + $0.map { -$0 } } : scores
  }

  init(horizon: Int) { scores = Array(repeating: [], count: horizon) }

  /// Takes the errors of a network.
  ///
  /// - Parameter origins: those of the windows, by series.
  mutating func add(
    _ windows: ForecastExamples, _ origins: [Range<Int>], by forecaster: Forecaster
  ) {
    networks += 1
    let horizon = scores.count
    horizons += origins.reduce(0) { sum, own in
      sum + (own.isEmpty ? 0 : Double(own.count + horizon - 1) / Double(horizon))
    }
    for part in windows.parts {
      let known = WindowForecasts(windows[part], by: forecaster)
      for step in scores.indices { scores[step] += known.scores(step: step) }
      reaches.merge(known.reaches) { max($0, $1) }
    }
  }
}
