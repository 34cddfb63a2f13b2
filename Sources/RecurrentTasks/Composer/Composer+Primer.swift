import Recurrent

extension Composer {
  /// The tune of a MIDI file on this composer's grid, its tempo, and what of the file it does not
  /// hold, as sentences: notes between the steps, notes that the network does not know, further tunes.
  ///
  /// - Throws: ``DataError`` if the file is not a MIDI file or holds no notes that the network knows.
  public func readPrimer(
    _ path: String
  ) throws(DataError) -> (tune: Tune, beatsPerMinute: Double, remarks: [String]) {
    let file = try MIDIFile(contentsOf: path)
    let tunes = try file.tunes(stepsPerBeat: options.stepsPerBeat, source: path)
    guard let tune = tunes.first, tune.notes.contains(where: { knows($0.pitch) }) else {
      throw DataError(
        file: path, problem: "holds no notes to go on from",
        advice: "Give a file with notes between \(lowest) and \(highest), outside percussion")
    }
    var grid = NoteGrid(stepsPerBeat: options.stepsPerBeat)
    grid.add(file, tune: 0)
    var remarks: [String] = []
    if grid.between > 0 {
      let finer =
        grid.finer.map { ", which a model of \($0) steps a quarter note would hold" } ?? ""
      remarks.append(
        "of its \(grid.noteCount) notes \(grid.between) begin between the steps of this model, "
          + "\(options.stepsPerBeat) a quarter note\(finer); they are moved to the nearest, and of those "
          + "that meet at a step the highest is heard as the tune")
    }
    let unknown = tune.notes.count { !knows($0.pitch) }
    if unknown > 0 {
      let (lie, are) = unknown == 1 ? ("lies", "is") : ("lie", "are")
      remarks.append(
        "\(unknown) of its \(tune.notes.count) notes \(lie) outside \(lowest) to \(highest), the keys of "
          + "this model, and \(are) left out")
    }
    if tunes.count > 1 { remarks.append("the first of its \(tunes.count) tunes is taken") }
    return (tune, file.beatsPerMinute(track: file.notes.first?.track ?? 0), remarks)
  }

  /// Checks that the network knows a note.
  ///
  /// - Throws: ``DataError`` if it lies outside the piano and the network knows no other keys.
  public func check(_ note: Pitch) throws(DataError) {
    guard knows(note.number) else {
      throw DataError(
        file: "\(note)", problem: "is not a key of a piano, which this model plays",
        advice: "Begin with a note between \(lowest) and \(highest)")
    }
  }

  /// Checks that a drawing keeps the rules, and asks for nothing that the model cannot do.
  func check(_ drawing: Drawing) throws(DataError) {
    try require(drawing.problem, of: "the drawing")
    guard drawing.voices == nil || options.kind == .polyphonic else {
      throw DataError(
        file: "the drawing", problem: "limits the voices, which a model of events does not know",
        advice: "Leave the number of voices out, or train a polyphonic model")
    }
  }

  private func knows(_ pitch: Int) -> Bool {
    options.kind == .events || Pitch.piano.contains(pitch)
  }

  private var lowest: Pitch { Pitch(options.kind == .events ? 0 : Pitch.piano.lowerBound) }
  private var highest: Pitch { Pitch(options.kind == .events ? 127 : Pitch.piano.upperBound) }
}
