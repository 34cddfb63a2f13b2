import Foundation
import Recurrent
import RecurrentTasks
import TestSupport
import Testing

/// `recurrent train JOB … --from MODEL`.
@Suite(.optimized) struct TrainFromTests {
  private static let base = [
    "train", "forecaster", "more.csv", "--calibration", "validation", "--from", "model", "--epochs",
  ]

  /// A model of prices with a covariate in the folder `model`, and rows that come after in
  /// `more.csv`.
  private func withModel(_ body: (Workspace) async throws -> Void) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv", "--covariates", "Open", "--scaling", "standard")
      try workspace.write(Sample.csv(Array(Sample.rows(90).dropFirst(30))), to: "more.csv")
      try await body(workspace)
    }
  }

  @Test func goesOn() async throws {
    try await withModel { workspace in
      let result = try await workspace.recurrent(Self.base + ["3", "--output", "next"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("\nfrom        model, trained on t.csv, 60 rows\n"))
      #expect(result.output.contains("\nforecast    Close by Date, from Open too\n"))
      // What the model forecasts at once, not what a new one would.
      #expect(result.output.contains("\nNext: recurrent predict next --steps 1\n"))
      let (old, new) = try (
        Forecaster(contentsOf: workspace.path + "/model"),
        Forecaster(contentsOf: workspace.path + "/next")
      )
      #expect(new.options.window == 8 && new.options.hiddenSize == 4 && new.options.layers == 1)
      #expect(new.options.epochs == 3 && new.configuration.epochs == 3)
      #expect(old.configuration.epochs == 1 && new.configuration.channels == ["Close", "Open"])
      #expect(new.configuration.trainedOn == "more.csv, 60 rows")
      let record = try workspace.text("next/run.json")
      for file in ["more.csv", "model/config.json", "model/model.safetensors"] {
        #expect(record.contains("\"\(file)\""))
      }
    }
  }

  @Test func refusals() async throws {
    try await withModel { workspace in
      try await workspace.expectFailure(
        65, ["--hidden is 9, but 4 in the model to go on from. Leave it out, or train anew."],
        running: Self.base + ["1", "--hidden", "9"])
      try await workspace.expectFailure(
        65, ["found the columns Close, Volume, expected Close, Open"],
        running: Self.base + ["1", "--covariates", "Volume"])
      try await workspace.expectFailure(
        66, ["nowhere"],
        running: ["train", "forecaster", "more.csv", "--from", "nowhere", "--output", "o"])
      try await workspace.expectFailure(
        65, ["model: is a forecaster model, expected a text-generator model"],
        running: ["train", "generator", "more.csv", "--from", "model", "--output", "o"])
    }
  }

  /// Stopped and gone on with, the model is the same as of a training that never stopped, also where
  /// it takes the place of the one that it comes from; but only as long as that one is there.
  @Test(arguments: ["next", "model"]) func resumes(_ output: String) async throws {
    try await withModel { workspace in
      let arguments =
        Self.base
        + ["400", "--patience", "400", "--batch", "8", "--progress", "lines", "--output"]
      let whole = try await workspace.recurrent(arguments + ["whole"])
      #expect(whole.exitCode == 0, "\(whole.errorOutput)")
      let script = """
        "$recurrent" \(arguments.joined(separator: " ")) \(output) 2>errors &
        until grep -q ^epoch errors 2>/dev/null; do sleep 0.02; done
        kill -TERM $!; wait $!; echo "exit $?"
        """
      let stopped = try await CommandRunner.run(
        "/bin/bash", ["-c", script], environment: ["recurrent": CommandRunner.commandPath()],
        workingDirectory: workspace.path)
      #expect(stopped.output.hasSuffix("exit 143\n"), "\(stopped.output)")
      // With another model it is another training.
      let file = workspace.path + "/model/history.csv"
      let history = try Data(contentsOf: URL(fileURLWithPath: file))
      try Data("epoch\n".utf8).write(to: URL(fileURLWithPath: file))
      let refused = try await workspace.recurrent(["resume", output])
      #expect(refused.exitCode == 65)
      #expect(
        refused.errorOutput.contains(
          "model/history.csv: is not what it was when the training began"),
        "\(refused.errorOutput)")
      try history.write(to: URL(fileURLWithPath: file))
      let resumed = try await workspace.recurrent(["resume", output])
      #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
      #expect(resumed.errorOutput.contains("going on with training 1 of 2, epoch "))
      for name in ["config.json", "model.safetensors", "recent.json"] {
        #expect(
          try workspace.bytes(output + "/" + name) == workspace.bytes("whole/" + name), "\(name)")
      }
    }
  }
}
