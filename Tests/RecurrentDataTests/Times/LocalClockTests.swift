import Foundation
import Recurrent
import TestSupport
import Testing

/// Clocks that change between winter and summer; moments are those of pandas 3.1,
/// `date_range(…, tz="Europe/Berlin")`.
@Suite struct LocalClockTests {
  private func berlin() -> TimeOptions {
    var options = TimeOptions()
    options.zone = "Europe/Berlin"
    return options
  }

  private let autumn = ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00"].map {
    "2024-10-27 \($0)"
  }
  private let spring = ["00:00", "01:00", "03:00", "04:00", "05:00"].map { "2024-03-31 \($0)" }

  @Test func anHourRepeatsInAutumn() throws {
    let axis = try TimeAxis(parsing: autumn, options: berlin())
    #expect(
      axis.seconds == [
        1_729_980_000, 1_729_983_600, 1_729_987_200, 1_729_990_800, 1_729_994_400, 1_729_998_000,
      ])
    #expect(axis.frequency == .hourly)
    #expect(axis.labels == autumn)
    #expect(axis.next(1).labels == ["2024-10-27 05:00"])
    #expect(axis.prefix(3).next(2).labels == ["2024-10-27 02:00", "2024-10-27 03:00"])
    // Drawn by the clock.
    #expect(axis.positions[0] == 1_729_987_200)
  }

  @Test func theMessageNamesTheZone() throws {
    let error = try dataError { () throws(DataError) in _ = try TimeAxis(parsing: autumn) }
    #expect(error.line == 4)
    #expect(error.problem.hasSuffix("an hour repeats where clocks go back"))
    #expect(error.advice == "Name the zone of the clocks, as --time-zone Europe/Berlin")
    // Quarters of hours go back from 02:45 to 02:00.
    let quarters = [
      "02:00", "02:15", "02:30", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00",
    ]
    .map { "27.10.2024 \($0)" }
    let back = try dataError { () throws(DataError) in _ = try TimeAxis(parsing: quarters) }
    #expect(back.line == 5)
    #expect(back.problem.hasSuffix("an hour repeats where clocks go back"))
    let axis = try TimeAxis(parsing: quarters, options: berlin())
    #expect(axis.frequency == .seconds(900))
    // A Tuesday in May is another matter.
    let other = try dataError { () throws(DataError) in
      _ = try TimeAxis(parsing: ["2024-05-07 02:00", "2024-05-07 02:00"])
    }
    #expect(try #require(other.advice).contains("--series"))
  }

  @Test func anHourIsSkippedInSpring() throws {
    let axis = try TimeAxis(parsing: spring, options: berlin())
    #expect(
      axis.seconds == [1_711_839_600, 1_711_843_200, 1_711_846_800, 1_711_850_400, 1_711_854_000])
    #expect(axis.gaps.isEmpty)
    #expect(axis.prefix(2).next(1).labels == ["2024-03-31 03:00"])
    // Without the zone a row is missing, and the reading says why.
    let plain = try TimeAxis(parsing: spring)
    #expect(plain.gaps.map(\.missing) == [1])
    #expect(
      plain.reading
        == "an hour is missing after 2024-03-31 01:00, as where clocks go forward: --time-zone names "
        + "the zone, as Europe/Berlin")
    let error = try dataError { () throws(DataError) in
      _ = try TimeAxis(
        parsing: ["2024-03-31 01:00", "2024-03-31 02:00", "2024-03-31 03:00"], options: berlin())
    }
    #expect(error.line == 2)
    #expect(
      error.problem
        == "found \"2024-03-31 02:00\", which clocks of Europe/Berlin skip: they go forward over it"
    )
  }

  /// Days are days of the clock, though one of them has 23 hours.
  @Test func daysOfTheClock() throws {
    let days = try TimeAxis(
      parsing: ["2024-03-29", "2024-03-30", "2024-03-31", "2024-04-01"], options: berlin())
    #expect(days.seconds == [1_711_666_800, 1_711_753_200, 1_711_839_600, 1_711_922_400])
    #expect(days.frequency == .daily)
    #expect(days.next(1).labels == ["2024-04-02"])
    #expect(days.next(1).seconds == [1_712_008_800])
    // So too where the cells have their distance from UTC.
    let zoned = try TimeAxis(
      parsing: [
        "2024-03-29T00:00:00+01:00", "2024-03-30T00:00:00+01:00", "2024-03-31T00:00:00+01:00",
        "2024-04-01T00:00:00+02:00",
      ], options: berlin())
    #expect(zoned.frequency == .daily)
    #expect(zoned.next(1).labels == ["2024-04-02T00:00:00+02:00"])
  }

  @Test func newestFirstTheHourIsToldApartToo() throws {
    let table = try Table(
      csvText: "Date,v\n" + autumn.reversed().map { "\($0),1" }.joined(separator: "\n"))
    let error = try dataError { () throws(DataError) in
      _ = try table.times("Date", options: berlin())
    }
    // Rows descend strictly, so the only thing left to say is their order.
    #expect(error.line == 3)
  }

  @Test func zonesAreNamedRightly() throws {
    var options = TimeOptions()
    options.zone = "Europe/Berlim"
    #expect(
      options.problem == "there is no time zone \"Europe/Berlim\"; did you mean Europe/Berlin?")
    let axis = try TimeAxis(parsing: autumn, options: berlin())
    let copy = try JSONDecoder().decode(TimeAxis.self, from: JSONEncoder().encode(axis))
    #expect(copy == axis)
    #expect(copy.next(1).labels == axis.next(1).labels)
  }
}
