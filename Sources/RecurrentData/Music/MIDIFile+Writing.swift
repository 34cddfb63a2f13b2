import RecurrentFiles

extension MIDIFile {
  /// Writes the file, whole or not at all.
  ///
  /// - Throws: ``DataError`` if it cannot be written.
  public func write(to path: String) throws(DataError) {
    try writeAtomically(bytes, to: path)
  }

  /// The bytes of the file; the same value gives the same bytes.
  ///
  /// Reading them gives this value again: every note, tempo, meter and end. Of two notes of a track
  /// that share channel and key and overlap, the second ends the first, as a file cannot tell their
  /// ends apart.
  public var bytes: [UInt8] {
    require(
      (1...Int(UInt16.max)).contains(trackEnds.count),
      "a file has 1 to 65535 tracks, not \(trackEnds.count)")
    require(
      format != .single || trackEnds.count == 1,
      "a file of the single format has one track, not \(trackEnds.count)")
    var result: [UInt8] = Array("MThd".utf8) + Self.bigEndian(6, count: 4)
    result += Self.bigEndian(Int(format.rawValue), count: 2)
    result += Self.bigEndian(trackEnds.count, count: 2)
    switch timing {
    case .ticksPerBeat(let ticks):
      require((1..<0x8000).contains(ticks), "a beat has 1 to 32767 ticks, not \(ticks)")
      result += Self.bigEndian(ticks, count: 2)
    case .smpte(let frames, let ticks):
      require(
        [24, 25, 29, 30].contains(frames) && (1...255).contains(ticks),
        "SMPTE time has 24, 25, 29 or 30 frames of 1 to 255 ticks, not \(frames) of \(ticks)")
      result += [UInt8(256 - frames), UInt8(ticks)]
    }
    let all = events
    for index in trackEnds.indices {
      let events = track(index, all[UInt16(index)] ?? [])
      result += Array("MTrk".utf8) + Self.bigEndian(events.count, count: 4) + events
    }
    return result
  }

  /// What happens at a tick.
  private struct Event {
    var tick: Int
    /// Among those of one tick: tempo and meter, ends of earlier notes, notes that start.
    var rank: Int
    var bytes: [UInt8]
  }

  /// What happens in each track.
  private var events: [UInt16: [Event]] {
    var events: [UInt16: [Event]] = [:]
    for tempo in tempos {
      events[tempo.track, default: []].append(
        Event(
          tick: tempo.tick, rank: 0,
          bytes: [0xFF, 0x51, 3] + Self.bigEndian(Int(tempo.microsecondsPerBeat), count: 3)))
    }
    for meter in meters {
      events[meter.track, default: []].append(
        Event(
          tick: meter.tick, rank: 0,
          bytes: [0xFF, 0x58, 4, meter.count, meter.unitExponent, 24, 8]))
    }
    for note in notes {
      require(
        note.pitch < 128 && (1...127).contains(note.velocity) && note.channel < 16
          && note.start >= 0 && note.duration >= 0,
        "a note has a pitch of 0...127, a velocity of 1...127, a channel of 0...15, and neither starts nor ends before its time: \(note)"
      )
      let off: [UInt8] = [0x80 | note.channel, note.pitch, 64]
      let on: [UInt8] = [0x90 | note.channel, note.pitch, note.velocity]
      // A note of no length ends right after its start, not before it.
      events[note.track, default: []] += [
        Event(tick: note.start, rank: 2, bytes: on),
        Event(tick: note.end, rank: note.duration == 0 ? 2 : 1, bytes: off),
      ]
    }
    return events
  }

  /// The bytes of a track in which these events happen.
  private func track(_ track: Int, _ events: [Event]) -> [UInt8] {
    var result: [UInt8] = []
    var now = 0
    // Those of one tick and rank keep their order.
    let order = events.indices.sorted {
      (events[$0].tick, events[$0].rank, $0) < (events[$1].tick, events[$1].rank, $1)
    }
    for event in order.map({ events[$0] }) {
      result += Self.delay(event.tick - now) + event.bytes
      now = event.tick
    }
    return result + Self.delay(max(0, trackEnds[track] - now)) + [0xFF, 0x2F, 0]
  }

  /// Ticks before an event: seven bits a byte. More than four bytes hold go to empty texts before
  /// it.
  private static func delay(_ ticks: Int) -> [UInt8] {
    var result: [UInt8] = []
    var rest = ticks
    let largest = 0x0FFF_FFFF
    while rest > largest {
      result += [0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x01, 0]
      rest -= largest
    }
    let groups = [21, 14, 7].filter { rest >> $0 > 0 }
    return result + groups.map { UInt8(rest >> $0 & 0x7F | 0x80) } + [UInt8(rest & 0x7F)]
  }

  private static func bigEndian(_ value: Int, count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
