import Foundation
import TestSupport
import Testing

/// `recurrent train classifier` and what follows it, as in a user's shell.
@Suite(.optimized) struct ClassifierTests {
  private static let small = ["--embedding", "6", "--hidden", "4", "--epochs", "1"]

  /// 60 texts between tabs.
  private static let table =
    "sentence\tlabel\n"
    + (0..<60).map { "a \($0 % 2 == 0 ? "fine" : "dull") film no \($0)\t\($0 % 2)\n" }.joined()

  private func train(_ workspace: Workspace, _ more: String...) async throws -> CommandResult {
    try workspace.write(Self.table, to: "t.tsv")
    let result = try await workspace.recurrent(
      ["train", "classifier", "t.tsv", "--text", "sentence", "--output", "model"] + Self.small
        + more)
    try #require(result.exitCode == 0, "\(result.errorOutput)")
    return result
  }

  private func predict(
    _ workspace: Workspace, _ input: String, _ arguments: [String]
  ) async throws -> CommandResult {
    try await CommandRunner.run(
      CommandRunner.commandPath(), ["predict", "model"] + arguments,
      workingDirectory: workspace.path, input: Data(input.utf8))
  }

  @Test func trainsReportsAndWrites() async throws {
    try await Workspace.with { workspace in
      let result = try await train(workspace)
      for part in [
        "t.tsv: 60 texts, 2 classes", "training    48 texts: 0 24, 1 24", "test        6 texts",
        "bag of words", "majority class        50.0", "is \\ taken for", "Calibration error",
        "Wrote model: the model, history.csv, loss.svg", "recurrent predict model",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
      for file in ["config.json", "model.safetensors", "tokenizer.json", "history.csv", "loss.svg"]
      {
        #expect(workspace.isThere("model/" + file))
      }
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("model: text-classifier, written by"))
      #expect(shown.output.contains("classes     0, 1\n"))
      let measured = try await workspace.recurrent(["evaluate", "model", "t.tsv"])
      #expect(measured.output.hasPrefix("t.tsv: all 60 texts\n"))
    }
  }

  /// An answer a line, the same from a pipe, from a file and alone.
  @Test func answersLineByLine() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      let lines = ["a fine film", "", "never seen", "dull\r", "a\u{85}b"]
      let piped = try await predict(workspace, lines.joined(separator: "\n"), ["--json"])
      #expect(piped.exitCode == 0, "\(piped.errorOutput)")
      let answers = piped.output.split(separator: "\n").map(String.init)
      #expect(answers.count == 5)
      for (line, answer) in paired(lines, answers) {
        #expect(try await predict(workspace, line + "\n", ["--json"]).output == answer + "\n")
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        #expect((object?["probabilities"] as? [String: Double])?.count == 2)
      }
      try workspace.write(lines.joined(separator: "\n"), to: "lines.txt")
      let file = try await workspace.recurrent(["predict", "model", "lines.txt", "--json"])
      #expect(file.output == piped.output)
      let plain = try await predict(workspace, "a fine film\n", [])
      #expect(plain.output.contains(#/^[01]\t0\.\d{4}\n$/#))
      #expect(try await predict(workspace, "", []).output == "")
    }
  }

  @Test func explains() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace, "--pooling", "attention")
      let occlusion = try await predict(workspace, "a fine zzz\n", ["--explain", "occlusion"])
      #expect(occlusion.output.contains(#/\ta\(-?0\.\d+\) fine\(-?0\.\d+\) zzz\?\(-?0\.\d+\)\n/#))
      let attention = try await predict(
        workspace, "a fine film\n", ["--explain", "attention", "--html", "why.html"])
      #expect(attention.exitCode == 0 && attention.errorOutput.contains("wrote why.html"))
      #expect(try workspace.text("why.html").contains(">fine</span>"))
    }
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      let failed = try await predict(workspace, "a\n", ["--explain", "attention"])
      #expect(failed.exitCode == 65)
      #expect(failed.errorOutput.contains("has max pooling, so there is no attention to show"))
    }
  }

  /// The lines before a bad one are answered.
  @Test func badInput() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      let result = try await CommandRunner.run(
        CommandRunner.commandPath(), ["predict", "model"], workingDirectory: workspace.path,
        input: Data("a\nb\n".utf8) + [0xE9, 0x0A])
      #expect(result.exitCode == 65)
      #expect(result.output.split(separator: "\n").count == 2)
      #expect(result.errorOutput.contains("standard input:3: found byte 0xE9 (byte 4 of the file)"))
      let latin = try await CommandRunner.run(
        CommandRunner.commandPath(), ["predict", "model", "--encoding", "latin1"],
        workingDirectory: workspace.path, input: Data([0xE9, 0x0A]))
      #expect(latin.exitCode == 0)
      try await workspace.expectFailure(
        64, ["--steps belongs to forecasters; this model is one of the text classifiers"],
        running: ["predict", "model", "t.tsv", "--steps", "3"])
      try workspace.write("sentence\tlabel\na\t7\n", to: "other.tsv")
      try await workspace.expectFailure(
        65, ["other.tsv:2: found the label \"7\""], running: ["evaluate", "model", "other.tsv"])
    }
  }

  @Test(
    arguments: [
      ([], "Name a file with texts and labels"),
      (["t.tsv", "--fold", "11/10"], "A fold is one of"),
      (["t.tsv", "--dropout", "1"], "Dropout is at least 0"),
      (["t.tsv", "--class-weights", "a=x"], "--class-weights"),
      (["t.tsv", "--hidden", "0"], "The hidden size is between 1"),
      (["t.tsv", "--vector-words", "9"], "words of --vectors, and there are none"),
      (["t.tsv", "--encoding", "utf-7"], "--encoding"),
    ] as [([String], String)]) func wrongFlags(_ flags: [String], _ part: String) async throws
  {
    try await Workspace.with { workspace in
      try workspace.write(Self.table, to: "t.tsv")
      try await workspace.expectFailure(64, [part], running: ["train", "classifier"] + flags)
    }
  }

  @Test func badFiles() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Self.table, to: "t.tsv")
      try workspace.write("a 1 2 3\nb 1 2\n", to: "v.txt")
      try workspace.write(Data([0x1F, 0x8B, 8, 0]), to: "z.csv")
      let vectors = ["t.tsv", "--text", "sentence", "--vectors", "v.txt"]
      for (code, parts, arguments) in [
        (65, ["column \"text\"", "t.tsv:1"], ["t.tsv"]), (66, ["no such file"], ["none.tsv"]),
        (65, ["v.txt:2", "found 2 numbers, expected 3"], vectors),
        (65, ["z.csv: ends in the middle of its packed bytes"], ["z.csv"]),
      ] as [(Int32, [String], [String])] {
        try await workspace.expectFailure(
          code, parts, running: ["train", "classifier"] + arguments + Self.small)
      }
      try workspace.write("fine 1 2 3 4 5\n", to: "v.txt")
      try await workspace.expectFailure(
        65, ["v.txt", "found vectors of 5 numbers, expected 6", "--embedding 5"],
        running: ["train", "classifier"] + vectors + Self.small)
    }
  }
}
