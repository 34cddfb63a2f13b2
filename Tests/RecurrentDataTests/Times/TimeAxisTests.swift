import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct TimeAxisTests {
  private func error(_ texts: [String]) throws -> DataError {
    try dataError { () throws(DataError) in _ = try TimeAxis(parsing: texts, source: "t.csv") }
  }

  /// Seconds, checked against the calendar of another library.
  private func seconds(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0
  ) throws -> Int64 {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    let parts = DateComponents(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    return Int64(try #require(calendar.date(from: parts)).timeIntervalSince1970)
  }

  @Test(arguments: [
    ["2012-01-09", "2012-02-10"], ["2012/01/09", "2012/02/10"], ["2012.01.09", "2012.02.10"],
    ["2012-1-9", "2012-2-10"], ["1/9/2012", "2/10/2012"], ["01/09/2012", "02/10/2012"],
    ["9.1.2012", "10.2.2012"], ["09-01-2012", "10-02-2012"], ["20120109", "20120210"],
    ["1/9/12", "2/10/12"], ["2012-01-09T00:00Z", "2012-02-10T00:00Z"],
    ["2012-01-09 00:00:00", "2012-02-10 00:00:00"],
  ])
  func datesInManyForms(_ texts: [String]) throws {
    let axis = try TimeAxis(parsing: texts)
    #expect(axis.seconds == [try seconds(2012, 1, 9), try seconds(2012, 2, 10)])
    // Written as they were read.
    #expect(axis.labels == texts)
  }

  @Test(arguments: [
    (["2020-02-28 23:59", "2020-02-29 00:01"], [-60, 60]),
    (["2020-02-28T23:59:59Z", "2020-02-29T00:00:01Z"], [-1, 1]),
    (["2020-02-29T01:00:00+02:00", "2020-02-29T05:30:00+02:00"], [-3600, 12600]),
    (["2020-02-28T23:00:00-05:30", "2020-02-29T00:00:00-05:30"], [16200, 19800]),
    (["2/28/2020 9:05", "2/29/2020 10:05"], [-53700, 36300]),
  ])
  func timesOfDay(_ texts: [String], _ offsets: [Int64]) throws {
    let axis = try TimeAxis(parsing: texts)
    let midnight = try seconds(2020, 2, 29)
    #expect(axis.seconds == offsets.map { midnight + $0 })
    if texts[0] != "2/28/2020 9:05" { #expect(axis.labels == texts) }
  }

  @Test func otherWaysToWriteZones() throws {
    let axis = try TimeAxis(parsing: [
      "2020-01-01 00:00:00+00", "2020-01-01 03:00:00+0200", "2020-01-01 02:00:00 UTC",
      "2020-01-01 03:00:00.000Z",
    ])
    let start = try seconds(2020, 1, 1)
    #expect(axis.seconds == [start, start + 3600, start + 7200, start + 10800])
    // The zones differ, so labels are in UTC.
    #expect(axis.label(1).hasPrefix("2020-01-01 01:00:00"))
    #expect(try #require(axis.reading).contains("--time-zone names the zone"))
    let summer = try TimeAxis(parsing: [
      "2020-10-25T02:00:00+02:00", "2020-10-25T02:00:00+01:00", "2020-10-25T03:00:00+01:00",
    ])
    #expect(summer.frequency == .hourly)
  }

  @Test func partsOfSeconds() throws {
    // Without them the rows are regular.
    let clock = try TimeAxis(
      parsing: ["00.250", "01.261", "02.249", "03.25"].map { "2020-01-01 00:00:" + $0 })
    #expect(clock.frequency == .seconds(1))
    #expect(clock.next(1).labels == ["2020-01-01 00:00:04"])
    #expect(try #require(clock.reading).contains("parts of a second are left out"))
    // With them.
    let fast = try TimeAxis(
      parsing: ["00.98", "00.99", "01.00", "01.01"].map { "2020-01-01 00:00:" + $0 })
    #expect(fast.frequency == .nanoseconds(10_000_000))
    #expect(fast.frequency.description == "every 10 milliseconds")
    #expect(fast.next(2).labels == ["2020-01-01 00:00:01.02", "2020-01-01 00:00:01.03"])
    #expect(fast.positions[1] - fast.positions[0] < 0.011)
    let numbers = try TimeAxis(parsing: ["-0.5", "0", "0.5", "1"])
    #expect(numbers.isNumbers)
    #expect(numbers.next(2).labels == ["1.5", "2"])
    #expect(numbers.positions == [-0.5, 0, 0.5, 1])
  }

  @Test func midnightWithoutTime() throws {
    let axis = try TimeAxis(parsing: ["2020-01-01", "2020-01-01 12:00", "2020-01-02"])
    #expect(axis.frequency == .seconds(43_200))
    #expect(axis.label(0) == "2020-01-01 00:00")
  }

  @Test func monthsYearsAndNumbers() throws {
    let months = try TimeAxis(parsing: ["1949-01", "1949-02"])
    #expect(months.seconds == [try seconds(1949, 1, 1), try seconds(1949, 2, 1)])
    #expect(months.next(12).labels.last == "1950-02")
    let years = try TimeAxis(parsing: ["1700.0", "1701.0"])
    #expect(years.seconds == [-8_520_336_000, -8_488_800_000])
    #expect(years.next(2).labels == ["1702", "1703"])
    #expect(try TimeAxis(parsing: ["1999", "2000", "2001"]).frequency.description == "yearly")
    let unix = try TimeAxis(parsing: ["1577836800", "1577836860"])
    #expect(unix.seconds == [1_577_836_800, 1_577_836_860])
    #expect(unix.next(1).labels == ["1577836920"])
    // More than four digits are no years.
    let plain = try TimeAxis(parsing: ["9998", "9999", "10000"])
    #expect(plain.frequency == .index(step: 1, decimals: 0))
    #expect(plain.next(1).labels == ["10001"])
  }

  @Test func dayOrMonthFirst() throws {
    func pattern(_ texts: String...) throws -> String? {
      try TimeAxis(parsing: texts).format?.pattern
    }
    // Decided by a row that fits one reading only.
    #expect(
      try TimeAxis(parsing: ["1/2/2020", "13/2/2020"]).labels == ["1/2/2020", "13/2/2020"])
    #expect(try TimeAxis(parsing: ["1/2/2020", "13/2/2020"]).frequency == .seconds(12 * 86_400))
    // Both fit; only month/day ascends: dots prefer the day otherwise.
    #expect(try pattern("1.2.2020", "2.1.2020") == "%-m.%-d.%Y")
    #expect(try pattern("2/1/2020", "1/2/2020") == "%-d/%-m/%Y")
    // Both fit, ascend and are as regular.
    #expect(try pattern("1/2/2020", "1/3/2020") == "%-m/%-d/%Y")
    #expect(try pattern("1-2-2020", "2-3-2020") == "%-d-%-m-%Y")
    #expect(try pattern("1.2.2020", "2.3.2020") == "%-d.%-m.%Y")
  }

  @Test func twoDigitYears() throws {
    let axis = try TimeAxis(parsing: ["12/31/68", "1/1/69"].reversed())
    #expect(axis.seconds == [try seconds(1969, 1, 1), try seconds(2068, 12, 31)])
    #expect(axis.labels == ["1/1/69", "12/31/68"])
    // The century that lets the rows follow one another, else that of spreadsheets.
    let sixties = try TimeAxis(parsing: ["Nov-68", "Dec-68", "Jan-69"])
    #expect(sixties.seconds[0] == (try seconds(1968, 11, 1)))
    #expect(sixties.next(1).labels == ["Feb-69"])
    let airline = try TimeAxis(parsing: ["Jan-49", "Feb-49", "Mar-49"])
    #expect(airline.seconds[0] == (try seconds(1949, 1, 1)))
    #expect(airline.reading == "two-digit years are those from 1930 to 2029")
    let copy = try JSONDecoder().decode(TimeAxis.self, from: JSONEncoder().encode(airline))
    #expect(copy == airline)
    let turn = try TimeAxis(parsing: ["Nov-99", "Dec-99", "Jan-00"])
    #expect(turn.seconds[2] == (try seconds(2000, 1, 1)) && turn.reading == nil)
    var options = TimeOptions()
    options.pattern = "%b-%y"
    let posix = try TimeAxis(parsing: ["Jan-49", "Feb-49", "Mar-49"], options: options)
    #expect(posix.seconds[0] == (try seconds(2049, 1, 1)))
  }

  @Test(arguments: [
    "2020-02-30", "2019-02-29", "2020-13-01", "2020-00-10", "2020-01-02 24:01", "2020-01-01 12:60",
    "2020-01-01X", "2020-01-01T", "2020/01-01", "2020-01", "", "soon", "2020-1-1-1",
    "2020-01-02 25", "2020-01-02 12:00+", "2020-01-02 12:00+25:00", "20200102", "99999-01-01",
    "2020-01-02 12:00:61", "٢٠٢٠-٠١-٠١",
  ])
  func unreadable(_ text: String) throws {
    let error = try error(["2020-01-01", text])
    #expect(error.line == 2)
    let found = text.isEmpty ? "an empty cell" : "\"\(text)\""
    #expect(error.problem == "found \(found), expected a time like \"2020-01-01\"")
    #expect(try #require(error.advice).contains(text.isEmpty ? "Fill in" : "2012-01-31"))
  }

  @Test func firstRowUnreadable() throws {
    let error = try error(["Week 1", "Week 2"])
    #expect(error.line == 1)
    #expect(error.problem == "found \"Week 1\", expected a time")
    #expect(try self.error(["0000-01-01"]).line == 1)
    #expect(try self.error(["99999999999999999999"]).line == 1)
    #expect(try self.error([]).problem == "there are no times")
  }

  @Test func zonesMustBeEverywhereOrNowhere() throws {
    #expect(try error(["2020-01-01 00:00", "2020-01-01 01:00Z"]).line == 2)
  }

  @Test func order() throws {
    let error = try error(["2020-01-01", "2020-01-03", "2020-01-02"])
    #expect(error.line == 3)
    #expect(
      error.problem
        == "the time \"2020-01-02\" comes after \"2020-01-03\" of line 2, but is earlier")
    #expect(try #require(error.advice).hasPrefix("Sort the rows"))
    let repeated = try self.error(["2020-01-01", "2020-01-02", "2020-01-02"])
    #expect(repeated.line == 3)
    #expect(repeated.problem == "the time \"2020-01-02\" repeats \"2020-01-02\" of line 2")
    #expect(try #require(repeated.advice).contains("name the column"))
  }

  /// Every day of four centuries around leap years of each kind, against another calendar.
  @Test func calendarAgrees() throws {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    let start = try seconds(1890, 1, 1)
    for day in stride(from: Int64(0), to: 400 * 366, by: 13) {
      let second = start + day * 86_400
      let label = TimeFormat.isoDate.text(second)
      let parts = calendar.dateComponents(
        [.year, .month, .day], from: Date(timeIntervalSince1970: Double(second)))
      let year = try #require(parts.year)
      let month = try #require(parts.month)
      let dayOfMonth = try #require(parts.day)
      #expect(label == String(format: "%04d-%02d-%02d", year, month, dayOfMonth))
      #expect(try TimeAxis(parsing: [label]).seconds == [second])
    }
  }

  @Test func rowNumbers() {
    let axis = TimeAxis(rowCount: 3)
    #expect(axis.isRowNumbers)
    #expect(axis.labels == ["1", "2", "3"])
    #expect(axis.next(2).labels == ["4", "5"])
    #expect(axis.suffix(2).labels == ["2", "3"])
    #expect(axis.frequency.description == "rows")
    #expect(axis.gaps.isEmpty)
  }

  @Test func parts() throws {
    let axis = try TimeAxis(parsing: ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"])
    #expect(axis.prefix(1).labels == ["2020-01-01"])
    #expect(axis.suffix(9).count == 4)
    #expect(axis.slice(1..<3).labels == ["2020-01-02", "2020-01-03"])
    // One row has no step of its own; it keeps the step of the whole.
    #expect(axis.suffix(1).next(1).labels == ["2020-01-05"])
  }

  /// Whatever a file says, times go on without end and no sum leaves its range.
  @Test(arguments: [
    #"{"seconds":[1,2],"format":{"unit":"index","leastDecimals":0,"mostDecimals":9},"frequency":{"index":{"step":9223372036854775807,"decimals":0}}}"#,
    #"{"seconds":[1,2],"format":{"pattern":"%Y"},"frequency":{"index":{"step":9223372036854775807,"decimals":9}}}"#,
    #"{"ticks":[1,4611686018427387903],"format":{"pattern":"%Y","decimals":9},"frequency":{"nanoseconds":{"_0":1}}}"#,
    #"{"ticks":[1,2],"format":{"pattern":"%Y","decimals":9},"frequency":{"seconds":{"_0":500000000000}}}"#,
    #"{"ticks":[1,2],"format":{"pattern":"%Y","decimals":3,"zone":"Europe/Berlin"},"frequency":{"seconds":{"_0":86400}}}"#,
    #"{"seconds":[1,253402300799],"format":{"pattern":"%G-W%V %A"},"frequency":{"months":{"_0":120000,"day":31}}}"#,
    #"{"seconds":[1,253402300799],"format":{"unit":"nanoseconds","leastDecimals":0,"mostDecimals":9},"frequency":{"businessMonths":{"_0":120000,"atEnd":false}}}"#,
    #"{"seconds":[-253402300799,2],"format":{"unit":"excel","leastDecimals":0,"mostDecimals":9},"frequency":{"irregular":{}}}"#,
  ])
  func hostileSteps(_ json: String) throws {
    let axis = try JSONDecoder().decode(TimeAxis.self, from: Data(json.utf8))
    #expect(axis.next(100_000).labels.count == 100_000)
    _ = (axis.gaps, axis.positions, axis.holidays, axis.seconds)
  }

  @Test func codable() throws {
    for texts in [["1/30/2012", "1/31/2012"], ["1949-01", "1949-02"], ["5", "8"]] {
      let axis = try TimeAxis(parsing: texts)
      let copy = try JSONDecoder().decode(TimeAxis.self, from: JSONEncoder().encode(axis))
      #expect(copy == axis)
      #expect(copy.next(3).labels == axis.next(3).labels)
    }
    let rows = TimeAxis(rowCount: 2)
    #expect(try JSONDecoder().decode(TimeAxis.self, from: JSONEncoder().encode(rows)) == rows)
    for bad in [
      #"{"seconds":[2,1],"frequency":{"rows":{}}}"#,
      #"{"seconds":[1,9223372036854775807],"frequency":{"rows":{}}}"#,
      #"{"seconds":[1,2],"frequency":{"months":{"_0":0,"day":1}}}"#,
      #"{"seconds":[1,2],"frequency":{"businessDays":{}}}"#,
      #"{"seconds":[1,2],"format":{"pattern":"%d"},"frequency":{"irregular":{}}}"#,
      #"{"seconds":[1,2],"format":{"pattern":"%Y","zone":"No/Where"},"frequency":{"irregular":{}}}"#,
      #"{"ticks":[1,2],"format":{"pattern":"%Y","decimals":10},"frequency":{"irregular":{}}}"#,
      #"{"seconds":[1,2],"format":{"unit":"excel","leastDecimals":5,"mostDecimals":2},"frequency":{"irregular":{}}}"#,
      #"{"seconds":[1,2],"format":{"unit":"lightyears","leastDecimals":0,"mostDecimals":0},"frequency":{"irregular":{}}}"#,
      #"{"seconds":[1,2],"format":{"pattern":"%Y"},"frequency":{"businessMonths":{"_0":0,"atEnd":true}}}"#,
      #"{"seconds":[1,2],"format":{"pattern":"%Y"},"frequency":{"index":{"step":1,"decimals":99}}}"#,
    ] {
      #expect(throws: DecodingError.self) {
        _ = try JSONDecoder().decode(TimeAxis.self, from: Data(bad.utf8))
      }
    }
  }
}
