import TestSupport
import Testing

@Suite(.optimized) struct BacktestCommandTests {
  private static let small = ["--window", "8", "--horizon", "2", "--hidden", "3", "--layers", "1"]

  @Test func tablesChartAndLines() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.csv(Sample.rows(60)), to: "t.csv")
      let result = try await workspace.recurrent(
        ["backtest", "t.csv", "--origins", "3", "--epochs", "1", "--refit", "every"] + Self.small
          + ["--csv", "all.csv", "--plot", "error.svg"])
      #expect(result.exitCode == 0)
      #expect(result.output.contains("By origin:") && result.output.contains("ridge regression"))
      #expect(result.output.contains("Wrote all.csv and error.svg"))
      let lines = try workspace.text("all.csv").split(separator: "\n")
      #expect(lines.count == 1 + 3 * 2)
      let day = Sample.day(54)
      #expect(lines[1].hasPrefix("\(day),\(day),1,"))
      #expect(try workspace.text("error.svg").hasPrefix("<svg"))
    }
  }

  @Test func programsAreAnswered() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.csv(Sample.rows(60)), to: "t.csv")
      let result = try await workspace.recurrent(
        ["backtest", "t.csv", "--origins", "3", "--epochs", "1", "--json"] + Self.small)
      #expect(result.exitCode == 0)
      #expect(result.output.hasPrefix("{") && result.output.contains("\"ridge regression\""))
    }
  }

  /// What cannot work is said before a network is trained.
  @Test(arguments: [
    (["--origins", "0"], "--origins is a number of at least 1"),
    (["--test-fraction", "0.5"], "--origins and --stride do"),
    (["--origins", "40"], "Use fewer --origins"),
    (["--csv", "nowhere/all.csv"], "lies in no folder to write to"),
    (["--csv", "t.csv"], "is read, and what is written would take its place"),
    (["--quantiles", "0.05,0.5,0.95"], "with --loss quantile"),
  ])
  func refused(flags: [String], words: String) async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.csv(Sample.rows(60)), to: "t.csv")
      let result = try await workspace.recurrent(["backtest", "t.csv"] + Self.small + flags)
      #expect(result.exitCode != 0)
      #expect(try workspace.text("t.csv") == Sample.csv(Sample.rows(60)))
      #expect(result.errorOutput.contains(words) && !result.errorOutput.contains("epoch"))
    }
  }
}
