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
      let graphs = try await workspace.recurrent(["convert", "model", "de-en.onnx"])
      #expect(graphs.output == "Wrote de-en.encoder.onnx\nWrote de-en.decoder.onnx\n")
      let told = try await workspace.recurrent(["convert", "model", "--to", "onnx", "--json"])
      for part in [#""encoder" : "model.encoder.onnx""#, #""decoder" : "model.decoder.onnx""#] {
        #expect(told.output.contains(part), "\(part) in: \(told.output)")
      }
      let step = try await workspace.recurrent(["inspect", "de-en.decoder.onnx"])
      #expect(step.output.contains("memory float32 [batch, time, 8]"), "\(step.output)")
      let state = try await workspace.recurrent(
        ["convert", "model", "--to", "onnx", "--with-state"])
      #expect(
        state.errorOutput.contains("is one step and has its state without --with-state"),
        "\(state.errorOutput)")
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
      let empty = try await predict(workspace, "\n", ["--attention", "none.svg"])
      #expect(empty.exitCode == 65 && empty.output == "\n" && !workspace.isThere("none.svg"))
      #expect(empty.errorOutput.contains("none.svg: is not written: no line has words to draw"))
    }
  }

  /// A translator of the other direction translates further sentences back, and several networks that
  /// see each sentence cut anew learn from them.
  @Test func smallDataFromTwoCommands() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Self.table, to: "t.tsv")
      try workspace.write((0..<20).map { "house no \($0 + 90)\n" }.joined() + "\n", to: "more.en")
      let reverse = try await workspace.recurrent(
        ["train", "translator", "t.tsv", "--swap", "--output", "reverse"] + Self.small)
      try #require(reverse.exitCode == 0, "\(reverse.errorOutput)")
      let back = try await workspace.recurrent(["predict", "reverse", "more.en"])
      try workspace.write(back.output, to: "more.de")
      try workspace.write(
        #"{"bpe-dropout": 0.2, "token-dropout": 0.1, "ensemble": 2, "coverage-penalty": 0.2}"#,
        to: "o.json")
      let result = try await workspace.recurrent(
        ["train", "translator", "t.tsv", "--output", "model", "--options", "o.json"]
          + ["--back-translated", "more.de", "more.en"] + Self.small)
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      for part in [
        #/\n +and \d+ pairs translated back, marked/#, #/network +2 times bidirectional LSTM/#,
        #/each join left out with a chance of 0\.2/#, #/coverage penalty, β = 0\.2/#,
      ] {
        #expect(result.output.contains(part), "\(result.output)")
      }
      let asked = try await workspace.recurrent(
        ["evaluate", "model", "t.tsv", "--coverage-penalty", "0.4", "--json"])
      #expect(asked.exitCode == 0, "\(asked.errorOutput)")
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(
        shown.output.contains("1.decoder.bias") && shown.output.contains("weights of epoch 1, 1"))
      // The files are not part of what options are taken from a model for.
      let again = try await workspace.recurrent(
        ["train", "translator", "t.tsv", "--output", "again", "--options", "model"])
      #expect(!again.output.contains("translated back"), "\(again.errorOutput)")
      #expect(again.output.contains("2 times bidirectional"), "\(again.errorOutput)")
      let other = try await workspace.recurrent(["diff", "model", "again"])
      #expect(other.exitCode == 1 && other.output.contains("1.decoder.bias"), "\(other.output)")
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
        ["predict", "model", "--coverage-penalty", "11"],
        ["train", "translator", "t.tsv", "--bpe-dropout", "1"],
        ["train", "translator", "t.tsv", "--token-dropout=-0.1"],
        ["train", "translator", "t.tsv", "--ensemble", "0"],
      ] {
        try await workspace.expectFailure(64, [], running: arguments)
      }
    }
  }
}
