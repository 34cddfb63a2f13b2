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

  @Test func rows() throws {
    let plain = try series("\"V1\",\"V2\",\"V3\",\"V4\"\n\"H, 1\",1,2,\nH2,,4,5\n", .rows)
    #expect(plain.map(\.name) == ["H, 1", "H2"])
    #expect(plain.map(\.target) == [[1, 2], [4, 5]])
    #expect(plain.allSatisfy { $0.times.isRowNumbers })
    let dated = try series("shop,2020-01,2020-02,2020-03\na,1,2,3\nb,,4,5\n", .rows)
    #expect(dated.map(\.target) == [[1, 2, 3], [4, 5]])
    #expect(dated[1].times.labels == ["2020-02", "2020-03"])
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
