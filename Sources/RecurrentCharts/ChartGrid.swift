import RecurrentFiles

/// Several charts in one picture: stacked, or side by side in rows.
public struct ChartGrid: Sendable {
  /// A chart of a grid, of any kind.
  public enum Panel: Sendable {
    /// Lines.
    case lines(LineChart)
    /// Bars.
    case bars(BarChart)
  }

  /// Text above all panels; empty: none.
  public var title: String
  /// How many charts stand side by side.
  public var columns: Int
  /// The charts, row by row.
  public var panels: [Panel]
  /// Whether all panels have the same vertical axis, so that they can be compared.
  ///
  /// Panels of different scales (linear, logarithmic) share it with their like.
  public var sharesY: Bool

  /// Creates a grid; panels fill it row by row.
  public init(title: String = "", columns: Int = 1, sharesY: Bool = false, panels: [Panel]) {
    require(columns >= 1, "A grid has at least one column; found \(columns).")
    self.title = title
    self.columns = columns
    self.panels = panels
    self.sharesY = sharesY
  }

  /// The charts as the text of one SVG file.
  ///
  /// - Parameters:
  ///   - width: of the whole picture in pixels, at least 160 for each column.
  ///   - panelHeight: of each row of charts in pixels, at least 120.
  public func svg(width: Int = 960, panelHeight: Int = 280) -> String {
    require(
      width / columns >= 160 && panelHeight >= 120,
      "A panel needs at least 160 x 120 pixels; found \(width / columns) x \(panelHeight).")
    let heading = TextWidth.wrapped(
      title, width: Double(width) - 32, size: 18, lines: 2, isBold: true)
    let top = heading.isEmpty ? 0.0 : 14 + Double(heading.count) * 24
    let rows = max(1, (panels.count + columns - 1) / columns)
    var svg = SVGDocument(
      width: width, height: Int(top) + rows * panelHeight, title: title, description: description)
    for (index, line) in heading.enumerated() {
      svg.element(
        "text",
        [
          "x": 16, "y": .number(30 + Double(index) * 24), "font-size": 18, "font-weight": "600",
          "fill": .text(Palette.Ink.title),
        ], text: line)
    }
    let panelWidth = Double(width) / Double(columns)
    let linear = sharesY ? sharedRange(of: .linear) : nil
    let log = sharesY ? sharedRange(of: .log) : nil
    for (index, panel) in panels.enumerated() {
      let area = Rectangle(
        x: Double(index % columns) * panelWidth, y: top + Double(index / columns * panelHeight),
        width: panelWidth, height: Double(panelHeight))
      switch panel {
      case .lines(var chart):
        chart.yRange = (chart.yScale == .log ? log : linear) ?? chart.yRange
        chart.draw(in: &svg, area: area, sizes: .panel)
      case .bars(var chart):
        chart.yRange = linear ?? chart.yRange
        chart.draw(in: &svg, area: area, sizes: .panel)
      }
    }
    return svg.finished()
  }

  /// The values that the panels of a scale need together.
  private func sharedRange(of scale: Axis.Scale) -> ClosedRange<Double>? {
    let ranges = panels.compactMap { panel -> ClosedRange<Double>? in
      let axis =
        switch panel {
        case .lines(let chart): chart.axes()?.y
        case .bars(let chart): chart.yAxis()
        }
      return axis?.scale == scale ? axis?.range : nil
    }
    guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else {
      return nil
    }
    return low...high
  }

  private var description: String {
    let parts = panels.map { panel in
      switch panel {
      case .lines(let chart): "\(chart.title): \(chart.description())"
      case .bars(let chart): "\(chart.title): \(chart.description())"
      }
    }
    return parts.isEmpty ? "No charts." : parts.joined(separator: "\n")
  }
}
