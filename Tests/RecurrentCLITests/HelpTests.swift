import Foundation
import Recurrent
import TestSupport
import Testing

/// What the command says about itself.
@Suite struct HelpTests {
  private func output(_ arguments: String...) async throws -> String {
    try await Workspace.with { workspace in
      let result = try await workspace.recurrent(arguments)
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
      #expect(try workspace.contents().isEmpty)
      for line in result.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
      return result.output
    }
  }

  @Test func version() async throws {
    #expect(try await output("--version") == LibraryVersion.current + "\n")
  }

  @Test func bareCommandsExplainThemselves() async throws {
    let bare = try await output()
    #expect(try await bare == output("--help"))
    for part in [
      "recurrent train forecaster --output model\n", "recurrent predict model --steps 5\n",
      "Exit codes: 0 done; 64 wrong flags; 65 ", "recurrent help TOPIC",
    ] {
      #expect(bare.contains(part), "\(part) in: \(bare)")
    }
    for name in ["train", "predict", "evaluate", "inspect", "quantize", "info", "bench"] {
      #expect(bare.contains("\n  \(name) "))
    }
    let train = try await output("train")
    #expect(train.contains("SUBCOMMANDS:\n  forecaster "))
    #expect(train.contains("  recurrent train forecaster prices.csv --target Close\n"))
  }

  /// Each help shows commands to copy, each on one line, whose flags there are.
  @Test(arguments: [
    ["train", "forecaster"], ["train", "classifier"], ["predict"], ["evaluate"], ["inspect"],
    ["train", "image-classifier"], ["train", "composer"], ["train", "translator"],
    ["train", "generator"], ["generate"], ["compose"], ["quantize"], ["convert"], ["run"], ["info"],
    ["bench"], ["update"], ["anomalies"],
  ]) func examples(_ command: [String]) async throws {
    let help = try await Workspace.with { try await $0.recurrent(command + ["--help"]).output }
    let start = "  recurrent " + command.joined(separator: " ")
    let examples = help.split(separator: "\n").filter { $0.hasPrefix(start) }
    #expect(!examples.isEmpty, "\(help)")
    for example in examples {
      for flag in example.split(separator: " ") where flag.hasPrefix("--") {
        #expect(help.contains("\n  \(flag)") || help.contains(", \(flag)"), "\(flag)")
      }
    }
    #expect(!help.contains("\n--"), "an example is broken over two lines: \(help)")
  }

  /// Help is as wide as the terminal, and a line ends only where the next word has no room.
  @Test(
    arguments: [
      [], ["train"], ["train", "forecaster"], ["train", "classifier"], ["train", "tagger"],
      ["train", "translator"], ["train", "generator"], ["train", "composer"],
      ["train", "image-classifier"], ["resume"], ["diff"], ["predict"], ["evaluate"], ["score"],
      ["generate"], ["compose"], ["inspect"], ["convert"], ["run"], ["quantize"], ["info"],
      ["bench"],
    ], cases([60, 80])) func paragraphs(_ command: [String], width: Int) async throws
  {
    let help = try await CommandRunner.run(
      CommandRunner.commandPath(), command + ["--help"], environment: ["COLUMNS": "\(width)"]
    ).output
    let text = help.prefix(upTo: help.firstRange(of: "\nUSAGE:")?.lowerBound ?? help.endIndex)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (line, next) in zip(lines, lines.dropFirst())
    where !line.isEmpty && !next.isEmpty && line.first != " " && next.first != " " {
      let word = next.prefix { $0 != " " }
      // The last column stays free.
      #expect(line.count + 1 + word.count >= width, "\(line)\n\(next)")
    }
    if let usage = help.split(separator: "\n").first(where: { $0.hasPrefix("USAGE:") }) {
      #expect(usage.count <= 80, "\(usage)")
    }
    // An example is a line to copy, and fits the usual width.
    if width == 80 {
      let examples = text.split(separator: "\nExamples:\n").dropFirst().joined()
      for line in examples.split(separator: "\n") { #expect(line.first == " ", "\(line)") }
    }
    for line in lines where line.first != " " { #expect(line.count <= width, "\(line)") }
  }

  @Test func everyFlagOfTraining() async throws {
    let help = try await output("train", "forecaster", "--help")
    for flag in [
      "--target", "--time", "--covariates", "--series", "--missing", "--window", "--horizon",
      "--season", "--scaling", "--loss", "--quantiles", "--test-fraction",
      "--validation-fraction, --dev-fraction",
      "--cell", "--hidden", "--layers", "--dropout", "--epochs", "--batch", "--learning-rate",
      "--patience", "--seed", "--threads", "--progress", "--from",
    ] {
      #expect(help.contains("\n  \(flag) <"), "\(flag)")
    }
    #expect(help.contains("-o, --output <folder>"))
    for part in ["COLUMNS:", "FORECAST:", "NETWORK AND TRAINING:", "(default: 0.1,0.5,0.9)"] {
      #expect(help.contains(part), "\(part)")
    }
  }

  @Test func info() async throws {
    let lines = try await output("info", "--threads", "1").split(separator: "\n")
    try #require(lines.count == 4)
    #expect(lines[0] == "recurrent \(LibraryVersion.current)")
    #expect(lines[1].hasPrefix("kernels   \(Kernels.name) (on this machine: "))
    let processors = ProcessInfo.processInfo.activeProcessorCount
    #expect(lines[2] == "threads   1 of \(processors)")
    #expect(lines[3].contains(#/^peak      \d+ GFLOP/s \(matrix product of 1024³\)$/#))
  }

  @Test func kernelPathByName() async throws {
    try await Workspace.with { workspace in
      let portable = try await workspace.recurrent(
        ["info"], environment: ["RECURRENT_KERNELS": "portable"])
      #expect(portable.output.contains("kernels   portable ("))
      let unknown = try await workspace.recurrent(
        ["--version"], environment: ["RECURRENT_KERNELS": "fast"])
      #expect(unknown.exitCode == 0)
      #expect(
        unknown.errorOutput.hasPrefix(
          "recurrent: RECURRENT_KERNELS names a path this machine does not have; using "))
    }
  }

  /// Scripts that complete commands, flags, their values, files and model folders.
  @Test(.optimized) func completion() async throws {
    try await Workspace.with { workspace in
      for shell in ["zsh", "fish"] {
        let script = try await workspace.recurrent(["--generate-completion-script", shell])
        #expect(script.exitCode == 0 && script.output.contains("image-classifier"))
        let topics = try #require(script.output.firstMatch(of: #/[(']data ([a-z -]+) train /#))
        #expect(topics.1.hasPrefix("seasons checkpoints "), "\(topics.1)")
      }
      let script = try await workspace.recurrent(["--generate-completion-script", "bash"])
      try workspace.write(script.output, to: "complete.bash")
      try workspace.write("", to: "prices 2014.csv")
      try FileManager.default.createDirectory(
        atPath: workspace.path + "/model", withIntermediateDirectories: false)
      for (words, expected) in [
        (["tr"], "train"), (["train", "fo"], "forecaster"),
        (["train", "forecaster", "--learn"], "--learning-rate"),
        (["train", "forecaster", "--cell", "g"], "gru"),
        (["train", "generator", "--tokens", "w"], "words"), (["bench", "--mode", "s"], "step"),
        (["train", "forecaster", "--options", "pri"], "prices 2014.csv"),
        (["train", "forecaster", "pri"], "prices 2014.csv"), (["predict", "mo"], "model"),
        (["train", "tagger", "t.conll", "--output", "mo"], "model"),
        (["help", "sea"], "seasons"), (["help", "exi"], "exit-codes"), (["help", "tr"], "train"),
      ] {
        let code = """
          source complete.bash
          COMP_WORDS=(recurrent "$@"); COMP_CWORD=$#; COMP_LINE="recurrent $*"
          COMP_POINT=${#COMP_LINE}; COMPREPLY=()
          _recurrent recurrent "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          printf '%s\\n' "${COMPREPLY[@]}"
          """
        let result = try await CommandRunner.run(
          "/bin/bash", ["-c", code, "bash"] + words, workingDirectory: workspace.path)
        #expect(result.output == expected + "\n", "\(words): \(result.output)\(result.errorOutput)")
      }
    }
  }
}
