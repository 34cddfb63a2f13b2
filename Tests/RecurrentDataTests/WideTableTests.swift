import Recurrent
import TestSupport
import Testing

/// Tables with a series a column or a row, and series that go on in another table.
struct WideTableTests {
  private func series(_ text: String, _ form: WideForm) throws -> [Series] {
    let long = try Table(csvText: text).long(form)
    return try Series.read(
      long, value: "value", time: long.columnNames.first { !["series", "value"].contains($0) },
      groupedBy: "series")
  }

  @Test func columns() throws {
    let found = try series(
      """
      date,north,note,south
      2020-01-01,,x,5
      2020-01-02,2.5,y,6
      2020-01-03,3,,7
      2020-01-04,4,z,

      """, .columns)
    #expect(found.map(\.name) == ["north", "south"])
    #expect(found.map(\.target) == [[2.5, 3, 4], [5, 6, 7]])
    #expect(found[0].times.labels == ["2020-01-02", "2020-01-03", "2020-01-04"])
    #expect(found[1].times.labels == ["2020-01-01", "2020-01-02", "2020-01-03"])
    #expect(found.allSatisfy { "\($0.times.frequency)" == "daily" })
  }

  /// A series that begins behind many empty rows is one all the same; words and empty columns are none.
  @Test func aColumnThatBeginsLate() throws {
    let rows = (0..<80).map { row in
      "\(row),\(row < 60 ? "" : "\(row * 2)"),\(row < 60 ? "" : "word"),"
    }
    let text = (["early,late,note,none"] + rows).joined(separator: "\n") + "\n"
    let found = try series(text, .columns)
    #expect(found.map(\.name) == ["early", "late"])
    let doubled = (60..<80).map { row -> Double in Double(row * 2) }
    #expect(found[1].target == doubled)
    var parts = WideParts()
    let whole = try #require(try Table(csvText: text).long(part: &parts))
    #expect(
      parts.remarks == [
        "note: left out, since it holds no numbers", "none: left out, since it holds no numbers",
      ])
    #expect(
      try Series.read(whole, value: "value", groupedBy: "series").map(\.target)
        == found.map(\.target))
  }

  @Test func rows() throws {
    let plain = try series("\"V1\",\"V2\",\"V3\",\"V4\"\n\"H, 1\",1,2,\nH2,,4,5\n", .rows)
    #expect(plain.map(\.name) == ["H, 1", "H2"])
    #expect(plain.map(\.target) == [[1, 2], [4, 5]])
    #expect(plain.allSatisfy { $0.times.isRowNumbers })
    let dated = try series("shop,2020-01,2020-02,2020-03\na,1,2,3\nb,,4,5\n", .rows)
    #expect(dated.map(\.target) == [[1, 2, 3], [4, 5]])
    #expect(dated[1].times.labels == ["2020-02", "2020-03"])
    let long = try Table(csvText: "shop,2020-01,2020-02\na,1,2\nb,,\n").long(.rows)
    let read = try SeriesReading(long, value: "value", time: "time", groupedBy: "series")
    #expect(read.series.count == 1 && read.remarks == ["b: left out, since every value is missing"])
  }

  @Test func whatIsNone() throws {
    let twice = try dataError {
      _ = try Table(csvText: "id,V2\na,1\nb,2\na,3\n").long(.rows)
    }
    #expect(twice.line == 4)
    #expect(twice.problem == "\"a\" names the series of line 2 too")
    let words = try dataError { _ = try Table(csvText: "id,kind\na,x\nb,y\n").long(.columns) }
    #expect(words.problem == "there is no column of numbers, expected one a series")
  }

  /// Errors name lines and columns of the file, not of the rows that were made of it.
  @Test func errorsSayWhereTheyStandInTheFile() throws {
    func error(_ text: String, _ form: WideForm) throws -> DataError {
      try dataError { _ = try series(text, form) }
    }
    let gap = try error(
      "loads of 2020\n\nday,a,b\n2020-01-01,1,4\n2020-01-02,2,\n2020-01-03,3,6\n", .columns)
    #expect(gap.line == 5 && gap.place == "column \"b\"")
    let late = try error("day,a,b\n2020-01-01,1,4\n2020-01-05,2,3\n2020-01-03,3,6\n", .columns)
    #expect(late.line == 4 && late.place == "column \"day\"")
    let word = try error("id,V2,V3,V4\n\na,1,2,3\nb,4,x,6\n", .rows)
    #expect(
      word.line == 4 && word.place == "column \"V3\"" && word.problem.hasPrefix("found \"x\""))
    let newestFirst = try error(
      "day,a,b\n2020-01-04,1,4\n2020-01-03,2,\n2020-01-02,3,6\n2020-01-01,3,6\n", .columns)
    #expect(newestFirst.line == 3 && newestFirst.place == "column \"b\"")
    let moment = try error("id,2020-01-01,2020-01-09,2020-01-05\na,1,2,3\n", .rows)
    #expect(moment.line == 1)
  }

  @Test func timesOfSeveralColumns() throws {
    let text = """
      Date,Time,a,b
      2020-01-01,22:00,1,5
      2020-01-01,23:00,2,6
      2020-01-02,00:00,3,7

      """
    let long = try Table(csvText: text).long(.columns, time: "Date,Time")
    #expect(long.columnNames == ["series", "Date", "Time", "value"])
    let found = try Series.read(long, value: "value", time: "Date,Time", groupedBy: "series")
    #expect(found.map(\.target) == [[1, 2, 3], [5, 6, 7]])
    #expect(
      found[1].times.labels.last == "2020-01-02 00:00" && "\(found[0].times.frequency)" == "hourly")
  }

  /// One sentence for many series, not one each.
  @Test func remarksOfManySeriesAreOne() throws {
    func remarks(_ count: Int) throws -> [String] {
      let rows = (0..<count).flatMap { place in
        (1...5).map { "s\(place),2020-01-0\($0)," + ($0 < 4 ? "\($0 + place)" : "") }
      }
      let table = try Table(csvText: "id,day,value\n" + rows.joined(separator: "\n") + "\n")
      return try SeriesReading(table, value: "value", time: "day", groupedBy: "id").remarks
    }
    let first =
      "s0: the target ends at 2020-01-03: the 2 rows behind, up to 2020-01-05, are the future"
    #expect(try remarks(3).count == 3 && remarks(3)[0] == first)
    #expect(try remarks(9) == [first + "; likewise in 8 other series, with rows of their own"])
  }

  /// What should be one value of a series is told as the file writes it.
  @Test(arguments: [("7", "8"), ("north", "07"), ("1e2", "101.50")])
  func valuesThatChangeAreShownAsTheyStand(first: String, then: String) throws {
    let rows = (1...6).map { "2020-01-0\($0),\($0),\($0 < 4 ? first : then)" }
    let table = try Table(csvText: "day,value,code\n" + rows.joined(separator: "\n") + "\n")
    let error = try dataError {
      _ = try SeriesReading(
        table, value: "value", time: "day", known: KnownChoice(statics: ["code"]))
    }
    #expect(error.line == 5 && error.place == "column \"code\"")
    #expect(error.problem.hasPrefix("found \"\(then)\" after \"\(first)\", expected one value"))
  }

  @Test func columnsOfAnotherKindAreToldApart() throws {
    func series(_ values: KnownColumn.Values, _ from: Int) throws -> Series {
      let times = TimeAxis(seconds: [0, 1, 2].map { Int64(from + $0) * 86_400 }, format: .isoDate)
      return try Series(
        values: [1, 2, 3], times: times, source: "\(from).csv",
        known: [KnownColumn(name: "code", values: values)])
    }
    let (words, numbers) = (
      try series(.words(["a", "b", "c"]), 1), try series(.numbers([1, 2, 3]), 4)
    )
    for body in [{ _ = try words.followed(by: numbers) }, { _ = try words.updated(by: numbers) }] {
      let error = try dataError(body)
      #expect(
        error.file == "4.csv"
          && error.problem == "column \"code\" holds numbers, expected words as in 1.csv")
    }
    #expect(
      try dataError { _ = try numbers.updated(by: words, onConflict: .replace) }.problem
        .contains("holds words, expected numbers"))
  }

  @Test func seriesGoOn() throws {
    let numbered = try Series(values: [1, 2, 3], name: "a").followed(
      by: Series(values: [4, 5], name: "a"))
    #expect(numbered.target == [1, 2, 3, 4, 5])
    #expect(numbered.times == TimeAxis(rowCount: 5))
    let days = try TimeAxis(parsing: ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"])
    let first = try Series(values: [1, 2], times: days.slice(0..<2))
    let next = try Series(values: [3, 4], times: days.slice(2..<4))
    let all = try first.followed(by: next)
    #expect(all.target == [1, 2, 3, 4] && all.times == days)
    let error = try dataError { _ = try next.followed(by: first) }
    #expect(error.problem.hasPrefix("begins at 2020-01-01, expected a time after 2020-01-04"))
  }

  @Test func timesAreNamed() throws {
    let days = try TimeAxis(parsing: ["03.01.2020", "04.01.2020", "05.01.2020"])
    #expect(days.seconds(of: "04.01.2020") == days.seconds[1])
    #expect(days.seconds(of: "2020-01-05") == days.seconds[2])
    #expect(days.seconds(of: "soon") == nil)
    #expect(TimeAxis(rowCount: 9).seconds(of: "7") == 7)
  }
}
