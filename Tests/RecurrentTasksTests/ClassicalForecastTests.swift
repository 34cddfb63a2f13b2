import Foundation
import Recurrent
import Testing

@testable import RecurrentTasks

struct ClassicalForecastTests {
  /// Twelve years of months whose level wanders upward: whole numbers added up, times a wave.
  private let values: [Double] = {
    var level = 100.0
    return (0..<144).map { month in
      let step = month * 37 % 11 + month * month * 13 % 7
      level += Double(step) - 6.5
      return level * (1 + 0.3 * sin(2 * Double.pi * Double(month) / 12))
    }
  }()

  /// Forecasts of the year after the first ten by statsmodels 0.15:
  /// `ThetaModel(y, period=12, method="multiplicative").fit().forecast(12)`.
  @Test func thetaIsThatOfStatsmodels() throws {
    let theta = ClassicalForecast(.theta, values, trainingRows: 120, season: 12)
    let expected = [
      395.591, 458.605, 502.652, 524.242, 511.170, 469.476, 411.091, 349.320, 305.917, 287.040,
      303.589, 347.534,
    ]
    for (step, value) in expected.enumerated() {
      #expect(abs(theta.value(origin: 120, step: step) - value) < 0.002)
    }
  }

  /// The same recursion with parameters that SciPy 1.17 finds (0.64336, 0.07908, 0.98), seasons by
  /// statsmodels' `seasonal_decompose`.
  @Test func dampedTrendHasTheBestParameters() throws {
    let damped = ClassicalForecast(.dampedTrend, values, trainingRows: 120, season: 12)
    let expected = [
      396.593, 460.983, 506.527, 529.537, 517.493, 476.290, 417.892, 355.767, 312.114, 293.341,
      310.735, 356.229,
    ]
    for (step, value) in expected.enumerated() {
      #expect(abs(damped.value(origin: 120, step: step) - value) < 0.05)
    }
  }

  @Test func driftGoesOnAlongTheLineOfTheEnds() {
    let drift = ClassicalForecast(.drift, [3, 9, 4, 6], trainingRows: 2, season: nil)
    #expect(drift.value(origin: 4, step: 0) == 7)
    #expect(drift.value(origin: 4, step: 2) == 9)
    #expect(drift.value(origin: 1, step: 5) == 3)
  }

  /// Rows behind the origin say nothing, nor do rows behind the training part of the parameters.
  @Test(arguments: ClassicalForecast.Method.allCases)
  func nothingIsKnownOfTheFuture(_ method: ClassicalForecast.Method) throws {
    let changed = values.enumerated().map { $0 < 120 ? $1 : 900 - 3 * $1 }
    let first = ClassicalForecast(method, values, trainingRows: 100, season: 12)
    let second = ClassicalForecast(method, changed, trainingRows: 100, season: 12)
    for origin in [1, 60, 120] {
      for step in [0, 11] {
        #expect(first.value(origin: origin, step: step) == second.value(origin: origin, step: step))
      }
    }
  }

  /// Another unit gives the same forecasts in that unit.
  @Test(arguments: ClassicalForecast.Method.allCases, [0x1p-20, 0x1p30])
  func unitsDoNotMatter(_ method: ClassicalForecast.Method, _ unit: Double) throws {
    let plain = ClassicalForecast(method, values, trainingRows: 120, season: 12)
    let scaled = ClassicalForecast(method, values.map { $0 * unit }, trainingRows: 120, season: 12)
    #expect(scaled.value(origin: 130, step: 7) == plain.value(origin: 130, step: 7) * unit)
  }

  @Test(arguments: ClassicalForecast.Method.allCases)
  func seriesWithoutChange(_ method: ClassicalForecast.Method) {
    for value in [0.0, -4, 7] {
      let flat = [Double](repeating: value, count: 40)
      for rows in [1, 2, 40] {
        let forecast = ClassicalForecast(method, flat, trainingRows: rows, season: 12)
        #expect(forecast.value(origin: 40, step: 3) == value)
      }
    }
  }

  private func windows(
    _ values: [Double], _ origins: Range<Int>, scaling: ScalingMethod, horizon: Int
  ) throws -> ForecastExamples {
    var options = ForecasterOptions()
    (options.window, options.horizon, options.scaling) = (12, horizon, scaling)
    let series = try Series(values: values)
    return ForecastExamples(
      [Channels(series, options: options, trainingRows: 0..<values.count)], origins: [origins],
      options: options, places: [nil])
  }

  /// By scikit-learn 1.9: `Ridge(alpha=0.01 * mean((X**2).sum(0)), solver="cholesky")` on the windows
  /// of the first 100 rows.
  @Test func ridgeIsThatOfScikitLearn() throws {
    let ridge = try #require(
      RidgeForecast(
        training: windows(values, 12..<98, scaling: .none, horizon: 3),
        validation: windows(values, 98..<98, scaling: .none, horizon: 3)))
    let found =
      try ridge.values(windows(values, 110..<111, scaling: .none, horizon: 3))
      + ridge.values(windows(values, 140..<141, scaling: .none, horizon: 3))
    let expected = [[467.5450, 484.4670, 471.4365], [328.2840, 312.2628, 332.3656]]
    for (row, other) in zip(found, expected) {
      for (value, expected) in zip(row, other) { #expect(abs(value - expected) < 0.02) }
    }
  }

  /// The constant input has no unit, so that rounding differs a little.
  @Test(arguments: [0x1p-30, 0x1p20]) func unitsDoNotMatterToTheRidge(_ unit: Double) throws {
    func forecasts(_ unit: Double) throws -> [Double] {
      let values = values.map { $0 * unit }
      let ridge = try #require(
        RidgeForecast(
          training: windows(values, 12..<98, scaling: .none, horizon: 3),
          validation: windows(values, 98..<110, scaling: .none, horizon: 3)))
      return try ridge.values(windows(values, 120..<130, scaling: .none, horizon: 3)).flatMap { $0 }
    }
    for (plain, scaled) in zip(try forecasts(1), try forecasts(unit)) {
      #expect(abs(scaled / unit - plain) < 1e-3 * plain)
    }
  }

  /// A sum of two waves is a linear function of its past.
  @Test func ridgeContinuesWaves() throws {
    let values = (0..<400).map(Double.init).map { row -> Double in
      5 + sin(row / 3) + 0.5 * sin(row / 7)
    }
    let ridge = try #require(
      RidgeForecast(
        training: windows(values, 12..<250, scaling: .window, horizon: 4),
        validation: windows(values, 250..<300, scaling: .window, horizon: 4)))
    let found = try ridge.values(windows(values, 320..<380, scaling: .window, horizon: 4))
    let errors = found.enumerated().flatMap { window, row in
      row.enumerated().map { abs($1 - values[320 + window + $0]) }
    }
    #expect((errors.max() ?? 9) < 0.02)
  }
}
