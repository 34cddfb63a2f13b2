import Recurrent

/// How forecasts from one origin after another went, beside those of others.
public struct BacktestReport: Sendable, CustomStringConvertible {
  /// By origin, then by series.
  let windows: [[JudgedWindow]]
  private let series: [Series]
  private let options: ForecasterOptions
  private let overlap: Int
  /// The errors over all origins together.
  public let evaluation: ForecastEvaluation

  init(
    windows: [[JudgedWindow]], series: [Series], options: ForecasterOptions, overlap: Int,
    nominalCoverage: Double
  ) {
    (self.windows, self.series, self.options, self.overlap) = (windows, series, options, overlap)
    evaluation = ForecastEvaluation(Array(windows.joined()), nominalCoverage: nominalCoverage)
  }

  private var others: [String] { windows[0].first?.others.map(\.name) ?? [] }

  /// Whether the network's squared errors differ from another's by more than chance makes of it.
  public func test(against name: String) -> DieboldMariano? {
    // Series have units of their own; each counts by the error of the naive forecast.
    func losses(_ name: String?) -> [Double] {
      windows.map { origin in
        origin.reduce(0) { sum, window in
          let unit = window.naiveScale > 0 ? window.naiveScale * window.naiveScale : 1
          return sum + window.squaredError(of: name) / unit
        }
      }
    }
    return DieboldMariano(losses(nil), losses(name), overlap: overlap)
  }

  /// Tables: overall, by series if there are several, by origin; and what the differences are worth.
  public var description: String {
    var parts = ["\(evaluation)", "By origin:\n\(originTable)"]
    parts.append("Is the difference more than chance (Diebold and Mariano)?\n\(testTable)")
    return parts.joined(separator: "\n\n")
  }

  private func rmse(_ windows: [JudgedWindow], _ name: String?) -> String {
    let squares = windows.reduce(0) { $0 + $1.squaredError(of: name) }
    return NumberFormat.significant((squares / Double(windows.count)).squareRoot())
  }

  private var originTable: TextTable {
    TextTable(
      [["RMSE from", "model"] + others]
        + windows.map { origin in
          let first = origin[0]
          return [series[first.series].times.label(first.origin), rmse(origin, nil)]
            + others.map { rmse(origin, $0) }
        })
  }

  private var testTable: TextTable {
    TextTable(
      [["model beside", "statistic", "p"]]
        + others.map { name in
          let test = test(against: name)
          return [
            name, test.map { NumberFormat.fixed($0.statistic, 2) } ?? "–",
            test.map { NumberFormat.fixed($0.pValue, 3) } ?? "too few origins",
          ]
        })
  }

  /// A line for each row that was forecast, each time it was.
  public var csv: String {
    let hasNames = series.contains { $0.name != nil }
    var text = (hasNames ? "series," : "") + "origin,time,step,actual,forecast,lower,upper"
    text += others.map { "," + $0.replacing(" ", with: "_") }.joined() + "\n"
    for window in windows.joined() {
      let own = series[window.series]
      for (step, point) in window.points.enumerated() {
        let labels = [own.times.label(window.origin), own.times.label(window.origin + step)]
        let cells =
          labels + ["\(step + 1)"]
          + ([window.actual[step], point.value, point.lower, point.upper]
          + window.others.map { $0.values[step] }).map { "\($0)" }
        text +=
          ((hasNames ? [own.name ?? ""] : []) + cells).map(TestForecasts.quoted)
          .joined(separator: ",") + "\n"
      }
    }
    return text
  }

  /// The error by step of the horizon, of the network and of the others.
  public var chart: LineChart {
    let steps = (1...options.horizon).map(Double.init)
    func line(_ name: String, _ errors: ForecastEvaluation.Errors) -> LineChart.Line {
      LineChart.Line(name, x: steps, y: errors.steps.map(\.rmse))
    }
    return LineChart(
      title: "\(series[0].targetName): error by step, \(windows.count) origins",
      subtitle: evaluation.verdict, x: .number(label: "step"), yLabel: "RMSE",
      lines: [line("model", evaluation.model), line("naive", evaluation.naive)]
        + (evaluation.seasonalNaive.map { [line("seasonal naive", $0)] } ?? [])
        + (evaluation.rivals ?? []).map { line($0.name, $0.errors) })
  }
}
