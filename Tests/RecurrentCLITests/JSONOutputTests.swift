import Foundation
import TestSupport
import Testing

/// `--json`: one object on standard output and nothing else, with the numbers that people see.
@Suite(.optimized) struct JSONOutputTests {
  private func object(_ result: CommandResult) throws -> [String: Any] {
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    return try #require(
      try JSONSerialization.jsonObject(with: result.outputBytes) as? [String: Any],
      "\(result.output)")
  }

  private static let tagged = String(
    repeating: "Ada\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n\nRain\tO\nfalls\tO\n\n", count: 10)

  @Test func trainEvaluateInspect() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let trained = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--output", "model", "--json"] + Sample.small)
      let training = try object(trained)
      #expect(training["job"] as? String == "forecaster" && training["model"] as? String == "model")
      #expect(training["trainedOn"] as? String == "t.csv, 60 rows")
      #expect((training["options"] as? [String: Any])?["window"] as? Int == 8)
      let run = try #require((training["training"] as? [[String: Any]])?.first)
      #expect(try #require(run["seconds"] as? Double) > 0)
      let baselines = try #require(training["baselines"] as? [String: [String: Double]])
      #expect(baselines["naive"].map { Set($0.keys) } == ["RMSE", "MAE"], "\(baselines)")
      #expect(run["epochs"] as? Int == 1 && run["stop"] as? String == "allEpochs")
      #expect((training["files"] as? [String])?.contains("forecast.csv") == true)
      for part in ["t.csv: 60 rows", "Wrote model", "course      at most 1 epoch of "] {
        #expect(trained.errorOutput.contains(part), "\(part) in: \(trained.errorOutput)")
      }
      let scores = try #require(training["scores"] as? [String: Double])
      #expect(Set(scores.keys) == ["RMSE", "MAE", "skill"])

      let shown = try object(try await workspace.recurrent(["inspect", "model", "--json"]))
      #expect(shown["scores"] as? [String: Double] == scores && shown["training"] == nil)
      let names = (shown["parameters"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
      #expect(names?.contains("head.bias") == true || names?.isEmpty == false, "\(names ?? [])")

      let measured = try await workspace.recurrent(["evaluate", "model", "t.csv", "--json"])
      let evaluation = try object(measured)
      #expect((evaluation["data"] as? [String: String])?["source"] == "t.csv")
      let rmse = try #require((evaluation["scores"] as? [String: Double])?["RMSE"])
      let headline = try #require(evaluation["headline"] as? [String: Any])
      #expect(headline["name"] as? String == "RMSE" && headline["value"] as? Double == rmse)
      let table = try await workspace.recurrent(["evaluate", "model", "t.csv"]).output
      #expect(table.contains(String(format: "%.3f", rmse).prefix(4)), "\(rmse) in: \(table)")

      let cost = try object(
        try await workspace.recurrent(["inspect", "model", "--cost", "--json"]))
      #expect(cost["example"] as? String == "window" && cost["steps"] as? Int == 8)
      let small = try object(
        try await workspace.recurrent(["quantize", "model", "--output", "small", "--json"]))
      #expect((small["rounding"] as? [String: Any])?["precision"] as? String == "int8")
    }
  }

  /// Two of three chunks are found, one of them with the wrong end; conlleval says precision 50.00 %,
  /// recall 33.33 %, F1 40.00.
  @Test func score() async throws {
    try await Workspace.with { workspace in
      try workspace.write(
        """
        a B-X B-X
        b I-X I-X
        c O O
        d B-Y B-Y
        e I-Y O
        f B-Y O

        """, to: "t.conll")
      let scores = try object(try await workspace.recurrent(["score", "t.conll", "--json"]))
      let overall = try #require(scores["overall"] as? [String: Double])
      #expect(overall["precision"] == 0.5 && overall["F1"] == 0.4)
      #expect(scores["tokens"] as? Int == 6 && scores["scheme"] as? String == "bio")
      #expect((scores["types"] as? [String: Any])?.count == 2)
    }
  }

  @Test func ofATagger() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Self.tagged, to: "t.conll")
      let result = try await workspace.recurrent(
        [
          "train", "tagger", "t.conll", "--output", "model", "--json", "--hidden", "4",
          "--embedding", "4", "--epochs", "1",
        ])
      let training = try object(result)
      let scores = try #require(training["scores"] as? [String: Double])
      #expect(Set(scores.keys) == ["F1", "precision", "recall", "accuracy"])
      let baselines = try #require(training["baselines"] as? [String: [String: Double]])
      #expect(
        Set(baselines.keys) == ["majority", "dictionary"] && baselines["majority"]?["F1"] == 0)
      let difference = try await workspace.recurrent(["diff", "model", "model", "--json"])
      #expect(try object(difference)["values"] as? [String: [String]] == [:])
    }
  }

  /// Every command takes `--json`, and the page of it names each.
  @Test func everywhere() async throws {
    let dump = try object(await CommandRunner.recurrent("--experimental-dump-help"))
    let root = try #require(dump["command"] as? [String: Any])
    let page = try String(
      contentsOfFile: URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        + "/../../Documentation/command.md", encoding: .utf8)
    func look(_ command: [String: Any], _ path: [String]) throws {
      let below = command["subcommands"] as? [[String: Any]] ?? []
      for child in below where child["commandName"] as? String != "help" {
        try look(child, path + [try #require(child["commandName"] as? String)])
      }
      guard below.isEmpty, let name = path.first else { return }
      let flags = (command["arguments"] as? [[String: Any]] ?? []).flatMap {
        ($0["names"] as? [[String: String]] ?? []).compactMap { $0["name"] }
      }
      #expect(flags.contains("json"), "\(path)")
      #expect(page.contains("| `\(name)`"), "\(name)")
      if ["train", "tune", "update", "resume", "backtest"].contains(name) {
        #expect(flags.contains("quiet") && flags.contains("q"), "\(path)")
      }
    }
    try look(root, [])
  }

  /// Quiet is silent; what is wrong, and what was asked for, is still told.
  @Test func quiet() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let train = ["train", "forecaster", "t.csv", "--output", "model", "-q"] + Sample.small
      let silent = try await workspace.recurrent(train)
      #expect(silent.exitCode == 0 && silent.output.isEmpty && silent.errorOutput.isEmpty)
      #expect(workspace.isThere("model/model.safetensors"))
      let answered = try await workspace.recurrent(train + ["--json"])
      #expect(try object(answered)["job"] as? String == "forecaster")
      #expect(answered.errorOutput.isEmpty, "\(answered.errorOutput)")
      let update = try await workspace.recurrent(["update", "model", "t.csv", "--quiet"])
      #expect(update.exitCode == 0 && update.output.isEmpty && update.errorOutput.isEmpty)
      let tested = try await workspace.recurrent(
        ["backtest", "t.csv", "--origins", "2", "-q", "--json"] + Sample.small.dropLast(2))
      #expect(tested.exitCode == 0 && tested.errorOutput.isEmpty, "\(tested.errorOutput)")
      try await workspace.expectFailure(
        66, ["none.csv: "], running: ["train", "forecaster", "none.csv", "-q"])
    }
  }

  @Test func info() async throws {
    let result = try await CommandRunner.recurrent("info", "--json")
    #expect(try object(result)["gflops"] is Double)
  }
}
