import Recurrent
import TestSupport
import Testing

/// Rows that are turned, absent, without a value, or still to come.
@Suite struct SeriesReadingTests {
  private func reading(
    _ rows: [String], header: String = "t,v", covariates: [String] = [], groupedBy: String? = nil,
    _ missing: MissingValues = .error
  ) throws -> SeriesReading {
    let text = ([header] + rows).joined(separator: "\n")
    return try SeriesReading(
      Table(csvText: text, source: "t.csv"), value: "v", covariates: covariates,
      groupedBy: groupedBy, missing: missing)
  }

  @Test func filledCellsAreCounted() throws {
    let rows = ["1,5", ",", "3,7", ",8", "5,9"].enumerated().map { "2020-01-0\($0 + 1),\($1)" }
    let table = try Table(csvText: (["Date,a,b"] + rows).joined(separator: "\n"))
    let reading = try SeriesReading(
      table, value: "a", time: "Date", covariates: ["b"], missing: .interpolate)
    #expect(reading.series[0].target == [1, 2, 3, 4, 5])
    #expect(
      reading.remarks == ["empty cells were filled, by --missing interpolate: 2 of a, 1 of b"])
  }

  @Test func anotherFrequencyThanTheModels() throws {
    let table = try Table(csvText: "Date,a\n2020-01-01,1\n2020-02-01,2\n2020-03-01,4\n")
    let days = try TimeAxis(parsing: ["2019-01-01", "2019-01-02", "2019-01-03"])
    let reading = try SeriesReading(table, value: "a", time: "Date", like: days)
    #expect(
      reading.remarks == [
        "rows are monthly, but those of the training were daily: forecasts are of rows as these"
      ])
  }

  @Test(arguments: ["Total", "Summe 2020", "Grand total:"]) func sumsBelow(_ word: String) throws {
    let table = try Table(
      csvText: "Date,a\n2020-01-01,1\n2020-01-02,2\n2020-01-03,4\n\(word),7\nAverage,2.3\n,\n")
    let reading = try SeriesReading(table, value: "a", time: "Date")
    #expect(reading.series[0].target == [1, 2, 4])
    #expect(
      reading.remarks == [
        "1 row of empty cells at the end was left out",
        "the last 2 rows sum up the others: line 5 (\"\(word)\") sums up the rows above, and is "
          + "left out",
      ])
  }

  /// A file that could be read both ways is read as the model's.
  @Test func theMarkOfTheModel() throws {
    let table = try Table(csvText: "x;a\n1;100,5\n2;7,25\n3;8,5\n")
    let format = try #require(table.formatOfNumbers(in: "a"))
    #expect(format.decimalMark == .comma)
    let other = try Table(csvText: "x;a\n1;1,234\n2;5,678\n3;9,125\n", format: format)
    #expect(try other.numbers("a") == [1.234, 5.678, 9.125])
    #expect(try #require(other.remark(onNumbersOf: "a")).contains("as the model has it"))
  }

  @Test func newestFirst() throws {
    let read = try reading(["2020-01-03,3", "2020-01-02,2", "2020-01-01,1"])
    #expect(read.series[0].target == [1, 2, 3])
    #expect(read.series[0].times.labels == ["2020-01-01", "2020-01-02", "2020-01-03"])
    #expect(read.remarks == ["the newest row stands first: the rows were turned"])
    let years = try reading(["2003,3", "2002,2", "2001,1"], header: "year,v")
    #expect(years.series[0].times.labels == ["2001", "2002", "2003"])
    let shops = try reading(
      ["a,2020-01-02,2", "a,2020-01-01,1", "b,2020-01-02,4", "b,2020-01-01,3"], header: "s,t,v",
      groupedBy: "s")
    #expect(shops.series.map(\.name) == ["a", "b"])
    #expect(shops.series.map(\.target) == [[1, 2], [3, 4]])
    // Errors name the line of the file.
    let error = try dataError {
      _ = try reading(["2020-01-03,3", "2020-01-02,x", "2020-01-01,1"])
    }
    #expect(error.line == 3)
    // Neither way is in order.
    let mixed = try dataError {
      _ = try reading(["2020-01-03,3", "2020-01-01,2", "2020-01-02,1"])
    }
    #expect(mixed.problem.contains("but is earlier"))
  }

  @Test func aSeriesWithoutAValueCostsNoOther() throws {
    let rows = ["a,2020-01-01,1", "b,2020-01-01,", "a,2020-01-02,2", "b,2020-01-02,NA"]
    let read = try reading(rows, header: "s,t,v", groupedBy: "s")
    #expect(read.series.map(\.name) == ["a"])
    #expect(read.remarks == ["b: left out, since every value is missing"])
    #expect(throws: DataError.self) {
      try reading(["a,2020-01-01,", "b,2020-01-01,"], header: "s,t,v", groupedBy: "s")
    }
  }

  private let gappy = [
    "2020-01-01,1", "2020-01-02,2", "2020-01-05,5", "2020-01-06,", "2020-01-07,7", "2020-01-09,9",
  ]

  /// Absent rows are empty cells. By pandas: `asfreq("D").interpolate()` and `.ffill()`.
  @Test func absentRows() throws {
    let straight = try reading(gappy, .interpolate)
    #expect(straight.series[0].target == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(straight.series[0].times.labels[2] == "2020-01-03")
    #expect(straight.series[0].times.gaps.isEmpty)
    #expect(
      straight.remarks == [
        "the rows are daily, but 3 of them are absent in 2 gaps, the first after 2020-01-02; filled as "
          + "empty cells, by --missing interpolate",
        "empty cells were filled, by --missing interpolate: 1 of v",
      ])
    let flat = try reading(gappy, .forwardFill)
    #expect(flat.series[0].target == [1, 2, 2, 2, 5, 5, 7, 7, 9])
    let dropped = try reading(gappy, .drop)
    #expect(dropped.series[0].target == [1, 2, 5, 7, 9])
    #expect(dropped.series[0].times.labels.last == "2020-01-09")
    #expect(dropped.remarks.count == 2)
    let error = try dataError { _ = try reading(gappy) }
    #expect(error.line == 3)
    #expect(
      error.problem
        == "the rows are daily, but 3 of them are absent in 2 gaps, the first after 2020-01-02")
    #expect(try #require(error.advice).contains("--missing drop"))
    let single = try dataError {
      _ = try reading(["2020-01-01,1", "2020-01-02,2", "2020-01-04,4"])
    }
    #expect(single.problem == "the rows are daily, but 1 of them after 2020-01-02 is absent")
  }

  /// A day of 24 hours that lacks some: the seasonal step stays 24.
  @Test func absentHoursKeepTheSeason() throws {
    let wave = (0..<240).map { hour -> Double in Double(hour % 24) * 10 + Double(hour / 24) }
    let rows = (0..<240).filter { $0 % 37 != 5 }.map { hour in
      "2020-01-\(hour / 24 < 9 ? "0" : "")\(hour / 24 + 1) \(hour % 24 < 10 ? "0" : "")\(hour % 24):00,"
        + "\(wave[hour])"
    }
    let series = try reading(rows, .interpolate).series[0]
    #expect(series.count == 240)
    let errors = (24..<240).map { abs(series.target[$0] - series.target[$0 - 24]) }
    #expect(errors.reduce(0, +) / 216 < 2)
  }

  @Test func aSlipInADateFillsNoMemory() throws {
    var rows = (1...28).map { "2020-01-\($0 < 10 ? "0" : "")\($0) 00:00:00,\($0)" }
    rows.append("9020-01-29 00:00:00,29")
    let error = try dataError { _ = try reading(rows, .interpolate) }
    #expect(try #require(error.advice).contains("--missing drop"))
    #expect(try reading(rows, .drop).series[0].count == 29)
  }

  @Test func rowsBehindTheLastValueAreTheFuture() throws {
    let rows = [
      "2020-01-01,1,5", "2020-01-02,2,6", "2020-01-03,,7", "2020-01-04,?,8", "2020-01-06,,9",
    ]
    for missing in [MissingValues.error, .interpolate, .forwardFill] {
      let read = try reading(rows, header: "t,v,c", covariates: ["c"], missing)
      let series = read.series[0]
      #expect(series.target == [1, 2])
      #expect(series.covariates[0].values == [5, 6])
      #expect(series.times.labels == ["2020-01-01", "2020-01-02"])
      // The fifth is asked for too, since the days go on.
      #expect(
        series.future?.labels == ["2020-01-03", "2020-01-04", "2020-01-05", "2020-01-06"])
      #expect(
        read.remarks == [
          "the target ends at 2020-01-02: the 4 rows behind, up to 2020-01-06, are the future"
        ])
      #expect(series.suffix(1).future == series.future)
      #expect(series.prefix(1).future == nil)
    }
    let numbered = try reading(["1", "2", "", "4", "-"], header: "v", .forwardFill)
    #expect(numbered.series[0].target == [1, 2, 2, 4])
    #expect(numbered.series[0].future?.labels == ["5"])
  }
}
