import Recurrent
import TestSupport
import Testing

/// Which line names the columns, and what stands around it.
@Suite struct TableHeaderTests {
  private let rows = "2020-01-01,1,10\n2020-01-02,2,20\n2020-01-03,3,30\n2020-01-04,4,40\n"

  private func expect(
    _ text: String, names: [String], firstLine: Int, remarks: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let table = try Table(csvText: text)
    #expect(table.columnNames == names, sourceLocation: sourceLocation)
    #expect(table.line(ofRow: 0) == firstLine, sourceLocation: sourceLocation)
    #expect(table.remarks == remarks, sourceLocation: sourceLocation)
    #expect(table.text(row: 0, column: 0) == "2020-01-01", sourceLocation: sourceLocation)
    #expect(table.rowCount == 4, sourceLocation: sourceLocation)
  }

  @Test func linesAbove() throws {
    try expect(
      "Sales\n\nDate,Sold,Price\n" + rows, names: ["Date", "Sold", "Price"], firstLine: 4,
      remarks: ["line 1 (\"Sales\") stands before the header of line 3"])
    try expect(
      "Source:,Agency\nUnit,pieces\nDate,Sold,Price\n" + rows, names: ["Date", "Sold", "Price"],
      firstLine: 4,
      remarks: [
        "lines 1 (\"Source:, Agency\"), 2 (\"Unit, pieces\") stand before the header of line 3"
      ])
    let german = try Table(csvText: "Werk 1, Halle 2\nStand: heute\nTag;kWh\n1;2,5\n2;3,5\n3;4,5\n")
    #expect(german.columnNames == ["Tag", "kWh"] && german.delimiter == ";")
    #expect(try german.numbers("kWh") == [2.5, 3.5, 4.5])
    // Every comma within the rows is a decimal mark, and one more line has semicolons.
    let plain = try Table(csvText: "Werk\nStand\nTag;kWh\n1;2,5\n2;3,5\n3;4,5\n")
    #expect(plain.columnNames == ["Tag", "kWh"])
  }

  /// Spreadsheets end each line with as many delimiters as the widest has.
  @Test func paddedLines() throws {
    let rows = rows + ",,\n,,\n"
    try expect(
      "Report 2024,,\nDate,Sold,Price\n" + rows, names: ["Date", "Sold", "Price"], firstLine: 3,
      remarks: [
        "line 1 (\"Report 2024\") stands before the header of line 2",
        "2 rows of empty cells at the end were left out",
      ])
    try expect(
      "Report 2024,,\nFor:,me,\n,,\nDate,Sold,Price\n" + rows, names: ["Date", "Sold", "Price"],
      firstLine: 5,
      remarks: [
        "lines 1 (\"Report 2024\"), 2 (\"For:, me\"), 3 stand before the header of line 4",
        "2 rows of empty cells at the end were left out",
      ])
    // A last column that mostly has no value has a name.
    let sparse = try Table(csvText: "text,label,note\na,x,\nb,y,\nc,x,\nd,x,!\n")
    #expect(sparse.columnNames == ["text", "label", "note"] && sparse.rowCount == 4)
  }

  /// Units, and the further names that downloads of stock prices have.
  @Test func linesBelow() throws {
    try expect(
      "Date,Sold,Price\n,pieces,EUR\n" + rows, names: ["Date", "Sold", "Price"], firstLine: 3,
      remarks: [
        "line 2 (\"pieces, EUR\") is taken for a further line of the header; with --header-line 1 it is "
          + "a row"
      ])
    try expect(
      "Price,Close,Volume\nTicker,GOOG,GOOG\nDate,,\n" + rows, names: ["Price", "Close", "Volume"],
      firstLine: 4,
      remarks: [
        "lines 2 (\"Ticker, GOOG, GOOG\"), 3 (\"Date\") are taken for further lines of the header; with "
          + "--header-line 1 they are rows"
      ])
    let twoLevels = try Table(
      csvText: "Price,Close,Close,High,High\nTicker,A,B,A,B\nDate,,,,\n"
        + (1...4).map { "2020-01-0\($0),1,2,3,4\n" }.joined())
    #expect(
      twoLevels.columnNames == ["Price Ticker Date", "Close A", "Close B", "High A", "High B"])
    // Rows of words, and cells without a value, are rows.
    for text in [
      "name,v\nA,NA\nB,5\nC,6\nD,7\nE,8\n", "text,label\nfine,good\npoor,bad\nwell,good\nbah,bad\n",
      "v,w\n?,\n1,2\n3,4\n5,6\n7,8\n",
    ] {
      let table = try Table(csvText: text)
      #expect(table.line(ofRow: 0) == 2 && table.remarks.isEmpty)
    }
  }

  @Test func theLineIsSaid() throws {
    let text = "a,b,c\nx,y,z\nDate,Sold,Price\n" + rows
    let table = try Table(csvText: text, format: TableFormat(headerLine: 3))
    #expect(table.columnNames == ["Date", "Sold", "Price"] && table.rowCount == 4)
    let first = try Table(csvText: "v\nabc\n1\n2\n3\n4\n", format: TableFormat(headerLine: 1))
    #expect(first.rowCount == 5 && first.remarks.isEmpty)
    let error = try dataError {
      _ = try Table(csvText: text, source: "t.csv", format: TableFormat(headerLine: 12))
    }
    #expect(error.line == 12)
    #expect(try #require(error.advice).contains("1: \"a, b, c\", 2: \"x, y, z\""))
  }

  @Test func noHeader() throws {
    let table = try Table(csvText: "\n" + rows, format: TableFormat(hasHeader: false))
    #expect(table.columnNames == ["1", "2", "3"])
    #expect(table.rowCount == 4 && table.line(ofRow: 0) == 2)
    #expect(try table.numbers("3") == [10, 20, 30, 40])
    let error = try dataError {
      _ = try Table(csvText: "1,2\n1,2,3\n", format: TableFormat(hasHeader: false))
    }
    #expect(error.line == 2 && error.problem == "expected 2 cells as in the first row, found 3")
    let numbers = try tableError("1,2\n3,4\n")
    #expect(try #require(numbers.advice).contains("--no-header"))
    let dates = try tableError("2020-01-01,5,\"1,200\"\n2020-01-02,6,\"1,300\"\n")
    #expect(dates.problem == "found only numbers and times, expected the names of the columns")
  }

  @Test func linesBelowTheTable() throws {
    let table = try Table(csvText: "a,b\n1,2\n3,4\n\nSource: an agency\nAll rights\n")
    #expect(table.rowCount == 2)
    #expect(
      table.remarks == [
        "from line 5 (\"Source: an agency\") on there are no rows, but words below the table"
      ])
    #expect(try tableError("a,b\n1,2\nwords\n3,4\n").line == 3)
    #expect(try tableError("a,b\n1,2\n3\n").line == 3)
  }

  @Test func anIndexIsNoColumnOfNumbers() throws {
    #expect(try Table(csvText: "\"\",x\n1,5\n2,7\n3,2\n").numericColumns == ["x"])
    #expect(try Table(csvText: ",x\n0,5\n1,7\n3,2\n").numericColumns == ["column 1", "x"])
    #expect(try Table(csvText: "id,x\n1,5\n2,7\n").numericColumns == ["id", "x"])
  }

  @Test func rowsWithOneCellMore() throws {
    let trailing = try Table(csvText: "a,b\n1,2,\n3,4,\n")
    #expect(trailing.columnNames == ["a", "b", "column 3"])
    let named = try Table(csvText: "a,b\nx,1,2\ny,3,4\nz,5,6\n")
    #expect(named.columnNames == ["column 1", "a", "b"])
    #expect(named.remarks.count == 1)
    // Two rows are too few to tell, and one that differs is a slip.
    #expect(try tableError("a,b\n1,2,3\n4,5,6\n").line == 2)
    #expect(try tableError("a,b\n1,2,3\n4,5\n7,8,9\n").line == 2)
  }

  @Test func sixteenBits() throws {
    let text = "a,ü\n1,2\n3,4\n"
    let units = Array(text.utf16)
    let little = units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    let utf16 = TableFormat(encoding: .utf16)
    for (bytes, format) in [
      ([0xFF, 0xFE] + little, TableFormat()), ([0xFE, 0xFF] + big, TableFormat()),
      ([0xFE, 0xFF] + big, utf16), (little, utf16), (big, utf16),
    ] {
      let table = try Table(csvBytes: bytes, format: format)
      #expect(table.columnNames == ["a", "ü"] && table.rowCount == 2)
    }
    let half = try dataError { _ = try Table(csvBytes: little + [0xD8], format: utf16) }
    #expect(half.line == 4)
    // Half of a pair.
    let pair = try dataError {
      _ = try Table(csvBytes: little + [0, 0xD8, 0x31, 0], format: utf16)
    }
    #expect(pair.line == 4 && pair.problem.hasSuffix("expected UTF-16 text"))
  }
}
