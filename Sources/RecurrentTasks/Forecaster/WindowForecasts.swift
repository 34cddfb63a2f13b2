import Recurrent

/// What a forecaster says about windows whose future is known, beside what came.
struct WindowForecasts: Sendable {
  let examples: ForecastExamples
  /// `[windows][horizon]`.
  let rows: [[ForecastRow]]
  private let levels: [Double]

  init(_ examples: ForecastExamples, by forecaster: Forecaster) {
    self.examples = examples
    rows = forecaster.rows(examples)
    levels = forecaster.shownLevels
  }

  /// The forecast of a step of a window, in the unit of the target.
  func point(_ window: Int, _ step: Int) -> Forecaster.Point {
    rows[window][step].point(levels)
  }

  /// The value that came at a step of a window.
  func actual(_ window: Int, _ step: Int) -> Double {
    let origin = examples.origins[window]
    return examples.target(of: origin)[origin.row + step]
  }

  /// The value that a naive forecast says of a step of a window.
  func naive(_ forecast: NaiveForecast, _ window: Int, _ step: Int) -> Double {
    let origin = examples.origins[window]
    return forecast.value(
      examples.target(of: origin), origin: origin.row, step: step, season: examples.options.season)
  }

  /// The normal scores of what came, for each window.
  func scores(step: Int) -> [Double] {
    rows.indices.compactMap { rows[$0][step].score(of: actual($0, step)) }
  }

  /// Twice the largest error of each series, as a share of the mean size of its window.
  var reaches: [String: Double] {
    var shares: [String: Double] = [:]
    for window in rows.indices {
      let (name, size) = (examples.name(window), examples.size(window))
      guard size > 0 else { continue }
      let error = rows[window].indices.map { abs(actual(window, $0) - rows[window][$0].value) }
        .max()
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
      [ForecastRival(name: JudgedWindow.naive) { naive(.last, $0, $1) }]
      + (season.map { _ in [ForecastRival(name: JudgedWindow.seasonal) { naive(.season, $0, $1) }] }
        ?? []) + rivals
    let steps = 0..<examples.options.horizon
    return rows.indices.map { window in
      let origin = examples.origins[window]
      return JudgedWindow(
        series: origin.series, name: units[origin.series].name, origin: origin.row,
        actual: steps.map { actual(window, $0) },
        points: steps.map { point(window, $0) }, levels: levels,
        quantiles: rows[window].map { row in (levels + PinballLosses.grid).map(row.quantile) },
        others: others.map { rival in
          .init(name: rival.name, values: steps.map { rival.value(window, $0) })
        },
        naiveScale: units[origin.series].naiveScale,
        deviation: units[origin.series].deviation)
    }
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
  /// The rival's forecast for a step of a window.
  let value: (_ window: Int, _ step: Int) -> Double
}

/// The forecasts that stand beside the network and were fitted without it.
struct FittedRivals {
  /// By method, then by series.
  let classical: [[ClassicalForecast]]
  let ridge: RidgeForecast?

  /// The rivals' forecasts of windows.
  func on(_ windows: ForecastExamples) -> [ForecastRival] {
    var rivals = zip(ClassicalForecast.Method.allCases, classical).map { method, forecasts in
      ForecastRival(name: method.name) { window, step in
        let origin = windows.origins[window]
        return forecasts[origin.series].value(origin: origin.row, step: step)
      }
    }
    if let values = ridge?.values(windows) {
      rivals.append(ForecastRival(name: "ridge regression") { values[$0][$1] })
    }
    return rivals
  }
}
