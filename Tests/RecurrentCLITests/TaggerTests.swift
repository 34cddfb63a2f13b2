import Foundation
import TestSupport
import Testing

/// `recurrent train tagger` and what follows it, as in a user's shell.
@Suite(.optimized) struct TaggerTests {
  private static let small = [
    "--embedding", "4", "--hidden", "3", "--character-size", "4", "--epochs", "1",
  ]

  /// 40 sentences between tabs, the first with a comment.
  private static let file =
    "# made up\n"
    + (0..<40).map { "so\tO\nmr\tO\nAda\tB-PER\nNo\($0 % 7)\tI-PER\nran\tO\n\t\n" }.joined()

  private func train(_ workspace: Workspace, _ more: String...) async throws -> CommandResult {
    try workspace.write(Self.file, to: "t.conll")
    let result = try await workspace.recurrent(
      ["train", "tagger", "t.conll", "--output", "model"] + Self.small + more)
    try #require(result.exitCode == 0, "\(result.errorOutput)")
    return result
  }

  private func predict(
    _ workspace: Workspace, _ input: String, _ arguments: [String] = []
  ) async throws -> CommandResult {
    try await CommandRunner.run(
      CommandRunner.commandPath(), ["predict", "model"] + arguments,
      workingDirectory: workspace.path, input: Data(input.utf8))
  }

  @Test func trainsReportsAndWrites() async throws {
    try await Workspace.with { workspace in
      let result = try await train(workspace)
      for part in [
        "t.conll: 40 sentences, 200 tokens", "1 lines of comments were left out",
        "training    32 sentences, 160 tokens, 32 entities", "scheme      BIO", "no entity",
        "dictionary", "conditional random field", "token accuracy", "unknown words",
        "Wrote model: the model, history.csv, loss.svg", "recurrent predict model",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
      #expect(result.errorOutput.contains(#/epoch 1/1  loss .*  F1 \d+\.\d\d %/#))
      for file in ["config.json", "model.safetensors", "words.json", "history.csv", "loss.svg"] {
        #expect(workspace.isThere("model/" + file))
      }
      #expect(
        try workspace.text("model/history.csv").hasPrefix(
          "epoch,loss,validation_loss,validation_f1,"))
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("model: sequence-tagger, written by"))
      #expect(shown.output.contains("types       PER\n"))
      let measured = try await workspace.recurrent(["evaluate", "model", "t.conll"])
      #expect(measured.output.hasPrefix("t.conll: all 40 sentences\n"))
    }
  }

  /// A file of tokens is no text, nor a table one of tokens.
  @Test func filesOfOtherForms() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      try workspace.write("1\tAda\t_\n2\tran\t_\n", to: "u.conllu")
      try workspace.write("Ada B-PER\nran O\n\nAda B-PER\n", to: "blanks.conll")
      for file in ["t.conll", "u.conllu", "blanks.conll"] {
        try await workspace.expectFailure(
          65, ["\(file):1: found a token and its columns in each line", "with --conll"],
          running: ["predict", "model", file])
      }
      let texts = try await predict(workspace, "Ada ran\nmr No1\nso B\n")
      #expect(texts.exitCode == 0, "\(texts.errorOutput)")
      for table in ["text,label\nAda ran,1\n", "a text,label\nAda ran,1\n"] {
        try workspace.write(table, to: "t.csv")
        try await workspace.expectFailure(
          65, ["not by commas", "for `recurrent train classifier`"],
          running: ["train", "tagger", "t.csv"])
      }
    }
  }

  /// A JSON object a line, the same from a pipe, from a file and alone.
  @Test func answersLineByLine() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace, "--epochs", "25", "--learning-rate", "0.05")
      let lines = ["so mr Ada No3 ran", "", "é \"mr\" Ada No1\r", "  mr   Ada\u{85}x"]
      let piped = try await predict(workspace, lines.joined(separator: "\n"))
      #expect(piped.exitCode == 0, "\(piped.errorOutput)")
      let answers = piped.output.split(separator: "\n").map(String.init)
      #expect(answers.count == 4)
      #expect(
        answers[0] == #"{"text":"so mr Ada No3 ran","spans":[{"type":"PER","text":"Ada No3","#
          + #""start":6,"end":13}]}"#)
      #expect(answers[1] == #"{"text":"","spans":[]}"#)
      for (line, answer) in paired(lines, answers) {
        #expect(try await predict(workspace, line + "\n").output == answer + "\n")
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        let text = try #require(object?["text"] as? String)
        for span in object?["spans"] as? [[String: Any]] ?? [] {
          let start = try #require(span["start"] as? Int)
          let end = try #require(span["end"] as? Int)
          let scalars = Array(text.unicodeScalars)[start..<end]
          #expect(String(String.UnicodeScalarView(scalars)) == span["text"] as? String)
        }
      }
      try workspace.write(lines.joined(separator: "\n"), to: "lines.txt")
      #expect(
        try await workspace.recurrent(["predict", "model", "lines.txt"]).output == piped.output)
      #expect(try await predict(workspace, "").output == "")
    }
  }

  /// A line out for each line in, and a score from it.
  @Test func tagsFilesAndScores() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace, "--epochs", "25", "--learning-rate", "0.05")
      let tagged = try await workspace.recurrent(["predict", "model", "t.conll", "--conll"])
      #expect(tagged.output.hasPrefix("# made up\nso\tO\tO\nmr\tO\tO\nAda\tB-PER\tB-PER\n"))
      #expect(tagged.output.split(separator: "\n").count == Self.file.split(separator: "\n").count)
      #expect(try await predict(workspace, Self.file, ["--conll"]).output == tagged.output)
      #expect(
        try await predict(workspace, "so\nmr\nAda\nNo3\nran\n\nso", ["--conll"]).output.contains(
          "\nAda\tB-PER\nNo3\tI-PER\nran\tO\n\nso\tO\n"))
      try workspace.write(tagged.output, to: "out.conll")
      let score = try await workspace.recurrent(["score", "out.conll"])
      #expect(
        score.output.contains(#/all +100.00 +100.00 +100.00 +40 +40 +40\n/#), "\(score.output)")
      let two = try await workspace.recurrent(["score", "t.conll", "out.conll"])
      #expect(two.output == score.output)
      try workspace.write("a B-X\nb O\n", to: "a.conll")
      try workspace.write("a O\n", to: "b.conll")
      try await workspace.expectFailure(
        65, ["b.conll:1: found a sentence of 1 tokens, expected 2 as in a.conll:1"],
        running: ["score", "a.conll", "b.conll"])
    }
  }

  /// CoNLL-U as it comes: no flag, no range or empty node taught, and each answered with a line.
  @Test func readsCoNLLU() async throws {
    try await Workspace.with { workspace in
      let rest = "\t_\t_\t_\t_\t_\t_\n"
      let sentence =
        "# text = al mar\n1-2\tal\t_\t_" + rest + "1\ta\ta\tADP" + rest + "2\tel\tel\tDET" + rest
        + "2.1\tgran\t_\tADJ" + rest + "3\tmar\tmar\tNOUN" + rest + "\n"
      try workspace.write(String(repeating: sentence, count: 20), to: "t.conllu")
      let trained = try await workspace.recurrent(
        ["train", "tagger", "t.conllu", "--output", "model"] + Self.small)
      for part in [
        "t.conllu: 20 sentences, 60 tokens\n",
        "as in CoNLL-U; tokens stand in column 2, tags in column 4",
        "20 lines of a range of words were left out",
        "20 lines of an empty node were left out", "tags        ADP, DET, NOUN\n",
      ] {
        #expect(trained.output.contains(part), "\(part) in: \(trained.output)")
      }
      let tagged = try await workspace.recurrent(["predict", "model", "t.conllu", "--conll"])
      let lines = tagged.output.split(separator: "\n").prefix(6).map { $0.split(separator: "\t") }
      #expect(lines.map(\.count) == [1, 11, 11, 11, 11, 11])
      #expect([1, 4].map { lines[$0][10] } == ["_", "_"])
      #expect(Set(["ADP", "DET", "NOUN"]).contains(String(lines[5][10])))
      try workspace.write(tagged.output, to: "out.conllu")
      for arguments in [["out.conllu"], ["t.conllu", "out.conllu"]] {
        let score = try await workspace.recurrent(["score"] + arguments)
        #expect(score.output.contains("20 sentences, 60 tokens") && score.output.contains("\nADP "))
        #expect(score.output.contains("tags in column 4."), "\(score.output)")
      }
      let measured = try await workspace.recurrent(["evaluate", "model", "t.conllu"])
      #expect(measured.output.contains("20 lines of a range of words were left out"))
      #expect(measured.output.contains("20 sentences, 60 tokens"))
    }
  }

  @Test func badInput() async throws {
    try await Workspace.with { workspace in
      _ = try await train(workspace)
      for (part, flags) in [
        ("--steps belongs to forecasters", ["--steps", "3"]),
        ("--explain belongs to text classifiers", ["--explain", "occlusion"]),
      ] {
        try await workspace.expectFailure(
          64, [part], running: ["predict", "model", "t.conll"] + flags)
      }
      let bad = try await predict(workspace, "a\tO\nb\n", ["--conll"])
      #expect(bad.exitCode == 65)
      #expect(bad.errorOutput.contains("standard input:2: found 1 column, expected 2"))
      try workspace.write("a PER\nb O\n", to: "flat.conll")
      try await workspace.expectFailure(
        65, ["flat.conll:1: found the tag \"PER\"", "--scheme plain"],
        running: ["evaluate", "model", "flat.conll"])
    }
  }

  @Test(
    arguments: [
      (65, ["no.conll"], "all 3 tokens of the training part have the tag \"O\""),
      (
        65, ["t.conll", "--tag-column", "3"], "t.conll:2: column 3: there is no such column, only 2"
      ),
      (65, ["ragged.conll"], "ragged.conll:2: found 1 column, expected 2"),
      (65, ["empty.conll"], "the file is empty"), (65, ["zip.conll"], "zip.conll"),
      (65, ["mixed.conll"], "mixed.conll:2: found the tag \"PER\" beside tags of chunks"),
      (66, ["none.conll"], "no such file"), (64, [], "Missing expected argument"),
      (64, ["t.conll", "--scheme", "biox"], "--scheme"),
      (64, ["t.conll", "--character-size", "7"], "The character size is an even number"),
      (64, ["t.conll", "--token-column", "0"], "--token-column counts from 1"),
    ] as [(Int32, [String], String)])
  func wrongFilesAndFlags(_ code: Int32, _ arguments: [String], _ part: String) async throws {
    try await Workspace.with { workspace in
      for (name, text) in [
        ("t.conll", Self.file), ("no.conll", "a\tO\nb\tO\n\nc\tO\n"), ("ragged.conll", "a\tO\nb\n"),
        ("empty.conll", ""), ("mixed.conll", "a\tB-X\nb\tPER\nc\tO\n"),
      ] {
        try workspace.write(text, to: name)
      }
      try workspace.write(Data([0x50, 0x4B, 3, 4, 0, 0xFF]), to: "zip.conll")
      let small = code == 64 ? [] : Self.small + ["--test-fraction", "0", "--dev-fraction", "0"]
      try await workspace.expectFailure(
        code, [part], running: ["train", "tagger"] + arguments + small)
    }
  }
}
