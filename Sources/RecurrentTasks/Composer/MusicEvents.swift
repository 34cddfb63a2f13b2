import Recurrent

/// Tunes as events, each a whole number: what an event model reads and writes.
///
///     0                      the end of the tune
///     1 … 128                the note of pitch 0 … 127 begins
///     129 … 256              it ends
///     257 … 256 + S          1 … S steps pass; S is four beats
///     257 + S … 288 + S      the velocity of the notes that follow: 1 of 32 levels
struct MusicEvents: Sendable {
  /// The meaning of an event.
  enum Event: Equatable {
    case end
    case noteOn(Int)
    case noteOff(Int)
    case wait(Int)
    case velocity(Int)
  }

  static let velocityLevels = 32
  /// The level before any was named.
  static let standardLevel = 20
  /// S.
  let longestWait: Int

  init(stepsPerBeat: Int) { longestWait = 4 * stepsPerBeat }

  /// V, the number of tokens.
  var count: Int { 257 + longestWait + Self.velocityLevels }

  func code(_ event: Event) -> Int {
    switch event {
    case .end: 0
    case .noteOn(let pitch): 1 + pitch
    case .noteOff(let pitch): 129 + pitch
    case .wait(let steps): 256 + steps
    case .velocity(let level): 257 + longestWait + level
    }
  }

  func event(_ code: Int) -> Event {
    switch code {
    case ...0: .end
    case ...128: .noteOn(code - 1)
    case ...256: .noteOff(code - 129)
    case ...(256 + longestWait): .wait(code - 256)
    default: .velocity(code - 257 - longestWait)
    }
  }

  static func level(ofVelocity velocity: Int) -> Int { velocity / 4 }
  static func velocity(ofLevel level: Int) -> Int { min(127, 4 * level + 2) }

  /// The event with its pitch moved by `semitones`, which keeps it in 0...127.
  func transposed(_ code: Int, by semitones: Int) -> Int {
    (1...256).contains(code) ? code + semitones : code
  }

  /// A tune as events. At each step notes end before others begin, from the lowest to the highest.
  func encode(_ tune: Tune) -> [Int] {
    struct Change {
      var step: Int
      var begins: Bool
      var note: Tune.Note
    }
    let changes =
      (tune.notes.map { Change(step: $0.end, begins: false, note: $0) }
      + tune.notes.map { Change(step: $0.start, begins: true, note: $0) })
      .sorted { a, b in
        (a.step, a.begins ? 1 : 0, a.note.pitch) < (b.step, b.begins ? 1 : 0, b.note.pitch)
      }
    var codes: [Int] = []
    var now = 0
    var level = Self.standardLevel
    func wait(until step: Int) {
      while now < step {
        let steps = min(step - now, longestWait)
        codes.append(code(.wait(steps)))
        now += steps
      }
    }
    for change in changes {
      wait(until: change.step)
      guard change.begins else {
        codes.append(code(.noteOff(change.note.pitch)))
        continue
      }
      let own = Self.level(ofVelocity: change.note.velocity)
      if own != level {
        codes.append(code(.velocity(own)))
        level = own
      }
      codes.append(code(.noteOn(change.note.pitch)))
    }
    wait(until: tune.length)
    return codes + [code(.end)]
  }

  /// The tune of these events. What does not fit is ignored: the end of a note that does not sound;
  /// the beginning of one that does ends it and begins it again. Notes that nothing ends last to
  /// the end.
  func decode(_ codes: some Sequence<Int>, name: String) -> Tune {
    var notes: [Tune.Note] = []
    var sounding: [Int: (start: Int, velocity: Int)] = [:]
    var now = 0
    var level = Self.standardLevel
    func end(_ pitch: Int) {
      guard let (start, velocity) = sounding.removeValue(forKey: pitch), start < now else { return }
      notes.append(Tune.Note(pitch: pitch, velocity: velocity, start: start, end: now))
    }
    for code in codes {
      switch event(code) {
      case .end: break
      case .noteOn(let pitch):
        end(pitch)
        sounding[pitch] = (now, Self.velocity(ofLevel: level))
      case .noteOff(let pitch): end(pitch)
      case .wait(let steps): now += steps
      case .velocity(let new): level = new
      }
    }
    for pitch in sounding.keys.sorted() { end(pitch) }
    return Tune(name: name, notes: notes, length: now)
  }
}
