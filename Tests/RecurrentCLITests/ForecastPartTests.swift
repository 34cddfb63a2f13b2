import Foundation
import TestSupport
import Testing

/// Test parts by rows, times and files, and tables with a series a column or a row.
@Suite(.optimized) struct ForecastPartTests {
  private static let flags = [
    "train", "forecaster", "table.csv", "--window", "8", "--horizon", "4", "--hidden", "3",
    "--layers",
    "1", "--epochs", "1", "--progress", "silent",
  ]

  private func table(rows: Range<Int>, days: Bool = true) -> String {
    var text = (days ? "date," : "t,") + "north,south\n"
    for row in rows {
      let day = 1_577_836_800 + 86_400 * row
      let date = Date(timeIntervalSince1970: Double(day)).formatted(
        .iso8601.year().month().day())
      let wave = sin(Double(row) / 3)
      text += "\(days ? date : "\(row)"),\(10 + wave),\(100 - 3 * wave)\n"
    }
    return text
  }

  @Test func partsByRowsTimesAndFiles() async throws {
    try await Workspace.with { workspace in
      try workspace.write(table(rows: 0..<80), to: "table.csv")
      try workspace.write(table(rows: 80..<90), to: "more.csv")
      func reports(_ flags: [String]) async throws -> String {
        let result = try await workspace.recurrent(
          Self.flags + ["--wide", "columns", "--force"] + flags)
        #expect(result.exitCode == 0, "\(result.errorOutput)")
        return result.output
      }
      // 20 rows: 17 windows of each of two series.
      let byRows = try await reports(["--test-rows", "20"])
      #expect(byRows.contains("Test part: 34 windows"))
      #expect(byRows.contains("north: test        20 rows, 2020-03-01 to 2020-03-20"))
      #expect(byRows.contains("MSE/σ²"))
      let byTime = try await reports(["--test-from", "2020-03-01"])
      #expect(byTime.contains("Test part: 34 windows"))
      let byFile = try await reports(["--test", "more.csv"])
      #expect(byFile.contains("Test part: 14 windows"))
      #expect(byFile.contains("north: test        10 rows, 2020-03-21 to 2020-03-30"))
      let cut = try await reports(["--until", "2020-02-29", "--test-rows", "10"])
      #expect(cut.contains("north: test        10 rows, 2020-02-20 to 2020-02-29"))
      let predicted = try await workspace.recurrent([
        "predict", "forecaster", "more.csv", "--steps", "2",
      ])
      #expect(predicted.output.contains("2020-03-31"), "\(predicted.errorOutput)")
      try await workspace.expectFailure(
        65, ["--test-from 2030-01-01 lies behind the last row, 2020-03-20"],
        running: Self.flags + ["--wide", "columns", "--force", "--test-from", "2030-01-01"])
      try await workspace.expectFailure(
        65, ["begins at 2020-01-01, expected a time after 2020-03-20"],
        running: Self.flags + ["--wide", "columns", "--force", "--test", "table.csv"])
      // A gap before the file is a gap as any other; what fills it is not tested.
      try workspace.write(table(rows: 83..<93), to: "later.csv")
      try await workspace.expectFailure(
        65, ["begins at 2020-03-24; the rows are daily, and 3 after 2020-03-20 are absent"],
        running: Self.flags + ["--wide", "columns", "--force", "--test", "later.csv"])
      let filled = try await reports(["--test", "later.csv", "--missing", "interpolate"])
      #expect(filled.contains("Test part: 14 windows"))
      #expect(filled.contains("absent before it (3) were filled"))
      try await workspace.expectFailure(
        65, ["found 3 rows to test, too few for a window of 8, a horizon of 4"],
        running: Self.flags + ["--wide", "columns", "--force", "--test-rows", "3"])
      try await workspace.expectFailure(
        64, ["--test-rows and --test-from say the same"],
        running: Self.flags + ["--test-rows", "3", "--test-from", "2020-03-01"])
      try await workspace.expectFailure(
        64, ["--test-rows and --test-fraction say the same"],
        running: Self.flags + ["--test-rows", "3", "--test-fraction", "0.5"])
      try await workspace.expectFailure(
        64, ["--base last says nothing beside --scaling mean"],
        running: Self.flags + ["--base", "last", "--scaling", "mean"])
    }
  }
}

/// What is trained once more on all rows.
@Suite struct RefitCommandTests {
  @Test func whatIsWrittenHasLearnedAllRows() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let small = Sample.small.dropLast(2) + ["--output", "model"]
      let trained = try await workspace.recurrent(["train", "forecaster", "t.csv"] + small)
      #expect(trained.exitCode == 0, "\(trained.errorOutput)")
      #expect(trained.output.contains("\nrefit       after the report, on all 60 rows"))
      #expect(trained.errorOutput.contains("recurrent: training 2 of 2\n"))
      try await workspace.train("t.csv", output: "chosen")
      #expect(try workspace.bytes("model/forecast.csv") == workspace.bytes("chosen/forecast.csv"))
      #expect(
        try workspace.bytes("model/model.safetensors")
          != workspace.bytes("chosen/model.safetensors"))
      let next = try await workspace.recurrent(["predict", "model"])
      #expect(next.output.hasSuffix("\nThe network: trained again on all 60 rows, for 1 epoch.\n"))
      let seen = try await workspace.recurrent(["evaluate", "model", "t.csv"])
      for part in ["t.csv: learned 52 windows\n", "The model has learned these rows:"] {
        #expect(seen.output.contains(part), "\(part) in: \(seen.output)")
      }
      #expect(!seen.output.contains("beat"))
      let tested = try await workspace.recurrent(["evaluate", "chosen", "t.csv"])
      #expect(tested.output.hasPrefix("t.csv: newer 15 windows\n"), "\(tested.output)")
    }
  }
}
