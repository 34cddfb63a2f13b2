import Foundation
import TestSupport
import Testing

/// What is done with a forecaster that is there: newer rows, anomalies, what a forecast hangs on.
@Suite struct ForecasterUseTests {
  @Test func whatIsAskedForIsLookedAtFirst() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let refused = [
        (["anomalies", "m", "t.csv", "--alpha", "2"], "--alpha lies between 0 and 1, not 2.0."),
        (["anomalies", "m", "t.csv", "--alpha", "0.1", "--level", "0.9"], "say the same"),
        (["anomalies", "m", "-", "--usual", "-"], "can be read once"),
        (["anomalies", "m", "t.csv", "--plot", "a.png"], "--plot draws SVG"),
        (["update", "m", "t.csv", "--epochs", "-1"], "--epochs"),
        (["update", "m", "t.csv", "--learning-rate", "0"], "--learning-rate is a positive number"),
        (["update", "m", "t.csv", "--on-conflict", "guess"], "'guess' is invalid"),
      ]
      for (words, part) in refused {
        let result = try await workspace.recurrent(words)
        #expect(result.exitCode == 64 && result.errorOutput.contains(part), "\(result.errorOutput)")
      }
      for command in ["anomalies", "update"] {
        try await workspace.expectFailure(66, ["none"], running: [command, "none", "t.csv"])
      }
    }
  }

  @Test func aSmoothingThatIsLearned() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      let counts = try await workspace.recurrent(
        ["train", "forecaster", "t.csv", "--base", "learned", "--loss", "zero-inflated"])
      #expect(counts.exitCode == 64 && counts.errorOutput.contains("does not fit counts"))
      try await workspace.train("t.csv", "--base", "learned", "--season", "4")
      let shown = try await workspace.recurrent(["inspect", "model"])
      #expect(shown.output.contains("smoothing.coefficients"), "\(shown.output)")
      #expect(
        shown.output.contains("coefficients: α (level) 0.50, γ (season) 0.50"), "\(shown.output)")
      let next = try await workspace.recurrent(["predict", "model", "--steps", "3"])
      #expect(next.exitCode == 0, "\(next.errorOutput)")
      try await workspace.expectFailure(
        65, ["a smoothing that is learned cannot be written", "another --base"],
        running: ["convert", "model", "--to", "onnx"])
    }
  }

  @Test(.optimized) func newerRows() async throws {
    try await Workspace.with { workspace in
      let rows = Sample.rows(80)
      try workspace.write(Sample.csv(Array(rows[..<60])), to: "t.csv")
      try workspace.write(Sample.csv(Array(rows[50...])), to: "new.csv")
      try await workspace.train("t.csv")
      let learned = try await workspace.recurrent(["update", "model", "new.csv"])
      #expect(learned.exitCode == 0, "\(learned.errorOutput)")
      for part in [
        "new.csv: rows: 20 new, 8 as the model has them and 2 before those that it holds\n",
        "learns      20 windows in 5 epochs, learning rate 0.0001\n",
        "20 windows of the new rows, before they were learned:\n",
      ] {
        #expect(learned.output.contains(part), "\(part) in: \(learned.output)")
      }
      let next = try await workspace.recurrent(["predict", "model", "--steps", "1"])
      #expect(next.output.contains(Sample.day(80)), "\(next.output)")
      let again = try await workspace.recurrent(["update", "model", "new.csv"])
      #expect(again.output == "new.csv: no new rows; model stays as it is\n")
      var other = rows
      other[78][1] = "7"
      try workspace.write(Sample.csv(Array(other[70...])), to: "other.csv")
      try await workspace.expectFailure(
        65, ["1 of 8 rows that are known differ", Sample.day(78), "--on-conflict replace"],
        running: ["update", "model", "other.csv"])
      let replaced = try await workspace.recurrent(
        [
          "update", "model", "other.csv", "--on-conflict", "replace", "--epochs", "0", "--output",
          "b",
        ])
      #expect(replaced.exitCode == 0 && replaced.output.contains("0 new"), "\(replaced.output)")
      #expect(replaced.output.contains("learns      nothing: --epochs 0\n"))
      let gap = Sample.csv(Array(Sample.rows(90)[85...]))
      try workspace.write(gap, to: "gap.csv")
      try await workspace.expectFailure(
        65, ["5 after \(Sample.day(79)) are absent", "--missing interpolate"],
        running: ["update", "model", "gap.csv"])
      let filled = try await workspace.recurrent(
        ["update", "model", "gap.csv", "--missing", "interpolate", "--output", "c", "--json"])
      #expect(filled.exitCode == 0 && filled.output.hasPrefix("{"), "\(filled.errorOutput)")
      #expect(filled.errorOutput.contains("5 new and 5 in a gap, filled by --missing"))
    }
  }

  @Test(.optimized) func unexpectedRows() async throws {
    try await Workspace.with { workspace in
      var rows = Sample.rows(120)
      try workspace.write(Sample.csv(Array(rows[..<80])), to: "t.csv")
      rows[100][1] = "400"
      try workspace.write(Sample.csv(Array(rows[80...])), to: "new.csv")
      try await workspace.train("t.csv", "--validation-fraction", "0.4")
      let found = try await workspace.recurrent(
        ["anomalies", "model", "new.csv", "--csv", "a.csv", "--plot", "a.svg"])
      #expect(found.exitCode == 0 && found.output.contains(Sample.day(100)), "\(found.output)")
      #expect(found.output.contains("one-step errors on rows that were not trained on"))
      let lines = try workspace.text("a.csv").split(separator: "\n")
      // The rows of the model stand before them: all 40 are judged.
      #expect(lines.count == 41 && lines[0].hasSuffix("p,adjusted,anomaly"))
      #expect(try workspace.text("a.svg").contains("rows are anomalies"))
      let json = try await workspace.recurrent(["anomalies", "model", "new.csv", "--json"])
      #expect(json.output.contains("\"smallestP\" : ") && json.output.hasPrefix("{\n"))
      try await workspace.expectFailure(
        65, ["expected some of at most 1e-06", "--usual"],
        running: ["anomalies", "model", "new.csv", "--alpha", "1e-6"])
    }
  }

  @Test(.optimized) func whatAForecastHangsOn() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "t.csv")
      try await workspace.train("t.csv", "--covariates", "Open,Volume")
      let told = try await workspace.recurrent(
        ["predict", "model", "--explain", "occlusion", "--csv", "e.csv", "--plot", "e.svg"])
      #expect(told.exitCode == 0, "\(told.errorOutput)")
      for part in ["without", "|change| of Close", "Volume", "rows back"] {
        #expect(told.output.contains(part), "\(part) in: \(told.output)")
      }
      #expect(try workspace.text("e.csv").split(separator: "\n").count == 1 + 3 + 24)
      #expect(try workspace.text("e.svg").contains("hangs on"))
      let json = try await workspace.recurrent(
        ["predict", "model", "t.csv", "--explain", "occlusion", "--json"])
      #expect(json.exitCode == 0 && json.output.contains("\"firstLag\" : 8"))
      try await workspace.expectFailure(
        65, ["no attention to show"], running: ["predict", "model", "--explain", "attention"])
      try await workspace.expectFailure(
        64, ["--html belongs to text classifiers"],
        running: ["predict", "model", "--explain", "occlusion", "--html", "a.html"])
    }
  }
}
