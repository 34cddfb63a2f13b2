/// Errors in scaled units between which a stated share of the values lay: what models before
/// ``ForecastCalibration`` know.
struct ForecastInterval: Sendable, Codable, Equatable {
  /// The share that intervals hold.
  static let coverage = 0.8

  var lower: Double
  var upper: Double
}

extension Forecaster.Configuration {
  /// The source of the interval in words that follow "it comes from".
  var intervalWords: String {
    (calibrationFolds.map { folds in
      (intervalSource == .calibrated ? "what the network forecasts, calibrated" : "the errors")
        + " on \(folds)"
    } ?? intervalSource.explanation)
      + (refitted?.epochs ?? 0 > 0 && calibration != nil ? ", before it was trained again" : "")
  }
}

extension Forecaster {
  /// The source of an interval.
  public enum IntervalSource: String, Sendable, Codable {
    /// Forecast quantiles.
    case quantiles
    /// What the network says, moved by what came in the validation part.
    case calibrated
    /// The distribution that the network says.
    case likelihood
    /// Errors on the validation part.
    case validationResiduals = "validation-residuals"
    /// Errors on parts of the training rows that were held out from trainings of their own, and on the
    /// validation part if there is one.
    case heldOutResiduals = "held-out-residuals"
    /// Errors on the training part, for want of a validation part: too narrow, as a rule.
    case trainingResiduals = "training-residuals"

    /// The source in words that follow "it comes from".
    public var explanation: String {
      switch self {
      case .quantiles: "the quantiles that the network forecasts"
      case .calibrated: "what the network forecasts, calibrated on the validation part"
      case .likelihood: "the distribution that the network forecasts"
      case .validationResiduals: "the errors on the validation part"
      case .heldOutResiduals: "the errors on parts of the training rows that were held out"
      case .trainingResiduals: "the errors on the training part (there is no validation part)"
      }
    }
  }
}
