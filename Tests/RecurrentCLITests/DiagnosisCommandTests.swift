import Foundation
import Recurrent
import TestSupport
import Testing

/// `--diagnose`, `inspect --gradients`, `find-rate` and `--tensorboard`.
@Suite(.optimized) struct DiagnosisCommandTests {
  @Test func aDiagnosedTrainingIsTheSameAndTellsMore() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv"] + Sample.small
          + ["--output", "seen", "--diagnose", "--tensorboard", "runs/a"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(
        try workspace.bytes("seen/model.safetensors")
          == workspace.bytes("model/model.safetensors"))
      #expect(try workspace.text("seen/history.csv") == workspace.text("model/history.csv"))
      #expect(result.output.contains("Diagnosis after epoch ") && result.output.contains("|dL/dh|"))
      #expect(result.output.contains("diagnosis.json, diagnosis.csv, diagnosis.svg"))
      #expect(!workspace.isThere("model/diagnosis.json"))
      let rows = try workspace.text("seen/diagnosis.csv").split(separator: "\n")
      let epochs = try workspace.text("seen/history.csv").split(separator: "\n").count - 1
      let diagnosed = Set(rows.dropFirst().map { $0.prefix { $0 != "," } })
      #expect(
        diagnosed.isSuperset(of: ["1", "\(epochs)"]) && (rows.count - 1) % diagnosed.count == 0)
      let runs = try FileManager.default.contentsOfDirectory(atPath: workspace.path + "/runs/a")
      #expect(runs.count == 1 && runs[0].hasPrefix("events.out.tfevents."))

      let seen = try await workspace.recurrent(["inspect", "seen", "t.csv", "--gradients"])
      #expect(seen.exitCode == 0 && seen.output.contains("half-life"), "\(seen.errorOutput)")
      let json = try await workspace.recurrent(
        ["inspect", "seen", "t.csv", "--gradients", "--json"])
      #expect(json.output.hasPrefix("{") && json.output.contains("\"stateMemory\""))
      try await workspace.expectFailure(
        64, ["--gradients needs data"], running: ["inspect", "seen", "--gradients"])
      try await workspace.expectFailure(
        64, ["Data belongs to --gradients"], running: ["inspect", "seen", "t.csv"])
    }
  }

  @Test func aRangeTestWritesATableAndAChartAndNoModel() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let result = try await workspace.recurrent(
        ["find-rate", "forecaster", "t.csv"] + Sample.small + [
          "--updates", "40", "--highest", "10",
        ])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("Wrote find-rate.csv, find-rate.svg"))
      #expect(Set(try workspace.contents().keys) == ["t.csv", "find-rate.csv", "find-rate.svg"])
      let rows = try workspace.text("find-rate.csv").split(separator: "\n")
      #expect(rows[0] == "update,learning_rate,loss,smoothed_loss" && rows.count <= 41)
      try await workspace.expectFailure(
        64, ["--updates is between 2"],
        running: ["find-rate", "forecaster", "t.csv", "--updates", "1"])
      try await workspace.expectFailure(
        65, ["t.csv", "is read"], running: ["find-rate", "forecaster", "t.csv", "--csv", "t.csv"])
    }
  }
}
