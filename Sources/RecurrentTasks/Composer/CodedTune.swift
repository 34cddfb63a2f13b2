import Recurrent

/// A tune as a network reads it.
enum CodedTune: Sendable, Equatable {
  /// The keys of the piano that sound at each step, and those of them that sounded before and are
  /// struck again; none: none is, or nobody told.
  case polyphonic([PitchSet], struck: [PitchSet] = [])
  /// The events (``MusicEvents``).
  case events([Int])

  init(_ tune: Tune, kind: ComposerKind, events: MusicEvents) {
    switch kind {
    case .polyphonic:
      func keys(_ steps: [PitchSet]) -> [PitchSet] {
        steps.map { PitchSet($0.filter(Pitch.piano.contains)) }
      }
      self = .polyphonic(keys(tune.steps), struck: keys(tune.struck))
    case .events: self = .events(events.encode(tune))
    }
  }

  /// Steps or events.
  var count: Int {
    switch self {
    case .polyphonic(let steps, _): steps.count
    case .events(let codes): codes.count
    }
  }

  /// A piece of it.
  subscript(range: Range<Int>) -> CodedTune {
    switch self {
    case .polyphonic(let steps, let struck):
      .polyphonic(Array(steps[range]), struck: struck.isEmpty ? [] : Array(struck[range]))
    case .events(let codes): .events(Array(codes[range]))
    }
  }

  /// The transpositions, within ± `limit` semitones, that keep every note on the keyboard.
  func transpositions(within limit: Int) -> ClosedRange<Int> {
    let pitches: [Int]
    let keyboard: ClosedRange<Int>
    switch self {
    case .polyphonic(let steps, _):
      (pitches, keyboard) = (steps.flatMap { $0 }, Pitch.piano)
    case .events(let codes):
      pitches = codes.compactMap { (1...128).contains($0) ? $0 - 1 : nil }
      keyboard = 0...127
    }
    guard let low = pitches.min(), let high = pitches.max() else { return 0...0 }
    return max(-limit, keyboard.lowerBound - low)...min(limit, keyboard.upperBound - high)
  }
}

/// Pieces of tunes: the network is to foretell each step of a piece from those before it.
public struct TuneExamples: ExampleSet {
  /// A piece of a tune.
  public struct Piece: Sendable {
    /// The tune, one step longer than what the network reads.
    let tune: CodedTune
    /// By how much it may be moved.
    let transpositions: ClosedRange<Int>
    /// Whether the tune ends with it.
    var isEnd = true
  }

  let pieces: [Piece]
  let events: MusicEvents

  /// Tunes cut into pieces of at most `window` steps to be foretold; whole if nil.
  init(_ tunes: [CodedTune], window: Int?, transpose: Int, events: MusicEvents) {
    self.events = events
    pieces = tunes.flatMap { tune -> [Piece] in
      let range = tune.transpositions(within: transpose)
      let window = window ?? max(1, tune.count)
      return stride(from: 0, to: max(0, tune.count - 1), by: window).map { start in
        Piece(
          tune: tune[start..<min(start + window + 1, tune.count)], transpositions: range,
          isEnd: start + window + 1 >= tune.count)
      }
    }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TuneExamples {
  public var count: Int { pieces.count }
  public func batch(_ indices: [Int]) -> [Piece] { indices.map { pieces[$0] } }
}
