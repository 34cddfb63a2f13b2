import Foundation
import Testing

/// Times of tables that can be read in several ways, as a user of the command sees them.
@Suite(.optimized) struct TimeFlagTests {
  /// A table of the first of `count` months, day first.
  private func months(_ count: Int) -> String {
    table(
      (0..<count).map { month -> String in
        String(format: "01/%02d/%d", month % 12 + 1, 2010 + month / 12)
      })
  }

  private func table(_ times: [String], header: String = "Date,Close") -> String {
    let rows = times.enumerated().map { "\($1),\(100 + $0 % 7 * 3 + $0 % 5)" }
    return ([header] + rows).joined(separator: "\n") + "\n"
  }

  private func train(
    _ workspace: Workspace, _ file: String, _ more: String..., output: String = "model"
  ) async throws -> String {
    let result = try await workspace.recurrent(
      ["train", "forecaster", file] + Sample.small + ["--output", output] + more)
    try #require(result.exitCode == 0, "\(result.errorOutput)")
    return result.output
  }

  @Test func theReadingOfDatesIsToldAndMayBeNamed() async throws {
    try await Workspace.with { workspace in
      try workspace.write(months(90), to: "t.csv")
      let plan = try await train(workspace, "t.csv")
      #expect(plan.contains("times       monthly, 01/01/2010 to 01/06/2017"))
      #expect(plan.contains("read day first, as %d/%m/%Y (as %m/%d/%Y: daily, "))
      let next = try await workspace.recurrent(["predict", "model", "--steps", "2"])
      #expect(next.output.contains("01/07/2017") && next.output.contains("01/08/2017"))
      // Twelve rows alone would be days of January, but the model knows better.
      try workspace.write(months(12), to: "short.csv")
      let short = try await workspace.recurrent(["predict", "model", "short.csv", "--steps", "1"])
      #expect(short.output.contains("01/01/2011"), "\(short.errorOutput)")
      #expect(short.errorOutput.contains("short.csv: times read day first, as %d/%m/%Y"))
      let named = try await workspace.recurrent(
        ["predict", "model", "short.csv", "--steps", "1", "--date-order", "mdy"])
      #expect(named.output.contains("01/13/2010"), "\(named.errorOutput)")

      // Read so, most days are absent.
      let other = try await train(
        workspace, "t.csv", "--date-order", "mdy", "--missing", "drop", output: "other")
      #expect(other.contains("times       daily, "))
      let pattern = try await train(
        workspace, "t.csv", "--time-format", "%d/%m/%Y", output: "pattern")
      #expect(pattern.contains("times       monthly, ") && !pattern.contains("read as"))
    }
  }

  @Test func aDateAndItsTimeOfDay() async throws {
    try await Workspace.with { workspace in
      let rows = (0..<90).map {
        String(format: "%02d.12.2015;%d:00;%d", $0 / 24 + 1, $0 % 24, $0 % 7)
      }
      try workspace.write("Date;Time;Load\n" + rows.joined(separator: "\n"), to: "t.csv")
      for more in [[], ["--time", "Date,Time"]] {
        let result = try await workspace.recurrent(
          ["train", "forecaster", "t.csv"] + Sample.small + ["--output", "model"] + more)
        #expect(result.output.contains("forecast    Load by Date,Time"), "\(result.errorOutput)")
        #expect(result.output.contains("times       hourly, 01.12.2015 0:00 to 04.12.2015 17:00"))
      }
      let next = try await workspace.recurrent(["predict", "model", "t.csv", "--steps", "1"])
      #expect(next.output.contains("04.12.2015 18:00"), "\(next.errorOutput)")
      #expect(try workspace.text("model/forecast.csv").contains("\n04.12.2015 17:00,"))
    }
  }

  @Test func clocksThatGoBack() async throws {
    try await Workspace.with { workspace in
      let hours = (0..<90).flatMap { hour -> [String] in
        let text = String(format: "2024-10-%02d %02d:00", 25 + hour / 24, hour % 24)
        return hour == 50 ? [text, text] : [text]
      }
      try workspace.write(table(hours), to: "t.csv")
      try await workspace.expectFailure(
        65,
        [
          "t.csv:53: column \"Date\": the time \"2024-10-27 02:00\" repeats",
          "where clocks go back",
          "--time-zone Europe/Berlin",
        ], running: ["train", "forecaster", "t.csv"] + Sample.small)
      let plan = try await train(workspace, "t.csv", "--time-zone", "Europe/Berlin")
      #expect(plan.contains("times       hourly, 2024-10-25 00:00 to 2024-10-28 17:00"))
      #expect(!plan.contains("missing"))
      // The zone is part of the model.
      let next = try await workspace.recurrent(["predict", "model", "t.csv", "--steps", "1"])
      #expect(next.output.contains("2024-10-28 18:00"), "\(next.errorOutput)")
    }
  }

  @Test func clocksThatGoForward() async throws {
    try await Workspace.with { workspace in
      let hours = (0..<72).filter { $0 != 50 }.map { hour -> String in
        String(format: "2024-03-%02d %02d:00", 29 + hour / 24, hour % 24)
      }
      try workspace.write(table(hours), to: "t.csv")
      try await workspace.expectFailure(
        65,
        ["after 2024-03-31 01:00 is absent", "clocks go forward: --time-zone, as Europe/Berlin"],
        running: ["train", "forecaster", "t.csv"] + Sample.small)
      _ = try await train(workspace, "t.csv", "--time-zone", "Europe/Berlin")
    }
  }

  @Test func wholeNumbersAndTheirUnit() async throws {
    try await Workspace.with { workspace in
      let numbers = (0..<90).map { "\((2010 + $0 / 12) * 100 + $0 % 12 + 1)" }
      try workspace.write(table(numbers, header: "month,Close"), to: "t.csv")
      let plan = try await train(workspace, "t.csv")
      #expect(plan.contains("times       monthly, 201001 to 201706"))
      #expect(plan.contains("read as years and months (YYYYMM)"))
      #expect(plan.contains("--time-unit decides"))
      let next = try await workspace.recurrent(["predict", "model", "--steps", "7"])
      #expect(next.output.contains("201801"))
      let index = try await train(
        workspace, "t.csv", "--time-unit", "index", "--missing", "drop", output: "index")
      #expect(index.contains("times       numbers in steps of 1, 201001 to 201706"))
    }
  }

  /// New Year and a week of holidays are missing, as at an exchange.
  @Test func businessDays() async throws {
    try await Workspace.with { workspace in
      let days = (0..<140).filter { $0 % 7 < 5 && $0 != 2 && !(70..<75).contains($0) }
      let times = days.map { Date(timeIntervalSince1970: 1_577_664_000 + 86_400 * Double($0)) }
      try workspace.write(
        table(times.map { $0.formatted(.iso8601.year().month().day()) }), to: "t.csv")
      let plan = try await train(workspace, "t.csv", "--missing", "interpolate")
      #expect(plan.contains("times       business days, 2019-12-30 to 2020-05-15"))
      #expect(plan.contains("6 business days without a row, as holidays are"))
      let next = try await workspace.recurrent(["predict", "model", "--steps", "2"])
      #expect(next.output.contains("2020-05-18") && next.output.contains("2020-05-19"))
    }
  }

  @Test(arguments: [
    (
      ["--time-zone", "Europe/Berlim"],
      "There is no time zone \"Europe/Berlim\"; did you mean Europe/Berlin?"
    ),
    (["--time-format", "%d.%m"], "a pattern has a year (%Y, %y or %G)"),
    (["--time-format", "%Y", "--time-unit", "index"], "only one says how times are read"),
    (["--date-order", "dym"], "'dym'"),
  ])
  func wrongFlags(_ flags: [String], _ message: String) async throws {
    try await Workspace.with { workspace in
      try workspace.write(months(60), to: "t.csv")
      try await workspace.expectFailure(
        64, [message], running: ["train", "forecaster", "t.csv"] + flags)
    }
  }
}
