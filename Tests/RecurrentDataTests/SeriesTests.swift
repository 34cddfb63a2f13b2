import Recurrent
import TestSupport
import Testing

@Suite struct SeriesTests {
  private let shops = """
    shop,day,sold,rain,note
    B,2020-01-01,5,0.5,x
    A,2020-01-01,1,0.1,x
    B,2020-01-02,,0.6,x
    A,2020-01-02,2,,x
    B,2020-01-03,9,0.7,x
    A,2020-01-03,3,0.3,x
    B,2020-01-04,7,0.8,x
    """

  @Test func oneSeries() throws {
    let table = try Table(csvText: "Date,Open,Close\n2020-01-01,1,10\n2020-01-02,2,20\n")
    let all = try Series.read(table, value: "Close", time: "Date", covariates: ["Open"])
    #expect(all.count == 1)
    let series = try #require(all.first)
    #expect(series.name == nil)
    #expect(series.targetName == "Close")
    #expect(series.target == [10, 20])
    #expect(series.covariates == [Covariate(name: "Open", values: [1, 2])])
    #expect(series.times.labels == ["2020-01-01", "2020-01-02"])
  }

  @Test func manySeries() throws {
    let table = try Table(csvText: shops, source: "s.csv")
    let all = try Series.read(
      table, value: "sold", time: "day", covariates: ["rain"], groupedBy: "shop",
      missing: .interpolate)
    #expect(all.map(\.name) == ["B", "A"])
    #expect(all.map(\.target) == [[5, 7, 9, 7], [1, 2, 3]])
    #expect(all[1].covariates[0].values == [0.1, 0.2, 0.3])
    #expect(all[0].times.count == 4)
    #expect(all[1].times.labels.last == "2020-01-03")
    #expect(all.allSatisfy { $0.times.frequency == .daily })

    let error = try dataError { () throws(DataError) in
      _ = try Series.read(table, value: "sold", groupedBy: "shop")
    }
    #expect(error.line == 4)
    #expect(error.place == "column \"sold\"")
    // Without the series column the times repeat, and the advice says why.
    let repeated = try dataError { () throws(DataError) in
      _ = try Series.read(table, value: "sold", missing: .forwardFill)
    }
    #expect(repeated.line == 3)
    #expect(try #require(repeated.advice).contains("name the column that tells them apart"))
  }

  @Test func orderWithinASeries() throws {
    let table = try Table(
      csvText:
        "s,t,v\na,2020-01-02,1\nb,2020-01-01,2\na,2020-01-01,3\na,2020-01-03,4\n", source: "s.csv")
    let error = try dataError { () throws(DataError) in
      _ = try Series.read(table, value: "v", groupedBy: "s")
    }
    #expect(error.line == 4)
    #expect(
      error.problem
        == "the time \"2020-01-01\" comes after \"2020-01-02\" of line 2, but is earlier")
  }

  /// The header, the first row, and the column whose cells become the times.
  @Test(arguments: [
    ("v,Date,x", ["1,2020-01-01,5", "2,2020-01-02,6"], ["2020-01-01", "2020-01-02"]),
    (",v", ["1958-03-29,1", "1958-04-05,2"], ["1958-03-29", "1958-04-05"]),
    (
      "other,opened on the day,v", ["1/2/2020,2020-05-01,1", "1/3/2020,2020-05-02,2"],
      ["2020-05-01", "2020-05-02"]
    ),
    ("YEAR,v", ["1700.0,1", "1701.0,2"], ["1700", "1701"]),
    ("timestamp,v", ["100,1", "160,2"], ["100", "160"]),
    // Numbers in a column that is not named so are no times.
    ("index,v", ["2000,1", "2001,2"], ["1", "2"]),
    ("daytime_sales,v", ["2000,1", "2001,2"], ["1", "2"]),
    ("year,month,v", ["2000,1,1", "2000,2,2"], ["2000 1", "2000 2"]),
    ("Year,Month,v", ["2000,January,1", "2000,February,2"], ["2000 January", "2000 February"]),
    (
      "No,year,month,day,hour,v", ["1,2000,1,1,0,1", "2,2000,1,1,1,2"],
      ["2000 1 1 0", "2000 1 1 1"]
    ),
    ("year,quarter,v", ["2000,1,1", "2000,2,2"], ["2000 1", "2000 2"]),
    // A count of seconds; a clock by its form.
    ("t,v", ["0,1", "1,2"], ["0", "1"]),
    ("date,hhmm,v", ["20200101,0015,1", "20200101,0030,2"], ["20200101 0015", "20200101 0030"]),
    ("date,hhmm,v", ["20200101,0,1", "20200101,130,2"], ["20200101 0", "20200101 130"]),
    ("time_s,v", ["0.00,1", "0.02,2"], ["0.00", "0.02"]),
    (
      "Datum;Uhrzeit;v", ["01.02.2020;00:15;1", "01.02.2020;00:30;2"],
      ["01.02.2020 00:15", "01.02.2020 00:30"]
    ),
    ("a,v", ["x,1", "y,2"], ["1", "2"]),
  ])
  func timeColumnIsFound(_ header: String, _ rows: [String], _ labels: [String]) throws {
    let table = try Table(csvText: ([header] + rows).joined(separator: "\n"))
    let series = try #require(try Series.read(table, value: "v").first)
    #expect(series.times.labels == labels)
    #expect(series.target == [1, 2])
  }

  /// The rows of several series have the same times, and whole numbers are times all the same.
  @Test func timesOfSeveralSeries() throws {
    let rows = (0..<4).flatMap { day in
      ["A", "B"].map { "\(1_704_067_200_000 + day * 86_400_000),\($0),\(day)" }
    }
    let table = try Table(csvText: (["ts,shop,v"] + rows).joined(separator: "\n"))
    let all = try Series.read(table, value: "v", groupedBy: "shop")
    #expect(all.map(\.times.frequency) == [.daily, .daily])
    #expect(all[1].times.labels[0] == "1704067200000")
    // Years that repeat are part of something else.
    let years = try Table(csvText: "year,part,v\n2000,1,1\n2000,2,2\n2001,1,3\n")
    #expect(years.timeColumnName(excluding: ["v"]) == nil)
  }

  @Test func rolesAreDistinct() throws {
    let table = try Table(csvText: shops)
    func problem(
      time: String? = nil, covariates: [String] = [], groupedBy: String? = nil
    ) throws -> String {
      try dataError { () throws(DataError) in
        _ = try Series.read(
          table, value: "sold", time: time, covariates: covariates, groupedBy: groupedBy,
          missing: .forwardFill)
      }.problem
    }
    #expect(try problem(time: "sold") == "the column is named as value and as time")
    #expect(
      try problem(covariates: ["rain", "rain"]) == "the column is named twice as covariate")
    #expect(
      try problem(time: "day", groupedBy: "day") == "the column is named as time and as series")
    #expect(try problem(groupedBy: "Shop") == "there is no such column")
  }

  @Test func seriesWithoutAName() throws {
    let table = try Table(csvText: "s,v\na,1\n,2\n")
    let error = try dataError { () throws(DataError) in
      _ = try Series.read(table, value: "v", groupedBy: "s")
    }
    #expect(error.line == 3)
    #expect(error.problem == "found an empty cell, expected the name of a series")
  }

  @Test func valuesOfAProgram() throws {
    let series = try Series(
      values: [1, 2, 4], targetName: "load", covariates: [Covariate(name: "c", values: [7, 8, 9])])
    #expect(series.times == TimeAxis(rowCount: 3))
    #expect(series.slice(1..<3).target == [2, 4])
    #expect(series.suffix(1).covariates[0].values == [9])
    #expect(series.prefix(2).times.labels == ["1", "2"])
    for bad in [Double.nan, .infinity, -1e19] {
      let error = try dataError { () throws(DataError) in
        _ = try Series(values: [1, 2, bad])
      }
      #expect(error.line == 3)
    }
    #expect(throws: DataError.self) {
      _ = try Series(values: [1], covariates: [Covariate(name: "c", values: [.nan])])
    }
  }

  @Test func constantTarget() throws {
    try Series(values: [2, 2, 3]).checkVaries()
    let constant = try Series(values: [2, 2, 2], name: "A", targetName: "load")
    let error = try dataError { () throws(DataError) in try constant.checkVaries() }
    #expect(error.place == "column \"load\" of series \"A\"")
    #expect(error.problem == "all 3 values are 2.0, expected values that change")
    let empty = try Series(values: [])
    #expect(throws: DataError.self) { try empty.checkVaries() }
  }

  @Test func aDateColumnThatCannotBeReadIsAnError() throws {
    let table = try Table(csvText: "Date,Close\nsoon,1\nlater,2\n", source: "t.csv")
    #expect(throws: DataError.self) { try Series.read(table, value: "Close") }
    let other = try Table(csvText: "Shop,Close\nsoon,1\nlater,2\n", source: "t.csv")
    #expect(try Series.read(other, value: "Close")[0].times.isRowNumbers)
    let numbers = try Table(csvText: "date,Close\n9,1\n7,2\n", source: "t.csv")
    #expect(try Series.read(numbers, value: "Close")[0].times.isRowNumbers)
  }
}
