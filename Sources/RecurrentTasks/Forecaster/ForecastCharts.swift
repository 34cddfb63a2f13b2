import Recurrent

/// The forecasts on the test part as a table and as a picture.
public struct TestForecasts: Sendable {
  private let plan: ForecastPlan
  private let forecaster: Forecaster
  private let windows: WindowForecasts

  /// The forecasts of `forecaster` on the test part of the plan that it was trained by.
  public init(_ forecaster: Forecaster, plan: ForecastPlan) {
    self.plan = plan
    self.forecaster = forecaster
    windows = WindowForecasts(plan.examples(\.test), by: forecaster)
  }

  /// A table with one line for each window and step. `time` is that of the row that is forecast.
  public var csv: String {
    let options = plan.options
    let hasNames = plan.series.contains { $0.name != nil }
    var text = (hasNames ? "series," : "") + "time,step,actual,forecast,lower,upper,naive"
    text += (options.season == nil ? "" : ",seasonal_naive") + "\n"
    for (window, origin) in windows.examples.origins.enumerated() {
      let series = plan.series[origin.series]
      for step in 0..<options.horizon {
        let point = windows.point(window, step)
        let row = origin.row + step
        var cells = [Self.quoted(series.times.label(row)), "\(step + 1)"]
        cells += [
          windows.actual(window, step), point.value, point.lower, point.upper,
          windows.naive(.last, window, step),
        ].map { "\($0)" }
        if hasNames { cells.insert(Self.quoted(series.name ?? ""), at: 0) }
        if options.season != nil { cells.append("\(windows.naive(.season, window, step))") }
        text += cells.joined(separator: ",") + "\n"
      }
    }
    return text
  }

  static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r;\t".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// The end of the training part and the test part of the first series, with forecasts and their
  /// interval.
  public var chart: LineChart {
    let series = plan.series[0]
    let split = plan.splits[0]
    let horizon = plan.options.horizon
    // Forecasts of several steps are drawn one horizon after the other.
    let origins = windows.examples.origins
    let shown = origins.indices.filter {
      origins[$0].series == 0 && (origins[$0].row - split.test.lowerBound) % horizon == 0
    }
    let rows = shown.flatMap { window in
      (0..<horizon).map { (row: origins[window].row + $0, point: windows.point(window, $0)) }
    }
    let first = max(0, split.testStart - (split.count - split.testStart))
    let x = series.times.positions
    let forecastX = rows.map { x[$0.row] }
    let name = series.name.map { " of \($0)" } ?? ""
    let ahead = horizon == 1 ? "one row ahead" : "\(horizon) rows at a time"
    let percent = NumberFormat.fixed(forecaster.nominalCoverage * 100, 0)
    return LineChart(
      title: "\(series.targetName)\(name): forecast \(ahead), on rows it was not trained on",
      subtitle: forecaster.configuration.evaluation.map(Self.summary) ?? "",
      x: series.times.chartAxis, yLabel: series.targetName,
      lines: [
        .init("actual", x: Array(x[first...]), y: Array(series.target[first...]), role: .actual),
        .init(
          "forecast", x: forecastX, y: rows.map(\.point.value), weight: .thin, role: .forecast),
      ],
      bands: [
        .init(
          "\(percent) % interval", x: forecastX, lower: rows.map(\.point.lower),
          upper: rows.map(\.point.upper))
      ],
      markers: [.init("test part begins", x: x[min(split.testStart, split.count - 1)])])
  }

  private static func summary(_ evaluation: ForecastEvaluation) -> String {
    let naive = evaluation.bestNaive
    return
      "RMSE \(NumberFormat.significant(evaluation.model.overall.rmse)) beside "
      + "\(NumberFormat.significant(naive.errors.overall.rmse)) of the \(naive.name), "
      + "\(NumberFormat.grouped(evaluation.windows)) windows"
  }
}

extension Forecast {
  /// The last rows of `series` and what is forecast after them.
  public func chart(after series: Series, nominalCoverage: Double) -> LineChart {
    let past = series.suffix(max(3 * points.count, 60))
    let last = past.count - 1
    let x = times.positions
    // Drawn from the last known point, so that the line does not hang in the air.
    let startX = [past.times.positions[last]]
    let start = [past.target[last]]
    let percent = NumberFormat.fixed(nominalCoverage * 100, 0)
    return LineChart(
      title:
        "\(series.targetName)\(self.series.map { " of \($0)" } ?? ""): the next \(points.count) rows",
      x: times.chartAxis, yLabel: series.targetName,
      lines: [
        .init(
          "known", x: past.times.positions, y: past.target, role: .actual),
        .init("forecast", x: startX + x, y: start + points.map(\.value), role: .forecast),
      ],
      bands: [
        .init(
          "\(percent) % interval", x: startX + x, lower: start + points.map(\.lower),
          upper: start + points.map(\.upper))
      ],
      markers: [.init("last row", x: startX[0])])
  }
}

extension TimeAxis {
  /// The axis of a chart for ``positions``.
  fileprivate var chartAxis: LineChart.XAxis {
    isNumbers ? .number(label: isRowNumbers ? "row" : "time") : .time
  }
}

/// Charts as files.
public enum ChartFile {
  /// Writes a chart as SVG, whole or not at all.
  public static func write(_ chart: LineChart, to path: String) throws(DataError) {
    try writeAtomically(chart.svg(), to: path)
  }
}
