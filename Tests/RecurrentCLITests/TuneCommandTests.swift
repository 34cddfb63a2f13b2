import Foundation
import RecurrentTasks
import TestSupport
import Testing

/// `recurrent tune`.
@Suite(.optimized) struct TuneCommandTests {
  private func search(_ output: String) -> [String] {
    [
      "tune", "forecaster", "t.csv", "--window", "8", "--hidden", "4", "--layers", "1", "--epochs",
      "9", "--trials", "9", "--output", output,
    ]
  }

  /// Every option that can be tuned is a flag of the training command, of the kind that it says.
  @Test func whatIsSearchedAreFlags() async throws {
    func check<Options: JobOptions>(_ job: String, _: Options.Type) async throws {
      let help = try await CommandRunner.run(
        CommandRunner.commandPath(), ["train", job, "--help"], environment: ["COLUMNS": "1000"])
      for option in Options.tunable {
        let flag = try Regex("\n  --\(option.name)( <|  +)")
        let match = try #require(try flag.firstMatch(in: help.output), "\(job) \(option.name)")
        #expect(match.0.hasSuffix("<") == !option.isSwitch, "\(job) \(option.name)")
      }
    }
    try await check("forecaster", ForecasterOptions.self)
    try await check("classifier", TextClassifierOptions.self)
    try await check("tagger", SequenceTaggerOptions.self)
    try await check("translator", TranslatorOptions.self)
    try await check("generator", TextGeneratorOptions.self)
    try await check("composer", ComposerOptions.self)
    try await check("image-classifier", ImageClassifierOptions.self)
  }

  @Test func whatIsNoSearchIsRefused() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let refused = [
        (["--search", "windw=3"], "windw is not searched. Did you mean window? There are model,"),
        (["--search", "horizon"], "horizon is not searched. There are model,"),
        (
          ["--search", "window=9,b"], "--search window: has no value b; expected such as 25...200."
        ),
        (["--search", "window=9...3"], "values are such as 24,48,96 or 1e-4...1e-2"),
        (["--search", "window="], "--search window= has no values"),
        (["--search", "window", "--search", "window=3,4"], "names window twice"),
        (["--trials", "0"], "The number of trials is between 1 and 100000, not 0."),
        (["--budget", "10"], "'10' is invalid for '--budget <time>'"),
        (["--budget", "-3s"], "--budget"),
        (["--from", "model"], "--from has no place here"),
        (["--tirals", "3"], "Did you mean '--trials'?"),
      ]
      for (flags, part) in cases(refused, inDebug: 4) {
        let result = try await workspace.recurrent(["tune", "forecaster", "t.csv"] + flags)
        #expect(result.exitCode == 64 && result.output.isEmpty)
        #expect(result.errorOutput.contains(part), "\(result.errorOutput)")
        #expect(!result.errorOutput.contains("forecaster forecaster"))
      }
      let input = try await workspace.recurrent(["tune", "forecaster", "-"])
      #expect(input.exitCode == 64 && input.errorOutput.contains("keep it in a file"))
      #expect(try workspace.contents().count == 1)
      try await workspace.expectFailure(
        66, ["none.csv: there is no such file"], running: ["tune", "forecaster", "none.csv"])
    }
  }

  /// The best is what the command that is printed trains; a flag that is given stays.
  @Test func theBestIsTrainedAsToldAndWritten() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let result = try await workspace.recurrent(
        search("m") + ["--search", "all", "--search", "hidden=2...6"])
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      for part in [
        "search      9 trials, judged on the validation part, seed 0\n", "hidden 2...6\n",
        "The best of 9 trials:\ntrial", "validation MASE\n",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
      #expect(!result.output.contains("            layers "))
      let lines = try workspace.text("m/trials.jsonl").split(separator: "\n")
      #expect(lines.count >= 12 && lines.allSatisfy { $0.contains("\"trial\":") })
      #expect(try workspace.text("m/trials.svg").contains("Validation MASE by trial"))
      let command = try #require(
        result.output.firstMatch(of: #/  recurrent (train forecaster .*)\n/#)?.1)
      let words = command.split(separator: " ").map(String.init).map { $0 == "m" ? "alone" : $0 }
      #expect(words.contains("--layers") && !words.contains("--trials"))
      let alone = try await workspace.recurrent(words)
      #expect(alone.exitCode == 0, "\(alone.errorOutput)")
      for file in ["model.safetensors", "history.csv", "forecast.csv"] {
        #expect(try workspace.bytes("m/\(file)") == workspace.bytes("alone/\(file)"), "\(file)")
      }
      #expect(!workspace.isThere("m/.recurrent-run"))
    }
  }

  /// Killed at any moment, a search goes on to the same trials and the same model.
  @Test func killedItGoesOn() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let whole = try await workspace.recurrent(search("whole"))
      try #require(whole.exitCode == 0, "\(whole.errorOutput)")
      func trials(_ folder: String) throws -> String {
        try workspace.text(folder + "/trials.jsonl").replacing(#/"seconds":[0-9.e-]+/#, with: "")
      }
      var kills = 0
      for wait in [1.0, 2.0, 0.5] {
        let words = kills == 0 ? search("m") : ["resume", "m"]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try CommandRunner.commandPath())
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: workspace.path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let log = "m/.recurrent-run/trials.jsonl"
        let start = Date()
        while process.isRunning, Date().timeIntervalSince(start) < 60 * wait,
          ((try? workspace.text(log)) ?? "").split(separator: "\n").count < 3 * (kills + 1)
        {
          try await Task.sleep(for: .milliseconds(2))
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        if workspace.isThere(log) { kills += 1 }
      }
      try #require(kills > 0)
      if workspace.isThere("m/.recurrent-run") {
        let again = try await workspace.recurrent(search("m"))
        #expect(
          again.exitCode == 65
            && again.errorOutput.contains("Go on with it by recurrent resume m"))
        let result = try await workspace.recurrent(["resume", "m"])
        #expect(result.exitCode == 0, "\(result.errorOutput)")
      }
      for file in ["model.safetensors", "history.csv", "forecast.csv"] {
        #expect(try workspace.bytes("m/\(file)") == workspace.bytes("whole/\(file)"), "\(file)")
      }
      #expect(try trials("m") == trials("whole"))
    }
  }

  /// Every job is searched by the same command.
  @Test func everyJob() async throws {
    try await Workspace.with { workspace in
      let words = ["good", "fine", "bad", "sad"]
      let lines = (0..<80).map { row in
        "it was \(words[row % 4]) and \(words[(row / 4) % 2 + (row % 4 / 2) * 2])\t\(row % 4 / 2)"
      }
      try workspace.write("text\tlabel\n" + lines.joined(separator: "\n") + "\n", to: "c.tsv")
      try workspace.write(
        lines.map {
          $0.split(separator: "\t")[0] + "\t" + $0.split(separator: "\t")[0].uppercased()
        }
        .joined(separator: "\n") + "\n", to: "p.tsv")
      try workspace.write(
        (0..<60).map { "Anna B-PER\nsaw O\n\(["Rome", "Bonn"][$0 % 2]) B-LOC\n\n" }.joined(),
        to: "t.conll")
      try workspace.write(String(repeating: "to be or not to be. ", count: 120), to: "g.txt")
      for words in [
        ["classifier", "c.tsv", "--text", "text", "--label", "label", "--embedding", "8"],
        ["tagger", "t.conll", "--embedding", "8", "--characters", "none"],
        ["translator", "p.tsv", "--embedding", "8", "--vocabulary", "40"],
        ["generator", "g.txt", "--embedding", "8", "--steps", "10"],
        ["image-classifier"],
      ] {
        let result = try await workspace.recurrent(
          ["tune"] + words + [
            "--hidden", "8", "--epochs", "2", "--trials", "3", "--output", words[0],
          ])
        #expect(result.exitCode == 0, "\(words[0]): \(result.errorOutput)")
        let trials = try workspace.text(words[0] + "/trials.jsonl").split(separator: "\n")
        #expect(trials.count == 3 && trials.allSatisfy { $0.contains("\"score\":") }, "\(trials)")
      }
    }
  }
}
