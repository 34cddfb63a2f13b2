import Recurrent
import TestSupport
import Testing

/// Commas between cells that stand in numbers, too: rows have more cells than the header.
@Suite struct DecimalCommaCellTests {
  private func days(_ rows: (Int) -> String, _ header: String = "Date,Load", count: Int = 6)
    -> String
  {
    ([header] + (1...count).map { "2018-01-0\($0)," + rows($0) }).joined(separator: "\n") + "\n"
  }

  @Test func numbersAreJoined() throws {
    let table = try Table(csvText: days { "10\($0),1\($0)" })
    #expect(table.columnNames == ["Date", "Load"])
    #expect(
      try table.numbers("Load") == [101.11, 102.12, 103.13, 104.14, 105.15, 106.16])
    #expect(
      table.remarks == [
        "rows have 1 cell more than the header: the comma stands in numbers, too, as in 101,11 of "
          + "\"Load\""
      ])
    #expect(table.line(ofRow: 0) == 2)
    // Spreadsheets leave out fractions that are zero.
    let whole = try Table(csvText: days { $0 == 3 ? "103" : "10\($0),0\($0)" })
    #expect(try whole.numbers("Load") == [101.01, 102.02, 103, 104.04, 105.05, 106.06])
    let two = try Table(csvText: days({ "-1\($0),5,\($0 + 2),25,w" }, "Date,A,B,Note"))
    #expect(try two.numbers("A") == [-11.5, -12.5, -13.5, -14.5, -15.5, -16.5])
    #expect(try two.numbers("B") == [3.25, 4.25, 5.25, 6.25, 7.25, 8.25])
    #expect(two.text(row: 5, column: 3) == "w")
    let named = try Table(
      csvText: "Export\n" + days { "10\($0),1\($0)" }, format: TableFormat(headerLine: 2))
    #expect(try named.numbers("Load")[0] == 101.11)
  }

  /// Groups of thousands without quotes are joined, too; the mark may be named.
  @Test func groupsAreJoined() throws {
    let text = days { "\($0 + 2),10\($0)" }
    #expect(try Table(csvText: text).numbers("Load").prefix(2) == [3101, 4102])
    let comma = try Table(csvText: text, format: TableFormat(decimalMark: .comma))
    #expect(try comma.numbers("Load").prefix(2) == [3.101, 4.102])
  }

  /// Which of two columns has fractions cannot be told, nor whether there is a column without a name.
  @Test func whatCannotBeToldIsRefused() throws {
    for text in [
      days({ "1\($0),5,\($0 + 2)" }, "Date,A,B"),
      "a,b\n7,1,2\n5,3,4\n6,5,6\n4,7,8\n",
    ] {
      let error = try tableError(text)
      #expect(error.line == 2 && error.problem.contains("the comma is the decimal mark"))
      #expect(try #require(error.advice).contains("semicolons between cells"))
    }
    let error = try tableError(days({ $0 == 4 ? "1,5,2,5,7" : "1,5,2,5" }, "Date,A,B"))
    #expect(error.line == 2 && (error.advice ?? "").contains("semicolons between cells"))
    // Rows named by R.
    let named = try Table(csvText: "a,b\n\"7\",1,2\n\"5\",3,4\n\"6\",5,6\n")
    #expect(named.columnNames == ["column 1", "a", "b"])
  }
}

/// Which byte divides cells, where several would split every line alike.
@Suite struct DelimiterEvidenceTests {
  @Test(arguments: ["\t", ";"]) func commasWithinCells(_ mark: String) throws {
    for lines in [
      [["City, land", "Load"], ["Bonn, DE", "5"], ["Metz, FR", "7"], ["Gent, BE", "9"]],
      [["Day, time", "Load, MW"], ["1.1.18", "1,5"], ["2.1.18", "2,5"], ["3.1.18", "3,5"]],
    ] {
      let table = try Table(
        csvText: lines.map { $0.joined(separator: mark) }.joined(separator: "\n"))
      #expect(table.columnNames == lines[0] && String(table.delimiter) == mark)
      #expect(table.text(row: 2, column: 0) == lines[3][0])
    }
  }

  /// Programs put a tab behind each cell, so that spreadsheets take it for text.
  @Test func tabsBehindCells() throws {
    let table = try Table(csvText: "Order\t,Price\t\n1\t,5\t\n2\t,7\t\n3\t,9\t\n")
    #expect(table.columnNames == ["Order", "Price"] && table.delimiter == ",")
    #expect(try table.numbers("Price") == [5, 7, 9])
  }
}
