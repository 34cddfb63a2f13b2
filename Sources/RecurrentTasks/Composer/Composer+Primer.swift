import Recurrent

extension Composer {
  /// The tune of a MIDI file on this composer's grid, and its tempo.
  ///
  /// - Throws: ``DataError`` if the file is not a MIDI file or holds no notes that the network knows.
  public func readPrimer(_ path: String) throws(DataError) -> (tune: Tune, beatsPerMinute: Double) {
    let file = try MIDIFile(contentsOf: path)
    let tunes = try file.tunes(stepsPerBeat: options.stepsPerBeat, source: path)
    guard let tune = tunes.first, tune.notes.contains(where: { knows($0.pitch) }) else {
      throw DataError(
        file: path, problem: "holds no notes to go on from",
        advice: "Give a file with notes between \(lowest) and \(highest), outside percussion")
    }
    return (tune, file.beatsPerMinute(track: file.notes.first?.track ?? 0))
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
