import Foundation
import TestSupport
import Testing

/// `recurrent train translator` and what follows it, as in a user's shell.
@Suite(.optimized) struct TranslatorCommandTests {
  private static let small = [
    "--embedding", "6", "--hidden", "4", "--epochs", "1", "--vocabulary", "40", "--beam", "2",
  ]

  /// 60 pairs between tabs, a credit behind them, and two lines that are left out.
  private static let table =
    (0..<60).map { "Haus \($0)\thouse no \($0)\tby me #\($0)\n" }.joined() + "\n\tx\n"

  private func train(_ workspace: Workspace, _ more: String...) async throws -> CommandResult {
    try workspace.write(Self.table, to: "t.tsv")
    let result = try await workspace.recurrent(
      ["train", "translator", "t.tsv", "--output", "model"] + Self.small + more)
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
      let result = try await train(workspace, "--lowercase")
      for part in [
        "t.tsv: 60 pairs", "2 lines with an empty side were left out", "training    49 pairs",
        "validation  5 pairs", "test        6 pairs", "network, beam 2", "nearest sentence",
        "source copied", "BLEU nrefs:1|case:lc|eff:no|tok:13a|smooth:exp",
        "chrF2 nrefs:1|case:lc|eff:yes|nc:6|nw:0|space:no", "perplexity",
        "length penalty of Wu et al. 2016, α = 0.6",
        "Wrote model: the model, history.csv, loss.svg", "recurrent predict model",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
      for file in [
        "config.json", "model.safetensors", "source.json", "target.json", "history.csv", "loss.svg",
      ] {
        #expect(workspace.isThere("model/" + file))
      }
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("model: translator, written by"))
      #expect(shown.output.contains("decoder.attention.weights"))
      let measured = try await workspace.recurrent(
        ["evaluate", "model", "t.tsv", "--beam", "1", "--length-penalty", "0"])
      #expect(
        measured.output.hasPrefix(
          "t.tsv: all 60 pairs\n2 lines with an empty side were left out\n"))
      #expect(measured.output.contains("network, beam 1"))
    }
  }

  @Test func filesLineByLine() async throws {
    try await Workspace.with { workspace in
      for (name, count) in [("train", 30), ("dev", 4), ("test", 3)] {
        try workspace.write((0..<count).map { "eins \($0)\n" }.joined(), to: name + ".de")
        try workspace.write((0..<count).map { "one \($0)\n" }.joined(), to: name + ".en")
      }
      try workspace.write("a\nb\nc\n", to: "more.en")
      let result = try await workspace.recurrent(
        ["train", "translator", "train.de", "train.en", "--dev", "dev.de", "dev.en"]
          + ["--test", "test.de", "test.en", "more.en", "--output", "model", "--joint"] + Self.small
      )
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("test        3 pairs, 2 references each"))
      #expect(result.output.contains("3 of the test sentences stand in the training part too"))
      #expect(result.output.contains("nrefs:2|"))
      #expect(result.output.contains("vectors of 6, shared by both languages"))
      let measured = try await workspace.recurrent(["evaluate", "model", "test.de", "test.en"])
      #expect(measured.output.hasPrefix("test.de, test.en: all 3 pairs\n"))
    }
  }

  /// A line in, a line out, the same from a pipe, from a file and alone.
  @Test func translatesLineByLine() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      let lines = ["Haus 3", "", "never seen \u{1F600}", "Haus 12\r", "a\u{85}b"]
      let piped = try await predict(workspace, lines.joined(separator: "\n"), [])
      #expect(piped.exitCode == 0, "\(piped.errorOutput)")
      let answers = piped.output.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(answers.count == 6 && answers[1].isEmpty)
      for (line, answer) in paired(lines, answers.dropLast()) {
        #expect(try await predict(workspace, line + "\n", []).output == answer + "\n")
      }
      try workspace.write(lines.joined(separator: "\n"), to: "lines.txt")
      let file = try await workspace.recurrent(["predict", "model", "lines.txt"])
      #expect(file.output == piped.output)
      #expect(try await predict(workspace, "", []).output == "")

      let best = try await predict(workspace, "Haus 3\n", ["--n-best", "3"])
      #expect(best.output.contains(#/^(-\d+\.\d{4}\t.*\n){3}\n$/#), "\(best.output)")
      let json = try await predict(workspace, "Haus 3\n\n", ["--json", "--beam", "1"])
      let objects = try json.output.split(separator: "\n").map {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [[String: Any]]
      }
      #expect(objects.count == 2 && objects[0]?.count == 1 && objects[1]?.isEmpty == true)
      let drawn = try await predict(
        workspace, "\nHaus 3\nHaus 4\n", ["--attention", "map.svg"])
      #expect(drawn.exitCode == 0 && drawn.errorOutput.contains("wrote map.svg"))
      #expect(try workspace.text("map.svg").hasSuffix("</svg>\n"))
    }
  }

  @Test func mistakes() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      try workspace.write("a\tb\nno tab\n", to: "bad.tsv")
      try workspace.write("a\nb\n", to: "short")
      try workspace.write("a\n", to: "shorter")
      try await workspace.expectFailure(
        65, ["bad.tsv:2: ", "found no tab"],
        running: ["train", "translator", "bad.tsv", "--output", "x"])
      try await workspace.expectFailure(
        65, ["shorter: found 1 line, expected 2 as in short"],
        running: ["train", "translator", "short", "shorter", "--output", "x"])
      try await workspace.expectFailure(
        66, ["missing.tsv"], running: ["train", "translator", "missing.tsv", "--output", "x"])
      for arguments in [
        ["train", "translator"], ["train", "translator", "a", "b", "c"],
        ["train", "translator", "t.tsv", "--beam", "0"],
        ["predict", "model", "--beam", "2", "--n-best", "3"],
        ["predict", "model", "--steps", "3"], ["predict", "model", "--explain", "occlusion"],
        ["evaluate", "model", "t.tsv", "--beam", "101"],
        ["evaluate", "model", "t.tsv", "--length-penalty", "-1"],
      ] {
        try await workspace.expectFailure(64, [], running: arguments)
      }
    }
  }
}
