import TestSupport
import Testing

/// Flags that are wrong: exit code 64, the message says which and what is right, and nothing runs.
@Suite(.optimized) struct WrongFlagTests {
  /// Numbers below 0 look like flags; what contradicts a model, and what is not there, is told by name.
  @Test func whatIsMeantIsNamed() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      for (code, part, arguments) in [
        (64, "Error: --seed cannot be -1\n", ["train", "forecaster", "t.csv", "--seed", "-1"]),
        (
          64, "--quantiles are at least two",
          ["train", "forecaster", "t.csv", "--loss", "quantile", "--quantiles", "0.1"]
        ),
        (66, "nosuch: there is no such folder. Name the folder", ["resume", "nosuch"]),
        (
          65, "a gap of 110. Use fewer --origins, a smaller --gap or a smaller --stride",
          ["backtest", "t.csv", "--window", "8", "--gap", "110"]
        ),
        (
          65, "column 1: found times, expected the classes", ["train", "image-classifier", "t.csv"]
        ),
      ] {
        try await workspace.expectFailure(Int32(code), [part], running: arguments)
      }
    }
  }

  struct Case: CustomTestStringConvertible {
    var flags: [String]
    var message: String
    var testDescription: String { flags.joined(separator: " ") }

    init(_ flags: String, _ message: String) {
      self.flags = flags.split(separator: " ").map(String.init)
      self.message = message
    }
  }

  @Test(arguments: [
    Case("--bogus", "Unknown option '--bogus'"),
    Case("--window", "Missing value for '--window <rows>'"),
    Case("--window 7x", "The value '7x' is invalid for '--window <rows>'"),
    Case("--window 0", "The window is between 1 and 1000000, not 0."),
    Case("--horizon 0", "The horizon is between 1 and 1000000, not 0."),
    Case("--horizon 1.5", "The value '1.5' is invalid for '--horizon <rows>'"),
    Case("--season 9", "A season of 9 rows needs a window of at least as many, not 8."),
    Case("--season 0", "A season has at least 1 row, not 0."),
    Case("--epochs 0", "The number of epochs is between 1 and 1000000, not 0."),
    Case("--hidden 1000001", "The hidden size is between 1 and 1000000, not 1000001."),
    Case("--layers 0", "The number of layers is between 1 and 1000, not 0."),
    Case("--batch 0", "The batch size is between 1"),
    Case("--dropout 1", "Dropout is at least 0 and less than 1, not 1.0."),
    Case("--dropout nan", "Dropout is at least 0 and less than 1, not nan."),
    Case("--learning-rate 0", "The learning rate is a positive number, not 0.0."),
    Case("--learning-rate inf", "The learning rate is a positive number, not inf."),
    Case("--test-fraction 1", "The test fraction is at least 0 and less than 1, not 1.0."),
    Case("--validation-fraction=-0.1", "The validation fraction is at least 0 and less than 1"),
    Case("--cell foo", "Please provide one of 'lstm', 'gru', 'rnn' or 'mogrifier'."),
    Case("--loss foo", "The value 'foo' is invalid for '--loss <loss>'."),
    Case("--scaling foo", "The value 'foo' is invalid for '--scaling <method>'."),
    Case(
      "--missing foo", "Please provide one of 'error', 'interpolate', 'forward-fill' or 'drop'."),
    Case("--progress foo", "Please provide one of 'automatic', 'terminal', 'lines' or 'silent'."),
    Case(
      "--loss quantile --quantiles 0.5,0.1",
      "Quantiles are ascending numbers between 0 and 1, not 0.5,0.1."),
    Case("--loss quantile --quantiles 0.5,1", "Quantiles are ascending numbers between 0 and 1"),
    Case("--quantiles low,high", "The value 'low,high' is invalid for '--quantiles <numbers>'"),
    Case("--covariates Open,,Volume", "The value 'Open,,Volume' is invalid for '--covariates"),
    Case("--threads 0", "--threads is between 1 and 1024, not 0."),
    Case("--seed x", "The value 'x' is invalid for '--seed <seed>'"),
  ]) func train(_ one: Case) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.expectFailure(
        64, ["Error: ", one.message, "See 'recurrent train forecaster --help'"],
        running: ["train", "forecaster", "t.csv"] + Sample.small + one.flags)
    }
  }

  @Test(arguments: [
    (["frobnicate"], "Unexpected argument 'frobnicate'"),
    (["train", "frobnicator"], "Unexpected argument 'frobnicator'"),
    (["predict"], "Missing expected argument '<model>'"),
    (["predict", "model", "--steps", "0"], "--steps is between 1 and 100000, not 0."),
    (["predict", "model", "--steps", "two"], "The value 'two' is invalid for '--steps <rows>'"),
    (["predict", "model", "--threads", "2000"], "--threads is between 1 and 1024, not 2000."),
    (["evaluate", "model"], "Missing expected argument '<file>'"),
    (["inspect"], "Missing expected argument '<model>'"),
    (["inspect", "model", "--batch", "8"], "--batch belongs to --cost."),
    (["inspect", "model", "--cost", "--time", "0"], "--steps is between 1 and 1000000, not 0."),
    (["info", "more"], "Unexpected argument 'more'"),
  ]) func others(_ arguments: [String], _ message: String) async throws {
    try await Workspace.with { workspace in
      try await workspace.expectFailure(64, ["Error: \(message)"], running: arguments)
    }
  }

  /// Training that runs away is not the fault of a file: exit code 70, with the place.
  @Test func learningRateTooHigh() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.expectFailure(
        70,
        [
          "recurrent: training ran away at epoch 1, step 2: the loss is not a finite number. "
            + "Nothing was written. Try a smaller --learning-rate."
        ],
        running: ["train", "forecaster", "t.csv", "--output", "new"] + Sample.small + [
          "--learning-rate", "1e30", "--batch", "16",
        ])
    }
  }

  /// A network that no machine can hold is refused in words, not by a crash.
  @Test func networkTooLarge() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.expectFailure(
        65,
        ["takes about ", " TB of memory, this ", "Use a smaller --hidden, --layers"],
        running: ["train", "forecaster", "t.csv"] + Sample.small + ["--hidden", "1000000"])
    }
  }

  /// What other programs call it, slips of the keys, and flags of other commands.
  @Test(arguments: [
    ("train forecaster t.csv --lr 0.1", "Unknown option '--lr'. Did you mean '--learning-rate'?"),
    ("train forecaster t.csv --units=5", "Unknown option '--units'. Did you mean '--hidden'?"),
    ("train forecaster --lookback 5", "Unknown option '--lookback'. Did you mean '--window'?"),
    ("train forecaster --output-dir m", "Unknown option '--output-dir'. Did you mean '--output'?"),
    ("train forecaster --batch-size 3", "Unknown option '--batch-size'. Did you mean '--batch'?"),
    ("train generator --batch-size 3", "Unknown option '--batch-size'. Did you mean '--streams'?"),
    ("train forecaster --dropout-rate 0", "Did you mean '--dropout'?"),
    ("train forecaster --device cpu", "Did you mean '--threads'?"),
    ("train forecaster --patiense 3", "Did you mean '--patience'?"),
    ("train forecaster --learning_rate 3", "Did you mean '--learning-rate'?"),
    (
      "predict m --window 3",
      "Unknown option '--window'. It is a flag of 'recurrent train forecaster' and others."
    ),
    ("trian forecaster t.csv", "Unexpected argument 'trian'. Did you mean 'train'?"),
    ("train forcaster t.csv", "Unexpected argument 'forcaster'. Did you mean 'forecaster'?"),
    ("train ner t.csv", "Unexpected argument 'ner'. Did you mean 'tagger'?"),
    ("train forecaster t.csv --bogus", "Unknown option '--bogus'\n"),
    ("frobnicate", "Unexpected argument 'frobnicate'\n"),
    (
      "predict m --plot x.png",
      "--plot draws SVG: name a file that ends in .svg, such as x.svg, not \"x.png\"."
    ),
    ("predict m --attention a/b.pdf", "--attention draws SVG: name a file that ends in .svg"),
  ]) func suggestions(_ command: String, _ message: String) async throws {
    let result = try await CommandRunner.run(
      CommandRunner.commandPath(), command.split(separator: " ").map(String.init))
    #expect(result.exitCode == 64 && result.output.isEmpty)
    #expect(result.errorOutput.contains(message), "\(result.errorOutput)")
    #expect(result.errorOutput.contains("Usage: recurrent"))
  }
}
