import Foundation
import Recurrent
import TestSupport
import Testing

/// Results that cannot be written: said before training where possible, exit code 65, and nothing
/// half-written is left.
@Suite(.optimized) struct UnwritableOutputTests {
  private func train(to output: String) -> [String] {
    ["train", "forecaster", "t.csv", "--output", output] + Sample.small
  }

  private func withTable(_ body: (Workspace) async throws -> Void) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await body(workspace)
    }
  }

  /// Refused before training: no epoch is reported.
  private func expectRefusedFirst(
    _ output: String, _ parts: [String], in workspace: Workspace
  ) async throws {
    try await workspace.expectFailure(65, parts, running: train(to: output))
    let result = try await workspace.recurrent(train(to: output))
    #expect(result.output.isEmpty)
    #expect(!result.errorOutput.contains("epoch"))
  }

  @Test func folderOfSomethingElse() async throws {
    try await withTable { workspace in
      try await expectRefusedFirst(
        ".", ["recurrent: .: exists and is not a model folder: it holds no config.json. Choose"],
        in: workspace)
    }
  }

  @Test func noName() async throws {
    try await withTable { workspace in
      try await workspace.expectFailure(
        64, ["Error: --output names a folder, not nothing."], running: train(to: ""))
    }
  }

  @Test func fileInThePlace() async throws {
    try await withTable { workspace in
      try await expectRefusedFirst(
        "t.csv", ["recurrent: t.csv: exists and is not a folder. Choose another name."],
        in: workspace)
    }
  }

  @Test func pathUnderAFile() async throws {
    try await withTable { workspace in
      try await expectRefusedFirst(
        "t.csv/model",
        ["recurrent: t.csv/model: cannot be written: a part of the path is not a folder."],
        in: workspace)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self"))) func readOnlyPlace()
    async throws
  {
    try await withTable { workspace in
      try await expectRefusedFirst(
        "/proc/model", ["recurrent: /proc/model: cannot be written: "], in: workspace)
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root may write anywhere")) func readOnlyFolder() async throws
  {
    try await withTable { workspace in
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o555], ofItemAtPath: workspace.path)
      try await expectRefusedFirst("model", ["permission denied. Choose a folder"], in: workspace)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: workspace.path)
    }
  }

  /// Other software keeps its things in a file of that name too.
  @Test func folderOfOtherSoftware() async throws {
    try await withTable { workspace in
      try FileManager.default.createDirectory(
        atPath: workspace.path + "/app", withIntermediateDirectories: false)
      try workspace.write("{\"my\": \"app\"}", to: "app/config.json")
      for name in ["model.safetensors", "history.csv"] {
        try workspace.write("mine", to: "app/" + name)
      }
      try await expectRefusedFirst(
        "app",
        [
          "app: exists and is not a model folder: config.json: expected a member \"task\"; it holds \"my\"."
        ],
        in: workspace)
    }
  }

  /// The second of two trainings to one folder is refused at once, and the first loses nothing.
  @Test func anotherTrainingAtWork() async throws {
    try await withTable { workspace in
      let run = try ModelFolder.startRun(workspace.path + "/model")
      for output in ["model", "./model/"] {
        try await workspace.expectFailure(
          65,
          [
            "recurrent: \(output): another training, process \(getpid()), is writing to it. Wait"
          ], running: train(to: output))
      }
      run.remove()
      #expect(try await workspace.recurrent(train(to: "model")).exitCode == 0)
      #expect(!workspace.isThere("model/.recurrent-run"))
    }
  }

  /// What appeared in the place while the model was trained is not written over, and the model is
  /// not lost.
  @Test func modelIsKeptElsewhere() async throws {
    try await withTable { workspace in
      // The report is a folder of that name: only the write at the end finds out.
      try ModelFolder.write(
        to: workspace.path + "/model", task: "forecaster", configuration: [0], tensors: [])
      try FileManager.default.createDirectory(
        atPath: workspace.path + "/model/loss.svg", withIntermediateDirectories: false)
      let result = try await workspace.recurrent(train(to: "model"))
      #expect(result.exitCode == 65)
      #expect(
        result.errorOutput.hasSuffix(
          "recurrent: model/loss.svg: cannot be written: it is a folder. "
            + "The model was written to model.2 instead.\n"), "\(result.errorOutput)")
      #expect(try await workspace.recurrent(["predict", "model.2"]).exitCode == 0)
      // Where there is room again, the training ends where it was to.
      try FileManager.default.removeItem(atPath: workspace.path + "/model/loss.svg")
      let again = try await workspace.recurrent(["resume", "model"])
      #expect(again.exitCode == 0, "\(again.errorOutput)")
      #expect(try workspace.bytes("model/config.json") == workspace.bytes("model.2/config.json"))
    }
  }

  /// Files may grow to 4 KiB and no further, as on a disk that fills up while writing.
  private static let fullDisk = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""

  @Test func diskFullWhileWriting() async throws {
    try await withTable { workspace in
      let before = try workspace.contents()
      let result = try await CommandRunner.run(
        "/bin/sh", ["-c", Self.fullDisk, CommandRunner.commandPath()] + train(to: "deep/model"),
        workingDirectory: workspace.path)
      #expect(result.exitCode == 65, "\(result.errorOutput)")
      #expect(
        result.errorOutput.contains(
          "recurrent: deep/model: cannot be written: larger than the system allows a file to be."))
      // The training was not for nothing: its report is shown all the same.
      #expect(result.output.contains("naive (last value)"))
      #expect(!result.output.contains("Wrote"))
      #expect(try workspace.contents().filter { $0.key != "deep" } == before)
    }
  }

  /// An older model in the place stays whole.
  @Test func diskFullWhileReplacing() async throws {
    try await withTable { workspace in
      try await workspace.train("t.csv", "--seed", "7")
      let before = try workspace.contents()
      let result = try await CommandRunner.run(
        "/bin/sh", ["-c", Self.fullDisk, CommandRunner.commandPath()] + train(to: "model"),
        workingDirectory: workspace.path)
      #expect(result.exitCode == 65, "\(result.errorOutput)")
      #expect(try workspace.contents() == before)
      #expect(try await workspace.recurrent(["predict", "model"]).exitCode == 0)
    }
  }

  @Test func plot() async throws {
    try await withTable { workspace in
      try await workspace.train("t.csv")
      let cases = [
        ("t.csv/p.svg", "a part of the path is not a folder. Choose another path."),
        ("no/p.svg", "there is no such file or folder. Create the folder no first"),
        ("model", "it is a folder. Choose another path."),
      ]
      for (path, problem) in cases {
        try await workspace.expectFailure(
          65, ["recurrent: \(path): cannot be written: \(problem)"],
          running: ["predict", "model", "--plot", path])
      }
      try #require(FileManager.default.fileExists(atPath: "/dev/full") == isLinux)
      if isLinux {
        try await workspace.expectFailure(
          65, ["recurrent: /dev/full: cannot be written: no space left. Make room"],
          running: ["predict", "model", "--plot", "/dev/full"])
      }
    }
  }

  /// A result that could not be printed is no success.
  @Test(.enabled(if: isLinux)) func standardOutputFull() async throws {
    try await withTable { workspace in
      try await workspace.train("t.csv")
      let result = try await CommandRunner.run(
        "/bin/sh", ["-c", "exec \"$0\" predict model > /dev/full", CommandRunner.commandPath()],
        workingDirectory: workspace.path)
      #expect(result.exitCode == 65)
      #expect(result.errorOutput.hasPrefix("recurrent: standard output: cannot be written ("))
    }
  }

  /// A reader that goes away ends the command without a word, by the signal for that.
  @Test func standardOutputClosedEarly() async throws {
    try await withTable { workspace in
      try await workspace.train("t.csv")
      let result = try await CommandRunner.run(
        "/bin/sh",
        [
          "-c", "\"$0\" predict model --steps 20000 | head -n 1",
          CommandRunner.commandPath(),
        ], workingDirectory: workspace.path)
      #expect(result.exitCode == 0)
      #expect(result.errorOutput.isEmpty)
      #expect(result.output.split(separator: "\n").count == 1)
    }
  }

  /// With output or error closed, no file of the model gets what is printed.
  @Test(arguments: [">&-", "2>&-", "<&- >&- 2>&-"]) func standardStreamsClosed(
    _ redirection: String
  ) async throws {
    try await withTable { workspace in
      try await workspace.train("t.csv", output: "same")
      let result = try await CommandRunner.run(
        "/bin/sh",
        ["-c", "exec \"$0\" \"$@\" \(redirection)", CommandRunner.commandPath()]
          + train(to: "model"),
        workingDirectory: workspace.path)
      #expect(result.exitCode == 0)
      for file in ["model.safetensors", "forecast.csv", "forecast.svg"] {
        #expect(try workspace.bytes("model/" + file) == workspace.bytes("same/" + file))
      }
    }
  }
}

#if os(Linux)
  private let isLinux = true
#else
  private let isLinux = false
#endif
