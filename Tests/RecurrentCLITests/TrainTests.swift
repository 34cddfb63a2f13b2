import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `recurrent train forecaster`, as it should go.
@Suite(.optimized) struct TrainTests {
  @Test func filesAreThereAndWellFormed() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv", "--horizon", "2", "--epochs", "3", "--season", "none")
      #expect(
        try Set(workspace.contents().keys) == [
          "t.csv", "model", "model/config.json", "model/model.safetensors", "model/recent.json",
          "model/history.csv", "model/forecast.csv", "model/forecast.svg", "model/loss.svg",
          "model/errors.svg", "model/run.json",
        ])
      let history = try cells("model/history.csv", of: workspace)
      #expect(
        history[0] == [
          "epoch", "loss", "validation_loss", "learning_rate", "gradient_norm",
        ])
      #expect(history.dropFirst().map { $0[0] } == ["1", "2", "3"])
      for row in history.dropFirst() {
        #expect(row.count == 5 && row.allSatisfy { Double($0)?.isFinite == true }, "\(row)")
      }

      // 60 rows, the last 15 for the test: 14 windows forecast 2 rows each in them.
      let forecast = try cells("model/forecast.csv", of: workspace)
      #expect(
        forecast[0] == ["time", "step", "actual", "forecast", "lower", "upper", "naive"])
      try #require(forecast.count == 1 + 14 * 2)
      let table = Sample.rows(60)
      for (index, row) in forecast.dropFirst().enumerated() {
        let origin = 45 + index / 2
        let target = origin + index % 2
        #expect(row.prefix(2) == [Sample.day(target), String(index % 2 + 1)])
        let numbers = row.dropFirst(2).compactMap { Double($0) }
        try #require(numbers.count == 5)
        #expect(numbers[0] == Double(table[target][1]))
        #expect(numbers[2] <= numbers[1] && numbers[1] <= numbers[3])
        #expect(numbers[4] == Double(table[origin - 1][1]))
      }
      for name in ["forecast.svg", "loss.svg", "errors.svg"] {
        let drawing = try workspace.bytes("model/" + name)
        #expect(XMLParser(data: drawing).parse(), "\(name)")
      }
    }
  }

  private func cells(_ file: String, of workspace: Workspace) throws -> [[String]] {
    try workspace.text(file).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// What a newcomer reads, in its order; no line is wider than 100 columns.
  @Test func output() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--season", "7", "--horizon", "3", "--calendar", "none"]
          + Sample.small + ["--calibration", "auto"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      let expected = [
        "t.csv: 60 rows, 4 columns", "Date         Close    Open  Volume",
        "2020-01-01  100.00   99.00    1000", "forecast    Close by Date",
        "times       daily, 2020-01-01 to 2020-02-29",
        "training    40 rows, 2020-01-01 to 2020-02-09",
        "validation  5 rows, 2020-02-10 to 2020-02-14",
        "test        15 rows, 2020-02-15 to 2020-02-29",
        "windows     of 8 rows, 3 ahead: 30 to train, 3 to validate, 13 to test",
        "scaling     each window by its own last value and spread",
        "            the network corrects the ",
        "interval    from the validation part and 5 parts of the training rows, left out in turn:",
        "            5 more trainings (--calibration validation: none)",
        "network     LSTM, 1 layer of 4 units, dense",
        "            127 parameters, about ", "Test part: 13 windows, weights of epoch 1, seed 0",
        "RMSE", "MAE", "MAPE %", "sMAPE %", "MASE", "model ", "naive (last value) ",
        "seasonal naive ", "By step of the horizon:", "The 80 % interval held ", "The model ",
        "Close: forecast 3 rows at a time", "actual", "forecast", "80 % interval",
        "test part begins",
        "Wrote forecaster: the model, history.csv, loss.svg, forecast.csv, forecast.svg",
        "errors.svg", "Next: recurrent predict forecaster --steps 5",
      ]
      var rest = result.output[...]
      for part in expected {
        let range = rest.range(of: part)
        #expect(range != nil, "\"\(part)\" at its place in: \(result.output)")
        if let range { rest = rest[range.upperBound...] }
      }
      for line in result.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
      #expect(!result.output.contains("\u{1B}"), "no colours where there is no terminal")
    }
  }

  /// Progress is on standard error only: one plain line an epoch, or nothing.
  @Test func progress() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let command = ["train", "forecaster", "t.csv"] + Sample.small + ["--epochs", "2"]
      let lines = try await workspace.recurrent(command)
      let shown = lines.errorOutput.split(separator: "\n")
      #expect(shown.count == 3)
      #expect(shown.first?.hasPrefix("epoch 1/2  loss ") == true)
      #expect(shown.last?.hasPrefix("2 epochs in ") == true)
      #expect(!lines.errorOutput.contains("\r") && !lines.errorOutput.contains("\u{1B}"))
      #expect(!lines.output.contains("epoch 1/2"))
      try FileManager.default.removeItem(atPath: workspace.path + "/forecaster")
      let silent = try await workspace.recurrent(command + ["--progress", "silent"])
      #expect(silent.errorOutput.isEmpty)
      #expect(silent.output == lines.output)
    }
  }

  /// The same seed gives the same bytes, with any number of threads; another seed gives others.
  @Test func reproducible() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let options = ["--dropout", "0.1", "--layers", "2", "--covariates", "all"]
      for (output, more) in [
        ("a", ["--threads", "1"]), ("b", ["--threads", "2"]), ("c", []), ("d", ["--seed", "1"]),
      ] {
        let result = try await workspace.recurrent(
          ["train", "forecaster", "t.csv", "--output", output] + Sample.small + options + more)
        try #require(result.exitCode == 0, "\(result.errorOutput)")
      }
      let files = ["model.safetensors", "config.json", "recent.json", "forecast.csv"]
      for file in files + ["forecast.svg", "loss.svg"] {
        let first = try workspace.bytes("a/" + file)
        #expect(try workspace.bytes("b/" + file) == first, "\(file) with two threads")
        #expect(try workspace.bytes("c/" + file) == first, "\(file)")
        if file == "model.safetensors" || file == "forecast.csv" {
          #expect(try workspace.bytes("d/" + file) != first, "\(file) of another seed")
        }
      }
    }
  }

  @Test func covariates() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      for (flag, names) in [("Open,Volume", "Open, Volume"), ("all", "Open, Volume")] {
        try await workspace.train(
          "t.csv", "--covariates", flag, "--calendar", "none", output: flag)
        let inspected = try await workspace.recurrent(["inspect", flag])
        #expect(inspected.output.contains("covariates  \(names)\n"))
        #expect(inspected.output.contains("recurrent.0.input_weights      3 × 16"))
      }
      #expect(
        try workspace.bytes("all/model.safetensors")
          == workspace.bytes("Open,Volume/model.safetensors"))
    }
  }

  /// A column of years is the time, not a target and not a covariate, though it holds numbers.
  @Test func yearsAreTimes() async throws {
    try await Workspace.with { workspace in
      let rows = Sample.rows(60).enumerated().map { "\(1900 + $0),\($1[1])\n" }
      try workspace.write("Year,Level\n" + rows.joined(), to: "t.csv")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--covariates", "all"] + Sample.small)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("forecast    Level by Year\n"))
      #expect(result.output.contains("times       yearly, 1900 to 1959\n"))
    }
  }

  @Test func manySteps() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.csv(Sample.rows(200)), to: "t.csv")
      try await workspace.train("t.csv", "--horizon", "24", "--loss", "quantile")
      let result = try await workspace.recurrent(["predict", "model"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(
        result.output.contains(
          "it comes from what the network forecasts, calibrated on the validation part."))
      let days = result.output.split(separator: "\n").filter { $0.hasPrefix("20") }
      #expect(days.count == 24)
    }
  }

  @Test func severalSeries() async throws {
    try await Workspace.with { workspace in
      let rows = Sample.rows(60)
      let north = rows.map { "north,\($0[0]),\($0[1])\n" }
      let south = rows.map { "\"south, far\",\($0[0]),\($0[2])\n" }
      // Rows of both shops take turns.
      let table = "Shop,Date,Sold\n" + zip(north, south).map { $0 + $1 }.joined()
      try workspace.write(table, to: "t.csv")
      try await workspace.train("t.csv", "--series", "Shop")
      let forecast = try workspace.text("model/forecast.csv").split(separator: "\n")
      #expect(forecast[0] == "series,time,step,actual,forecast,lower,upper,naive")
      #expect(forecast.count { $0.hasPrefix("north,") } == 15)
      #expect(forecast.count { $0.hasPrefix("\"south, far\",") } == 15)
      let result = try await workspace.recurrent(["predict", "model", "--steps", "2"])
      let blocks = result.output.split(separator: "\n").map(String.init)
      #expect(blocks.contains("north") && blocks.contains("south, far"))
      #expect(blocks.count { $0.hasPrefix("2020-03-01") } == 2)
    }
  }

  /// A second training replaces the model, and keeps what else is in its folder.
  @Test func replacesItsOwnFolder() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv", "--seed", "1")
      let first = try workspace.bytes("model/model.safetensors")
      try workspace.write("mine", to: "model/notes.txt")
      try await workspace.train("t.csv", "--seed", "2")
      #expect(try workspace.bytes("model/model.safetensors") != first)
      #expect(try workspace.text("model/notes.txt") == "mine")
      #expect(try workspace.recurrentFolders().isEmpty)
    }
  }

  /// Without a file: what comes with the program, from any folder.
  @Test(arguments: [
    (
      ["--data", "goog"], "GOOG.csv (bundled): 2148 rows, ",
      "business days, 2004-08-19 to 2013-03-01"
    ),
    ([], "CO2.csv (bundled): 2284 rows, ", "weekly, 1958-03-29 to 2001-12-29"),
  ])
  func bundledSeries(flags: [String], first: String, times: String) async throws {
    try await Workspace.with { workspace in
      let result = try await workspace.recurrent(["train", "forecaster"] + flags + Sample.small)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.hasPrefix(first))
      #expect(result.output.contains("\ntimes       \(times)\n"))
      #expect(result.output.contains("59 of CO2") == flags.isEmpty)
      #expect(try workspace.text("forecaster/forecast.csv").hasPrefix("time,step,actual,"))
      let both = try await workspace.recurrent(["train", "forecaster", "t.csv", "--data", "co2"])
      #expect(both.exitCode == 64 && both.errorOutput.contains("give one of both"))
    }
  }

  /// Who reads only the first line of the report still gets the model.
  @Test func outputClosedEarly() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      // The reader leaves in the middle of training, after the preface.
      let result = try await CommandRunner.run(
        "/bin/sh",
        ["-c", "\"$0\" \"$@\" | head -n 1", CommandRunner.commandPath()]
          + ["train", "forecaster", "t.csv", "--output", "model"] + Sample.small
          + ["--epochs", "300", "--patience", "300", "--progress", "silent"],
        workingDirectory: workspace.path)
      #expect(result.output == "t.csv: 60 rows, 4 columns\n")
      #expect(result.errorOutput.isEmpty)
      #expect(try await workspace.recurrent(["predict", "model"]).exitCode == 0)
    }
  }

  /// Without a test part there is nothing to report, and no empty chart.
  @Test func noTestPart() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--test-fraction", "0"] + Sample.small)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output.contains("There was no test part.\n\nWrote"))
    }
  }
}

extension Workspace {
  /// Temporary folders that a command left behind.
  fileprivate func recurrentFolders() throws -> [String] {
    try contents().keys.filter { $0.contains(".recurrent-") }
  }
}
