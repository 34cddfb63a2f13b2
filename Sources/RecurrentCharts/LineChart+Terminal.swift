import RecurrentFiles

extension LineChart {
  /// The chart as lines of text: title, plot of braille dots, labels, legend.
  ///
  /// With `colour` all lines are dots, told apart by the 256 colours of a terminal; without, the
  /// first line is dots and each further one has a character of its own.
  ///
  /// - Parameters:
  ///   - width: of the longest line in characters, at least 30.
  ///   - height: of the plot in characters, at least 3; title, labels and legend come on top.
  /// - Returns: lines separated by line feeds, none at the end.
  public func terminal(width: Int = 80, height: Int = 16, colour: Bool) -> String {
    require(
      width >= 30 && height >= 3,
      "A chart in a terminal needs at least 30 x 3 characters; found \(width) x \(height).")
    var output: [String] = []
    for text in [title, subtitle, yLabel] where !text.isEmpty {
      output.append(TextWidth.fitted(TextWidth.printable(text), columns: width))
    }
    guard let axes = axes() else { return (output + ["no data"]).joined(separator: "\n") }

    let ticks = axes.y.ticks(maximum: max(2, height / 3)).filter { !$0.label.isEmpty }
    let labelWidth = min(ticks.map(\.label.count).max() ?? 0, width / 3)
    let canvas = drawn(columns: width - labelWidth - 2, rows: height, axes: axes, colour: colour)

    var labels: [Int: String] = [:]
    for tick in ticks {
      guard let place = axes.y.position(of: tick.value) else { continue }
      labels[Self.dot(1 - place, of: height * 4) / 4] = TextWidth.fitted(
        tick.label, columns: labelWidth)
    }
    for row in 0..<height {
      let label = labels[row] ?? ""
      let margin = String(repeating: " ", count: labelWidth - label.count) + label
      output.append(margin + (labels[row] == nil ? " │" : " ┤") + canvas.text(row: row))
    }
    let indent = String(repeating: " ", count: labelWidth + 1)
    output.append(indent + "└" + String(repeating: "─", count: canvas.columns))
    output.append(indent + " " + xLabels(axis: axes.x, columns: canvas.columns))
    output += legend(width: width, colour: colour)
    return output.map(Self.withoutTrailingSpaces).joined(separator: "\n")
  }

  /// The characters of the second and further lines when there is no colour.
  private static let glyphs: [Character] = ["·", "+", "x", "o", "*", "#"]
  private static let bandGlyph: Character = "░"
  private static let markerGlyph: Character = "┊"

  private func ink(ofLine index: Int, colour: Bool) -> BrailleCanvas.Ink {
    colour || index == 0 ? .dots : .glyph(Self.glyphs[(index - 1) % Self.glyphs.count])
  }

  private func drawn(columns: Int, rows: Int, axes: Axes, colour: Bool) -> BrailleCanvas {
    var canvas = BrailleCanvas(columns: columns, rows: rows)
    let colours = self.colours()
    // Places in dots, so that one column of dots is one column of the decimation.
    func place(_ x: Double, _ y: Double) -> PlotPoint? {
      guard let across = axes.x.position(of: x), let up = axes.y.position(of: y) else { return nil }
      return PlotPoint(
        x: (across * Double(columns * 2 - 1)).rounded(),
        y: ((1 - up) * Double(rows * 4 - 1)).rounded())
    }
    for (index, line) in lines.enumerated() {
      let ink = ink(ofLine: index, colour: colour)
      let code = colour ? colours.lines[index].terminal : nil
      let runs = Decimation.runs(points(of: line).lazy.map { $0.flatMap { place($0.x, $0.y) } })
      for run in runs {
        var last = run[0]
        for point in run {
          canvas.line(
            from: (Int(last.x), Int(last.y)), to: (Int(point.x), Int(point.y)), ink: ink,
            colour: code)
          last = point
        }
      }
    }
    for (band, entry) in zip(bands, colours.bands) {
      let places = intervals(of: band).lazy.map { interval in
        interval.flatMap { interval -> (x: Double, lower: Double, upper: Double)? in
          guard let upper = place(interval.x, interval.upper),
            let lower = place(interval.x, interval.lower)
          else { return nil }
          return (upper.x, upper.y, lower.y)
        }
      }
      for run in Decimation.intervalRuns(places) {
        Self.shade(run, on: &canvas, colour: colour ? entry.terminal : nil)
      }
    }
    for marker in markers {
      guard let place = axes.x.position(of: marker.x) else { continue }
      let x = Self.dot(place, of: columns * 2)
      for row in 0..<rows {
        canvas.mark(x: x, y: row * 4, ink: .background(Self.markerGlyph), colour: nil)
      }
    }
    return canvas
  }

  /// Fills the cells between the ends of intervals, and between neighbours.
  private static func shade(
    _ run: [(x: Double, lower: Double, upper: Double)], on canvas: inout BrailleCanvas, colour: Int?
  ) {
    for (index, interval) in run.enumerated() {
      let next = index + 1 < run.count ? run[index + 1] : interval
      for x in Int(interval.x)...max(Int(interval.x), Int(next.x)) {
        let part = next.x > interval.x ? (Double(x) - interval.x) / (next.x - interval.x) : 0
        let top = interval.lower + part * (next.lower - interval.lower)
        let bottom = interval.upper + part * (next.upper - interval.upper)
        for y in stride(from: Int(top.rounded()), through: Int(bottom.rounded()), by: 1) {
          canvas.mark(x: x, y: y, ink: .background(bandGlyph), colour: colour)
        }
      }
    }
  }

  /// Texts at both ends and in the middle, as far as they have room.
  private func xLabels(axis: Axis, columns: Int) -> String {
    let low = axis.range.lowerBound
    let high = axis.range.upperBound
    let span = high - low
    func text(_ value: Double) -> String {
      if axis.scale == .time { return CivilTime.text(value, span: span) }
      if axis.wholeNumbers { return ChartNumbers.short(value.rounded()) }
      return ChartNumbers.short(value)
    }
    let left = text(low)
    let right = text(high)
    guard left.count + right.count + 2 <= columns else {
      return TextWidth.fitted(left, columns: columns)
    }
    let middleValue = axis.wholeNumbers ? (low + span / 2).rounded() : low + span / 2
    let middle = text(middleValue)
    let centre = Self.dot(axis.position(of: middleValue) ?? 0.5, of: columns)
    let start = centre - middle.count / 2
    let end = columns - right.count
    guard start >= left.count + 2, start + middle.count + 2 <= end, middle != left, middle != right
    else {
      return left + String(repeating: " ", count: end - left.count) + right
    }
    return left + String(repeating: " ", count: start - left.count) + middle
      + String(repeating: " ", count: end - start - middle.count) + right
  }

  private func legend(width: Int, colour: Bool) -> [String] {
    let colours = self.colours()
    var entries: [(text: String, columns: Int)] = []
    func add(_ sign: String, _ name: String, _ code: Int?) {
      guard !name.isEmpty else { return }
      let name = TextWidth.fitted(TextWidth.printable(name), columns: width - sign.count - 1)
      entries.append(
        (
          TerminalColour.paint(sign, colour ? code : nil) + " " + name,
          sign.count + 1 + TextWidth.columns(of: name)
        ))
    }
    for (index, line) in lines.enumerated() {
      switch ink(ofLine: index, colour: colour) {
      case .glyph(let glyph): add(String(repeating: glyph, count: 2), line.name, nil)
      default: add("⠒⠒", line.name, colours.lines[index].terminal)
      }
    }
    for (band, entry) in zip(bands, colours.bands) {
      add(String(repeating: Self.bandGlyph, count: 2), band.name, entry.terminal)
    }
    for marker in markers { add(String(Self.markerGlyph), marker.label, nil) }
    if case .number(let label, _) = x, !label.isEmpty { add("→", label, nil) }

    var rows: [(text: String, columns: Int)] = []
    for entry in entries {
      if let last = rows.last, last.columns + 3 + entry.columns <= width {
        rows[rows.count - 1] = (last.text + "   " + entry.text, last.columns + 3 + entry.columns)
      } else {
        rows.append(entry)
      }
    }
    return rows.map(\.text)
  }

  /// The dot for a place between 0 and 1, of so many.
  private static func dot(_ place: Double, of count: Int) -> Int {
    Int((place * Double(count - 1)).rounded())
  }

  private static func withoutTrailingSpaces(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}
