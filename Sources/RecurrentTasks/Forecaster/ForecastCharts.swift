import Recurrent

/// The forecasts on the test part as a table and as a picture.
public struct TestForecasts: Sendable {
  private let plan: ForecastPlan
  private let forecaster: Forecaster
  private let examples: ForecastExamples

  /// The forecasts of `forecaster` on the test part of the plan that it was trained by.
  /// Where a training on all rows followed, they are those of the network that the report is of.
  public init(_ forecaster: Forecaster, plan: ForecastPlan) {
    let judged = forecaster.parts.judged.first ?? forecaster
    // Scales and bases are those of the rows that the judged network knew.
    let isRefitted = judged.configuration.refitted?.epochs ?? 0 > 0
    let plan = isRefitted ? (try? plan.sequel(to: judged)) ?? plan : plan
    self.plan = plan
    self.forecaster = judged
    examples = plan.examples(\.test)
  }

  /// A table with one line for each window and step. `time` is that of the row that is forecast.
  public var csv: String {
    var bytes: [UInt8] = []
    writeCSV { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Gives the bytes of ``csv``, some windows at a time: of many, the table does not fit in memory.
  package func writeCSV(_ append: (UnsafeRawBufferPointer) -> Void) {
    func write(_ text: String) {
      var text = text
      text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }
    let hasNames = plan.series.contains { $0.name != nil }
    write(
      (hasNames ? "series," : "") + "time,step,actual,forecast,lower,upper,naive"
        + (plan.options.season == nil ? "" : ",seasonal_naive") + "\n")
    for part in examples.parts {
      write(lines(WindowForecasts(examples[part], by: forecaster), hasNames))
    }
  }

  private func lines(_ windows: WindowForecasts, _ hasNames: Bool) -> String {
    let options = plan.options
    var text = ""
    for (window, origin) in windows.examples.origins.enumerated() {
      let series = plan.series[origin.series]
      let actual = windows.actual[window]
      let naive = ([.last] + (options.season == nil ? [] : [.season])).map {
        windows.naive($0, window)
      }
      for step in 0..<options.horizon {
        let point = windows.point(window, step)
        let row = origin.row + step
        var cells = [Self.quoted(series.times.label(row)), "\(step + 1)"]
        let numbers =
          [actual[step], point.value, point.lower, point.upper] + naive.map { $0[step] }
        cells += numbers.map { "\($0)" }
        if hasNames { cells.insert(Self.quoted(series.name ?? ""), at: 0) }
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
    let origins = examples.origins.prefix { $0.series == 0 }
    var rows: [(row: Int, point: Forecaster.Point)] = []
    let own = examples[0..<origins.count]
    for part in own.parts {
      let windows = WindowForecasts(own[part], by: forecaster)
      for (window, origin) in windows.examples.origins.enumerated()
      where (origin.row - split.test.lowerBound) % horizon == 0 {
        rows += (0..<horizon).map { (origin.row + $0, windows.point(window, $0)) }
      }
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
  /// The last rows of `series` and what is forecast after them, in intervals of several shares.
  ///
  /// - Parameter coverages: the shares of the intervals, widest first.
  public func chart(after series: Series, coverages: [Double] = [0.95, 0.8, 0.5]) -> LineChart {
    let past = series.suffix(max(3 * points.count, 60))
    let last = past.count - 1
    let x = times.positions
    // Drawn from the last known point, so that the line does not hang in the air.
    let startX = [past.times.positions[last]]
    let start = [past.target[last]]
    return LineChart(
      title:
        "\(series.targetName)\(self.series.map { " of \($0)" } ?? ""): the next \(points.count) rows",
      x: times.chartAxis, yLabel: series.targetName,
      lines: [
        .init(
          "known", x: past.times.positions, y: past.target, role: .actual),
        .init("forecast", x: startX + x, y: start + points.map(\.value), role: .forecast),
      ],
      bands: coverages.map { coverage in
        .init(
          "\(NumberFormat.fixed(coverage * 100, 0)) %", x: startX + x,
          lower: start + quantile((1 - coverage) / 2), upper: start + quantile((1 + coverage) / 2))
      },
      markers: [.init("last row", x: startX[0])])
  }
}

extension ForecastReport {
  /// The forecast after its series, of several series one beside the other, the first twelve.
  public func chart(after series: [Series]) -> String {
    let pairs = forecasts.compactMap { forecast in
      series.first { $0.name == forecast.series }.map { (forecast, $0) }
    }
    let charts = pairs.prefix(12).map { $0.chart(after: $1) }
    guard charts.count > 1 else { return charts.first?.svg() ?? "" }
    return ChartGrid(
      title: "\(forecaster.configuration.channels[0]) of \(charts.count) of \(pairs.count) series",
      columns: charts.count > 4 ? 3 : 2, panels: charts.map { .lines($0) }
    ).svg()
  }
}

extension ForecastEvaluation {
  /// The errors by step of the horizon, and which share of the values lay below each quantile; nil in
  /// folders of models that know no such shares.
  public func chart(of target: String) -> ChartGrid? {
    guard let probability, let found = probability.calibration else { return nil }
    let steps = (1...max(1, model.steps.count)).map(Double.init)
    func line(_ name: String, _ errors: Errors) -> LineChart.Line {
      LineChart.Line(name, x: steps, y: errors.steps.map(\.rmse))
    }
    let all =
      [("model", model), ("naive", naive)] + (seasonalNaive.map { [("seasonal naive", $0)] } ?? [])
      + (rivals ?? []).map { ($0.name, $0.errors) }
    let (title, count) = ("Error by step", "\(NumberFormat.grouped(windows)) windows")
    // Of one step, a line is a dot.
    let errors: ChartGrid.Panel =
      model.steps.count == 1
      ? .bars(
        BarChart(
          title: "Error", subtitle: count, categories: [""], yLabel: "RMSE",
          groups: all.map { .init($0, values: [$1.overall.rmse]) }))
      : .lines(
        LineChart(
          title: title, subtitle: count, x: .number(label: "step"), yLabel: "RMSE",
          lines: all.map { line($0, $1) }))
    let asked = PinballLosses.grid.map { $0 * 100 }
    let calibration = LineChart(
      title: "Values below each quantile", subtitle: "on the line: the shares are true",
      x: .number(label: "asked, %"), yLabel: "found, %", yRange: 0...100,
      lines: [
        .init("as asked", x: [0, 100], y: [0, 100], style: .dashed, weight: .thin),
        .init("found", x: asked, y: found.map { $0 * 100 }, role: .forecast),
      ])
    return ChartGrid(
      title: "\(target): on rows that training did not see", columns: 2,
      panels: [errors, .lines(calibration)])
  }
}

extension TimeAxis {
  /// The axis of a chart for ``positions``.
  var chartAxis: LineChart.XAxis {
    isNumbers ? .number(label: isRowNumbers ? "row" : "time") : .time
  }
}

/// Charts as files.
public enum ChartFile {
  /// Writes a chart as SVG, whole or not at all.
  public static func write(_ chart: LineChart, to path: String) throws(DataError) {
    try write(chart.svg(), to: path)
  }

  /// Writes the text of a file, whole or not at all.
  public static func write(_ text: String, to path: String) throws(DataError) {
    try writeAtomically(text, to: path)
  }
}
