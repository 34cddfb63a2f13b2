import Foundation
import TestSupport
import Testing

/// Trainings that were stopped or killed and go on.
@Suite(.optimized) struct ResumeTests {
  /// A forecaster's training that takes a second, and what is left of it after a signal.
  ///
  /// - Parameter network: of several, the one that is stopped.
  private func stopped(
    _ workspace: Workspace, signal: Int32, to output: String, _ flags: [String] = [],
    in network: Int? = nil
  ) async throws {
    try workspace.write(Sample.prices, to: "t.csv")
    // A training may be over before it is seen; then another one is.
    for _ in 0..<20 {
      if try await stop(workspace, signal, to: output, flags, in: network) { return }
      try FileManager.default.removeItem(atPath: workspace.path + "/" + output)
    }
    Issue.record("no training was stopped in time")
  }

  /// Whether a checkpoint was there when the signal came.
  private func stop(
    _ workspace: Workspace, _ signal: Int32, to output: String, _ flags: [String],
    in network: Int?
  ) async throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try CommandRunner.commandPath())
    process.arguments = train(to: output) + flags
    process.currentDirectoryURL = URL(fileURLWithPath: workspace.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var checkpoints = workspace.path + "/\(output)/.recurrent-run/checkpoints"
    if let network { checkpoints += "/network-\(network)" }
    let start = Date()
    func isThere() -> Bool {
      FileManager.default.subpaths(atPath: checkpoints)?.contains { $0.hasSuffix(".safetensors") }
        == true
    }
    while !isThere(), process.isRunning, Date().timeIntervalSince(start) < 60 {
      try await Task.sleep(for: .milliseconds(5))
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return isThere()
  }

  private func train(to output: String) -> [String] {
    ["train", "forecaster", "t.csv"] + Sample.small + [
      "--epochs", "1000", "--patience", "1000", "--batch", "4", "--output", output,
    ]
  }

  @Test(arguments: cases([SIGKILL, SIGTERM])) func goesOnToTheSameBits(signal: Int32) async throws {
    try await Workspace.with { workspace in
      try await stopped(workspace, signal: signal, to: "model")
      let whole = try await workspace.recurrent(train(to: "whole"))
      #expect(whole.exitCode == 0)
      // What was done is not thrown away without a word.
      let anew = try await workspace.recurrent(train(to: "model"))
      #expect(
        anew.exitCode == 65
          && anew.errorOutput.contains(
            "model: holds a training that was stopped. Go on with it by recurrent resume model")
      )
      let result = try await workspace.recurrent(["resume", "model"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.errorOutput.contains("recurrent: going on with epoch "))
      for file in ["model.safetensors", "config.json", "history.csv", "forecast.csv", "loss.svg"] {
        #expect(try workspace.bytes("model/\(file)") == workspace.bytes("whole/\(file)"), "\(file)")
      }
      #expect(!workspace.isThere("model/.recurrent-run"))
      let same = try await workspace.recurrent(["diff", "model", "whole"])
      #expect(same.exitCode == 0 && same.output == "nothing differs\n")
      try await workspace.expectFailure(
        66, ["model: holds no training that was stopped"], running: ["resume", "model"])
    }
  }

  /// A network that got no better before the last epoch is trained, and does not go on.
  @Test func ofSeveralNetworksOneIsTrained() async throws {
    try await Workspace.with { workspace in
      // The second takes more than the second after which a first checkpoint is written.
      let flags = ["--ensemble", "2", "--patience", "100", "--hidden", "96"]
      try await stopped(
        workspace, signal: SIGTERM, to: "model", flags + ["--learning-rate", "0.03"], in: 2)
      let result = try await workspace.recurrent(["resume", "model"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.errorOutput.contains("recurrent: network 1 of 2 is trained.\n"))
      #expect(!result.errorOutput.contains("network 1 of 2, epoch"))
    }
  }

  @Test func otherDataIsRefused() async throws {
    try await Workspace.with { workspace in
      try await stopped(workspace, signal: SIGTERM, to: "model")
      try workspace.write(Sample.prices(line: 5, column: 1, "101.5"), to: "t.csv")
      let result = try await workspace.recurrent(["resume", "model"])
      #expect(result.exitCode == 65)
      #expect(
        result.errorOutput.contains("t.csv: is not what it was when the training began"),
        "\(result.errorOutput)")
      // Nor before the first checkpoint is other data taken; the same is begun anew, and this is said.
      try FileManager.default.removeItem(
        atPath: workspace.path + "/model/.recurrent-run/checkpoints")
      #expect(try await workspace.recurrent(["resume", "model"]).errorOutput == result.errorOutput)
      try workspace.write(Sample.prices, to: "t.csv")
      let begun = try await workspace.recurrent(["resume", "model"])
      #expect(begun.exitCode == 0)
      #expect(begun.errorOutput.contains("it stopped before its first checkpoint: it begins anew."))
      try await stopped(workspace, signal: SIGTERM, to: "model", ["--force"])
      let anew = try await workspace.recurrent(train(to: "model") + ["--restart", "--epochs", "1"])
      #expect(anew.exitCode == 0 && !workspace.isThere("model/.recurrent-run"))
    }
  }

  /// What is read once, as a pipe, is not read for its checksum.
  @Test func dataFromAPipe() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let line = "cat t.csv | \"$0\" train forecaster /dev/stdin \"$@\" --output model"
      let result = try await CommandRunner.run(
        "/bin/sh", ["-c", line, CommandRunner.commandPath()] + Sample.small,
        workingDirectory: workspace.path)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(!(try workspace.text("model/run.json")).contains("fnv1a64"))
    }
  }

  @Test func differences() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try workspace.write(Sample.prices(line: 5, column: 1, "101.5"), to: "u.csv")
      // The one number may be what makes a season.
      try await workspace.train("t.csv", "--season", "none", output: "a")
      try await workspace.train("t.csv", "--season", "none", "--seed", "4", output: "b")
      try await workspace.train("u.csv", "--season", "none", output: "c")
      let seeds = try await workspace.recurrent(["diff", "a", "b"])
      #expect(seeds.exitCode == 1 && seeds.errorOutput.isEmpty)
      for part in ["options.seed ", "evaluation.model.overall.rmse ", "recurrent.0.input_weights "]
      {
        #expect(seeds.output.contains("\n" + part), "\(part) in: \(seeds.output)")
      }
      #expect(!seeds.output.contains("data."))
      let data = try await workspace.recurrent(["diff", "a", "c"]).output
      #expect(data.contains("\ndata.t.csv ") && data.contains("\ndata.u.csv "))
      #expect(data.contains("\ntrainedOn ") && !data.contains("options."))
      try await workspace.expectFailure(
        66, ["none: cannot be read"], running: ["diff", "a", "none"])
    }
  }
}
