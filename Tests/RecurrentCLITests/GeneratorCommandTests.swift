import Foundation
import TestSupport
import Testing

/// `recurrent train generator`, `recurrent generate`, and the commands for any model.
@Suite(.optimized) struct GeneratorCommandTests {
  private static let small = [
    "--epochs", "2", "--hidden", "12", "--layers", "1", "--steps", "20", "--streams", "4",
    "--learning-rate", "0.02", "--progress", "silent",
  ]
  private static let text = String(repeating: "the cat sat.\nthe dog ran.\n", count: 60)

  private func train(_ workspace: Workspace, _ more: String...) async throws -> CommandResult {
    try workspace.write(Self.text, to: "t.txt")
    let result = try await workspace.recurrent(
      ["train", "generator", "t.txt", "--output", "model"] + Self.small + more)
    try #require(result.exitCode == 0, "\(result.errorOutput)")
    return result
  }

  @Test(arguments: [["--tokens", "characters"], ["--tokens", "bpe", "--vocabulary", "30"]])
  func trainsAndWrites(flags: [String]) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Self.text, to: "t.txt")
      let training = try await workspace.recurrent(
        ["train", "generator", "t.txt", "--output", "model"] + Self.small + flags)
      try #require(training.exitCode == 0, "\(training.errorOutput)")
      for part in [
        "training    1,333 characters", "validation  71 characters", "test        156 characters",
        "nats/character", "5-gram", "unigram", "perplexity", "A sample at temperature 0.8:",
        "Wrote model: the model, history.csv, loss.svg",
        "Next: recurrent generate model --prompt the",
      ] {
        #expect(training.output.contains(part), "\(part) in: \(training.output)")
      }
      for line in training.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }

      let arguments = ["generate", "model", "--prompt", "the d", "--length", "80", "--seed", "4"]
      let first = try await workspace.recurrent(arguments)
      #expect(first.exitCode == 0 && first.errorOutput == "" && first.output.hasPrefix("the d"))
      #expect(first.output.count == 85 + (first.output.hasSuffix("\n") ? 1 : 0))
      #expect(try await workspace.recurrent(arguments).outputBytes == first.outputBytes)
      let other = try await workspace.recurrent(arguments.dropLast() + ["5"])
      #expect(other.output != first.output)

      // The first of three is the only one of one.
      let three = try await workspace.recurrent(arguments + ["--count", "3"])
      #expect(three.output.hasPrefix("--- 1 of 3 ---\n" + first.output))
      #expect(three.output.contains("\n--- 3 of 3 ---\nthe d"))
      let short = try await workspace.recurrent(arguments + ["--until", "\n"])
      let line = first.output.dropFirst(5).prefix { $0 != "\n" }
      #expect(short.output == "the d" + line + "\n")

      let object = try await workspace.recurrent(arguments + ["--json", "--count", "2"])
      let samples = try object.output.split(separator: "\n").map {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
      #expect(samples.count == 2 && samples[1]?["sample"] as? Int == 2)
      let written = try #require(samples[0]?["text"] as? String)
      #expect(first.output.dropFirst(5).hasPrefix(written) && written.count == 80)

      let strange = try await workspace.recurrent(
        ["generate", "model", "--prompt", "жt", "--top-k", "3", "--top-p", "0.9"])
      #expect(strange.exitCode == 0)
      #expect(strange.errorOutput.contains("\"ж\" of the prompt is not among what the model knows"))

      try workspace.write("the cat.\nж\n", to: "other.txt")
      let measured = try await workspace.recurrent(["evaluate", "model", "other.txt", "t.txt"])
      #expect(measured.output.hasPrefix("other.txt, t.txt: all 1,571 characters\n"))
      #expect(measured.output.contains("1,571 characters"))
      #expect(measured.output.contains("1 tokens are unknown"))
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("model: text-generator, written by"))
      #expect(shown.output.contains("trained on  t.txt, the first 1,333 characters"))
    }
  }

  @Test func mogrifierWordsAndAdapting() async throws {
    try await Workspace.with { workspace in
      let training = try await train(
        workspace, "--tokens", "words", "--cell", "mogrifier", "--rounds", "3", "--rank", "4",
        "--drop-connect", "0.2", "--averaging", "0.9", "--decay", "restarts")
      for part in [
        "tokens      words, vocabulary 8", "MOGRIFIER, 1 layer of 12 units", "3 rounds, of rank 4",
        "DropConnect 0.2", "5-gram of words",
      ] {
        #expect(training.output.contains(part), "\(part) in: \(training.output)")
      }
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("averaged over steps (decay 0.9)"))
      #expect(shown.output.contains("recurrent.0.rounds.2.expansion"))
      let measured = try await workspace.recurrent(
        ["evaluate", "model", "t.txt", "--adapt", "--adapt-steps", "10"])
      #expect(measured.output.contains("network, adapting"))
      #expect(measured.output.contains("10 tokens after they were judged"))
      let object = try await workspace.recurrent([
        "evaluate", "model", "t.txt", "--adapt", "--json",
      ])
      #expect(object.output.contains("adaptedNats"))
      let alone = try await workspace.recurrent(
        ["evaluate", "model", "t.txt", "--adapt-rate", "0.1"])
      #expect(alone.exitCode == 64 && alone.errorOutput.contains("go with --adapt"))
      let rounds = try await workspace.recurrent(
        ["train", "generator", "t.txt", "--rounds", "3", "--output", "other"])
      #expect(rounds.exitCode == 64 && rounds.errorOutput.contains("belong to the cell mogrifier"))
      let graph = try await workspace.recurrent(
        ["convert", "model", "--to", "onnx", "--with-state"])
      #expect(graph.output == "Wrote model.onnx\n", "\(graph.errorOutput)")
      let described = try await workspace.recurrent(["inspect", "model.onnx"])
      #expect(described.output.contains("Scan"), "\(described.output)")
      #expect(described.output.contains("layer0.c float32 [1, batch,"), "\(described.output)")
      let weights = try await workspace.recurrent(["convert", "model", "m.npz", "--with-state"])
      #expect(
        weights.exitCode == 64 && weights.errorOutput.contains("--with-state belongs to --to onnx"))
    }
  }

  /// A line for a line, the same alone and among others, from a pipe and from a file.
  @Test func continuesLines() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      func predict(_ input: String, _ more: String...) async throws -> CommandResult {
        try await CommandRunner.run(
          CommandRunner.commandPath(), ["predict", "model"] + more,
          workingDirectory: workspace.path, input: Data(input.utf8))
      }
      let lines = ["the c", "", "жж", "the dog\r"]
      let piped = try await predict(lines.joined(separator: "\n"), "--seed", "2")
      #expect(piped.exitCode == 0, "\(piped.errorOutput)")
      let answers = piped.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      try #require(answers.count == 4)
      for (line, answer) in paired(lines, answers) {
        #expect(try await predict(line + "\n", "--seed", "2").output == answer + "\n")
      }
      try workspace.write(lines.joined(separator: "\n"), to: "lines.txt")
      let file = try await workspace.recurrent(["predict", "model", "lines.txt", "--seed", "2"])
      #expect(file.output == piped.output)
      let short = try await predict("the c\n", "--length", "3", "--temperature", "0")
      #expect(short.output.dropLast().count <= 3)
      let bad = try await CommandRunner.run(
        CommandRunner.commandPath(), ["predict", "model"], workingDirectory: workspace.path,
        input: Data("a\n".utf8) + [0xE9, 0x0A])
      #expect(bad.exitCode == 65)
      #expect(bad.errorOutput.contains("standard input:2: found byte 0xE9 (byte 2 of the file)"))
      try await workspace.expectFailure(
        64, ["--steps"], running: ["predict", "model", "--steps", "2"])
      let json = try await predict("the \"c\n", "--seed", "2", "--json")
      let object = try JSONSerialization.jsonObject(with: json.outputBytes) as? [String: String]
      let plain = try await predict("the \"c\n", "--seed", "2")
      #expect(object?["line"] == "the \"c")
      #expect(object?["continuation"].map { $0 + "\n" } == plain.output)
      try await workspace.expectFailure(
        64,
        [
          "--explain belongs to text classifiers and forecasters; this model is one of the text generators"
        ],
        running: ["predict", "model", "--explain", "occlusion"])
    }
  }

  /// Every way in which files are wrong; nothing is written.
  @Test func badFiles() async throws {
    let bytes: [(Data, [String])] = [
      (Data(), ["t.txt: there is no text in it"]),
      (Data(String(repeating: "a", count: 900).utf8), ["t.txt: all 769 characters", "\"a\""]),
      (Data("too short".utf8), ["t.txt: found 7 tokens in the training part", "--steps 3"]),
      (Data("ab\ncd".utf8) + [0xE9, 0x21], ["t.txt:2: found byte 0xE9 (byte 5 of the file)"]),
      (Data("ab\n".utf8) + [0, 1, 2], ["t.txt:2: found a zero byte"]),
      (Data([0x1F, 0x8B, 8, 0, 0]), ["t.txt: ends in the middle of its packed bytes"]),
    ]
    try await Workspace.with { workspace in
      for (bytes, parts) in bytes {
        try workspace.write(bytes, to: "t.txt")
        try await workspace.expectFailure(
          65, parts, running: ["train", "generator", "t.txt"] + Self.small)
      }
      try await workspace.expectFailure(
        66, ["none.txt"], running: ["train", "generator", "none.txt"])
      try workspace.write(Data("caf".utf8) + [0xE9, 0x0A], to: "t.txt")
      let latin = try await workspace.recurrent(
        ["train", "generator", "t.txt", "t.txt", "t.txt", "--encoding", "latin1"] + Self.small
          + ["--steps", "5"])
      #expect(latin.exitCode == 0, "\(latin.errorOutput)")
      #expect(latin.output.contains("vocabulary 6;"))
    }
  }

  @Test(
    arguments: [
      (["train", "generator"], "Name a file of text"),
      (["train", "generator", "t.txt", "--steps", "0"], "The number of steps is between 1"),
      (
        ["train", "generator", "t.txt", "--vocabulary", "9"], "--vocabulary belongs to --tokens bpe"
      ),
      (["train", "generator", "t.txt", "--tokens", "syllables"], "--tokens"),
      (["train", "generator", "t.txt", "--test-fraction", "1"], "The test fraction is at least 0"),
      (["train", "generator", "t.txt", "--clipping", "0"], "The clipping is a positive number"),
      (["generate", "model", "--temperature=-1"], "A temperature is a number of at least 0"),
      (["generate", "model", "--top-p", "0"], "Top-p is above 0"),
      (["generate", "model", "--top-k", "0"], "Top-k is at least 1"),
      (["generate", "model", "--length", "0"], "--length is between 1"),
      (["generate", "model", "--count", "0"], "--count is between 1"),
      (["generate", "model", "--until", ""], "--until is a text"),
    ] as [([String], String)]) func wrongFlags(_ arguments: [String], _ part: String) async throws
  {
    try await Workspace.with { workspace in
      try workspace.write(Self.text, to: "t.txt")
      try await workspace.expectFailure(64, [part], running: arguments)
    }
  }

  /// Flags of generators on another model, and other models where a generator is needed.
  @Test func otherModels() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv")
      try await workspace.expectFailure(
        64, ["--seed belongs to text generators; this model is one of the forecasters"],
        running: ["predict", "model", "--seed", "1"])
      try await workspace.expectFailure(
        65, ["is a forecaster model, expected a text-generator model"],
        running: ["generate", "model"])
    }
  }
}
