import RecurrentFiles

extension LineChart {
  /// The chart as the text of an SVG file: self-contained, light background, no scripts.
  ///
  /// - Parameters:
  ///   - width: in pixels, at least 160.
  ///   - height: in pixels, at least 120.
  public func svg(width: Int = 960, height: Int = 480) -> String {
    require(
      width >= 160 && height >= 120,
      "A chart needs at least 160 x 120 pixels; found \(width) x \(height).")
    var svg = SVGDocument(width: width, height: height, title: title, description: description())
    draw(
      in: &svg, area: Rectangle(x: 0, y: 0, width: Double(width), height: Double(height)),
      sizes: .whole)
    return svg.finished()
  }

  /// Draws the chart into a part of a picture.
  func draw(in svg: inout SVGDocument, area: Rectangle, sizes: ChartFrame.TextSizes) {
    let xLabel: String
    switch x {
    case .time: xLabel = ""
    case .number(let label, _): xLabel = label
    }
    var frame = ChartFrame(
      area: area, sizes: sizes, title: title, subtitle: subtitle, legend: legend(), xLabel: xLabel,
      yLabel: yLabel)
    guard var axes = axes() else {
      frame.drawText(in: &svg)
      frame.drawNoData(in: &svg, reason: "no data")
      return
    }
    frame.makeRoom(forYTicks: axes.y.ticks(maximum: frame.yTickCount))
    frame.makeRoom(
      forXTicks: axes.x.ticks(width: frame.plot.width, fontSize: sizes.tick))
    if yRange == nil { makeRoomForMarkers(in: frame, axes: &axes) }
    let yTicks = axes.y.ticks(maximum: frame.yTickCount)
    frame.makeRoom(forYTicks: yTicks)

    frame.drawText(in: &svg)
    frame.drawYAxis(axes.y, ticks: yTicks, in: &svg)
    // A nested picture cuts off what lies outside, without an identifier that could clash.
    // Its margin keeps dots on the edge whole.
    let plot = frame.plot
    let window = Rectangle(
      x: plot.x - 4, y: plot.y - 4, width: plot.width + 8, height: plot.height + 8)
    svg.group(
      "svg",
      [
        "x": .number(window.x), "y": .number(window.y), "width": .number(window.width),
        "height": .number(window.height),
        "viewBox": .text(
          [window.x, window.y, window.width, window.height].map { ChartNumbers.coordinate($0) }
            .joined(separator: " ")),
      ]
    ) { svg in
      drawBands(in: &svg, frame: frame, axes: axes)
      drawMarkerLines(in: &svg, frame: frame, axes: axes)
      drawLines(in: &svg, frame: frame, axes: axes)
    }
    drawMarkerLabels(in: &svg, frame: frame, axes: axes)
    let xTicks = axes.x.ticks(width: plot.width, fontSize: sizes.tick)
    frame.drawXAxis(axes.x, ticks: xTicks, in: &svg)
  }

  // MARK: Data

  private func drawLines(in svg: inout SVGDocument, frame: ChartFrame, axes: Axes) {
    for ((line, dash), colour) in zip(zip(lines, dashes()), colours().lines) {
      let values = points(of: line)
      let count = values.count { $0 != nil }
      let runs = Decimation.runs(
        values.lazy.map { point -> PlotPoint? in
          guard let point, let x = frame.x(of: point.x, on: axes.x),
            let y = frame.y(of: point.y, on: axes.y)
          else { return nil }
          return PlotPoint(x: x, y: y)
        })
      let points = runs.joined()
      let pixels = (points.map(\.x).max() ?? 0) - (points.map(\.x).min() ?? 0)
      let width = strokeWidth(of: line, isDense: Double(count) > max(pixels, 30))
      let path = runs.filter { $0.count > 1 }.map(Self.path).joined()
      if !path.isEmpty {
        svg.element(
          "path",
          [
            "d": .text(path), "fill": "none", "stroke": .text(colour.hex),
            "stroke-width": .number(width), "stroke-linejoin": "round",
            "stroke-linecap": .text(dash == nil ? "round" : "butt"),
            "stroke-dasharray": .text(dash ?? "none"),
          ])
      }
      // Few points are shown as such where they were observed; a point without neighbours has no
      // line to be seen by.
      let showsAll = count <= 30 && line.style == .solid
      let dots = showsAll ? runs.flatMap { $0 } : runs.filter { $0.count == 1 }.flatMap { $0 }
      guard !dots.isEmpty else { continue }
      svg.group("g", ["fill": .text(colour.hex)]) { svg in
        for dot in dots {
          svg.element(
            "circle",
            [
              "cx": .number(dot.x), "cy": .number(dot.y),
              "r": .number(count <= 30 ? width / 2 + 1.8 : width / 2 + 0.9),
            ])
        }
      }
    }
  }

  private func drawBands(in svg: inout SVGDocument, frame: ChartFrame, axes: Axes) {
    for (band, colour) in zip(bands, colours().bands) {
      let places = intervals(of: band).lazy.map {
        interval -> (x: Double, lower: Double, upper: Double)? in
        guard let interval, let x = frame.x(of: interval.x, on: axes.x),
          let lower = frame.y(of: interval.lower, on: axes.y),
          let upper = frame.y(of: interval.upper, on: axes.y)
        else { return nil }
        // Pixels grow downwards: swapped, so that columns are joined by their extremes.
        return (x, upper, lower)
      }
      for run in Decimation.intervalRuns(places) {
        let top = run.map { PlotPoint(x: $0.x, y: $0.lower) }
        let bottom = run.reversed().map { PlotPoint(x: $0.x, y: $0.upper) }
        if run.count == 1 {
          // An interval without neighbours has no area.
          svg.element(
            "path",
            [
              "d": .text(Self.path(top + bottom)), "stroke": .text(colour.hex), "stroke-width": 6,
              "stroke-opacity": .number(Self.bandOpacity),
            ])
        } else {
          svg.element(
            "path",
            [
              "d": .text(Self.path(top + bottom) + "Z"), "fill": .text(colour.hex),
              "fill-opacity": .number(Self.bandOpacity),
            ])
        }
      }
    }
  }

  /// The dashes of each line, nil for none; a named line that looks like one before it is dotted,
  /// for there are more lines than colours.
  private func dashes() -> [String?] {
    let looks = zip(lines, colours().lines).map { $0.style == .dashed ? $1.hex + "-" : $1.hex }
    return lines.indices.map { index in
      let isTaken = !lines[index].name.isEmpty && looks[..<index].contains(looks[index])
      return isTaken ? "2 3" : lines[index].style == .dashed ? "6 4" : nil
    }
  }

  private static let bandOpacity = 0.2

  private func strokeWidth(of line: Line, isDense: Bool) -> Double {
    switch line.weight {
    case .thin: 1
    case .regular: isDense ? 1.2 : 1.8
    case .bold: 2.8
    }
  }

  /// A tenth of a pixel is as exact as a screen.
  private static func path(_ points: [PlotPoint]) -> String {
    var text = ""
    for (index, point) in points.enumerated() {
      text += index == 0 ? "M" : "L"
      text += ChartNumbers.coordinate(point.x, decimals: 1)
      text += " "
      text += ChartNumbers.coordinate(point.y, decimals: 1)
    }
    return text
  }

  private func legend() -> [ChartFrame.LegendEntry] {
    let colours = self.colours()
    let dashes = self.dashes()
    let lineEntries = lines.indices.map { index in
      ChartFrame.LegendEntry(
        name: lines[index].name, colour: colours.lines[index],
        swatch: .line(
          dash: dashes[index], width: strokeWidth(of: lines[index], isDense: false)))
    }
    let bandEntries = zip(bands, colours.bands).map { band, colour in
      ChartFrame.LegendEntry(
        name: band.name, colour: colour, swatch: .area(opacity: Self.bandOpacity))
    }
    return (lineEntries + bandEntries).filter { !$0.name.isEmpty }
  }

  // MARK: Markers

  /// Where the label of a marker goes, so that no two overlap.
  private struct PlacedLabel {
    var text: String
    var x: Double
    var left: Double
    var row: Int
  }

  private func drawMarkerLines(in svg: inout SVGDocument, frame: ChartFrame, axes: Axes) {
    for marker in markers {
      guard let x = frame.x(of: marker.x, on: axes.x) else { continue }
      svg.element(
        "line",
        [
          "x1": .number(x), "y1": .number(frame.plot.y), "x2": .number(x),
          "y2": .number(frame.plot.bottom), "stroke": .text(Palette.Ink.marker),
          "stroke-width": 1.2,
          "stroke-dasharray": "3 3",
        ])
    }
  }

  private func drawMarkerLabels(in svg: inout SVGDocument, frame: ChartFrame, axes: Axes) {
    let size = frame.sizes.label
    let labels = placedLabels(in: frame, axes: axes)
    guard !labels.isEmpty else { return }
    func draw(in svg: inout SVGDocument) {
      for label in labels {
        let isLeft = label.left < label.x
        svg.element(
          "text",
          [
            "x": .number(isLeft ? label.x - 5 : label.x + 5),
            "y": .number(frame.plot.y + (Double(label.row) + 0.9) * size * 1.35),
            "text-anchor": .text(isLeft ? "end" : "start"),
          ], text: label.text)
      }
    }
    // A light rim keeps the text readable over a line. It is drawn by itself, for there are programs
    // that draw it over the letters whatever `paint-order` says.
    svg.group(
      "g",
      [
        "font-size": .number(size), "fill": "none", "stroke": .text(Palette.Ink.background),
        "stroke-width": 3, "stroke-linejoin": "round", "aria-hidden": "true",
      ], draw)
    svg.group(
      "g", ["font-size": .number(size), "fill": .text(Palette.Ink.title)], draw)
  }

  /// Room above the data for the rows of marker labels.
  private func makeRoomForMarkers(in frame: ChartFrame, axes: inout Axes) {
    let rows = (placedLabels(in: frame, axes: axes).map(\.row).max() ?? -1) + 1
    let needed = min(Double(rows) * frame.sizes.label * 1.35 + 4, frame.plot.height * 0.4)
    if rows > 0 {
      axes.y = axes.y.widened(below: 0, above: needed / (frame.plot.height - needed))
    }
  }

  private func placedLabels(in frame: ChartFrame, axes: Axes) -> [PlacedLabel] {
    let plot = frame.plot
    let size = frame.sizes.label
    let places = markers.compactMap { marker in
      frame.x(of: marker.x, on: axes.x).map { (x: $0, label: marker.label) }
    }.sorted { $0.x < $1.x }
    var ends: [Double] = []
    return places.compactMap { x, label in
      let roomRight = plot.right - x - 5
      let roomLeft = x - plot.x - 5
      let wanted = TextWidth.of(label, size: size)
      let goesRight = wanted <= roomRight || roomRight >= roomLeft
      let text = TextWidth.fitted(label, width: goesRight ? roomRight : roomLeft, size: size)
      let width = TextWidth.of(text, size: size)
      let left = goesRight ? x + 5 : x - 5 - width
      let row = ends.firstIndex { $0 + 6 <= left } ?? ends.count
      // More rows than this would leave no room for the data.
      guard row < 4, !text.isEmpty else { return nil }
      if row == ends.count { ends.append(0) }
      ends[row] = left + width
      return PlacedLabel(text: text, x: x, left: left, row: row)
    }
  }
}
