import Foundation
import Recurrent

/// How time and memory grow with one size: two charts side by side, with the slope to expect.
struct CostChart: Decodable {
  /// A measured line.
  struct Series: Decodable {
    let name: String
    let values: [Double]
    /// The power of x that the values should grow with, drawn through the last of them.
    var slope: Double?
    /// Drawn through the first of them instead.
    var fromFirst: Bool?
    /// The name of that slope; empty: not in the legend.
    var slopeName: String?
    /// Computed instead of measured: dashed.
    var isComputed: Bool?
  }

  let title: String
  let subtitle: String
  /// What the horizontal axis shows, with its letter or unit.
  let label: String
  let x: [Double]
  /// Milliseconds.
  let time: [Series]
  /// Megabytes.
  let memory: [Series]

  func svg() -> String {
    ChartGrid(
      title: title, columns: 2,
      panels: [
        .lines(chart(time, title: "Time", yLabel: "milliseconds")),
        .lines(chart(memory, title: "Memory", yLabel: "megabytes")),
      ]
    ).svg(width: 1080, panelHeight: 420)
  }

  private func chart(_ series: [Series], title: String, yLabel: String) -> LineChart {
    LineChart(
      title: title, subtitle: subtitle, x: .number(label: label, scale: .log), yLabel: yLabel,
      yScale: .log, lines: series.compactMap(expected) + series.map(line))
  }

  private func line(_ series: Series) -> LineChart.Line {
    let isComputed = series.isComputed ?? false
    return LineChart.Line(
      series.name, x: x, y: series.values, style: isComputed ? .dashed : .solid,
      role: isComputed ? .baseline : .automatic)
  }

  /// The straight line of the slope through one end of the values.
  private func expected(_ series: Series) -> LineChart.Line? {
    let fromFirst = series.fromFirst ?? false
    guard let slope = series.slope,
      let value = fromFirst ? series.values.first : series.values.last,
      let place = fromFirst ? x.first : x.last
    else { return nil }
    return LineChart.Line(
      series.slopeName ?? "", x: x, y: x.map { value * pow($0 / place, slope) }, style: .dashed,
      weight: .thin, role: .baseline)
  }
}
