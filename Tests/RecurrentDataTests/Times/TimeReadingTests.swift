import Foundation
import Recurrent
import TestSupport
import Testing

/// Columns that can be read in several ways: the reading that makes the rows regular is taken and told,
/// and options decide otherwise.
@Suite struct TimeReadingTests {
  private func options(_ change: (inout TimeOptions) -> Void) -> TimeOptions {
    var options = TimeOptions()
    change(&options)
    return options
  }

  /// `count` firsts of months from January 2010, day first.
  private func firsts(_ count: Int) -> [String] {
    (0..<count).map { month -> String in
      String(format: "01/%02d/%d", month % 12 + 1, 2010 + month / 12)
    }
  }

  @Test func theRegularReadingOfDayAndMonthWins() throws {
    let months = try TimeAxis(parsing: firsts(132))
    #expect(months.frequency == .months(1, day: 1))
    #expect(months.next(2).labels == ["01/01/2021", "01/02/2021"])
    let reading = try #require(months.reading)
    // Month first, they are the first twelve days of eleven Januaries: of the 3664 days from 2010-01-01
    // to 2020-01-12 (datetime of Python) 132 are there.
    #expect(
      reading
        == "read day first, as %d/%m/%Y (as %m/%d/%Y: daily, 3532 rows missing); --date-order decides"
    )
    // Twelve rows are days as well as months: slashes mean month first.
    let short = try TimeAxis(parsing: firsts(12))
    #expect(short.frequency == .daily)
    #expect(short.next(1).labels == ["01/13/2010"])
    #expect(try #require(short.reading).contains("(as %d/%m/%Y: monthly); --date-order decides"))
  }

  @Test func theOrderCanBeNamed() throws {
    let short = try TimeAxis(parsing: firsts(12), options: options { $0.dateOrder = .dmy })
    #expect(short.next(1).labels == ["01/01/2011"])
    #expect(short.reading == nil)
    let days = try TimeAxis(parsing: firsts(24), options: options { $0.dateOrder = .mdy })
    #expect(days.next(1).labels == ["01/13/2011"])
    // Months that could be weeks are no doubt.
    #expect(try TimeAxis(parsing: ["2010-01", "2010-02", "2010-03"]).reading == nil)
    // The name of a month has its place in the order, too.
    let named = try TimeAxis(
      parsing: ["01-Feb-03", "02-Feb-03"], options: options { $0.dateOrder = .ymd })
    #expect(named.next(1).labels == ["03-Feb-03"])
    #expect(named.seconds[0] == 981_158_400)
    let refused = try dataError { () throws(DataError) in
      _ = try TimeAxis(parsing: ["13/01/2010"], options: options { $0.dateOrder = .ymd })
    }
    #expect(refused.problem == "found \"13/01/2010\", expected a date in the order ymd")
    let impossible = try dataError { () throws(DataError) in
      _ = try TimeAxis(
        parsing: ["01/02/2010", "13/02/2010"], options: options { $0.dateOrder = .mdy })
    }
    #expect(impossible.line == 2)
  }

  @Test func aPatternDecides() throws {
    let axis = try TimeAxis(
      parsing: ["03,02,01", "03,02,02", "03,02,03"], options: options { $0.pattern = "%y,%m,%d" })
    #expect(axis.next(1).labels == ["03,02,04"])
    #expect(axis.seconds[0] == 1_044_057_600)
    for (pattern, problem) in [
      ("%d.%m", "a pattern has a year (%Y, %y or %G)"),
      ("%Y-%Q", "%Q is not read"), ("%Y %", "a pattern does not end in %"),
      ("%Y %Y", "a pattern has no part twice"),
    ] {
      #expect(try #require(options { $0.pattern = pattern }.problem).contains(problem))
    }
    let both = options {
      $0.pattern = "%Y"
      $0.unit = .excel
    }
    #expect(both.problem != nil)
  }

  /// Whole numbers, what they are found to be, and how they go on. Times are those of pandas 3.1.
  @Test(arguments: [
    (["201610", "201611", "201612", "201701"], "yyyymm", "monthly", ["201702", "201703"]),
    (["20161229", "20161230", "20161231", "20170101"], "yyyymmdd", "daily", ["20170102"]),
    (["201551", "201552", "201553", "201601"], "yyyyww", "weekly", ["201602", "201603"]),
    (["2015", "2016", "2017"], "yyyy", "yearly", ["2018", "2019"]),
    (["201611.0", "201612.0", "201701.0"], "yyyymm", "monthly", ["201702"]),
    (["45292", "45293", "45294", "45295"], "excel", "daily", ["45296", "45297"]),
    // 2024-01-31, 02-29, 03-31, 04-30.
    (
      ["45322", "45351", "45382", "45412"], "excel", "monthly, on the last day", ["45443", "45473"]
    ),
    (
      ["45292.0", "45292.041666666664", "45292.083333333336", "45292.125"], "excel", "hourly",
      ["45292.166666667", "45292.208333333"]
    ),
    (["1704067200", "1704153600", "1704240000"], "seconds", "daily", ["1704326400"]),
    (
      ["1704067200000", "1706745600000", "1709251200000", "1711929600000"], "milliseconds",
      "monthly", ["1714521600000", "1717200000000"]
    ),
    (
      ["1704067200000000", "1706745600000000", "1709251200000000"], "microseconds", "monthly",
      ["1711929600000000"]
    ),
    (
      ["1704067200000000000", "1706745600000000000", "1709251200000000000"], "nanoseconds",
      "monthly", ["1711929600000000000"]
    ),
    (
      ["1704067200000", "1704067200250", "1704067200500"], "milliseconds", "every 250 milliseconds",
      ["1704067200750"]
    ),
    (
      ["1704067200.5", "1704067201", "1704067201.5"], "seconds", "every 500 milliseconds",
      ["1704067202"]
    ),
    (["0", "1", "2", "3"], "index", "numbers in steps of 1", ["4", "5"]),
    (["0.00", "0.25", "0.50", "0.75"], "index", "numbers in steps of 0.25", ["1.00", "1.25"]),
    (["100", "200", "300"], "index", "numbers in steps of 100", ["400"]),
    (["990", "1000", "1010"], "index", "numbers in steps of 10", ["1020"]),
  ])
  func wholeNumbers(_ texts: [String], _ unit: String, _ words: String, _ next: [String]) throws {
    let axis = try TimeAxis(parsing: texts)
    #expect(axis.format?.unit?.rawValue == unit)
    #expect(axis.frequency.description == words)
    #expect(axis.next(next.count).labels == next)
    #expect(try #require(axis.reading).contains("--time-unit decides"))
    // Their reading is kept in files.
    let copy = try JSONDecoder().decode(TimeAxis.self, from: JSONEncoder().encode(axis))
    #expect(copy == axis)
    #expect(copy.next(next.count).labels == next)
  }

  @Test func numbersAreDrawnWhereTheyLie() throws {
    // 2024-01-01 00:00 UTC
    #expect(try TimeAxis(parsing: ["45292", "45293"]).positions[0] == 1_704_067_200)
    #expect(
      try TimeAxis(parsing: ["1704067200000", "1704067201000"]).positions[0] == 1_704_067_200)
    #expect(
      try TimeAxis(parsing: ["1704067200250", "1704067200500"]).positions[1] == 1_704_067_200.5)
    #expect(try TimeAxis(parsing: ["202401", "202402"]).positions[0] == 1_704_067_200)
    #expect(try TimeAxis(parsing: ["7", "8"]).isNumbers)
  }

  /// The first column, whatever its name, where its numbers are times without a gap.
  @Test func numbersOfAnyName() throws {
    func column(_ name: String, _ numbers: [Int]) throws -> String? {
      try Table(csvText: "\(name),v\n" + numbers.map { "\($0),\($0 % 7)\n" }.joined())
        .timeColumnName(excluding: ["v"])
    }
    let months = (0..<24).map { (2010 + $0 / 12) * 100 + $0 % 12 + 1 }
    #expect(try column("Abrechnung", months) == "Abrechnung")
    #expect(try column("x", (0..<24).map { 45_292 + $0 }) == "x")
    #expect(try column("x", (0..<24).map { 1_514_764_800 + 3600 * $0 }) == "x")
    #expect(try column("x", (0..<24).reversed().map { 45_292 + $0 }) == "x")
    // Counts, numbers with a gap, and few of them.
    #expect(try column("item_id", (0..<24).map { 45_292 + $0 }) == nil)
    #expect(try column("x", (0..<24).map { 45_292 + $0 + ($0 > 9 ? 3 : 0) }) == nil)
    #expect(try column("x", Array(months.prefix(5))) == nil)
    #expect(try column("x", Array(1...24)) == nil)
  }

  /// Of rows that stand newest first, the one that does not is named.
  @Test func oneRowOutOfOrder() throws {
    for (third, problem) in [
      ("2020-01-08", "the time \"2020-01-08\" repeats \"2020-01-08\" of line 3"),
      ("2020-01-11", "the time \"2020-01-11\" comes after \"2020-01-08\" of line 3, but is later"),
    ] {
      let days = ["2020-01-09", "2020-01-08", third, "2020-01-06", "2020-01-05", "2020-01-04"]
      let error = try dataError {
        _ = try SeriesReading(
          Table(csvText: "Date,v\n" + days.map { "\($0),1\n" }.joined()), value: "v", time: "Date")
      }
      #expect(error.line == 4 && error.problem.hasPrefix(problem), "\(error)")
    }
  }

  @Test func theUnitCanBeNamed() throws {
    let texts = ["201611", "201612", "201613"]
    #expect(try TimeAxis(parsing: texts).format?.unit == .yyyyww)
    let plain = try TimeAxis(parsing: texts, options: options { $0.unit = .index })
    #expect(plain.next(1).labels == ["201614"])
    let seconds = try TimeAxis(parsing: ["10", "20"], options: options { $0.unit = .seconds })
    #expect(seconds.frequency == .seconds(10))
    #expect(seconds.seconds == [10, 20])
    let error = try dataError { () throws(DataError) in
      _ = try TimeAxis(parsing: texts, options: options { $0.unit = .yyyymm })
    }
    #expect(error.line == 3)
  }

  /// Newest first, the same readings are found; whoever reads a table turns it.
  @Test func theReadingDoesNotDependOnTheDirection() throws {
    let table = try Table(
      csvText: "Date,v\n" + firsts(132).reversed().map { "\($0),1" }.joined(separator: "\n"))
    #expect(table.timeColumnName() == "Date")
    let error = try dataError { () throws(DataError) in _ = try table.times("Date") }
    #expect(error.problem.contains("comes after"))
    #expect(error.line == 3)
  }

  /// Without a step of their own, times are still read; numbers far from any calendar are plain.
  @Test(arguments: ["2020-01-01", "01/02/2020", "201611", "45292", "7", "9223372036854775807"])
  func oneRow(_ text: String) throws {
    guard let axis = try? TimeAxis(parsing: [text]) else {
      #expect(text.count == 19)
      return
    }
    #expect(axis.labels == [text])
    #expect(axis.next(2).count == 2)
  }

  @Test func hostileNumbers() throws {
    for texts in [
      ["-9223372036854775807.5", "9223372036854775807"],
      ["-4611686018427387903", "4611686018427387903"],
      ["-2305843009213693951", "2305843009213693951"], ["1", "2305843009213693951"],
      ["0.000000001", "4000000000.1"], ["1e5", "2e5"], ["-0", "0"], ["--1", "2"],
    ] {
      guard let axis = try? TimeAxis(parsing: texts) else { continue }
      #expect(axis.next(3).labels.count == 3)
      _ = axis.gaps
    }
  }
}
