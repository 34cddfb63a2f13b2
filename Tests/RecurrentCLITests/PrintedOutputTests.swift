import Foundation
import Recurrent
import TestSupport
import Testing

/// Every byte printed arrives, or the command says that it did not.
@Suite(.optimized) struct PrintedOutputTests {
  /// A job, its small training, and commands that print.
  struct Job: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let write: @Sendable (Workspace) throws -> Void
    let training: [String]
    /// Shell commands in which `$r` stands for the program.
    let commands: [String]
  }

  /// More lines than a buffer takes, fewer than a pipe.
  private static let lines = "yes 'so mr Ada ran' | head -200"

  static let jobs = [
    Job(testDescription: "forecaster") {
      try $0.write(Sample.prices, to: "t")
    } training: {
      ["t"] + Sample.small
    } commands: {
      ["$r predict model", "$r evaluate model t", "$r inspect model", "$r info"]
    },
    Job(testDescription: "classifier") { workspace in
      try workspace.write(
        "text\tlabel\n" + (0..<60).map { "a film no \($0)\t\($0 % 2)\n" }.joined(), to: "t.tsv")
    } training: {
      ["t.tsv", "--text", "text", "--embedding", "6", "--hidden", "4"]
    } commands: {
      ["\(lines) | $r predict model", "\(lines) | $r predict model --json"]
    },
    Job(testDescription: "tagger") { workspace in
      try workspace.write(
        (0..<40).map { "so\tO\nmr\tO\nAda\tB-PER\nNo\($0 % 7)\tI-PER\nran\tO\n\n" }.joined(),
        to: "t.conll")
    } training: {
      ["t.conll", "--embedding", "4", "--hidden", "3", "--character-size", "4"]
    } commands: {
      ["\(lines) | $r predict model", "$r predict model --conll t.conll"]
    },
    Job(testDescription: "translator") { workspace in
      try workspace.write(
        (0..<60).map { "Haus \($0)\thouse no \($0)\n" }.joined(), to: "t.tsv")
    } training: {
      ["t.tsv", "--embedding", "6", "--hidden", "4", "--vocabulary", "40", "--beam", "2"]
    } commands: {
      ["\(lines) | $r predict model"]
    },
    Job(testDescription: "generator") { workspace in
      try workspace.write(String(repeating: "the cat sat.\nthe dog ran.\n", count: 60), to: "t.txt")
    } training: {
      ["t.txt", "--hidden", "12", "--layers", "1", "--steps", "20", "--streams", "4"]
    } commands: {
      ["$r generate model --length 6000", "\(lines) | $r predict model --length 40"]
    },
    Job(testDescription: "composer") { workspace in
      try FileManager.default.createDirectory(
        atPath: workspace.path + "/songs", withIntermediateDirectories: false)
      for index in 0..<5 {
        let steps = (0..<20).map { PitchSet([60 + index + $0 % 5, 48 + $0 % 3]) }
        let midi = Tune(name: "t", steps: steps).midi(stepsPerBeat: 2, beatsPerMinute: 100)
        try workspace.write(Data(midi.bytes), to: "songs/\(index).mid")
      }
    } training: {
      ["songs", "--hidden", "5", "--steps-per-beat", "2"]
    } commands: {
      ["$r compose model"]
    },
  ]

  /// Runs a shell command in which `$r` stands for the program.
  private func shell(
    _ command: String, in workspace: Workspace, input: Data? = nil
  ) async throws -> CommandResult {
    try await CommandRunner.run(
      "/bin/sh", ["-c", "r=\"$0\"; \(command)", CommandRunner.commandPath()],
      workingDirectory: workspace.path, input: input)
  }

  private func train(_ job: Job, in workspace: Workspace) async throws {
    try job.write(workspace)
    let result = try await workspace.recurrent(
      ["train", job.testDescription] + job.training
        + ["--epochs", "1", "--output", "model", "--progress", "silent"])
    try #require(result.exitCode == 0, "\(result.errorOutput)")
  }

  private static let noSpace =
    "recurrent: standard output: cannot be written (No space left on device). Make room, or write "
    + "elsewhere.\n"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")), arguments: jobs)
  func fullDisk(_ job: Job) async throws {
    try await Workspace.with { workspace in
      try await train(job, in: workspace)
      for command in job.commands {
        let good = try await shell(command, in: workspace)
        #expect(good.exitCode == 0 && !good.output.isEmpty, "\(command): \(good.errorOutput)")
        let full = try await shell(command + " > /dev/full", in: workspace)
        #expect(full.exitCode == 65, "\(command)")
        #expect(full.errorOutput == Self.noSpace, "\(command)")
      }
    }
  }

  /// Those that ask for no model.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
    arguments: ["--version", "--help", "train forecaster --help", "help predict", "info"])
  func fullDiskWithoutModel(_ arguments: String) async throws {
    try await Workspace.with { workspace in
      #expect(try await shell("$r \(arguments)", in: workspace).exitCode == 0)
      let full = try await shell("$r \(arguments) > /dev/full", in: workspace)
      #expect(full.exitCode == 65 && full.errorOutput == Self.noSpace)
    }
  }

  /// A stream of questions is left as soon as no answer arrives.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func endlessStream() async throws {
    try await Workspace.with { workspace in
      try await train(Self.jobs[1], in: workspace)
      let full = try await shell(
        "yes 'a film' | head -9999999 | $r predict model > /dev/full",
        in: workspace)
      #expect(full.exitCode == 65 && full.errorOutput == Self.noSpace)
    }
  }

  /// A limit on the size of files ends neither the program nor its message.
  @Test func limitedFileSize() async throws {
    try await Workspace.with { workspace in
      try await train(Self.jobs[0], in: workspace)
      let limited = try await shell("ulimit -f 1; $r --help > out", in: workspace)
      #expect(limited.exitCode == 65)
      #expect(
        limited.errorOutput.hasPrefix(
          "recurrent: standard output: cannot be written (File too large)."))
      let plot = try await shell("ulimit -f 1; $r predict model --plot a.svg", in: workspace)
      #expect(plot.exitCode == 65)
      #expect(
        plot.errorOutput.hasPrefix(
          "recurrent: a.svg: cannot be written: larger than the system allows a file to be"))
      #expect(!workspace.isThere("a.svg"))
    }
  }

  // MARK: - Lines that are no text

  /// The lines around one that is no text are answered, each in its place.
  @Test(arguments: jobs[1...4]) func linesThatAreNoText(_ job: Job) async throws {
    try await Workspace.with { workspace in
      try await train(job, in: workspace)
      let bad =
        Data("so\n".utf8) + [0x61, 0xE9, 0x0A] + Data("Ada\n\n".utf8)
        + [0xFF, 0x0A] + Data("the".utf8)
      let good = Data("so\n\nAda\n\n\nthe".utf8)
      try workspace.write(bad, to: "bad.txt")
      if job.testDescription == "classifier" {
        let page = try await shell(
          "$r predict model --html a.html > out", in: workspace, input: bad)
        #expect(page.exitCode == 65 && page.errorOutput.hasSuffix("recurrent: wrote a.html.\n"))
      }
      let forms = job.testDescription == "tagger" ? ["", "--conll"] : ["", "--json"]
      for form in forms {
        let isJSON = form == "--json" || (form == "" && job.testDescription == "tagger")
        let all = try await shell("$r predict model \(form)", in: workspace, input: good)
        #expect(all.exitCode == 0, "\(all.errorOutput)")
        for (file, source) in [("", "standard input"), ("bad.txt", "bad.txt")] {
          let some = try await shell("$r predict model \(file) \(form)", in: workspace, input: bad)
          #expect(some.exitCode == 65)
          let messages = some.errorOutput.split(separator: "\n")
          #expect(messages.count == 2)
          for (message, start) in zip(
            messages, ["2: found byte 0xE9 (byte 4", "5: found byte 0xFF (byte 11"])
          {
            #expect(message.hasPrefix("recurrent: \(source):\(start) of the file)"))
          }
          let (lines, sound) = (some.output.lines, all.output.lines)
          #expect(lines.count == 6 && sound.count == 6)
          for (index, line) in lines.enumerated() {
            if index != 1, index != 4 {
              #expect(line == sound[index])
            } else if isJSON {
              let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
              let error = (object as? [String: Any])?["error"] as? String
              #expect(error.map { "recurrent: \($0)" } == String(messages[index == 1 ? 0 : 1]))
            } else {
              #expect(line == "")
            }
          }
          let stopped = try await shell(
            "$r predict model \(file) \(form) --on-error stop", in: workspace, input: bad)
          #expect(stopped.exitCode == 65)
          #expect(stopped.errorOutput == messages[0] + "\n")
          #expect(stopped.output == (form == "--conll" ? "" : sound[0] + "\n"))
        }
      }
    }
  }
}

extension PrintedOutputTests.Job {
  fileprivate init(
    testDescription: String, write: @escaping @Sendable (Workspace) throws -> Void,
    training: () -> [String], commands: () -> [String]
  ) {
    self.init(
      testDescription: testDescription, write: write, training: training(), commands: commands())
  }
}

extension String {
  /// Its lines, empty ones too.
  fileprivate var lines: [Substring] {
    var lines = split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
