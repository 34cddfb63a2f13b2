import Foundation
import Recurrent
import TestSupport
import Testing

/// Standard MIDI files, byte by byte.
@Suite struct MIDIFileTests {
  /// A file of these tracks.
  private func file(
    type: UInt8 = 0, division: [UInt8] = [0, 96], tracks: [[UInt8]], count: Int? = nil
  ) -> [UInt8] {
    let header: [UInt8] = [0, 0, 0, 6, 0, type, 0, UInt8(count ?? tracks.count)] + division
    return Array("MThd".utf8) + header
      + tracks.flatMap { Array("MTrk".utf8) + [0, 0, 0, UInt8($0.count)] + $0 }
  }

  private let endOfTrack: [UInt8] = [0, 0xFF, 0x2F, 0]

  private func read(_ bytes: [UInt8]) throws -> MIDIFile {
    try MIDIFile(bytes: bytes, source: "t.mid")
  }

  private func outcome(_ bytes: [UInt8]) -> Result<MIDIFile, DataError> {
    Result { () throws(DataError) in try MIDIFile(bytes: bytes, source: "t.mid") }
  }

  @Test func runningStatusAndNoteOnOfVelocityZero() throws {
    let events: [UInt8] = [0, 0x93, 60, 100, 0, 64, 90, 48, 60, 0, 0x81, 0x00, 64, 0]
    let midi = try read(file(tracks: [events + endOfTrack]))
    #expect(
      midi.notes == [
        MIDINote(pitch: 60, velocity: 100, channel: 3, start: 0, duration: 48),
        MIDINote(pitch: 64, velocity: 90, channel: 3, start: 0, duration: 176),
      ])
    #expect(midi.trackEnds == [176] && midi.format == .single)
  }

  @Test func runningStatusOutlivesSysexAndMeta() throws {
    let events: [UInt8] =
      [0, 0x90, 60, 1, 5, 0xF0, 2, 1, 0xF7, 0, 60, 0, 0, 0xFF, 1, 1, 65, 0, 61, 2, 7, 61, 0]
    let midi = try read(file(tracks: [events + endOfTrack]))
    #expect(midi.notes.map(\.pitch) == [60, 61] && midi.notes.map(\.duration) == [5, 7])
  }

  /// The rules for what files get wrong.
  @Test func strayAndHangingNotes() throws {
    let stray: [UInt8] = [0, 0x80, 60, 0, 3, 0x90, 62, 9]
    let again: [UInt8] = [10, 0x90, 62, 8]  // ends the first 62
    let rest: [UInt8] = [20, 0x90, 65, 7, 4, 0xB1, 123, 0, 5, 0xFF, 0x2F, 0, 9, 9]
    let midi = try read(file(tracks: [stray + again + rest]))
    #expect(
      midi.notes == [
        MIDINote(pitch: 62, velocity: 9, start: 3, duration: 10),
        MIDINote(pitch: 62, velocity: 8, start: 13, duration: 29),
        MIDINote(pitch: 65, velocity: 7, start: 33, duration: 9),
      ])
    let silenced = try read(
      file(tracks: [[0, 0x92, 50, 9, 6, 0xB2, 120, 0, 8, 0x82, 50, 0] + endOfTrack]))
    #expect(silenced.notes.map(\.duration) == [6])
    // Without its end mark, a track ends with its chunk.
    #expect(try read(file(tracks: [[0, 0x90, 50, 9, 6, 0xC0, 3]])).notes[0].duration == 6)
  }

  @Test func tempoAndMeter() throws {
    let events: [UInt8] = [
      0, 0xFF, 0x58, 4, 6, 3, 24, 8, 0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40,  // 1 s a beat
      96, 0xFF, 0x51, 3, 0x03, 0xD0, 0x90,  // 0.25 s
      96, 0x90, 60, 1, 96, 60, 0,
    ]
    let midi = try read(file(tracks: [events + endOfTrack]))
    #expect(midi.meters == [.init(count: 6, unitExponent: 3)])
    #expect(midi.tempos.map(\.tick) == [0, 96])
    #expect(midi.seconds(at: 48) == 0.5 && midi.seconds(at: 288) == 1.5)
    #expect(midi.beatsPerMinute() == 60)
  }

  @Test func smpteTime() throws {
    let midi = try read(
      file(division: [0xE7, 40], tracks: [[0, 0x90, 60, 1, 100, 60, 0] + endOfTrack]))
    #expect(midi.timing == .smpte(framesPerSecond: 25, ticksPerFrame: 40))
    #expect(midi.seconds(at: 100) == 0.1)
    #expect(midi.ticksPerBeat == 500)
    let drop = try read(file(division: [0xE3, 100], tracks: [endOfTrack]))
    #expect(abs(drop.seconds(at: 2997) - 2997 / (30_000 / 1001 * 100)) < 1e-12)
  }

  /// Each with the byte at which it shows.
  @Test(
    arguments: [
      ([], 0, "empty"), (Array("not a midi file".utf8), 0, "no header"),
      (Array("MThd".utf8) + [0, 0, 0, 5, 0, 0, 0, 1, 0, 96], 4, "header of 5 bytes"),
      (Array("MThd".utf8) + [0, 0, 0, 6, 0, 3, 0, 1, 0, 96], 8, "type 3"),
      (Array("MThd".utf8) + [0, 0, 0, 6, 0, 1, 0, 0, 0, 96], 10, "0 tracks"),
      (Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0, 0], 12, "0 ticks"),
      (Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0xE0, 4], 12, "32 frames"),
      (Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0, 96], 14, "after 0 of the 1 tracks"),
    ] as [([UInt8], Int, String)])
  func brokenHeaders(bytes: [UInt8], offset: Int, problem: String) throws {
    try expectError(bytes, offset, problem)
  }

  @Test(
    arguments: [
      ([0, 60, 1], 23, "data byte 0x3C"), ([0, 0x90, 60], 25, "track ends"),
      ([0, 0x90, 0x85, 1], 24, "0x85, expected a data byte"),
      ([0, 0xF4], 23, "undefined status 0xF4"),
      ([0, 0xFF, 1, 9, 65], 23, "only 1 are left"), ([0, 0xF0, 2, 1], 23, "system exclusive"),
      ([0x80, 0x80, 0x80, 0x80, 0], 22, "more than four bytes"), ([0x81], 23, "expected a number"),
    ] as [([UInt8], Int, String)])
  func brokenTracks(events: [UInt8], offset: Int, problem: String) throws {
    try expectError(file(tracks: [events]), offset, problem)
  }

  @Test func cutOffFiles() throws {
    let whole = file(type: 1, tracks: [endOfTrack, [0, 0x90, 60, 1] + endOfTrack])
    for length in 0..<whole.count {
      #expect(throws: DataError.self, "\(length) bytes") { try read(Array(whole[..<length])) }
    }
    // Two tracks contradict type 0, but the music is clear.
    #expect(try read(file(type: 0, tracks: [endOfTrack, endOfTrack])).format == .parallel)
    // A byte too many does no harm, nor does a chunk of an unknown kind.
    #expect(try read(whole + [42]).notes.count == 1)
    let chunk = Array("Junk".utf8) + [0, 0, 0, 3, 1, 2, 3]
    #expect(try read(Array(whole[..<14]) + chunk + Array(whole[14...])).notes.count == 1)
  }

  private func expectError(_ bytes: [UInt8], _ offset: Int, _ problem: String) throws {
    let error = try #require(throws: DataError.self) { try read(bytes) }
    #expect(error.place == "byte \(offset)", "\(error)")
    #expect(error.problem.contains(problem), "\(error)")
    #expect(error.file == "t.mid")
  }

  /// What is written and read again is the same value: every note, tempo, meter and end.
  @Test(arguments: 0..<40)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let format = MIDIFile.Format(rawValue: UInt16(seed % 3)) ?? .single
    let tracks = format == .single ? 1 : Int.random(in: 1...4, using: &generator)
    var notes: [MIDINote] = []
    var ends: [Int] = []
    for track in 0..<tracks {
      // A start is at or after the end of the note before on that channel and key.
      var free: [[UInt8]: Int] = [:]
      var start = 0
      for _ in 0..<Int.random(in: 0...60, using: &generator) {
        start += [0, 0, 1, 77, 300, 20_000].randomElement(using: &generator) ?? 0
        let channel = UInt8.random(in: 0...15, using: &generator)
        let pitch = UInt8.random(in: 0...127, using: &generator)
        guard free[[channel, pitch], default: 0] <= start else { continue }
        let duration = [0, 1, 96, 3_000_000].randomElement(using: &generator) ?? 0
        free[[channel, pitch]] = start + max(1, duration)
        notes.append(
          MIDINote(
            pitch: pitch, velocity: UInt8.random(in: 1...127, using: &generator),
            channel: channel, track: UInt16(track), start: start, duration: duration))
      }
      let last = notes.filter { Int($0.track) == track }.map(\.end).max() ?? 0
      ends.append(last + Int.random(in: 0...600_000_000, using: &generator))
    }
    let midi = MIDIFile(
      notes: notes,
      timing: seed % 5 == 0
        ? .smpte(framesPerSecond: 29, ticksPerFrame: 80)
        : .ticksPerBeat(Int.random(in: 1...32767, using: &generator)), format: format,
      tempos: [
        .init(tick: 0, microsecondsPerBeat: 400_000),
        .init(tick: 9, microsecondsPerBeat: 0xFF_FFFF),
      ], meters: [.init(tick: 5, count: 7, unitExponent: 4)], trackEnds: ends)
    #expect(try read(midi.bytes) == midi)
  }

  /// Whatever the bytes are, reading ends in a value or a `DataError`, and the value is of the size
  /// of the file.
  @Test func damagedFiles() throws {
    let notes = (0..<40).map {
      MIDINote(pitch: UInt8(30 + $0), start: 10 * $0, duration: 35)
    }
    let whole = MIDIFile(
      notes: notes, tempos: [.init(microsecondsPerBeat: 600_000)],
      meters: [.init(count: 3, unitExponent: 2)]
    ).bytes
    var (read, refused) = (0, 0)
    try Mutations.forEach("midi", count: 20_000) { generator in
      var bytes = whole
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        case 2: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
      }
      switch outcome(bytes) {
      case .success(let midi):
        read += 1
        #expect(3 * midi.notes.count + 3 * midi.tempos.count <= bytes.count)
        #expect(midi.notes.allSatisfy { $0.start >= 0 && $0.duration >= 0 })
        #expect((try? MIDIFile(bytes: midi.bytes, source: "again"))?.notes == midi.notes)
        let tunes = (try? midi.tunes(stepsPerBeat: 96, source: "t.mid")) ?? []
        #expect(tunes.allSatisfy { $0.length <= MIDIFile.longestTune + 1 })
        #expect(midi.seconds(at: 1 << 40).isFinite && midi.beatsPerMinute() > 0)
      case .failure(let error):
        refused += 1
        #expect(error.place?.hasPrefix("byte ") == true)
      }
    }
    // Both happen, or nothing was tested.
    #expect(!Mutations.isTest || (read > 1000 && refused > 1000))
  }

  /// The collection of test files says in its names what is wrong with each.
  @Test(.sharedData("music/midi-tests/README.md"))
  func collectionOfTestFiles() throws {
    let folder = try #require(SharedData.path("music/midi-tests"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasSuffix(".mid")
    }
    #expect(names.count == 72)
    // The offsets are those of a reading by hand.
    let refused = [
      "test-empty-file.mid": "byte 0", "test-not-a-midi-file.mid": "byte 0",
      "test-corrupt-file-missing-byte.mid": "byte 14", "test-illegal-message-all.mid": "byte 197",
      "test-illegal-message-f4.mid": nil, "test-illegal-message-f5.mid": nil,
      "test-illegal-message-f9.mid": nil, "test-illegal-message-fd.mid": nil,
    ]
    for name in names.sorted() {
      switch outcome(try readFile(folder + "/" + name)) {
      case .success(let midi):
        #expect(refused[name] == nil, "\(name) was read")
        #expect(try read(midi.bytes) == midi, "\(name)")
        if name.hasPrefix("test-illegal") || name.hasPrefix("test-vlq")
          || name.hasPrefix("test-running")
        {
          #expect(midi.notes.map(\.pitch) == [60, 62, 64, 65, 67, 69, 71, 72], "\(name)")
        }
      case .failure(let error):
        let place = try #require(refused[name], "\(error)")
        #expect(place == nil || error.place == place, "\(error)")
        #expect(error.place?.hasPrefix("byte ") == true)
      }
    }
  }
}
