/// Everything around the data, the same for all charts: title, legend, axes, grid.
struct ChartFrame {
  /// A name in the legend and how its data looks.
  struct LegendEntry {
    enum Swatch {
      case line(dash: String?, width: Double)
      case area(opacity: Double)
      case none
    }
    var name: String
    var colour: Palette.Colour
    var swatch: Swatch
  }

  /// Sizes of text, in pixels.
  struct TextSizes {
    var title = 17.0
    var subtitle = 12.5
    var label = 12.0
    var tick = 11.5

    static let whole = TextSizes()
    /// For one of several charts in a picture.
    static let panel = TextSizes(title: 14, subtitle: 11.5, label: 11.5, tick: 11)
  }

  let area: Rectangle
  let sizes: TextSizes
  /// The rectangle that data is drawn in.
  private(set) var plot: Rectangle
  private let titleLines: [String]
  private let subtitleLines: [String]
  private let legendRows: [[(x: Double, entry: LegendEntry)]]
  private let yLabel: String
  private let xLabel: String

  private static let padding = 16.0
  private static let swatchWidth = 22.0
  private static let legendRowHeight = 19.0
  private static let tickLength = 4.0

  /// Finds room for the text in `area`; the plot gets the rest, without the tick labels at its
  /// left, which `makeRoom(forYTicks:)` knows.
  init(
    area: Rectangle, sizes: TextSizes, title: String, subtitle: String, legend: [LegendEntry],
    xLabel: String, yLabel: String
  ) {
    self.area = area
    self.sizes = sizes
    let width = area.width - 2 * Self.padding
    titleLines = TextWidth.wrapped(
      title, width: width, size: sizes.title, lines: 2, isBold: true)
    subtitleLines = TextWidth.wrapped(subtitle, width: width, size: sizes.subtitle, lines: 2)
    self.xLabel = TextWidth.fitted(xLabel, width: width, size: sizes.label)
    self.yLabel = TextWidth.fitted(yLabel, width: width, size: sizes.label)

    let text =
      Double(titleLines.count) * sizes.title * 1.3 + Double(subtitleLines.count) * sizes.subtitle
      * 1.4
    let below =
      sizes.tick * 1.6 + (xLabel.isEmpty ? 0 : sizes.label * 1.5) + 8
    let label = yLabel.isEmpty ? 8 : sizes.label * 2
    let free = area.height - text - below - label - 18
    legendRows = Self.rows(
      of: legend, width: width, size: sizes.label,
      atMost: max(1, Int(free * 0.5 / Self.legendRowHeight)))
    let rows = Double(legendRows.count) * Self.legendRowHeight + (legendRows.isEmpty ? 0 : 5)
    let top = area.y + 12 + text + rows + label
    plot = Rectangle(
      x: area.x + Self.padding, y: top, width: width,
      height: max(20, area.bottom - below - top))
  }

  /// How many ticks suit the height of the plot.
  var yTickCount: Int { min(max(5, Int(plot.height / 45)), max(2, Int(plot.height / 24))) }

  /// Moves the plot's left edge so that the labels of these ticks fit.
  mutating func makeRoom(forYTicks ticks: [Tick]) {
    let widest = ticks.map { TextWidth.of($0.label, size: sizes.tick) }.max() ?? 0
    let room = min(widest + 8, area.width * 0.5)
    plot.x = area.x + Self.padding - 4 + room
    plot.width = max(20, area.right - Self.padding - 4 - plot.x)
  }

  /// Moves the plot's lower edge up where ticks have a second line of text.
  mutating func makeRoom(forXTicks ticks: [Tick]) {
    guard ticks.contains(where: { $0.context != nil }) else { return }
    plot.height = max(20, plot.height - sizes.tick * 1.3)
  }

  // MARK: Drawing

  /// Title, subtitle, legend and axis titles.
  func drawText(in svg: inout SVGDocument) {
    let left = area.x + Self.padding
    var y = area.y + 12
    for line in titleLines {
      y += sizes.title * 1.3
      svg.element(
        "text",
        [
          "x": .number(left), "y": .number(y - sizes.title * 0.3),
          "font-size": .number(sizes.title),
          "font-weight": "600", "fill": .text(Palette.Ink.title),
        ], text: line)
    }
    for line in subtitleLines {
      y += sizes.subtitle * 1.4
      svg.element(
        "text",
        [
          "x": .number(left), "y": .number(y - sizes.subtitle * 0.35),
          "font-size": .number(sizes.subtitle), "fill": .text(Palette.Ink.text),
        ], text: line)
    }
    y += 5
    drawLegend(in: &svg, top: y)
    svg.group(
      "g", ["font-size": .number(sizes.label), "fill": .text(Palette.Ink.text)]
    ) { svg in
      if !yLabel.isEmpty {
        svg.element(
          "text", ["x": .number(left), "y": .number(plot.y - sizes.label * 0.6)], text: yLabel)
      }
      if !xLabel.isEmpty {
        svg.element(
          "text",
          [
            "x": .number(max(plot.x + plot.width / 2, left)), "y": .number(area.bottom - 8),
            "text-anchor": "middle",
          ], text: xLabel)
      }
    }
  }

  private func drawLegend(in svg: inout SVGDocument, top: Double) {
    guard !legendRows.isEmpty else { return }
    svg.group("g", ["font-size": .number(sizes.label), "fill": .text(Palette.Ink.title)]) { svg in
      for (row, entries) in legendRows.enumerated() {
        let middle = top + (Double(row) + 0.5) * Self.legendRowHeight
        for (offset, entry) in entries {
          let x = area.x + Self.padding + offset
          var textX = x + Self.swatchWidth + 6
          switch entry.swatch {
          case .line(let dash, let width):
            svg.element(
              "line",
              [
                "x1": .number(x), "y1": .number(middle), "x2": .number(x + Self.swatchWidth),
                "y2": .number(middle), "stroke": .text(entry.colour.hex),
                "stroke-width": .number(max(width, 1.5)), "stroke-dasharray": .text(dash ?? "none"),
              ])
          case .area(let opacity):
            svg.element(
              "rect",
              [
                "x": .number(x), "y": .number(middle - 6), "width": .number(Self.swatchWidth),
                "height": 12, "fill": .text(entry.colour.hex), "fill-opacity": .number(opacity),
              ])
          case .none: textX = x
          }
          svg.element(
            "text", ["x": .number(textX), "y": .number(middle + sizes.label * 0.35)],
            text: entry.name)
        }
      }
    }
  }

  /// Horizontal grid lines with their labels.
  func drawYAxis(_ axis: Axis, ticks: [Tick], in svg: inout SVGDocument) {
    svg.group("g", ["stroke-width": 1]) { svg in
      for tick in ticks {
        guard let y = self.y(of: tick.value, on: axis) else { continue }
        let isZero = tick.value == 0 && axis.scale == .linear && axis.range.lowerBound < 0
        let ink =
          isZero ? Palette.Ink.axis : tick.label.isEmpty ? Palette.Ink.faintGrid : Palette.Ink.grid
        svg.element(
          "line",
          [
            "x1": .number(plot.x), "y1": .number(y), "x2": .number(plot.right), "y2": .number(y),
            "stroke": .text(ink),
          ])
      }
    }
    svg.group(
      "g",
      ["font-size": .number(sizes.tick), "fill": .text(Palette.Ink.text), "text-anchor": "end"]
    ) { svg in
      for tick in ticks where !tick.label.isEmpty {
        guard let y = self.y(of: tick.value, on: axis) else { continue }
        svg.element(
          "text", ["x": .number(plot.x - 7), "y": .number(y + sizes.tick * 0.35)], text: tick.label)
      }
    }
  }

  /// The line below the plot, its ticks and their labels.
  func drawXAxis(_ axis: Axis, ticks: [Tick], in svg: inout SVGDocument) {
    svg.group("g", ["stroke": .text(Palette.Ink.axis), "stroke-width": 1]) { svg in
      svg.element(
        "line",
        [
          "x1": .number(plot.x), "y1": .number(plot.bottom), "x2": .number(plot.right),
          "y2": .number(plot.bottom),
        ])
      for tick in ticks {
        guard let x = self.x(of: tick.value, on: axis) else { continue }
        svg.element(
          "line",
          [
            "x1": .number(x), "y1": .number(plot.bottom), "x2": .number(x),
            "y2": .number(plot.bottom + Self.tickLength),
          ])
      }
    }
    drawXLabels(
      ticks.compactMap { tick in x(of: tick.value, on: axis).map { ($0, tick) } }, in: &svg)
  }

  /// Labels below the plot, centred on their places; a context label that has no room before the
  /// next one is left out, for the next one says where a unit begins.
  func drawXLabels(_ ticks: [(x: Double, tick: Tick)], in svg: inout SVGDocument) {
    let base = plot.bottom + Self.tickLength + sizes.tick * 1.1
    svg.group(
      "g",
      ["font-size": .number(sizes.tick), "fill": .text(Palette.Ink.text), "text-anchor": "middle"]
    ) { svg in
      for (x, tick) in ticks {
        svg.element(
          "text",
          ["x": .number(centre(of: tick.label, near: x)), "y": .number(base)], text: tick.label)
      }
      var limit = Double.infinity
      for (x, tick) in ticks.reversed() {
        guard let context = tick.context else { continue }
        let centre = self.centre(of: context, near: x)
        let half = TextWidth.of(context, size: sizes.tick) / 2
        if centre + half + 8 > limit { continue }
        limit = centre - half
        svg.element(
          "text",
          [
            "x": .number(centre), "y": .number(base + sizes.tick * 1.25), "font-weight": "600",
          ], text: context)
      }
    }
  }

  /// In the place of data.
  func drawNoData(in svg: inout SVGDocument, reason: String) {
    svg.element(
      "text",
      [
        "x": .number(area.x + area.width / 2), "y": .number(plot.y + plot.height / 2),
        "font-size": .number(sizes.title), "fill": .text(Palette.Ink.axis), "text-anchor": "middle",
      ], text: reason)
  }

  // MARK: Places

  /// The horizontal place of a value.
  func x(of value: Double, on axis: Axis) -> Double? {
    axis.position(of: value).map { plot.x + $0 * plot.width }
  }

  /// The vertical place of a value.
  func y(of value: Double, on axis: Axis) -> Double? {
    axis.position(of: value).map { plot.bottom - $0 * plot.height }
  }

  /// Near the edges a centred label would leave the picture.
  private func centre(of label: String, near x: Double) -> Double {
    let half = TextWidth.of(label, size: sizes.tick) / 2
    return min(max(x, area.x + 4 + half), area.right - 4 - half)
  }

  /// Entries side by side, in as many rows as they need; the last row says how many found no room.
  private static func rows(
    of entries: [LegendEntry], width: Double, size: Double, atMost limit: Int
  ) -> [[(x: Double, entry: LegendEntry)]] {
    var rows: [[(x: Double, entry: LegendEntry)]] = []
    var x = 0.0
    for (index, entry) in entries.enumerated() {
      var entry = entry
      entry.name = TextWidth.fitted(entry.name, width: width - swatchWidth - 6, size: size)
      var needed = swatchWidth + 6 + TextWidth.of(entry.name, size: size)
      if rows.isEmpty || x + needed > width {
        if rows.count == limit {
          let rest = entries.count - index
          let more = LegendEntry(
            name: "+ \(rest) more", colour: Palette.grey, swatch: .none)
          needed = TextWidth.of(more.name, size: size)
          // The note takes the place of the last names where the row is full.
          while x + needed > width, rows[limit - 1].count > 1, let last = rows[limit - 1].popLast()
          {
            x = last.x
          }
          rows[limit - 1].append((x, more))
          return rows
        }
        rows.append([])
        x = 0
      }
      rows[rows.count - 1].append((x, entry))
      x += needed + 20
    }
    return rows
  }
}
