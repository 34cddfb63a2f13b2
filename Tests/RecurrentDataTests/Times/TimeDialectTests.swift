import Foundation
import Recurrent
import TestSupport
import Testing

/// Times as spreadsheets, shops, meters and statistics offices write them, and go on writing them.
@Suite struct TimeDialectTests {
  /// Rows, seconds since 1970 of the first (by `datetime` of Python), frequency, and how they go on.
  @Test(arguments: [
    (["Feb 24, 2023", "Feb 25, 2023", "Feb 26, 2023"], 1_677_196_800, "daily", "Feb 27, 2023"),
    (
      ["February 28, 2023", "March 1, 2023", "March 2, 2023"], 1_677_542_400, "daily",
      "March 3, 2023"
    ),
    (["01-Jan-2015", "02-Jan-2015", "03-Jan-2015"], 1_420_070_400, "daily", "04-Jan-2015"),
    (["1-Jan-15", "2-Jan-15", "3-Jan-15"], 1_420_070_400, "daily", "4-Jan-15"),
    (["Jan-00", "Feb-00", "Mar-00"], 946_684_800, "monthly", "Apr-00"),
    (["JAN 2015", "FEB 2015", "MAR 2015"], 1_420_070_400, "monthly", "APR 2015"),
    (["01JAN2015", "02JAN2015"], 1_420_070_400, "daily", "03JAN2015"),
    (["2015 Jan", "2015 Feb"], 1_420_070_400, "monthly", "2015 Mar"),
    (["2015M11", "2015M12"], 1_446_336_000, "monthly", "2016M01"),
    (["11/2015", "12/2015"], 1_446_336_000, "monthly", "01/2016"),
    (["1970Q3", "1970Q4"], 15_638_400, "quarterly", "1971Q1"),
    (["1970-Q3", "1970-Q4"], 15_638_400, "quarterly", "1971-Q1"),
    (["Q3 1970", "Q4 1970"], 15_638_400, "quarterly", "Q1 1971"),
    (["2015-W01", "2015-W02"], 1_419_811_200, "weekly", "2015-W03"),
    (["2015W52", "2015W53"], 1_450_656_000, "weekly", "2016W01"),
    (["2015-W01-3", "2015-W01-4"], 1_419_984_000, "daily", "2015-W01-5"),
    (
      ["20150101T000000Z", "20150101T003000Z"], 1_420_070_400, "every 30 minutes",
      "20150101T010000Z"
    ),
    (["20150101T0000", "20150101T0030"], 1_420_070_400, "every 30 minutes", "20150101T0100"),
    (["20150101 23:00", "20150102 00:00"], 1_420_153_200, "hourly", "20150102 01:00"),
    (["20150101000000", "20150101010000"], 1_420_070_400, "hourly", "20150101020000"),
    (["2015010123", "2015010200"], 1_420_153_200, "hourly", "2015010201"),
    (["2015-01-01 23", "2015-01-02 00"], 1_420_153_200, "hourly", "2015-01-02 01"),
    (
      ["1/1/2015 11:00 AM", "1/1/2015 12:00 PM", "1/1/2015 1:00 PM"], 1_420_110_000, "hourly",
      "1/1/2015 2:00 PM"
    ),
    (
      ["1/1/2015 11:00:00 pm", "1/2/2015 12:00:00 am"], 1_420_153_200, "hourly",
      "1/2/2015 1:00:00 am"
    ),
    (["01-01-2015 11PM", "02-01-2015 12AM"], 1_420_153_200, "hourly", "02-01-2015 01AM"),
    (
      ["2015-01-01 23:00", "2015-01-01 24:00", "2015-01-02 01:00"], 1_420_153_200, "hourly",
      "2015-01-02 02:00"
    ),
    (
      ["2015-01-01 22:00", "2015-01-01 23:00", "2015-01-01 24:00"], 1_420_149_600, "hourly",
      "2015-01-02 01:00"
    ),
    (
      ["2015-01-01T22:00:00.000Z", "2015-01-01T23:00:00.000Z"], 1_420_149_600, "hourly",
      "2015-01-02T00:00:00.000Z"
    ),
    (
      ["2015-01-01 00:00:00+0200", "2015-01-01 01:00:00+0200"], 1_420_063_200, "hourly",
      "2015-01-01 02:00:00+0200"
    ),
    (
      ["2015-01-01 00:00:00+00:00", "2015-01-01 01:00:00+00:00"], 1_420_070_400, "hourly",
      "2015-01-01 02:00:00+00:00"
    ),
    (
      ["2015-01-01 00:00:00 UTC", "2015-01-01 01:00:00 UTC"], 1_420_070_400, "hourly",
      "2015-01-01 02:00:00 UTC"
    ),
    (
      ["Thu, 01 Jan 2015 00:00:00 GMT", "Thu, 01 Jan 2015 01:00:00 GMT"], 1_420_070_400, "hourly",
      "Thu, 01 Jan 2015 02:00:00 GMT"
    ),
    (["Thu 1/1/2015", "Fri 2/1/2015", "Sat 3/1/2015"], 1_420_070_400, "daily", "Sun 4/1/2015"),
    (
      ["Thursday, January 1, 2015", "Friday, January 2, 2015"], 1_420_070_400, "daily",
      "Saturday, January 3, 2015"
    ),
    (["2015-01-01 Thu", "2015-01-02 Fri"], 1_420_070_400, "daily", "2015-01-03 Sat"),
    (
      ["Thu Jan  1 22:00:00 2015", "Thu Jan  1 23:00:00 2015"], 1_420_149_600, "hourly",
      "Fri Jan 2 00:00:00 2015"
    ),
    (
      ["01/Jan/2015:22:00:00 +0000", "01/Jan/2015:23:00:00 +0000"], 1_420_149_600, "hourly",
      "02/Jan/2015:00:00:00 +0000"
    ),
    (
      ["10/03/2004 18.00.00", "10/03/2004 19.00.00", "13/03/2004 20.00.00"], 1_078_941_600,
      "hourly", "13/03/2004 21.00.00"
    ),
    (
      ["20150101 0", "20150101 30", "20150101 100"], 1_420_070_400, "every 30 minutes",
      "20150101 130"
    ),
    (["20150101 2230", "20150101 2300"], 1_420_151_400, "every 30 minutes", "20150101 2330"),
    (
      ["[01/Jan/2015:22:00:00 +0000]", "[01/Jan/2015:23:00:00 +0000]"], 1_420_149_600, "hourly",
      "[02/Jan/2015:00:00:00 +0000]"
    ),
    (["2015年01月", "2015年02月"], 1_420_070_400, "monthly", "2015年03月"),
    (["31.12.14", "01.01.15"], 1_419_984_000, "daily", "02.01.15"),
    (["1.1.2015 0:00", "1.1.2015 1:00"], 1_420_070_400, "hourly", "1.1.2015 2:00"),
    (["2015-001", "2015-002"], 1_420_070_400, "daily", "2015-003"),
    (["2015-1", "2015-2", "2015-3", "2015-4", "2016-1"], 1_420_070_400, "quarterly", "2016-2"),
  ])
  func readAndContinued(_ texts: [String], _ first: Int64, _ words: String, _ next: String) throws {
    let axis = try TimeAxis(parsing: texts)
    #expect(axis.seconds.first == first)
    #expect(axis.frequency.description == words)
    #expect(axis.next(1).labels == [next])
    let copy = try JSONDecoder().decode(TimeAxis.self, from: JSONEncoder().encode(axis))
    #expect(copy == axis)
  }

  /// Names of other languages, weeks, seasons, ranges and zones as the offices of Europe write them.
  @Test(arguments: [
    (["12. Januar 2018", "13. Januar 2018"], 1_515_715_200, "daily", "14. Januar 2018"),
    (["Jan 18", "Feb 18", "Mrz 18", "Apr 18", "Mai 18"], 1_514_764_800, "monthly", "Jun 18"),
    (["Januar 2018", "Februar 2018", "März 2018"], 1_514_764_800, "monthly", "April 2018"),
    (["janv. 2018", "févr. 2018", "mars 2018"], 1_514_764_800, "monthly", "avr. 2018"),
    (["mai 2018", "juin 2018", "juil. 2018"], 1_525_132_800, "monthly", "août 2018"),
    (
      ["12 de enero de 2018", "13 de enero de 2018"], 1_515_715_200, "daily", "14 de enero de 2018"
    ),
    (["ene-18", "feb-18", "mar-18"], 1_514_764_800, "monthly", "abr-18"),
    (["gennaio 2018", "febbraio 2018"], 1_514_764_800, "monthly", "marzo 2018"),
    (["01/fev/2018", "02/fev/2018"], 1_517_443_200, "daily", "03/fev/2018"),
    (["1 mrt 2018", "2 mrt 2018"], 1_519_862_400, "daily", "3 mrt 2018"),
    (["Mo 01.01.2018", "Di 02.01.2018"], 1_514_764_800, "daily", "Mi 03.01.2018"),
    (["KW 1/2018", "KW 2/2018"], 1_514_764_800, "weekly", "KW 3/2018"),
    (["2018-KW01", "2018-KW02"], 1_514_764_800, "weekly", "2018-KW03"),
    (["1940/41", "1941/42", "1942/43"], -946_771_200, "yearly", "1943/44"),
    (["1998-99", "1999-00", "2000-01"], 883_612_800, "yearly", "2001-02"),
    (["1940/1941", "1941/1942"], -946_771_200, "yearly", "1942/1943"),
    (
      ["01.01.2018 00:00 - 01.01.2018 01:00", "01.01.2018 01:00 - 01.01.2018 02:00"], 1_514_764_800,
      "hourly", "01.01.2018 02:00"
    ),
    (
      ["01.01.2018 00:00 - 00:15", "01.01.2018 00:15 - 00:30"], 1_514_764_800, "every 15 minutes",
      "01.01.2018 00:30"
    ),
    (
      ["01.01.2018 - 07.01.2018", "08.01.2018 - 14.01.2018"], 1_514_764_800, "weekly", "15.01.2018"
    ),
    (
      ["2018-01-01T00:00Z/2018-01-01T01:00Z", "2018-01-01T01:00Z/2018-01-01T02:00Z"], 1_514_764_800,
      "hourly", "2018-01-01T02:00Z"
    ),
    (
      ["2018-01-01 00:00 CET", "2018-01-01 01:00 CET"], 1_514_761_200, "hourly",
      "2018-01-01 02:00 +01:00"
    ),
    (["43101,5", "43102,5", "43103,5"], 1_514_808_000, "daily", "43104.5"),
    (["1.5147648E+12", "1.5148512E+12", "1.5149376E+12"], 1_514_764_800, "daily", "1515024000000"),
  ])
  func europe(_ texts: [String], _ first: Int64, _ words: String, _ next: String) throws {
    try readAndContinued(texts, first, words, next)
  }

  @Test func namesInAPattern() throws {
    var options = TimeOptions()
    for pattern in ["%d. %B %Y", "%d. %{de}B %Y"] {
      options.pattern = pattern
      let axis = try TimeAxis(parsing: ["30. März 2018", "31. März 2018"], options: options)
      #expect(axis.next(1).labels == ["01. April 2018"])
    }
    for pattern in ["%{xx}B %Y", "%{d", "%* %Y"] {
      options.pattern = pattern
      #expect(options.problem != nil, "\(pattern)")
    }
  }

  /// Some dates turned into others by a spreadsheet, and numbers that it cut short.
  @Test func whatSpreadsheetsSpoil() throws {
    for texts in [
      ["04.03.2018", "04.04.2018", "13/4/2018"], ["43163", "43194", "13/4/2018"],
    ] {
      let error = try dataError { () throws(DataError) in
        _ = try TimeAxis(parsing: texts, source: "t.csv")
      }
      #expect(
        error.line == 3 && error.problem.hasPrefix("found \"\(texts[2])\", expected a time like"))
      #expect(try #require(error.advice).contains("with this column as text"))
    }
    let error = try dataError { () throws(DataError) in
      _ = try TimeAxis(parsing: ["1.51476E+12", "1.51485E+12", "1.51494E+12", "1.51502E+12"])
    }
    #expect(error.problem.contains("a spreadsheet has left a few digits"))
  }

  @Test func rangesAreTold() throws {
    let axis = try TimeAxis(parsing: ["01.01.2018 - 07.01.2018", "08.01.2018 - 14.01.2018"])
    #expect(try #require(axis.reading).contains("of each range of times the beginning is taken"))
  }

  /// Midnight without its time, seconds and fractions left out where they are 0.
  @Test func mixedPrecision() throws {
    let axis = try TimeAxis(parsing: [
      "2015-01-01", "2015-01-01 06:00", "2015-01-01 12:00:00", "2015-01-01 18:00:00.000",
    ])
    #expect(axis.frequency == .seconds(6 * 3600))
    #expect(axis.next(1).labels == ["2015-01-02 00:00:00.000"])
  }

  /// A month that is not shortened tells nothing of the others.
  @Test func shortNames() throws {
    let days = ["29", "30"].map { "June \($0), 2010" } + ["July 1, 2010", "Sept 2, 2010"]
    #expect(try TimeAxis(parsing: Array(days[..<3])).next(1).labels == ["July 2, 2010"])
    #expect(
      try TimeAxis(parsing: ["May 30, 2010", "May 31, 2010"]).next(1).labels == ["Jun 01, 2010"])
    let mixed = try TimeAxis(parsing: [
      "May 30, 2010", "May 31, 2010", "June 1, 2010", "Sept 1, 2010",
    ])
    #expect(mixed.format?.pattern == "%b %-d, %Y")
    #expect(mixed.reading == nil)
  }

  @Test func weekdaysMustFit() throws {
    // 2 January 2015 was a Friday, 1 February a Sunday.
    let axis = try TimeAxis(parsing: ["Fri 01/02/2015", "Sat 01/03/2015"])
    #expect(axis.format?.pattern == "%a %m/%d/%Y")
    #expect(throws: DataError.self) { try TimeAxis(parsing: ["Mon 2015-01-02"]) }
  }

  /// Years of one column, months of another; a date with its hour from 1 to 24.
  @Test func severalColumns() throws {
    let table = try Table(
      csvText: "year,month,day,hour,v\n2015,1,1,22,5\n2015,1,1,23,6\n2015,1,2,0,7\n")
    let hours = try Series.read(table, value: "v", time: "year,month,day,hour")[0]
    #expect(hours.times.frequency == .hourly)
    #expect(hours.times.next(1).labels == ["2015 1 2 1"])
    let meter = try Table(
      csvText: "Date;Hour;v\n01.12.2015;23;5\n01.12.2015;24;6\n02.12.2015;1;7\n")
    // The day repeats and there is a column of hours: it is taken with it.
    #expect(meter.timeColumnName() == "Date,Hour")
    let series = try Series.read(meter, value: "v")[0]
    #expect(series.times.frequency == .hourly)
    #expect(series.times.next(2).labels == ["02.12.2015 2", "02.12.2015 3"])
    let air = try Table(
      csvText:
        "Date;Time;CO\n10/03/2004;18.00.00;2,6\n10/03/2004;19.00.00;2\n10/03/2004;20.00.00;3\n")
    #expect(try air.times("Date,Time", options: TimeOptions()).frequency == .hourly)
    let repeated = try dataError { () throws(DataError) in _ = try air.times("Date") }
    #expect(repeated.advice == "Read the time of day with it: train with --time Date,Time")
    let missing = try dataError { () throws(DataError) in _ = try air.times("Date,Tine") }
    #expect(try #require(missing.advice).contains("Did you mean \"Time\"?"))
  }

  @Test func emptyCells() throws {
    let error = try dataError { () throws(DataError) in
      _ = try TimeAxis(parsing: ["2015-01-01", "", "2015-01-03"])
    }
    #expect(error.line == 2)
    #expect(error.problem == "found an empty cell, expected a time like \"2015-01-01\"")
    #expect(error.advice == "Fill in the time, or remove the row")
  }

  /// An axis as folders had it.
  @Test func axesOfOlderFolders() throws {
    let json =
      #"{"seconds":[1577836800,1577923200],"format":{"order":"dayMonthYear","separator":".","isPadded":true,"hasTwoDigitYear":true,"clock":0,"clockSeparator":" "},"frequency":{"seconds":{"_0":86400}}}"#
    let axis = try JSONDecoder().decode(TimeAxis.self, from: Data(json.utf8))
    #expect(axis.next(2).labels == ["03.01.20", "04.01.20"])
    let rows = #"{"seconds":[7,8],"frequency":{"rows":{}}}"#
    #expect(try JSONDecoder().decode(TimeAxis.self, from: Data(rows.utf8)).next(1).labels == ["9"])
  }

  /// A format as folders had it that were written before there were patterns.
  @Test(arguments: [
    (
      #"{"order":"monthDayYear","separator":"/","isPadded":false,"hasTwoDigitYear":false,"clock":0,"clockSeparator":" "}"#,
      "1/6/2020"
    ),
    (
      #"{"order":"yearMonthDay","separator":"-","isPadded":true,"hasTwoDigitYear":false,"clock":1,"clockSeparator":"T","zoneMinutes":120}"#,
      "2020-01-06T02:00+02:00"
    ),
    (
      #"{"order":"compact","separator":"-","isPadded":true,"hasTwoDigitYear":false,"clock":0,"clockSeparator":" "}"#,
      "20200106"
    ),
    (
      #"{"order":"unixSeconds","separator":"-","isPadded":true,"hasTwoDigitYear":false,"clock":0,"clockSeparator":" "}"#,
      "1578268800"
    ),
    (
      #"{"order":"year","separator":"-","isPadded":true,"hasTwoDigitYear":false,"clock":0,"clockSeparator":" "}"#,
      "2020"
    ),
  ])
  func formatsOfOlderFolders(_ json: String, _ text: String) throws {
    let format = try JSONDecoder().decode(TimeFormat.self, from: Data(json.utf8))
    #expect(format.text(1_578_268_800) == text)
  }
}
