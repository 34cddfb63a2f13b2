import Foundation
import Recurrent
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `recurrent train composer`, `recurrent compose`, and the commands for any model.
@Suite(.optimized) struct ComposerCommandTests {
  private static let small = [
    "--epochs", "1", "--hidden", "5", "--steps-per-beat", "2", "--progress", "silent",
  ]

  /// Five files of two voices, and what lies beside them.
  private func writeTunes(_ workspace: Workspace) throws {
    let folder = URL(fileURLWithPath: workspace.path + "/songs/more")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for index in 0..<5 {
      let steps = (0..<20).map { PitchSet([60 + index + $0 % 5, 48 + $0 % 3]) }
      let midi = Tune(name: "t", steps: steps).midi(stepsPerBeat: 2, beatsPerMinute: 100)
      try workspace.write(Data(midi.bytes), to: "songs/\(index == 3 ? "more/" : "")\(index).mid")
    }
    try workspace.write("not music", to: "songs/broken.mid")
    try workspace.write("not music", to: "songs/notes.txt")
  }

  @Test(arguments: ["polyphonic", "events"])
  func fromFilesToATune(model: String) async throws {
    try await Workspace.with { workspace in
      try writeTunes(workspace)
      let training = try await workspace.recurrent(
        ["train", "composer", "songs", "--model", model] + Self.small)
      try #require(training.exitCode == 0, "\(training.errorOutput)")
      #expect(training.output.contains("songs: 5 tunes"))
      #expect(training.output.contains("first-order Markov"))
      #expect(training.output.contains("Next: recurrent compose composer --seed-note C4"))
      #expect(training.errorOutput.contains("passed over: songs/broken.mid: byte 0: found no"))
      for line in training.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }

      let flags = [
        "--seed-note", "E4", "--steps", "20", "--ending", "exact", "--seed", "3", "--tempo", "90",
      ]
      for output in ["a.mid", "b.mid"] {
        let result = try await workspace.recurrent(
          ["compose", "composer", "--output", output] + flags)
        try #require(result.exitCode == 0, "\(result.errorOutput)")
        #expect(result.output.contains("Wrote \(output) and "))
        for line in result.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
      }
      #expect(try workspace.bytes("a.mid") == workspace.bytes("b.mid"))
      let json = try await workspace.recurrent(
        ["compose", "composer", "--output", "c.mid", "--json"] + flags)
      let composed = try JSONSerialization.jsonObject(with: json.outputBytes) as? [String: Any]
      #expect(composed?["midi"] as? String == "c.mid" && composed?["tempo"] as? Double == 90)
      #expect((composed?["notes"] as? [[String: Any]])?.isEmpty == false)
      #expect(try workspace.bytes("c.mid") == workspace.bytes("a.mid"))
      #expect(try workspace.bytes("a.svg") == workspace.bytes("b.svg"))
      #expect(XMLParser(data: try workspace.bytes("a.svg")).parse())
      let tune = try MIDIFile(contentsOf: workspace.path + "/a.mid")
      #expect(tune.notes.first?.pitch == 64 && tune.trackEnds == [22 * 240])
      #expect(abs(tune.beatsPerMinute() - 90) < 1e-3)

      if model == "events" {
        let phrase = try await workspace.recurrent(
          ["compose", "composer", "--ending", "phrase", "--output", "e.mid"])
        #expect(
          phrase.exitCode == 64 && phrase.errorOutput.contains("is of models with joint chords"),
          "\(phrase.errorOutput)")
        #expect(try !workspace.contents().keys.contains("e.mid"))
      }

      // From a file, at its tempo.
      let primed = try await workspace.recurrent(
        [
          "compose", "composer", "--primer", "songs/0.mid", "--steps", "4", "--ending", "exact",
          "--output", "c.mid",
        ])
      try #require(primed.exitCode == 0, "\(primed.errorOutput)")
      let longer = try MIDIFile(contentsOf: workspace.path + "/c.mid")
      #expect(abs(longer.beatsPerMinute() - 100) < 1e-3 && longer.trackEnds == [24 * 240])

      let harmonized = try await workspace.recurrent(
        ["compose", "composer", "--harmonize", "songs/1.mid", "--output", "d.mid"]
          + (model == "events" ? [] : ["--voices", "3"]))
      if model == "events" {
        #expect(
          harmonized.exitCode == 65
            && harmonized.errorOutput.contains("by a model that writes events"))
      } else {
        try #require(harmonized.exitCode == 0, "\(harmonized.errorOutput)")
        #expect(harmonized.output.contains("Of 100 chords: semitones "))
        let melody = try MIDIFile(contentsOf: workspace.path + "/songs/1.mid")
        let voices = try MIDIFile(contentsOf: workspace.path + "/d.mid")
        #expect(voices.trackEnds == [20 * 240])
        #expect(
          Set(voices.notes.filter { $0.pitch >= 61 }.map(\.pitch))
            == Set(melody.notes.filter { $0.pitch >= 61 }.map(\.pitch)))
      }

      for arguments in [
        ["predict", "composer", "songs/1.mid"], ["predict", "composer", "songs/1.mid", "--json"],
        ["evaluate", "composer", "songs/1.mid"], ["inspect", "composer"],
      ] {
        let result = try await workspace.recurrent(arguments)
        #expect(result.exitCode == 0 && !result.output.isEmpty, "\(result.errorOutput)")
      }
    }
  }

  /// The help shows commands to copy, each on one line, whose flags there are.
  @Test(arguments: [["train", "composer"], ["compose"]])
  func helpShowsExamples(command: [String]) async throws {
    let help = try await Workspace.with { try await $0.recurrent(command + ["--help"]).output }
    for line in help.split(separator: "\n") where !line.hasPrefix("USAGE:") {
      #expect(line.count <= 100, "\(line)")
    }
    let start = "  recurrent " + command.joined(separator: " ")
    let examples = help.split(separator: "\n").filter { $0.hasPrefix(start) }
    #expect(examples.count == (command[0] == "train" ? 4 : 3))
    for flag in examples.flatMap({ $0.split(separator: " ") }) where flag.hasPrefix("--") {
      #expect(help.contains("\n  \(flag)") || help.contains(", \(flag)"), "\(flag)")
    }
  }

  /// Every way in which files are wrong; nothing is written.
  @Test func wrongFiles() async throws {
    try await Workspace.with { workspace in
      try writeTunes(workspace)
      try workspace.write("[[[60],[61]],[[200]]]", to: "bad.json")
      try workspace.write("[[[60]]]", to: "short.json")
      try workspace.write(Data(MIDIFile(notes: []).bytes), to: "silent.mid")
      for (code, part, file) in [
        (66, "nowhere: there is no such file", "nowhere"),
        (65, "broken.mid: byte 0: found no header", "songs/broken.mid"),
        (65, "bad.json:1: column 16: found a pitch of 200", "bad.json"),
        (65, "found no music", "short.json"), (65, "found no music", "silent.mid"),
      ] as [(Int32, String, String)] {
        try await workspace.expectFailure(
          code, [part], running: ["train", "composer", file, "--output", "new"])
      }
      let trained = try await workspace.recurrent(
        ["train", "composer", "songs/0.mid"] + Self.small)
      try #require(trained.exitCode == 0, "\(trained.errorOutput)")
      for (part, flags) in [
        ("C0: is not a key of a piano", ["--seed-note", "C0"]),
        ("silent.mid: holds no notes", ["--primer", "silent.mid"]),
        ("songs/broken.mid: byte 0", ["--primer", "songs/broken.mid"]),
        ("cannot be written", ["--output", "no/where.mid"]),
      ] {
        try await workspace.expectFailure(
          65, [part], running: ["compose", "composer"] + flags)
      }
      for (part, command) in [
        ("foretells what comes after a MIDI file", ["predict", "composer"]),
        ("--steps belongs to forecasters", ["predict", "composer", "--steps", "3"]),
      ] {
        try await workspace.expectFailure(64, [part], running: command)
      }
    }
  }

  @Test(arguments: [
    ("Missing expected argument", "train composer"),
    (
      "The number of steps per beat is between 1 and 96, not 0.",
      "train composer x --steps-per-beat 0"
    ),
    ("The transposition is between 0 and 24, not 25.", "train composer x --transpose 25"),
    (
      "DropConnect is at least 0 and less than 1, not 1.0.",
      "train composer x --drop-connect 1"
    ),
    (
      "The decay of the average is at least 0 and less than 1, not 1.0.",
      "train composer x --averaging 1"
    ),
    ("Please provide one of 'polyphonic' and 'events'.", "train composer x --model y"),
    ("'H4' is invalid for '--seed-note <note>'", "compose m --seed-note H4"),
    (
      "--seed-note and --primer exclude each other", "compose m --seed-note C4 --primer x.mid"
    ),
    (
      "--primer and --harmonize exclude each other", "compose m --primer y.mid --harmonize x.mid"
    ),
    ("the tune has its steps", "compose m --harmonize x.mid --steps 3"),
    ("--voices is at least 1, not 0.", "compose m --voices 0"),
    ("Please provide one of 'phrase' and 'exact'.", "compose m --ending soon"),
    ("Please provide one of 'joint' and 'independent'.", "train composer x --chords y"),
    (
      "The number of hidden units of chords is between 1 and 10000, not 0.",
      "train composer x --chord-units 0"
    ),
    (
      "Repeated notes are told by polyphonic composers with joint chords only.",
      "train composer x --repeats --chords independent"
    ),
    ("--steps is between 1 and 100000, not 0.", "compose m --steps 0"),
    ("--temperature is between 0.01 and 100, not 0.0.", "compose m --temperature 0"),
    ("--top-k is at least 1, not 0.", "compose m --top-k 0"),
    ("--tempo is between 4 and 1000, not 2.0.", "compose m --tempo 2"),
    ("is invalid for '--scale <scale>'", "compose m --scale C"),
    ("ends in .mid", "compose m --output tune.wav"),
  ])
  func wrongFlags(message: String, command: String) async throws {
    try await Workspace.with { workspace in
      try await workspace.expectFailure(
        64, [message], running: command.split(separator: " ").map(String.init))
    }
  }
}
