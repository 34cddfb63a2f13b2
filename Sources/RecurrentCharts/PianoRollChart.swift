/// Notes as a picture: time to the right, pitch upwards.
public struct PianoRollChart: Sendable {
  /// The title, above the picture.
  public var title: String
  /// What is drawn: the MIDI number of each note, 60 for middle C, and when it sounds.
  public var notes: [(pitch: Int, steps: Range<Int>)]
  /// The steps of the whole.
  public var length: Int
  /// The steps of a quarter note; beats are marked.
  public var stepsPerBeat: Int
  /// The notes that start before this step are drawn as what was given, not made.
  public var givenSteps: Int

  /// A chart.
  public init(
    title: String, notes: [(pitch: Int, steps: Range<Int>)], length: Int, stepsPerBeat: Int,
    givenSteps: Int = 0
  ) {
    self.title = title
    self.notes = notes
    self.length = length
    self.stepsPerBeat = max(1, stepsPerBeat)
    self.givenSteps = givenSteps
  }

  /// `C4` for 60.
  private static func name(ofC pitch: Int) -> String { "C\(pitch / 12 - 1)" }

  /// The pitches shown: those of the notes, an octave at least.
  private var pitches: ClosedRange<Int> {
    let all = notes.map(\.pitch)
    let low = max(0, (all.min() ?? 60) - 1)
    return low...min(127, max((all.max() ?? 60) + 1, low + 12))
  }

  /// The chart as an SVG document.
  public func svg(width: Int = 900) -> String {
    let pitches = pitches
    let row = 8.0
    let (left, top) = (44.0, 40.0)
    let height = top + Double(pitches.count) * row + 34
    var document = SVGDocument(
      width: width, height: Int(height), title: title,
      description: "A piano roll: \(notes.count) notes in \(length) steps.")
    let inner = Double(width) - left - 16
    let bottom = top + Double(pitches.count) * row
    func x(_ step: Int) -> Double { left + inner * Double(step) / Double(max(1, length)) }
    func y(_ pitch: Int) -> Double { top + Double(pitches.upperBound - pitch) * row }

    document.element(
      "text",
      [
        "x": .number(left), "y": 22, "font-size": 15, "font-weight": "600",
        "fill": .text(Palette.Ink.title),
      ], text: title)
    for pitch in pitches where [1, 3, 6, 8, 10].contains(pitch % 12) {
      document.element(
        "rect",
        [
          "x": .number(left), "y": .number(y(pitch)), "width": .number(inner),
          "height": .number(row), "fill": .text(Palette.Ink.faintGrid),
        ])
    }
    for pitch in pitches where pitch % 12 == 0 {
      document.element(
        "text",
        [
          "x": .number(left - 6), "y": .number(y(pitch) + row - 0.5), "font-size": 11,
          "text-anchor": "end", "fill": .text(Palette.Ink.text),
        ], text: Self.name(ofC: pitch))
    }
    let beats = length / stepsPerBeat
    // As many lines and numbers as there is room for.
    let every = [1, 2, 4, 8, 16, 32, 64].first { beats / $0 <= 40 } ?? max(128, beats / 40)
    for beat in stride(from: 0, through: beats, by: every) {
      let place = x(beat * stepsPerBeat)
      document.element(
        "line",
        [
          "x1": .number(place), "y1": .number(top), "x2": .number(place), "y2": .number(bottom),
          "stroke": .text(Palette.Ink.grid), "stroke-width": 1,
        ])
      document.element(
        "text",
        [
          "x": .number(place), "y": .number(bottom + 15), "font-size": 11,
          "text-anchor": "middle", "fill": .text(Palette.Ink.text),
        ], text: "\(beat)")
    }
    document.element(
      "text",
      [
        "x": .number(left + inner), "y": .number(bottom + 29), "font-size": 11,
        "text-anchor": "end", "fill": .text(Palette.Ink.text),
      ], text: "beats")
    for note in notes {
      let colour = note.steps.lowerBound < givenSteps ? Palette.grey : Palette.blue
      document.element(
        "rect",
        [
          "x": .number(x(note.steps.lowerBound) + 0.5), "y": .number(y(note.pitch) + 0.5),
          "width": .number(max(1, x(note.steps.upperBound) - x(note.steps.lowerBound) - 1)),
          "height": .number(row - 1),
          "rx": 1.5, "fill": .text(colour.hex),
        ])
    }
    return document.finished()
  }

  /// The chart for a terminal: two pitches a line, and as many steps a column as it takes.
  public func terminal(width: Int, colour: Bool) -> String {
    let columns = max(8, width - 6)
    let perColumn = max(1, (length + columns - 1) / columns)
    let used = (length + perColumn - 1) / perColumn
    var grid = [[Int: Bool]](repeating: [:], count: used)
    for note in notes {
      for column in note.steps.lowerBound / perColumn...(note.steps.upperBound - 1) / perColumn {
        grid[column][note.pitch] = note.steps.lowerBound < givenSteps
      }
    }
    let pitches = pitches
    var lines: [String] = []
    for upper in stride(from: pitches.upperBound, through: pitches.lowerBound, by: -2) {
      let label =
        [upper, upper - 1].first { $0 >= 0 && $0 % 12 == 0 }.map { Self.name(ofC: $0) } ?? ""
      var line = String(repeating: " ", count: 4 - label.count) + label + " ┤"
      for column in grid {
        let (above, below) = (column[upper], column[upper - 1])
        let character =
          switch (above != nil, below != nil) {
          case (true, true): "█"
          case (true, false): "▀"
          case (false, true): "▄"
          case (false, false): label.isEmpty ? " " : "·"
          }
        let isGiven = (above ?? true) && (below ?? true)
        let ink = isGiven ? Palette.grey.terminal : Palette.blue.terminal
        let isNote = above != nil || below != nil
        line += TerminalColour.paint(character, colour && isNote ? ink : nil)
      }
      lines.append(line)
    }
    let beats = Double(used * perColumn) / Double(stepsPerBeat)
    let scale =
      "\(title), \(Int(beats)) beats; \(perColumn) \(perColumn == 1 ? "step" : "steps") a column"
    return ([scale] + lines).joined(separator: "\n")
  }
}
