import RecurrentFiles

/// The errors of forecasts f of values y, with e = y - f.
public struct ForecastErrors: Sendable, Codable, Equatable {
  /// Root of the mean squared error, √(mean e²), in the unit of the values.
  public let rmse: Double
  /// Mean absolute error, mean |e|, in the unit of the values.
  public let mae: Double
  /// Mean absolute percentage error, 100·mean |e / y|; nil if a value is 0.
  public let mape: Double?
  /// Symmetric MAPE, 200·mean |e| / (|y| + |f|), where 0 / 0 counts as 0; in 0...200.
  public let smape: Double
  /// Mean absolute scaled error: MAE divided by the mean |y_t - y_{t-m}| over the training rows, m
  /// being the season or 1 (Hyndman and Koehler 2006). Series of which those rows never change are left
  /// out of it; nil if there are no others.
  public let mase: Double?

  /// The errors of `forecasts` of `values`.
  ///
  /// - Parameter scale: The mean absolute (seasonal) difference over the training rows, for MASE:
  ///   one number for each value, since the values may belong to several series.
  public init(values: [Double], forecasts: [Double], scale: [Double]) {
    require(
      values.count == forecasts.count && values.count == scale.count && !values.isEmpty,
      "errors need as many forecasts and scales as values, at least one: \(values.count), \(forecasts.count), \(scale.count)"
    )
    let count = Double(values.count)
    let errors = zip(values, forecasts).map { $0 - $1 }
    rmse = (errors.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
    mae = errors.reduce(0) { $0 + abs($1) } / count
    mape =
      values.contains(0)
      ? nil : 100 / count * zip(errors, values).reduce(0) { $0 + abs($1.0 / $1.1) }
    smape =
      200 / count
      * zip(errors, zip(values, forecasts)).reduce(0) { sum, item in
        let size = abs(item.1.0) + abs(item.1.1)
        return size > 0 ? sum + abs(item.0) / size : sum
      }
    let scaled = zip(errors, scale).filter { $0.1 > 0 }
    mase =
      scaled.isEmpty
      ? nil : scaled.reduce(0) { $0 + abs($1.0) / $1.1 } / Double(scaled.count)
  }

  /// The mean |y_t - y_{t-season}| of a series: the denominator of MASE.
  public static func naiveScale(_ values: some RandomAccessCollection<Double>, season: Int = 1)
    -> Double
  {
    let later = values.dropFirst(season)
    guard !later.isEmpty else { return 0 }
    return zip(later, values).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(later.count)
  }
}
