import RecurrentFiles

extension MIDIFile {
  /// Reads the file at `path`.
  ///
  /// - Throws: ``DataError`` if it is missing or not a Standard MIDI file; the message names the
  ///   byte, counted from 0, at which that shows.
  public init(contentsOf path: String) throws(DataError) {
    try self.init(bytes: try readFile(path, limit: 1 << 28), source: path)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameter source: what the file is called in messages.
  /// - Throws: ``DataError`` as ``init(contentsOf:)``.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    var reader = MIDIReader(bytes: bytes, source: source)
    self = try reader.file()
  }
}

/// Reads chunks and events.
private struct MIDIReader {
  let bytes: [UInt8]
  let source: String
  /// Offset of the next byte.
  var position = 0
  /// Offset where the chunk that is being read ends.
  var end: Int
  var notes: [MIDINote] = []
  var tempos: [MIDIFile.Tempo] = []
  var meters: [MIDIFile.Meter] = []

  init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
    end = bytes.count
  }

  mutating func file() throws(DataError) -> MIDIFile {
    let (format, trackCount, timing) = try header()
    var trackEnds: [Int] = []
    while trackEnds.count < trackCount {
      let start = position
      guard bytes.count - position >= 8 else {
        throw error(
          at: start,
          "the file ends after \(trackEnds.count) of the \(trackCount) tracks that its header names",
          advice: "The file was cut off; get it again")
      }
      let isTrack = try name() == "MTrk"
      let length = try number(bytes: 4)
      guard length <= bytes.count - position else {
        throw error(
          at: start,
          "a chunk is to have \(length) bytes, but only \(bytes.count - position) follow",
          advice: "The file was cut off; get it again")
      }
      end = position + length
      if isTrack { trackEnds.append(try track(UInt16(trackEnds.count))) }
      position = end
      end = bytes.count
    }
    return MIDIFile(
      notes: notes, timing: timing,
      format: format == .single && trackCount > 1 ? .parallel : format, tempos: tempos,
      meters: meters,
      trackEnds: trackEnds)
  }

  private mutating func header() throws(DataError) -> (MIDIFile.Format, Int, MIDIFile.Timing) {
    guard bytes.count >= 14, try name() == "MThd" else {
      throw error(
        at: 0,
        bytes.isEmpty ? "the file is empty" : "found no header \"MThd\" of a Standard MIDI file",
        advice: "Give a Standard MIDI file (.mid)")
    }
    let length = try number(bytes: 4)
    guard length >= 6, length <= bytes.count - 8 else {
      throw error(at: 4, "found a header of \(length) bytes, expected 6")
    }
    let type = try number(bytes: 2)
    guard let format = MIDIFile.Format(rawValue: UInt16(type)) else {
      throw error(at: 8, "found a file of type \(type), expected type 0, 1 or 2")
    }
    let tracks = try number(bytes: 2)
    guard tracks > 0 else { throw error(at: 10, "found 0 tracks, expected at least 1") }
    let division = try number(bytes: 2)
    let timing: MIDIFile.Timing
    if division < 0x8000 {
      guard division > 0 else { throw error(at: 12, "found 0 ticks a beat, expected at least 1") }
      timing = .ticksPerBeat(division)
    } else {
      let (frames, ticks) = (256 - division >> 8, division & 0xFF)
      guard [24, 25, 29, 30].contains(frames), ticks > 0 else {
        throw error(
          at: 12,
          "found SMPTE time of \(frames) frames a second and \(ticks) ticks a frame, expected 24, 25, 29 or 30 frames and at least 1 tick"
        )
      }
      timing = .smpte(framesPerSecond: frames, ticksPerFrame: ticks)
    }
    position = 8 + length
    return (format, tracks, timing)
  }

  /// Reads the events of a track; its end in ticks.
  private mutating func track(_ track: UInt16) throws(DataError) -> Int {
    var tick = 0
    var runningStatus: UInt8?
    /// Where the sounding note of a channel and key stands in `notes`.
    var sounding: [UInt16: Int] = [:]
    func ended(_ index: Int) { notes[index].duration = tick - notes[index].start }

    events: while position < end {
      tick += try variableLengthNumber()
      let start = position
      var status = try byte("an event")
      if status < 0x80 {
        guard let running = runningStatus else {
          throw error(
            at: start, "found the data byte \(hexadecimal(status)), expected the status of an event"
          )
        }
        status = running
        position = start
      } else if status < 0xF0 {
        runningStatus = status
      }
      let channel = status & 0x0F
      switch status >> 4 {
      case 0x8, 0x9:
        let pitch = try dataByte()
        let velocity = try dataByte()
        let key = UInt16(channel) << 7 | UInt16(pitch)
        if let index = sounding.removeValue(forKey: key) { ended(index) }
        if status >> 4 == 0x9, velocity > 0 {
          sounding[key] = notes.count
          notes.append(
            MIDINote(
              pitch: pitch, velocity: velocity, channel: channel, track: track, start: tick,
              duration: 0))
        }
      case 0xB:
        let controller = try dataByte()
        _ = try dataByte()
        if controller == 120 || controller >= 123 {
          for (key, index) in sounding where key >> 7 == channel {
            ended(index)
            sounding[key] = nil
          }
        }
      case 0xA, 0xE:
        _ = try dataByte()
        _ = try dataByte()
      case 0xC, 0xD:
        _ = try dataByte()
      default:
        if try systemEvent(status, at: start, tick: tick, track: track) { break events }
      }
    }
    for index in sounding.values { ended(index) }
    return tick
  }

  /// Reads what follows a status from F0; whether it is the end of the track.
  private mutating func systemEvent(
    _ status: UInt8, at start: Int, tick: Int, track: UInt16
  ) throws(DataError) -> Bool {
    switch status {
    case 0xF0, 0xF7:
      try skip(try variableLengthNumber(), of: "a system exclusive message", at: start)
    case 0xFF:
      let kind = try byte("the kind of a meta event")
      let length = try variableLengthNumber()
      let content = position
      try skip(length, of: "a meta event", at: start)
      switch kind {
      case 0x2F: return true
      case 0x51 where length == 3:
        let tempo = bytes[content..<content + 3].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        // A beat of no length would stop the clock.
        if tempo > 0 {
          tempos.append(.init(tick: tick, microsecondsPerBeat: tempo, track: track))
        }
      case 0x58 where length >= 2:
        meters.append(
          .init(
            tick: tick, count: bytes[content], unitExponent: bytes[content + 1], track: track))
      default: break
      }
    case 0xF1, 0xF3: _ = try dataByte()
    case 0xF2:
      _ = try dataByte()
      _ = try dataByte()
    case 0xF6, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE: break
    default:
      throw error(
        at: start, "found the undefined status \(hexadecimal(status))",
        advice: "The file is damaged, or was written by a broken program")
    }
    return false
  }

  // MARK: Pieces

  private mutating func byte(_ expected: String) throws(DataError) -> UInt8 {
    guard position < end else {
      throw error(at: position, "the track ends, expected \(expected)")
    }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func dataByte() throws(DataError) -> UInt8 {
    let value = try byte("a data byte")
    guard value < 0x80 else {
      throw error(at: position - 1, "found \(hexadecimal(value)), expected a data byte below 0x80")
    }
    return value
  }

  /// Seven bits a byte, at most four bytes.
  private mutating func variableLengthNumber() throws(DataError) -> Int {
    let start = position
    var value = 0
    for _ in 0..<4 {
      let next = try byte("a number")
      value = value << 7 | Int(next & 0x7F)
      if next < 0x80 { return value }
    }
    throw error(at: start, "found a number of more than four bytes")
  }

  private mutating func skip(
    _ length: Int, of what: String, at start: Int
  ) throws(DataError) {
    guard length <= end - position else {
      throw error(
        at: start,
        "\(what) is to have \(length) bytes, but only \(end - position) are left of its track")
    }
    position += length
  }

  /// The big-endian number of the next bytes, which are there.
  private mutating func number(bytes count: Int) throws(DataError) -> Int {
    var value = 0
    for _ in 0..<count { value = value << 8 | Int(try byte("a number")) }
    return value
  }

  /// The name of a chunk.
  private mutating func name() throws(DataError) -> String {
    let start = position
    for _ in 0..<4 { _ = try byte("the name of a chunk") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private func hexadecimal(_ byte: UInt8) -> String {
    "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  private func error(at offset: Int, _ problem: String, advice: String? = nil) -> DataError {
    DataError(file: source, place: "byte \(offset)", problem: problem, advice: advice)
  }
}
