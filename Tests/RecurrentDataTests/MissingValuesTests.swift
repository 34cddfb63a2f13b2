import Recurrent
import TestSupport
import Testing

@Suite struct MissingValuesTests {
  private func table(_ cells: [String]) throws -> Table {
    try Table(csvText: "x,y\n" + cells.map { "\($0),1\n" }.joined(), source: "t.csv")
  }

  private func error(_ cells: [String], _ missing: MissingValues) throws -> DataError {
    let table = try table(cells)
    return try dataError { () throws(DataError) in _ = try table.numbers("x", missing: missing) }
  }

  @Test func names() {
    #expect(
      MissingValues.allCases.map(\.rawValue) == ["error", "interpolate", "forward-fill", "drop"])
  }

  @Test(arguments: ["", "NaN", "nan", "NA", "N/A", "null", "NULL", "-", "\"\"", "\" \""])
  func words(_ word: String) throws {
    let table = try table(["1", word, "4"])
    #expect(try table.numbers("x", missing: .interpolate) == [1, 2.5, 4])
    #expect(try table.numbers("x", missing: .forwardFill) == [1, 1, 4])
  }

  @Test(arguments: ["--", "nanna", "??", "n", "nul"]) func otherWords(_ word: String) throws {
    #expect(throws: DataError.self) {
      _ = try Table(csvText: "x,y\n1,1\n\(word),1\n").numbers("x", missing: .forwardFill)
    }
  }

  @Test func gaps() throws {
    let table = try table(["10", "", "NA", "-", "30", "", "20"])
    #expect(try table.numbers("x", missing: .interpolate) == [10, 15, 20, 25, 30, 25, 20])
    #expect(try table.numbers("x", missing: .forwardFill) == [10, 10, 10, 10, 30, 30, 20])
  }

  @Test func missingIsAnErrorUnlessFilled() throws {
    let error = try error(["1", "NA", "3", ""], .error)
    #expect(error.line == 3)
    #expect(error.place == "column \"x\"")
    #expect(
      error.problem
        == "found no value, expected a number (the first of 2 missing values); the cell holds \"NA\""
    )
    #expect(try #require(error.advice).contains("forward-fill"))
    #expect(try self.error(["1", "", "3"], .error).problem == "found no value, expected a number")
  }

  @Test func gapsAtTheEnds() throws {
    for missing in [MissingValues.interpolate, .forwardFill] {
      let error = try error(["", "", "3"], missing)
      #expect(error.line == 2)
      #expect(error.problem == "found no value, and none before it to fill the gap from")
    }
    let end = try error(["1", "", "3", "", ""], .interpolate)
    #expect(end.line == 5)
    #expect(end.problem == "found no value, and none after it to interpolate to")
    #expect(try table(["1", "2", "", ""]).numbers("x", missing: .forwardFill) == [1, 2, 2, 2])
  }

  @Test(arguments: MissingValues.allCases.filter { $0 != .drop }) func nothingThere(
    _ missing: MissingValues
  ) throws {
    #expect(
      try error(["", "NA"], missing).problem.hasPrefix(
        "every value is missing, expected numbers"))
  }
}
