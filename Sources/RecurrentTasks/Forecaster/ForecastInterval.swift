/// Errors in scaled units between which a stated share of the values lay.
struct ForecastInterval: Sendable, Codable, Equatable {
  /// The share that intervals from errors hold.
  static let coverage = 0.8

  var lower: Double
  var upper: Double

  /// The middle share ``coverage`` of errors: without an error, no width.
  init(ofErrors errors: [Double]) {
    let sorted = errors.sorted()
    lower = Self.quantile(sorted, (1 - Self.coverage) / 2)
    upper = Self.quantile(sorted, (1 + Self.coverage) / 2)
  }

  /// Place (n + 1)·share of n sorted errors, linear between two: a new error of the same kind lies
  /// below it with that probability, also where n is small (split conformal prediction, Vovk et al.
  /// 2005). The plain quantile of few errors makes intervals too narrow.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let place = min(max(share * Double(sorted.count + 1) - 1, 0), Double(last))
    let below = Int(place)
    let above = min(below + 1, last)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }
}

extension Forecaster {
  /// Where an interval comes from.
  public enum IntervalSource: String, Sendable, Codable {
    /// Forecast quantiles.
    case quantiles
    /// Errors on the validation part.
    case validationResiduals = "validation-residuals"
    /// Errors on the training part, for want of a validation part: too narrow, as a rule.
    case trainingResiduals = "training-residuals"

    /// In words that follow "it comes from".
    public var explanation: String {
      switch self {
      case .quantiles: "the quantiles that the network forecasts"
      case .validationResiduals: "the errors on the validation part"
      case .trainingResiduals: "the errors on the training part (there is no validation part)"
      }
    }
  }
}
