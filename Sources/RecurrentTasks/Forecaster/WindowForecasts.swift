import Recurrent

/// What a forecaster says about windows whose future is known, beside what came.
struct WindowForecasts: Sendable {
  let examples: ForecastExamples
  /// `[windows][horizon]`.
  let rows: [[ForecastRow]]
  /// The values that came, `[windows][horizon]`.
  let actual: [[Double]]
  private let levels: [Double]

  init(_ examples: ForecastExamples, by forecaster: Forecaster) {
    self.examples = examples
    rows = forecaster.rows(examples)
    actual = examples.origins.map { origin in
      examples.target(of: origin).values(origin.row..<origin.row + examples.options.horizon)
    }
    levels = forecaster.shownLevels
  }

  /// The forecast of a step of a window, in the unit of the target.
  func point(_ window: Int, _ step: Int) -> Forecaster.Point {
    rows[window][step].point(levels)
  }

  /// The values that a naive forecast says of the steps of a window.
  func naive(_ forecast: NaiveForecast, _ window: Int) -> [Double] {
    let (origin, season) = (examples.origins[window], examples.options.season)
    let back = forecast == .season ? season ?? 1 : 1
    let target = examples.target(of: origin).near(origin.row - back..<origin.row)
    return (0..<examples.options.horizon).map {
      forecast.value(target, origin: origin.row, step: $0, season: season)
    }
  }

  /// The normal scores of what came, for each window.
  func scores(step: Int) -> [Double] {
    rows.indices.compactMap { rows[$0][step].score(of: actual[$0][step]) }
  }

  /// Twice the largest error of each series, as a share of the mean size of its window.
  var reaches: [String: Double] {
    var shares: [String: Double] = [:]
    for window in rows.indices {
      let (name, size) = (examples.name(window), examples.size(window))
      guard size > 0 else { continue }
      let error = zip(actual[window], rows[window]).map { abs($0 - $1.value) }.max()
      shares[name] = max(shares[name] ?? 0, 2 * (error ?? 0) / size)
    }
    return shares.filter { $0.value.isFinite }
  }

  /// The windows with what came and what others say.
  ///
  /// - Parameters:
  ///   - units: what errors of each series are divided by.
  ///   - rivals: forecasts fitted elsewhere, in the order in which reports show them.
  func judged(_ units: [SeriesUnit], rivals: [ForecastRival] = []) -> [JudgedWindow] {
    let season = examples.options.season
    let others =
      [ForecastRival(name: JudgedWindow.naive) { naive(.last, $0) }]
      + (season.map { _ in [ForecastRival(name: JudgedWindow.seasonal) { naive(.season, $0) }] }
        ?? []) + rivals
    let steps = 0..<examples.options.horizon
    return rows.indices.map { window in
      let origin = examples.origins[window]
      return JudgedWindow(
        series: origin.series, name: units[origin.series].name, origin: origin.row,
        actual: actual[window],
        points: steps.map { point(window, $0) }, levels: levels,
        quantiles: rows[window].map { row in (levels + PinballLosses.grid).map(row.quantile) },
        others: others.map { .init(name: $0.name, values: $0.values(window)) },
        naiveScale: units[origin.series].naiveScale,
        deviation: units[origin.series].deviation)
    }
  }
}

extension ForecastExamples {
  /// Ranges of windows, one after the other, of which each is forecast at once: what is said of all
  /// windows would not fit in memory.
  var parts: [Range<Int>] {
    let most = max(1, ForecastPlan.rowsAtOnce / options.horizon)
    return stride(from: 0, to: count, by: most).map { $0..<min($0 + most, count) }
  }
}

/// What errors of a series are divided by.
struct SeriesUnit: Sendable {
  /// MASE's denominator.
  let naiveScale: Double
  /// The deviation; 0 where no training rows are known.
  var deviation = 0.0
  /// The name of the series.
  var name: String?

  /// The yardstick of training rows, with their deviation.
  init(trainingRows: ArraySlice<Double>, season: Int?, name: String? = nil) {
    self.name = name
    naiveScale = ForecastErrors.naiveScale(trainingRows, season: season ?? 1)
    deviation = ChannelScale(.standard, fittedOn: trainingRows).scale
  }

  /// The yardstick of a series of which no part was trained on.
  init(_ values: [Double], season: Int?, name: String? = nil) {
    self.name = name
    naiveScale = ForecastErrors.naiveScale(values, season: season ?? 1)
  }
}

/// A forecast that stands beside the network's.
struct ForecastRival {
  /// The rival's name in reports.
  let name: String
  /// The rival's forecast for the steps of a window.
  let values: (_ window: Int) -> [Double]
}

/// The forecasts that stand beside the network and were fitted without it.
struct FittedRivals {
  /// By method, then by series.
  let classical: [[ClassicalForecast]]
  let ridge: RidgeForecast?

  /// The rivals' forecasts of windows.
  func on(_ windows: ForecastExamples) -> [ForecastRival] {
    var rivals = zip(ClassicalForecast.Method.allCases, classical).map { method, forecasts in
      ForecastRival(name: method.name) { window in
        let origin = windows.origins[window]
        let forecast = forecasts[origin.series].near(origin.row)
        return (0..<windows.options.horizon).map { forecast.value(origin: origin.row, step: $0) }
      }
    }
    if let values = ridge?.values(windows) {
      rivals.append(ForecastRival(name: "ridge regression") { values[$0] })
    }
    return rivals
  }
}
