import Recurrent

extension Forecaster {
  /// The errors of one-horizon forecasts over all windows of series that the forecaster was not
  /// trained on.
  ///
  /// MASE is scaled by the series itself, since there is no training part.
  ///
  /// - Throws: ``DataError`` as ``forecast(after:steps:)``, and if a series does not hold a window
  ///   and its future.
  public func evaluate(on series: [Series]) throws(DataError) -> ForecastEvaluation {
    WindowForecasts(try examples(of: series), by: self).evaluation(
      naiveScales: naiveScales(of: series), nominalCoverage: nominalCoverage)
  }

  /// All windows of series whose future is known.
  func examples(of series: [Series]) throws(DataError) -> ForecastExamples {
    for one in series {
      try check(one)
      guard one.count >= options.window + options.horizon else {
        throw DataError(
          file: one.source, place: one.name.map { "series \"\($0)\"" },
          problem:
            "found \(one.count) rows, expected at least \(options.window + options.horizon): a window of \(options.window) and a horizon of \(options.horizon)",
          advice: "Bring more rows")
      }
    }
    return ForecastExamples(
      series.map { Channels($0, scales: scales(of: $0)) },
      origins: series.map { options.window..<$0.count - options.horizon + 1 }, options: options,
      base: configuration.base)
  }

  func naiveScales(of series: [Series]) -> [Double] {
    series.map { ForecastErrors.naiveScale($0.target, season: options.season ?? 1) }
  }
}
