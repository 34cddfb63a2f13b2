import RecurrentFiles

/// Notes on a grid of steps: what music models learn from and make.
///
/// ```swift
/// let tunes = try MIDIFile(contentsOf: "tune.mid").tunes(stepsPerBeat: 4)
/// tunes[0].steps          // the pitches that sound at each step
/// try tunes[0].midi(stepsPerBeat: 4, beatsPerMinute: 96).write(to: "again.mid")
/// ```
public struct Tune: Sendable, Hashable {
  /// A note, in steps.
  public struct Note: Sendable, Hashable {
    /// The key, 0...127.
    public var pitch: Int
    /// The note's velocity, 1...127: how hard the key is struck.
    public var velocity: Int
    /// The step at which it starts.
    public var start: Int
    /// The step before which it ends.
    public var end: Int

    /// A note.
    public init(pitch: Int, velocity: Int = 80, start: Int, end: Int) {
      self.pitch = pitch
      self.velocity = velocity
      self.start = start
      self.end = end
    }
  }

  /// The tune's name in messages.
  public var name: String
  /// The notes by start, those of one start by pitch; no two of one pitch overlap.
  public let notes: [Note]
  /// Steps from the start to the end.
  public let length: Int

  /// A tune of these notes. Where two of one pitch overlap, the later one ends the earlier; of two
  /// that start together the longer stays.
  ///
  /// - Parameter length: in steps; if not given, to the end of the last note.
  public init(name: String, notes: [Note], length: Int? = nil) {
    self.name = name
    var result: [Note] = []
    /// The last note of each pitch, by its place in `result`.
    var last = [Int?](repeating: nil, count: 128)
    for note in notes.sorted(by: { ($0.start, $0.pitch) < ($1.start, $1.pitch) }) {
      require(
        (0...127).contains(note.pitch) && (1...127).contains(note.velocity) && note.start >= 0
          && note.end > note.start,
        "a note has a pitch of 0...127, a velocity of 1...127, and at least one step: \(note)")
      if let before = last[note.pitch], result[before].end > note.start {
        if result[before].start == note.start {
          result[before].end = max(result[before].end, note.end)
          continue
        }
        result[before].end = note.start
      }
      last[note.pitch] = result.count
      result.append(note)
    }
    self.notes = result
    self.length = max(length ?? 0, result.reduce(0) { max($0, $1.end) })
  }

  /// A tune from the pitches that sound at each step. A pitch in several steps in a row is one long
  /// note, as a piano roll does not tell a held note from a repeated one, but where it is in `struck`:
  /// there a note of its own begins.
  ///
  /// - Parameter struck: as many as `steps`, or none.
  public init(name: String, steps: [PitchSet], struck: [PitchSet] = []) {
    require(
      struck.isEmpty || struck.count == steps.count,
      "notes are struck at as many steps as there are, \(steps.count), not \(struck.count)")
    var notes: [Note] = []
    var starts = [Int?](repeating: nil, count: 128)
    for step in 0...steps.count {
      let now = step < steps.count ? steps[step] : []
      let before = step > 0 ? steps[step - 1] : []
      let again = step < struck.count ? struck[step] : []
      if now == before, again.isEmpty { continue }
      for pitch in before where !now.contains(pitch) || again.contains(pitch) {
        notes.append(Note(pitch: pitch, start: starts[pitch] ?? 0, end: step))
      }
      for pitch in now where !before.contains(pitch) || again.contains(pitch) {
        starts[pitch] = step
      }
    }
    self.init(name: name, notes: notes, length: steps.count)
  }

  /// The pitches that sound at each step: its piano roll.
  public var steps: [PitchSet] {
    var steps = [PitchSet](repeating: [], count: length)
    for note in notes {
      for step in note.start..<note.end { steps[step].insert(note.pitch) }
    }
    return steps
  }

  /// The pitches at each step that sounded before it and begin anew; empty if no note does.
  public var struck: [PitchSet] {
    var ends = [Int?](repeating: nil, count: 128)
    var struck: [PitchSet] = []
    for note in notes {
      if ends[note.pitch] == note.start {
        if struck.isEmpty { struck = Array(repeating: [], count: length) }
        struck[note.start].insert(note.pitch)
      }
      ends[note.pitch] = note.end
    }
    return struck
  }

  /// The steps of `range`, notes cut at its ends.
  public func part(_ range: Range<Int>) -> Tune {
    Tune(
      name: name,
      notes: notes.filter { $0.start < range.upperBound && $0.end > range.lowerBound }.map {
        Note(
          pitch: $0.pitch, velocity: $0.velocity,
          start: max($0.start, range.lowerBound) - range.lowerBound,
          end: min($0.end, range.upperBound) - range.lowerBound)
      }, length: range.count)
  }

  /// The tune as a MIDI file of one track with 480 ticks a beat.
  public func midi(stepsPerBeat: Int, beatsPerMinute: Double = 120) -> MIDIFile {
    func tick(_ step: Int) -> Int { (step * 960 / stepsPerBeat + 1) / 2 }
    let tempo = min(max((60e6 / beatsPerMinute).rounded(), 1), 0xFF_FFFF)
    return MIDIFile(
      notes: notes.map { note in
        MIDINote(
          pitch: UInt8(note.pitch), velocity: UInt8(note.velocity), start: tick(note.start),
          duration: tick(note.end) - tick(note.start))
      },
      tempos: [.init(microsecondsPerBeat: UInt32(tempo))], trackEnds: [tick(length)])
  }
}

extension MIDIFile {
  /// The most steps of a tune that is read from a file: a few bytes can ask for any number.
  public static let longestTune = 100_000
  /// The most steps of all tunes of a file together.
  static let longestTunes = 1_000_000

  /// The notes of each tune, without percussion.
  var pitchedParts: [[MIDINote]] {
    let pitched = notes.filter { $0.channel != MIDINote.percussionChannel }
    guard format == .sequential else { return pitched.isEmpty ? [] : [pitched] }
    return Dictionary(grouping: pitched, by: \.track).sorted { $0.key < $1.key }
      .filter { $0.key < trackEnds.count }.map(\.value)
  }

  /// The notes on a grid: one tune, or in the sequential format one for each track with notes.
  ///
  /// Starts and ends go to the nearest step, and a note has at least one. A tune begins with its
  /// first note. Percussion (channel 10, counted from 1) is left out.
  ///
  /// - Parameters:
  ///   - stepsPerBeat: the steps of a quarter note; of half a second in SMPTE time.
  ///   - source: what the tunes are called.
  /// - Throws: ``DataError`` if a tune has more than ``longestTune`` steps, or all of them together
  ///   more than a million.
  public func tunes(stepsPerBeat: Int, source: String) throws(DataError) -> [Tune] {
    require(stepsPerBeat >= 1, "a beat has at least one step, not \(stepsPerBeat)")
    let parts = pitchedParts
    let scale = Double(stepsPerBeat) / ticksPerBeat
    func step(_ tick: Int) -> Int { Int((Double(tick) * scale).rounded()) }
    var tunes: [Tune] = []
    var steps = 0
    for (index, group) in parts.enumerated() {
      let first = group.reduce(Int.max) { min($0, step($1.start)) }
      let last = group.reduce(0) { max($0, step($1.end)) }
      steps += last - first
      guard last - first <= Self.longestTune, steps <= Self.longestTunes else {
        throw DataError(
          file: source,
          problem: last - first > Self.longestTune
            ? "found a tune of \(last - first) steps, expected at most \(Self.longestTune)"
            : "found tunes of more than \(Self.longestTunes) steps together",
          advice: "Take fewer steps per beat, or cut the silence in the file")
      }
      tunes.append(
        Tune(
          name: source + (parts.count > 1 ? " #\(index + 1)" : ""),
          notes: group.map { note in
            let start = step(note.start) - first
            return Tune.Note(
              pitch: Int(note.pitch), velocity: Int(note.velocity), start: start,
              end: max(start + 1, step(note.end) - first))
          }))
    }
    return tunes
  }
}
