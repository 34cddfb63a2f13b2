import Foundation
import Recurrent
import TestSupport
import Testing

/// Training into a folder in which a model is.
@Suite(.optimized) struct FormerModelTests {
  private static let tagged = String(
    repeating: "Ada\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n\nRain\tO\nfalls\tO\n\n", count: 10)
  private static let tiny = ["--hidden", "4", "--embedding", "4", "--epochs", "1"]

  private func names(_ workspace: Workspace) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: workspace.path + "/model").sorted()
  }

  @Test func saysWhatItReplaces() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let train = ["train", "forecaster", "t.csv", "--output", "model"] + Sample.small
      let first = try await workspace.recurrent(train)
      #expect(first.exitCode == 0 && !first.output.contains("replaces"), "\(first.errorOutput)")
      let second = try await workspace.recurrent(train + ["--seed", "1"])
      let line = try #require(
        second.output.split(separator: "\n").first { $0.hasPrefix("replaces") })
      #expect(
        line.contains(
          #/^replaces    the forecaster of \d{4}-\d\d-\d\d \d\d:\d\d, trained on t.csv, 60 rows: RMSE [0-9.]+, when training is done$/#
        ), "\(line)")
    }
  }

  /// One of another job is kept, and its folder takes the new one only if told so; then nothing of
  /// the old is left, and what is not ours stays.
  @Test func anotherJobs() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try workspace.write(Self.tagged, to: "t.conll")
      try await workspace.train("t.csv")
      try workspace.write("mine", to: "model/notes.txt")
      #expect(
        try names(workspace) == [
          "config.json", "errors.svg", "forecast.csv", "forecast.svg", "history.csv", "loss.svg",
          "model.safetensors", "notes.txt", "recent.json", "run.json",
        ])
      let train = ["train", "tagger", "t.conll", "--output", "model"] + Self.tiny
      try await workspace.expectFailure(
        65,
        [
          "model: holds another model than a tagger: the forecaster of ",
          ", trained on t.csv, 60 rows",
          "Choose another --output, or replace it with --force.",
        ], running: train)
      let forced = try await workspace.recurrent(train + ["--force"])
      #expect(forced.exitCode == 0, "\(forced.errorOutput)")
      #expect(forced.output.contains("\nreplaces    the forecaster of "))
      #expect(
        try names(workspace) == [
          "config.json", "history.csv", "loss.svg", "model.safetensors", "notes.txt", "run.json",
          "words.json",
        ])
      #expect(try workspace.text("model/notes.txt") == "mine")
    }
  }

  /// `config.json` of older versions does not list reports.
  @Test func ofAnOlderVersion() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try workspace.write(Self.tagged, to: "t.conll")
      try await workspace.train("t.csv")
      var text = try workspace.text("model/config.json")
      text.replace(#/  "reports" : \[[^\]]*\],\n/#, with: "")
      #expect(!text.contains("reports"))
      try workspace.write(Data(ModelFolder.sealed(Array(text.utf8))), to: "model/config.json")
      let forced = try await workspace.recurrent(
        ["train", "tagger", "t.conll", "--output", "model", "--force"] + Self.tiny)
      #expect(forced.exitCode == 0, "\(forced.errorOutput)")
      #expect(try !names(workspace).contains("forecast.csv"))
    }
  }

  @Test func quantizedOverAnotherJobs() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try workspace.write(Self.tagged, to: "t.conll")
      try await workspace.train("t.csv")
      let trained = try await workspace.recurrent(
        ["train", "tagger", "t.conll", "--output", "tagger"] + Self.tiny)
      #expect(trained.exitCode == 0)
      try await workspace.expectFailure(
        65, ["tagger: holds another model than a forecaster", "Choose another --output."],
        running: ["quantize", "model", "--output", "tagger"])
    }
  }

  /// A table that lies where training writes is not written over.
  @Test func whatIsReadIsKept() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv")
      try workspace.write(Sample.prices, to: "model/forecast.csv")
      try await workspace.expectFailure(
        65, ["model/forecast.csv", "is read, and what is written would take its place"],
        running: ["train", "forecaster", "model/forecast.csv", "--output", "model"] + Sample.small)
      try workspace.write(Sample.prices, to: "t.svg")
      try await workspace.expectFailure(
        65, ["t.svg", "is read"], running: ["predict", "model", "t.svg", "--plot", "./t.svg"])
    }
  }
}
