import Foundation
import Recurrent
import RecurrentTasks
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `recurrent predict`, `evaluate` and `inspect` on a model of 60 rows from 2020-01-01 on.
@Suite(.optimized) struct PredictTests {
  private func withModel(
    _ options: [String] = [], _ body: (Workspace) async throws -> Void
  ) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let result = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--output", "model"] + Sample.small + options)
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      try await body(workspace)
    }
  }

  private struct Printed: Decodable {
    struct Part: Decodable {
      struct Step: Decodable, Equatable {
        var time: String
        var value: Double
        var lower: Double
        var upper: Double
      }
      var name: String?
      var forecast: [Step]
    }
    struct Interval: Decodable {
      var coverage: Double
      var source: String
    }
    var model: String
    var target: String
    var interval: Interval
    var skill: Double
    var series: [Part]
  }

  private func json(_ result: CommandResult) throws -> Printed {
    try #require(result.exitCode == 0, "\(result.errorOutput)")
    return try JSONDecoder().decode(Printed.self, from: result.outputBytes)
  }

  @Test func asText() async throws {
    try await withModel { workspace in
      let result = try await workspace.recurrent(["predict", "model", "--steps", "3"])
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty)
      let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
      try #require(lines.count == 9)
      #expect(lines[0].contains(#/^ +Close +80 % from +to$/#))
      #expect(lines[1...3].map { $0.prefix(10) } == ["2020-03-01", "2020-03-02", "2020-03-03"])
      #expect(lines[4].isEmpty)
      #expect(
        lines[5]
          == "The interval should hold 80 % of the values; it comes from the errors on the validation part."
      )
      #expect(lines[6].hasPrefix("On the test part, the model "))
      #expect(Set(lines[0...3].map(\.count)).count == 1, "columns stand under one another")
    }
  }

  @Test func asJSON() async throws {
    try await withModel(["--horizon", "2"]) { workspace in
      let printed = try json(
        await workspace.recurrent(["predict", "model", "t.csv", "--steps", "5", "--json"]))
      #expect(printed.model == "model" && printed.target == "Close")
      #expect(printed.interval.coverage == 0.8)
      #expect(printed.interval.source == "the errors on the validation part")
      #expect(printed.series.count == 1 && printed.series[0].name == nil)
      let steps = printed.series[0].forecast
      #expect(steps.map(\.time) == (60..<65).map(Sample.day))
      for step in steps { #expect(step.lower <= step.value && step.value <= step.upper) }
      // Intervals grow from one horizon to the next.
      #expect(steps[4].upper - steps[4].lower > steps[0].upper - steps[0].lower)
      // The table ends where training ended, so the model goes on from there without it too.
      let own = try json(
        await workspace.recurrent(["predict", "model", "--steps", "5", "--json"]))
      #expect(own.series[0].forecast == steps)
      let byDefault = try json(await workspace.recurrent(["predict", "model", "--json"]))
      #expect(byDefault.series[0].forecast == Array(steps[..<2]))
    }
  }

  @Test func quantiles() async throws {
    let options = ["--loss", "quantile", "--quantiles", "0.05,0.5,0.95", "--horizon", "3"]
    try await withModel(options) { workspace in
      let printed = try json(await workspace.recurrent(["predict", "model", "--json"]))
      #expect(printed.interval.coverage == 0.9)
      #expect(printed.interval.source == "the quantiles that the network forecasts")
      for step in printed.series[0].forecast {
        #expect(step.lower <= step.value && step.value <= step.upper)
      }
    }
  }

  /// A model says the same before it is saved and after it is read by another program.
  @Test func sameAsInTheProgramThatTrained() async throws {
    try await withModel(["--epochs", "2", "--scaling", "standard"]) { workspace in
      var options = ForecasterOptions()
      (options.window, options.epochs, options.hiddenSize, options.layers) = (8, 2, 4, 1)
      (options.scaling, options.refit, options.calibration) = (.standard, nil, .validation)
      let series = try Series(csv: workspace.path + "/t.csv", value: "Close", time: "Date")
      let forecaster = try ForecastPlan([series], options: options).train()
      let expected = try forecaster.forecast(after: series, steps: 6)
      let printed = try json(
        await workspace.recurrent(["predict", "model", "--steps", "6", "--json"]))
      #expect(printed.series[0].forecast.map(\.value) == expected.points.map(\.value))
      #expect(printed.series[0].forecast.map(\.lower) == expected.points.map(\.lower))
      #expect(printed.series[0].forecast.map(\.time) == expected.times.labels)
    }
  }

  @Test func plot() async throws {
    try await withModel { workspace in
      let result = try await workspace.recurrent(["predict", "model", "--plot", "next.svg"])
      #expect(result.exitCode == 0)
      #expect(result.errorOutput == "recurrent: wrote next.svg.\n")
      #expect(XMLParser(data: try workspace.bytes("next.svg")).parse())
    }
  }

  @Test func evaluate() async throws {
    try await withModel { workspace in
      try workspace.write(Sample.csv(Array(Sample.rows(90)[60...])), to: "later.csv")
      let result = try await workspace.recurrent(["evaluate", "model", "later.csv"])
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty)
      #expect(result.output.hasPrefix("later.csv: all 22 windows\n"))
      for part in [
        "RMSE", "model ", "naive (last value) ", "The 80 % interval held ", "The model ",
      ] {
        #expect(result.output.contains(part))
      }
    }
  }

  @Test func inspect() async throws {
    try await withModel(["--cell", "gru", "--covariates", "Open"]) { workspace in
      let result = try await workspace.recurrent(["inspect", "model"])
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty)
      for part in [
        "model: forecaster, written by recurrent ", "trained on  t.csv, 60 rows",
        "forecasts   Close, 1 ahead from 8 rows", "covariates  Open",
        "network     GRU, 1 layer of 4 units", "training    mse, Adam 0.001, seed 0; 1 epoch",
        "recurrent.0.recurrent_weights", "4 × 12", "total", "On the test part:",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
    }
  }

  /// One layer of 4 units on 2 channels, 8 rows, 64 windows; nothing of the report.
  @Test func inspectCost() async throws {
    try await withModel(["--cell", "gru", "--covariates", "Open", "--calendar", "none"]) {
      workspace in
      let result = try await workspace.recurrent(["inspect", "model", "--cost"])
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty)
      for part in [
        "model: ", "recurrent.0 ", "head ", "total ", "gradients ", "optimizer state ", "peak ",
        "GFLOP/s, what our matrix product of 1024³ reaches now",
      ] {
        #expect(result.output.contains(part), "\(part) in: \(result.output)")
      }
      #expect(!result.output.contains("On the test part:"))
      for line in result.output.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
      func row(_ name: String, of text: String) throws -> [Substring] {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return try #require(line).split(separator: " ")
      }
      // 2·T·G·H·(I + H) = 2·8·3·4·(2 + 4) a window; a step has 2·(2 + 4) + 4 for 64 of them.
      #expect(
        try row("recurrent.0", of: result.output) == ["recurrent.0", "96", "1,152", "196,608"])
      #expect(try row("head", of: result.output) == ["head", "5", "8", "1,536"])
      let other = try await workspace.recurrent(
        ["inspect", "model", "--cost", "--batch", "3", "--time", "10"])
      #expect(
        try row("recurrent.0", of: other.output)
          == ["recurrent.0", "96", "1,440", "11,520"])
    }
  }

  /// A model folder may be moved: nothing in it is a path.
  @Test func movedModel() async throws {
    try await withModel { workspace in
      let before = try await workspace.recurrent(["predict", "model"])
      try FileManager.default.moveItem(
        atPath: workspace.path + "/model", toPath: workspace.path + "/other name")
      try FileManager.default.removeItem(atPath: workspace.path + "/t.csv")
      let after = try await workspace.recurrent(["predict", "other name/"])
      #expect(after.output == before.output)
    }
  }
}
