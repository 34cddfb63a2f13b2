import Foundation
import TestSupport
import Testing

/// Taggers with language models, lists of names, and from tables.
@Suite(.optimized) struct TaggerKnowledgeTests {
  private static let small = [
    "--embedding", "4", "--hidden", "3", "--character-size", "4", "--epochs", "1",
  ]

  private static let file = (0..<40).map { "so\tO\nmr\tO\nAda\tB-PER\nNo\($0 % 7)\tI-PER\n\n" }
    .joined()

  /// Two generators of `text.txt`, in `forward` and `backward`.
  private func trainGenerators(_ workspace: Workspace) async throws {
    try workspace.write(String(repeating: "so mr Ada Lee ran .\n", count: 60), to: "text.txt")
    for (output, more) in [("forward", []), ("backward", ["--backward"])] {
      let result = try await workspace.recurrent(
        [
          "train", "generator", "text.txt", "--hidden", "6", "--layers", "1", "--embedding", "4",
          "--steps", "20", "--epochs", "1", "--output", output,
        ] + more)
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("read from the end of the text") == !more.isEmpty)
      #expect(result.output.contains("A sample at temperature") == more.isEmpty)
      #expect(
        result.output.contains(
          more.isEmpty
            ? "recurrent generate forward"
            : "recurrent train tagger train.conll --language-models FORWARD backward"))
    }
  }

  /// The folder of the model holds all that prediction needs.
  @Test func trainsAndPredictsAlone() async throws {
    try await Workspace.with { workspace in
      try await trainGenerators(workspace)
      try await workspace.expectFailure(
        65, ["reads texts from their end", "without --backward"],
        running: ["generate", "backward", "--prompt", "so"])
      try workspace.write(Self.file, to: "t.conll")
      try workspace.write("Ada No1\nLee\n", to: "people.txt")
      try workspace.write("city\tRom\n", to: "more.tsv")
      let result = try await workspace.recurrent(
        ["train", "tagger", "t.conll", "--output", "model"] + Self.small + [
          "--language-models", "forward", "backward", "--language-size", "5", "--lists",
          "people.txt", "more.tsv",
        ])
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      for part in [
        "language    forward LSTM of 6 units, backward LSTM of 6 units over characters",
        "their states of 12 numbers at", "words are computed once and kept:",
        "lists       city: 1 names, 0.00 % of the training words",
        "people: 2 names,",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
      let before = try await workspace.recurrent(["predict", "model", "t.conll", "--conll"])
      for name in ["forward", "backward", "people.txt", "more.tsv", "text.txt"] {
        try FileManager.default.removeItem(atPath: workspace.path + "/" + name)
      }
      let after = try await workspace.recurrent(["predict", "model", "t.conll", "--conll"])
      #expect(after.exitCode == 0 && after.output == before.output && !after.output.isEmpty)
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("lists       city 1, people 2 names"), "\(shown.output)")
      #expect(shown.output.contains("context.projection.weights"))
      let further = try await workspace.recurrent(
        ["train", "tagger", "t.conll", "--from", "model", "--epochs", "1", "--output", "further"])
      #expect(further.exitCode == 0, "\(further.errorOutput)")
    }
  }

  @Test func wrongModelsAndLists() async throws {
    try await Workspace.with { workspace in
      try await trainGenerators(workspace)
      try workspace.write(Self.file, to: "t.conll")
      try workspace.write("\n", to: "none.txt")
      for (code, flags, part) in [
        (64, ["--language-models", "forward"], "are two folders"),
        (
          64, ["--language-size", "0", "--language-models", "forward", "backward"], "language size"
        ),
        (65, ["--language-models", "backward", "forward"], "backward: reads texts from their end"),
        (
          65, ["--language-models", "forward", "forward"], "`recurrent train generator --backward`"
        ),
        (66, ["--language-models", "forward", "nowhere"], "nowhere"),
        (65, ["--lists", "none.txt"], "none.txt: there is no name in it"),
        (66, ["--lists", "nowhere.txt"], "nowhere.txt: there is no such file"),
      ] as [(Int32, [String], String)] {
        try await workspace.expectFailure(
          code, [part], running: ["train", "tagger", "t.conll"] + Self.small + flags)
      }
    }
  }

  /// A table says how it was read, and another reading can be told.
  @Test func readsTables() async throws {
    try await Workspace.with { workspace in
      let rows = (0..<30).map {
        "Sentence: \($0),mr,X,O\n,Ada,Y,B-per\n,\"No,\($0 % 5)\",Y,I-per\n"
      }
      try workspace.write("Sentence #,Word,POS,Tag\n" + rows.joined(), to: "t.csv")
      let result = try await workspace.recurrent(
        ["train", "tagger", "t.csv", "--output", "model"] + Self.small)
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.hasPrefix("t.csv: 30 sentences, 90 tokens\n"))
      #expect(result.output.contains("read as a table: tokens in column \"Word\", tags in \"Tag\""))
      let parts = try await workspace.recurrent(
        ["train", "tagger", "t.csv", "--tag-column", "POS", "--output", "pos"] + Self.small)
      #expect(parts.output.contains("tags        X, Y\n"), "\(parts.output)\(parts.errorOutput)")
      let measured = try await workspace.recurrent(["evaluate", "pos", "t.csv"])
      #expect(measured.output.contains("tags in \"POS\""), "\(measured.errorOutput)")
      // What a table taught reads lines of tokens.
      try workspace.write("mr\nAda\n", to: "new.conll")
      let tagged = try await workspace.recurrent(["predict", "model", "new.conll", "--conll"])
      #expect(tagged.exitCode == 0, "\(tagged.errorOutput)")
      try await workspace.expectFailure(
        65, ["t.csv:1: column \"Words\": there is no such column"],
        running: ["train", "tagger", "t.csv", "--token-column", "Words"] + Self.small)
    }
  }
}
