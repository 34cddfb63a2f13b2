import RecurrentFiles

extension BarChart {
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

  /// The vertical axis: from zero, with a little room beyond the longest bars; nil without any
  /// data.
  func yAxis() -> Axis? {
    let shown = groups.flatMap(\.values).filter(Self.canShow)
    guard let low = shown.min(), let high = shown.max() else { return nil }
    if let yRange { return Axis(scale: .linear, showing: yRange) }
    if low == 0, high == 0 { return Axis(scale: .linear, showing: 0...1) }
    return Axis(scale: .linear, showing: min(low, 0)...max(high, 0))
      .widened(below: low < 0 ? 0.07 : 0, above: high > 0 ? 0.07 : 0)
  }

  /// Draws the chart into a part of a picture.
  func draw(in svg: inout SVGDocument, area: Rectangle, sizes: ChartFrame.TextSizes) {
    let colours = Palette.colours(for: groups.map(\.role))
    let legend = zip(groups, colours).map {
      ChartFrame.LegendEntry(name: $0.name, colour: $1, swatch: .area(opacity: 1))
    }
    var frame = ChartFrame(
      area: area, sizes: sizes, title: title, subtitle: subtitle,
      legend: legend.filter { !$0.name.isEmpty }, xLabel: categoryLabel, yLabel: yLabel)
    guard let axis = yAxis(), !categories.isEmpty else {
      frame.drawText(in: &svg)
      frame.drawNoData(in: &svg, reason: "no data")
      return
    }
    let ticks = axis.ticks(maximum: frame.yTickCount)
    frame.makeRoom(forYTicks: ticks)
    frame.drawText(in: &svg)
    frame.drawYAxis(axis, ticks: ticks, in: &svg)
    drawBars(in: &svg, frame: frame, axis: axis, colours: colours)
    drawCategories(in: &svg, frame: frame)
  }

  private func drawBars(
    in svg: inout SVGDocument, frame: ChartFrame, axis: Axis, colours: [Palette.Colour]
  ) {
    let plot = frame.plot
    let slot = plot.width / Double(categories.count)
    let bar = min(slot * 0.8 / Double(groups.count), 72)
    let gap = bar > 4 ? 1.0 : 0
    let zero = min(max(frame.y(of: 0, on: axis) ?? plot.bottom, plot.y), plot.bottom)
    let texts = valueTexts()
    let widest = texts.joined().map { TextWidth.of($0, size: 10.5) }.max() ?? 0
    for (index, (group, colour)) in zip(groups, colours).enumerated() {
      let offset = (slot - bar * Double(groups.count)) / 2 + bar * Double(index)
      svg.group("g", ["fill": .text(colour.hex)]) { svg in
        for (category, value) in group.values.enumerated() {
          guard let end = frame.y(of: value, on: axis) else { continue }
          let inside = min(max(end, plot.y), plot.bottom)
          svg.element(
            "rect",
            [
              "x": .number(plot.x + Double(category) * slot + offset + gap / 2),
              "y": .number(min(inside, zero)), "width": .number(max(bar - gap, 0.5)),
              "height": .number(abs(inside - zero)),
            ])
        }
      }
      guard widest + 4 <= bar else { continue }
      // Numbers are printed only where every one has room above its bar.
      svg.group(
        "g", ["font-size": 10.5, "fill": .text(Palette.Ink.text), "text-anchor": "middle"]
      ) { svg in
        for (category, value) in group.values.enumerated() {
          guard let end = frame.y(of: value, on: axis), end >= plot.y, end <= plot.bottom
          else { continue }
          svg.element(
            "text",
            [
              "x": .number(plot.x + Double(category) * slot + offset + bar / 2),
              "y": .number(value < 0 ? end + 12 : end - 4),
            ], text: texts[index][category])
        }
      }
    }
    svg.element(
      "line",
      [
        "x1": .number(plot.x), "y1": .number(zero), "x2": .number(plot.right), "y2": .number(zero),
        "stroke": .text(Palette.Ink.axis), "stroke-width": 1,
      ])
  }

  /// All values with the same decimals: three significant digits of the largest.
  private func valueTexts() -> [[String]] {
    let largest = groups.flatMap(\.values).filter(Self.canShow).map(abs).max() ?? 0
    let step = ChartNumbers.power(of: max(ChartNumbers.exponent(of: largest) - 2, -300))
    return groups.map { group in
      let values = group.values.map { Self.canShow($0) ? $0 : 0 }
      return ChartNumbers.labels(for: values + [largest], step: step).dropLast()
    }
  }

  /// Few categories keep their names, cut where too long; of many, as many as have room.
  private func drawCategories(in svg: inout SVGDocument, frame: ChartFrame) {
    let slot = frame.plot.width / Double(categories.count)
    let size = frame.sizes.tick
    let widest = categories.map { TextWidth.of($0, size: size) }.max() ?? 0
    let every = categories.count <= 12 ? 1 : max(1, Int(((widest + 8) / slot).rounded(.up)))
    let labels = categories.indices.filter { $0.isMultiple(of: every) }.map { index in
      let text = TextWidth.fitted(
        categories[index], width: slot * Double(every) - 6, size: size)
      return (
        x: frame.plot.x + (Double(index) + 0.5) * slot,
        tick: Tick(value: Double(index), label: text)
      )
    }
    frame.drawXLabels(labels, in: &svg)
  }

  /// What a reader hears instead of the picture.
  func description() -> String {
    guard yAxis() != nil, !categories.isEmpty else { return "Bar chart without data." }
    let about = yLabel.isEmpty ? "Bar chart." : "Bar chart of \(yLabel)."
    let sentences = groups.map { group in
      let shown = group.values.filter(Self.canShow)
      let range = shown.min().flatMap { low in
        shown.max().map { "from \(ChartNumbers.short(low)) to \(ChartNumbers.short($0))" }
      }
      return "\(group.name): \(shown.count) bars \(range ?? "without values")."
    }
    return ([about] + sentences).joined(separator: " ")
  }

  private static func canShow(_ value: Double) -> Bool {
    value.isFinite && abs(value) <= Axis.limit
  }
}
