import Foundation
import TestSupport
import Testing

/// Tables that hold the rows to be forecast, and no value of the target.
@Suite(.optimized) struct ForecastPlanFileTests {
  private func table(_ rows: Range<Int>, target: Bool = true, empty: Bool = false) -> String {
    var text = "day,shop," + (target ? "sold," : "") + "offer\n"
    for row in rows {
      let day = Date(timeIntervalSince1970: Double(1_577_836_800 + 86_400 * row)).formatted(
        .iso8601.year().month().day())
      for shop in ["north", "south"] {
        let sold = target ? (empty ? "," : "\(10 + row % 7),") : ""
        text += "\(day),\(shop),\(sold)\(row % 5 == 0 ? "flyer" : "none")\n"
      }
    }
    return text
  }

  @Test func plansGoOnBehindTheRowsOfTheModel() async throws {
    try await Workspace.with { workspace in
      try workspace.write(table(0..<60), to: "sales.csv")
      try workspace.write(table(60..<63, empty: true), to: "empty.csv")
      try workspace.write(table(58..<63, target: false), to: "plan.csv")
      try workspace.write(
        table(0..<60) + table(60..<63, empty: true).drop { $0 != "\n" }.dropFirst(),
        to: "both.csv")
      let trained = try await workspace.recurrent([
        "train", "forecaster", "sales.csv", "--target", "sold", "--series", "shop", "--known",
        "offer", "--window", "8", "--horizon", "4", "--hidden", "3", "--layers", "1", "--epochs",
        "1", "--progress", "silent", "--output", "model",
      ])
      #expect(trained.exitCode == 0, "\(trained.errorOutput)")
      let both = try await workspace.recurrent(["predict", "model", "both.csv", "--json"])
      #expect(both.exitCode == 0, "\(both.errorOutput)")
      for plan in ["empty.csv", "plan.csv"] {
        let result = try await workspace.recurrent(["predict", "model", plan, "--json"])
        #expect(result.output == both.output, "\(result.errorOutput)")
        #expect(
          result.errorOutput.contains(
            "no row has a value of sold: they are taken for what follows the rows that the model "
              + "holds, which end at 2020-02-29"), "\(result.errorOutput)")
      }
      // Nothing else takes such a table.
      try await workspace.expectFailure(
        65, ["every value is missing"], running: ["evaluate", "model", "empty.csv"])
    }
  }

  @Test func plansThatDoNotFit() async throws {
    try await Workspace.with { workspace in
      try workspace.write(table(0..<60), to: "sales.csv")
      let trained = try await workspace.recurrent([
        "train", "forecaster", "sales.csv", "--target", "sold", "--series", "shop", "--known",
        "offer", "--window", "8", "--horizon", "4", "--hidden", "3", "--layers", "1", "--epochs",
        "1", "--progress", "silent", "--output", "model",
      ])
      #expect(trained.exitCode == 0, "\(trained.errorOutput)")
      try workspace.write(table(50..<60, target: false), to: "past.csv")
      try await workspace.expectFailure(
        65, ["ends at 2020-02-29, expected rows after 2020-02-29, the last that is known"],
        running: ["predict", "model", "past.csv"])
      try workspace.write(table(62..<65, target: false), to: "late.csv")
      try await workspace.expectFailure(
        65, ["2 after 2020-02-29 are absent", "Begin with the row behind 2020-02-29"],
        running: ["predict", "model", "late.csv"])
      // One unknown shop does not cost the other, and unknown words are told.
      try workspace.write(
        table(60..<62, target: false).replacing("south", with: "west").replacing(
          "flyer", with: "poster"), to: "west.csv")
      let some = try await workspace.recurrent(["predict", "model", "west.csv"])
      #expect(some.exitCode == 0 && some.output.contains("north"), "\(some.errorOutput)")
      for part in [
        "west: not forecast: has no value of sold, and the model holds no rows of it",
        "column \"offer\" has 1 word that the model does not know, \"poster\": to it they are as",
      ] {
        #expect(some.errorOutput.contains(part), "\(some.errorOutput)")
      }
    }
  }
}
