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

  /// Mean squared error of values that are standardized by the deviation of their series' training rows;
  /// series of which those rows never change are left out, nil if there are no others, and where it was
  /// not asked for.
  public let standardizedMSE: Double?
  /// Mean absolute error of such values.
  public let standardizedMAE: Double?

  /// The errors of `forecasts` of `values`.
  ///
  /// - Parameters:
  ///   - scale: The mean absolute (seasonal) difference over the training rows, for MASE: one number for
  ///     each value, since the values may belong to several series.
  ///   - deviation: The deviation of the training rows, likewise; nil: errors are not standardized.
  public init(
    values: [Double], forecasts: [Double], scale: [Double], deviation: [Double]? = nil
  ) {
    require(
      values.count == forecasts.count && values.count == scale.count && !values.isEmpty,
      "errors need as many forecasts and scales as values, at least one: \(values.count), \(forecasts.count), \(scale.count)"
    )
    var sums = Sums()
    for (place, value) in values.enumerated() {
      sums.add(
        value, forecast: forecasts[place], scale: scale[place], deviation: deviation?[place] ?? 0)
    }
    self.init(sums)
  }

  /// The errors that were added up, at least one.
  package init(_ sums: Sums) {
    let count = Double(sums.count)
    rmse = (sums.squares / count).squareRoot()
    mae = sums.sizes / count
    mape = sums.hasZero ? nil : 100 / count * sums.shares
    smape = 200 / count * sums.symmetricShares
    mase = sums.scaled.count > 0 ? sums.scaled.sizes / Double(sums.scaled.count) : nil
    let standardized = sums.standardized
    let divisor = Double(standardized.count)
    standardizedMSE = standardized.count > 0 ? standardized.squares / divisor : nil
    standardizedMAE = standardized.count > 0 ? standardized.sizes / divisor : nil
  }

  /// What errors are made of, added up one after the other.
  package struct Sums: Sendable {
    fileprivate struct Part: Sendable {
      var (count, sizes, squares) = (0, 0.0, 0.0)

      mutating func add(_ error: Double, unit: Double) {
        guard unit > 0 else { return }
        count += 1
        sizes += abs(error) / unit
        squares += (error / unit) * (error / unit)
      }

      mutating func add(_ other: Part) {
        count += other.count
        sizes += other.sizes
        squares += other.squares
      }
    }

    /// Values so far.
    package private(set) var count = 0
    fileprivate var (squares, sizes, shares, symmetricShares) = (0.0, 0.0, 0.0, 0.0)
    fileprivate var hasZero = false
    fileprivate var (scaled, standardized) = (Part(), Part())

    package init() {}

    /// The sums of these errors and others together.
    package func merged(with other: Sums) -> Sums {
      var all = self
      all.count += other.count
      all.squares += other.squares
      all.sizes += other.sizes
      all.shares += other.shares
      all.symmetricShares += other.symmetricShares
      all.hasZero = hasZero || other.hasZero
      all.scaled.add(other.scaled)
      all.standardized.add(other.standardized)
      return all
    }

    /// - Parameters:
    ///   - scale: MASE's denominator.
    ///   - deviation: that of the training rows; 0 where it is not asked for.
    package mutating func add(
      _ value: Double, forecast: Double, scale: Double, deviation: Double
    ) {
      let error = value - forecast
      count += 1
      squares += error * error
      sizes += abs(error)
      if value == 0 { hasZero = true } else { shares += abs(error / value) }
      let size = abs(value) + abs(forecast)
      if size > 0 { symmetricShares += abs(error) / size }
      scaled.add(error, unit: scale)
      standardized.add(error, unit: deviation)
    }
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
