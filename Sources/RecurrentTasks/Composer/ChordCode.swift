import Recurrent

/// A step as variables of 0 and 1, in the order in which a joint composer foretells them.
///
///     0 … 87      whether each key sounds, from the highest to the lowest: a tune comes before the
///                 voices below it
///     88 … 175    where repeats are told, whether each key that goes on is struck again
///     the last    whether the tune ends with the step
struct ChordCode: Sendable {
  /// Whether a key that goes on is told from one that is struck again.
  let tellsRepeats: Bool
  /// The number of keys.
  static let keys = Pitch.piano.count

  /// The meaning of a variable of a step.
  enum Variable: Equatable {
    case key(Int)
    case strike(Int)
    case end
  }

  /// The number of variables.
  var count: Int { (tellsRepeats ? 2 : 1) * Self.keys + 1 }
  /// The number of features that a network reads of a step.
  var inputs: Int { (tellsRepeats ? 2 : 1) * Self.keys }

  func variable(_ index: Int) -> Variable {
    if index < Self.keys { return .key(Pitch.piano.upperBound - index) }
    return index < count - 1 ? .strike(Pitch.piano.upperBound - index + Self.keys) : .end
  }

  func index(_ variable: Variable) -> Int {
    switch variable {
    case .key(let pitch): Pitch.piano.upperBound - pitch
    case .strike(let pitch): Self.keys + Pitch.piano.upperBound - pitch
    case .end: count - 1
    }
  }

  /// The variables of the steps behind the first, and which of them count: whether a key is struck
  /// again only where it sounds and sounded before. Steps are moved by `shift` semitones.
  func write(
    _ steps: [PitchSet], struck: [PitchSet], shift: Int, isEnd: Bool,
    to x: inout [Float], counted: inout [Float], at first: Int
  ) {
    for (place, (before, now)) in zip(steps, steps.dropFirst()).enumerated() {
      let start = first + place * count
      for index in 0..<Self.keys { counted[start + index] = 1 }
      counted[start + count - 1] = 1
      for pitch in now {
        x[start + index(.key(pitch + shift))] = 1
        guard tellsRepeats, before.contains(pitch) else { continue }
        let strike = start + index(.strike(pitch + shift))
        counted[strike] = 1
        if !struck.isEmpty, struck[place + 1].contains(pitch) { x[strike] = 1 }
      }
    }
    if isEnd, steps.count > 1 { x[first + (steps.count - 1) * count - 1] = 1 }
  }
}

/// The variables of steps to be foretold, `[B, T, D]`.
struct ChordTargets {
  let values: SequenceBatch
  /// 1 for those that count.
  let counted: SequenceBatch

  init(_ pieces: [TuneExamples.Piece], shifts: [Int], code: ChordCode) {
    let lengths = pieces.map { max(0, $0.tune.count - 1) }
    let time = lengths.max() ?? 0
    let size = pieces.count * time * code.count
    var x = [Float](repeating: 0, count: size)
    var counted = x
    for (row, (piece, shift)) in zip(pieces, shifts).enumerated() {
      guard case .polyphonic(let steps, let struck) = piece.tune else { continue }
      code.write(
        steps, struck: struck, shift: shift, isEnd: piece.isEnd, to: &x, counted: &counted,
        at: row * time * code.count)
    }
    let shape = [pieces.count, time, code.count]
    values = SequenceBatch(Tensor(x, shape: shape), lengths: lengths)
    self.counted = SequenceBatch(Tensor(counted, shape: shape), lengths: lengths)
  }
}
