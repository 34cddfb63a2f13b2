import Foundation
import TestSupport
import Testing

/// `--options`: flags from a JSON file, or of the training of a model.
@Suite(.optimized) struct OptionReuseTests {
  private func said(_ result: CommandResult) -> String? {
    result.output.split(separator: "\n").first { $0.hasPrefix("options     ") }.map(String.init)
  }

  /// The flags of a model train the same bits again; those of its run are not taken.
  @Test func ofAModel() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv", "--seed", "7", "--progress", "lines", output: "first")
      let again = try await workspace.recurrent(
        ["train", "forecaster", "--options", "first", "t.csv", "--output", "again"])
      #expect(again.exitCode == 0, "\(again.errorOutput)")
      #expect(
        said(again)
          == "options     of first: --window 8 --epochs 1 --hidden 4 --layers 1 "
          + "--calibration validation --refit none --seed 7"
      )
      let weights = "/model.safetensors"
      #expect(try workspace.bytes("first" + weights) == workspace.bytes("again" + weights))
      // What is kept of it stands alone, and can be used once more.
      #expect(try !workspace.text("again/run.json").contains("options"))
      let third = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--options=again", "--window", "9", "--output", "third"])
      #expect(
        said(third)
          == "options     of again: --epochs 1 --hidden 4 --layers 1 "
          + "--calibration validation --refit none --seed 7")
      #expect(third.output.contains("window") && third.exitCode == 0, "\(third.errorOutput)")
    }
  }

  @Test func ofATunedModel() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let tuned = try await workspace.recurrent(
        ["tune", "forecaster", "t.csv", "--output", "tuned", "--quiet"] + Sample.small
          + ["--trials", "2", "--search", "learning-rate=0.002,0.004"])
      #expect(tuned.exitCode == 0 && tuned.output.isEmpty, "\(tuned.errorOutput)")
      #expect(tuned.errorOutput.isEmpty, "\(tuned.errorOutput)")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--options", "tuned", "--output", "again"])
      let line = try #require(said(result), "\(result.errorOutput)")
      #expect(line.contains("--window 8 --epochs 1") && !line.contains("--trials"), "\(line)")
    }
  }

  @Test func ofAFile() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try workspace.write(
        """
        {"window": 8, "epochs": 1, "hidden": 4, "layers": 1, "refit": "none", "learningRate": 0.002,
         "covariates": ["Open", "Volume"], "line": true, "no-header": false, "season": null}
        """, to: "small.json")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--options", "small.json", "--epochs", "2", "--json"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(
        result.errorOutput.contains(
          "options     of small.json: --covariates Open,Volume --hidden 4 --layers 1 "
            + "--learning-rate 0.002 --line --refit none --window 8\n"), "\(result.errorOutput)")
      #expect(result.errorOutput.contains("at most 2 epochs"))
    }
  }

  @Test(arguments: [
    (
      #"{"windw": 8}"#,
      ["o.json: windw: is no option of recurrent train forecaster. The nearest is window."]
    ),
    (#"{"line": 3}"#, ["o.json: line: is 3, expected true or false."]),
    (
      #"{"window": true}"#,
      ["o.json: window: is true, expected a number, a text or a list of them."]
    ),
    (#"{"window": {}}"#, ["o.json: window: is an object, expected "]),
    (#"{"window": "many"}"#, ["o.json: window: value 'many' is invalid for '--window <rows>'"]),
    ("[8]", ["o.json"]), ("{", ["o.json:1: column 2: "]),
  ]) func wrongFiles(text: String, parts: [String]) async throws {
    try await Workspace.with { workspace in
      try workspace.write(text, to: "o.json")
      try await workspace.expectFailure(
        65, parts, running: ["train", "forecaster", "t.csv", "--options", "o.json"])
    }
  }

  @Test func wrongFolders() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv")
      let command = ["train", "classifier", "t.tsv", "--options"]
      try await workspace.expectFailure(
        65, ["model: has the options of a forecaster, which are not those of a classifier. "],
        running: command + ["model"])
      try await workspace.expectFailure(66, ["none: "], running: command + ["none"])
      try FileManager.default.removeItem(atPath: workspace.path + "/model/run.json")
      try await workspace.expectFailure(65, ["holds no run.json"], running: command + ["model"])
    }
  }
}
