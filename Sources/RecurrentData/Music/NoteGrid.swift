/// How the notes of MIDI files lie on grids of steps: those that begin more than a fifth of a step
/// from the nearest one are between the steps of a grid.
package struct NoteGrid: Sendable {
  /// The usual grids, in steps of a quarter note.
  private static let usual = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]

  /// The notes that were looked at.
  package private(set) var noteCount = 0
  /// Of them, those between the steps.
  package private(set) var between = 0
  private let stepsPerBeat: Int
  private var betweenUsual = [Int](repeating: 0, count: Self.usual.count)

  /// No notes yet.
  ///
  /// - Parameter stepsPerBeat: the grid's steps of a quarter note.
  package init(stepsPerBeat: Int) { self.stepsPerBeat = stepsPerBeat }

  /// Looks at the notes of a file.
  ///
  /// - Parameter tune: those of one of its tunes alone, by its place.
  package mutating func add(_ file: MIDIFile, tune: Int? = nil) {
    for (index, notes) in file.pitchedParts.enumerated() where tune ?? index == index {
      for note in notes {
        let beats = Double(note.start) / file.ticksPerBeat
        func isBetween(_ steps: Int) -> Bool {
          let place = beats * Double(steps)
          return abs(place - place.rounded()) > 0.2
        }
        noteCount += 1
        if isBetween(stepsPerBeat) { between += 1 }
        for (place, steps) in Self.usual.enumerated() where isBetween(steps) {
          betweenUsual[place] += 1
        }
      }
    }
  }

  /// The first other of the usual grids that would hold all notes but one of a hundred; nil if none
  /// does.
  package var finer: Int? {
    zip(Self.usual, betweenUsual).first { $0 != stepsPerBeat && 100 * $1 <= noteCount }?.0
  }
}
