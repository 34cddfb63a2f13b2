import Recurrent
import TestSupport
import Testing

/// Tunes on a grid, from files and back.
@Suite struct TuneTests {
  @Test func stepsBecomeNotesAndSteps() {
    let steps: [PitchSet] = [[60, 100], [60], [], [127, 0], [0]]
    let tune = Tune(name: "t", steps: steps)
    #expect(
      tune.notes.map { [$0.pitch, $0.start, $0.end] } == [
        [60, 0, 2], [100, 0, 1], [0, 3, 5], [127, 3, 4],
      ])
    #expect(tune.steps == steps && tune.length == 5)
    // Silence at the end is part of it.
    #expect(Tune(name: "t", steps: [[1], [], []]).steps == [[1], [], []])
  }

  /// A note that follows its own pitch is struck again, in a file too; a held one is not.
  @Test func struckNotes() throws {
    let steps: [PitchSet] = [[60, 64], [60, 64], [60], [], [60]]
    let struck: [PitchSet] = [[], [60], [60], [], []]
    let tune = Tune(name: "t", steps: steps, struck: struck)
    #expect(
      tune.notes.map { [$0.pitch, $0.start, $0.end] } == [
        [60, 0, 1], [64, 0, 2], [60, 1, 2], [60, 2, 3], [60, 4, 5],
      ])
    #expect(tune.steps == steps && tune.struck == struck)
    let again = try MIDIFile(bytes: tune.midi(stepsPerBeat: 3).bytes, source: "t")
      .tunes(stepsPerBeat: 3, source: "t")
    #expect(again == [tune])
    #expect(Tune(name: "t", steps: steps).struck.isEmpty)
  }

  @Test func overlappingNotes() {
    let tune = Tune(
      name: "t",
      notes: [
        .init(pitch: 60, start: 4, end: 9), .init(pitch: 60, start: 0, end: 6),
        .init(pitch: 62, start: 0, end: 1), .init(pitch: 62, start: 0, end: 3),
      ])
    #expect(
      tune.notes.map { [$0.pitch, $0.start, $0.end] } == [[60, 0, 4], [62, 0, 3], [60, 4, 9]])
  }

  @Test func part() {
    let tune = Tune(name: "t", steps: [[1], [1, 2], [2], [2, 3], []])
    #expect(tune.part(1..<4).steps == [[1, 2], [2], [2, 3]])
    #expect(tune.part(4..<5).steps == [[]])
  }

  /// 3 steps a beat and 480 ticks: each step is a whole number of ticks; 7 is not.
  @Test(arguments: [1, 3, 4, 7, 96])
  func roundTripThroughMIDI(stepsPerBeat: Int) throws {
    var generator = SeededGenerator(seed: 3)
    var steps = (0..<200).map { _ in
      PitchSet((0..<5).map { _ in Int.random(in: 0...127, using: &generator) })
    }
    steps[5] = []
    let tune = Tune(name: "t", steps: steps)
    let midi = tune.midi(stepsPerBeat: stepsPerBeat, beatsPerMinute: 90)
    #expect(abs(midi.beatsPerMinute() - 90) < 1e-3)
    let again = try MIDIFile(bytes: midi.bytes, source: "t").tunes(
      stepsPerBeat: stepsPerBeat, source: "t")
    #expect(again == [tune])
  }

  @Test func gridOfAFile() throws {
    let notes = [
      MIDINote(pitch: 60, start: 100, duration: 30),  // step 2 (1.04 beats): 2 to 3
      MIDINote(pitch: 64, track: 1, start: 111, duration: 1),  // at least one step
      MIDINote(pitch: 36, channel: 9, start: 0, duration: 96),  // a drum
    ]
    let file = MIDIFile(notes: notes, timing: .ticksPerBeat(96), format: .parallel)
    let tunes = try file.tunes(stepsPerBeat: 2, source: "f")
    #expect(tunes.map(\.steps) == [[[60, 64]]])
    var apart = file
    apart.format = .sequential
    #expect(try apart.tunes(stepsPerBeat: 2, source: "f").map(\.steps) == [[[60]], [[64]]])
  }

  @Test func aTuneWithoutEndIsRefused() throws {
    let file = MIDIFile(
      notes: [MIDINote(pitch: 60, start: 0, duration: 1 << 40)], timing: .ticksPerBeat(1))
    let error = try #require(throws: DataError.self) {
      try file.tunes(stepsPerBeat: 4, source: "f.mid")
    }
    #expect(error.problem.contains("at most 100000"))
  }

  @Test(
    arguments: [
      ("C4", 60), ("c4", 60), ("A0", 21), ("Bb3", 58), ("F#-1", 6), ("B#3", 60), ("Cb4", 59),
      ("G9", 127), ("G#9", nil), ("H2", nil), ("C", nil), ("C44", nil), ("61", 61), ("128", nil),
      ("Cb-1", nil), ("D♯5", 75), ("Ebb4", 62), ("", nil),
    ] as [(String, Int?)])
  func pitchNames(name: String, number: Int?) {
    #expect(Pitch(name)?.number == number)
  }

  @Test func pitchNamesReadBack() {
    for number in 0...127 { #expect(Pitch(Pitch(number).description) == Pitch(number)) }
  }

  @Test func scales() throws {
    func pitches(_ name: String) throws -> [Int] {
      let scale = try #require(MusicalScale(name))
      return (60..<72).filter(scale.contains)
    }
    #expect(try pitches("C major") == [60, 62, 64, 65, 67, 69, 71])
    #expect(try pitches("A minor") == pitches("C major"))
    #expect(try pitches("F# Major") == [61, 63, 65, 66, 68, 70, 71])
    #expect(try pitches("Cb pentatonic") == [61, 63, 66, 68, 71])
    for name in ["C", "major", "C lydisch", "H major", ""] { #expect(MusicalScale(name) == nil) }
  }
}

/// Piano rolls as JSON.
@Suite struct PianoRollFileTests {
  private func read(_ text: String) throws -> PianoRollFile {
    try PianoRollFile(bytes: Array(text.utf8), source: "t.json")
  }

  @Test func bothForms() throws {
    let plain = try read("[[[60,64],[],[62]],[]]")
    #expect(plain.tunes.map(\.tune.steps) == [[[60, 64], [], [62]], []])
    #expect(plain.tunes.allSatisfy { $0.part == nil })
    // As the published chorales in eighths and sixteenths have it in places.
    #expect(try read("[[[60.0,64.00,-1.0],[-1]]]").tunes[0].tune.steps == [[60, 64], []])
    let parts = try read(#"{"test": [[[1]]], "train": [[[2, -1]], [[-1], [3]]], "validation": []}"#)
    #expect(parts.tunes.map(\.tune.steps) == [[[1]], [[2]], [[], [3]]])
    #expect(parts.tunes.map(\.part) == [.test, .train, .train])
    #expect(parts.tunes[2].tune.name == "t.json train #3")
  }

  @Test(arguments: [
    ("", 1, "end of the text"), ("[[[60,\n128]]]", 2, "128"), ("[[60]]", 1, "an array"),
    ("[[[60.5]]]", 1, "fraction"), ("[[[60.05]]]", 1, "fraction"), ("[[[-2]]]", 1, "whole number"),
    ("[[[60]]", 1, "',' or ']'"),
    (#"{"tests": []}"#, 1, "\"tests\""), (#"{"test": [], "test": []}"#, 1, "twice"),
    ("[[[60]]] x", 1, "the end"), ("[[[-11]]]", 1, "',' or ']'"),
  ])
  func broken(text: String, line: Int, problem: String) throws {
    let error = try #require(throws: DataError.self) { try read(text) }
    #expect(error.line == line && error.problem.contains(problem), "\(error)")
  }

  @Test func damagedFiles() {
    var generator = SeededGenerator(seed: 9)
    let whole = Array(#"{"train": [[[60, 64], [], [62, -1]]], "test": [[[1], [127]]]}"#.utf8)
    for _ in 0..<5000 {
      var bytes = whole
      for _ in 0..<2 {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] = [UInt8](whole + [0, 200]).randomElement(using: &generator) ?? 0
      }
      let result = Result { () throws(DataError) in try PianoRollFile(bytes: bytes, source: "t") }
      if case .failure(let error) = result { #expect(error.line != nil) }
    }
  }
  /// A file of type 2 may have 65,535 tracks; each takes 12 bytes, and each is looked at once.
  @Test(.timeLimit(.minutes(1))) func veryManyTracks() throws {
    let count = 65_535
    let empty: [UInt8] = Array("MTrk".utf8) + [0, 0, 0, 4, 0, 0xFF, 0x2F, 0]
    let header: [UInt8] = Array("MThd".utf8) + [0, 0, 0, 6, 0, 2, 0xFF, 0xFF, 0, 4]
    let silent = header + Array(repeatElement(empty, count: count).joined())
    let file = try MIDIFile(bytes: silent, source: "f")
    #expect(file.trackEnds.count == count && file.format == .sequential)
    #expect(try file.tunes(stepsPerBeat: 4, source: "f").isEmpty)
    #expect(file.bytes == silent)
    // Each with a note of 20,000 steps.
    let long: [UInt8] =
      Array("MTrk".utf8) + [0, 0, 0, 14, 0, 0x90, 60, 80, 0x81, 0x9C, 0x20, 0x80, 60, 64]
      + [0, 0xFF, 0x2F, 0]
    let notes = header + Array(repeatElement(long, count: count).joined())
    let error = try #require(throws: DataError.self) {
      try MIDIFile(bytes: notes, source: "f").tunes(stepsPerBeat: 4, source: "f")
    }
    #expect(error.problem == "found tunes of more than 1000000 steps together")
  }
}
