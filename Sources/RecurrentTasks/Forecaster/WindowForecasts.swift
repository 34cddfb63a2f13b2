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
    points.indices.map { window in
      (actual(window, step) - points[window][step].value) / examples.targetScale(window).scale
    }
  }

  /// The errors, beside those of the naive forecasts.
  ///
  /// - Parameters:
  ///   - naiveScales: MASE's denominator, one a series.
  ///   - rivals: what others forecast, by window and step.
  func evaluation(
    naiveScales: [Double], nominalCoverage: Double,
    rivals: [(name: String, value: (_ window: Int, _ step: Int) -> Double)]? = nil
  ) -> ForecastEvaluation {
    let season = examples.options.season
    return ForecastEvaluation(
      windows: points.count,
      model: errors(naiveScales) { points[$0][$1].value },
      naive: errors(naiveScales) { naive(.last, $0, $1) },
      seasonalNaive: season.map { _ in errors(naiveScales) { naive(.season, $0, $1) } },
      rivals: rivals?.map { .init(name: $0.name, errors: errors(naiveScales, $0.value)) },
      coverage: coverage, nominalCoverage: nominalCoverage)
  }

  private func errors(
    _ naiveScales: [Double], _ forecast: (_ window: Int, _ step: Int) -> Double
  ) -> ForecastEvaluation.Errors {
    let horizon = examples.options.horizon
    func over(_ steps: Range<Int>) -> ForecastErrors {
      let places = points.indices.flatMap { window in steps.map { (window, $0) } }
      return ForecastErrors(
        values: places.map(actual), forecasts: places.map(forecast),
        scale: places.map { naiveScales[examples.origins[$0.0].series] })
    }
    return ForecastEvaluation.Errors(
      overall: over(0..<horizon), steps: (0..<horizon).map { over($0..<$0 + 1) })
  }

  /// The share of values that lie inside the interval.
  private var coverage: Double {
    var inside = 0
    var count = 0
    for (window, steps) in points.enumerated() {
      for (step, point) in steps.enumerated() {
        let actual = actual(window, step)
        inside += point.lower <= actual && actual <= point.upper ? 1 : 0
        count += 1
      }
    }
    return Double(inside) / Double(max(1, count))
  }
}
