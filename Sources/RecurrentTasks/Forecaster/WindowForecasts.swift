import Recurrent

/// What a forecaster says about windows whose future is known, beside what came.
struct WindowForecasts: Sendable {
  let examples: ForecastExamples
  /// `[windows][horizon]`, in the unit of the target.
  let points: [[Forecaster.Point]]

  init(_ examples: ForecastExamples, by forecaster: Forecaster) {
    self.examples = examples
    points = forecaster.points(examples)
  }

  /// What came.
  func actual(_ window: Int, _ step: Int) -> Double {
    let origin = examples.origins[window]
    return examples.target(of: origin)[origin.row + step]
  }

  /// What a naive forecast says.
  func naive(_ forecast: NaiveForecast, _ window: Int, _ step: Int) -> Double {
    let origin = examples.origins[window]
    return forecast.value(
      examples.target(of: origin), origin: origin.row, step: step, season: examples.options.season)
  }

  /// Value minus forecast in scaled units, for each window.
  func scaledErrors(step: Int) -> [Double] {
    points.indices.compactMap { window in
      let scale = examples.targetScale(window).scale
      return scale > 0 ? (actual(window, step) - points[window][step].value) / scale : nil
    }
  }

  /// The windows with what came and what others say.
  ///
  /// - Parameters:
  ///   - naiveScales: MASE's denominator, one a series.
  ///   - rivals: forecasts fitted elsewhere, in the order in which reports show them.
  func judged(naiveScales: [Double], rivals: [ForecastRival] = []) -> [JudgedWindow] {
    let season = examples.options.season
    let others =
      [ForecastRival(name: JudgedWindow.naive) { naive(.last, $0, $1) }]
      + (season.map { _ in [ForecastRival(name: JudgedWindow.seasonal) { naive(.season, $0, $1) }] }
        ?? []) + rivals
    let steps = 0..<examples.options.horizon
    return points.indices.map { window in
      let origin = examples.origins[window]
      return JudgedWindow(
        series: origin.series, origin: origin.row, actual: steps.map { actual(window, $0) },
        points: points[window],
        others: others.map { rival in (rival.name, steps.map { rival.value(window, $0) }) },
        naiveScale: naiveScales[origin.series])
    }
  }
}

/// A forecast that stands beside the network's.
struct ForecastRival {
  /// As reports call it.
  let name: String
  /// What it says of a step of a window.
  let value: (_ window: Int, _ step: Int) -> Double
}
