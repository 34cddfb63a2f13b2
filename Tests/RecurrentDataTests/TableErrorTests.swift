import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct TableErrorTests {
  @Test func missingFileAndFolder() throws {
    let missing = try dataError { () throws(DataError) in _ = try Table(csv: "/no/such/prices.csv")
    }
    #expect(missing.kind == .missingFile)
    #expect(
      missing.description
        == "/no/such/prices.csv: there is no such file. Check the name and the folder it is in.")
    let folder = try dataError { () throws(DataError) in _ = try Table(csv: "/") }
    #expect(folder.kind == .invalid)
    #expect(folder.problem == "found a folder, expected a file")
  }

  @Test func fileFromDisk() throws {
    let path = NSTemporaryDirectory() + "recurrent-table-\(UInt64.random(in: 0 ... .max)).csv"
    // Longer than one reading of the file system.
    let rows = 300_000
    let text = "a,b\n" + (0..<rows).map { "\($0),\($0 * 2)\n" }.joined()
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let table = try Table(csv: path)
    #expect(table.rowCount == rows)
    #expect(try table.numbers("b") == (0..<rows).map { Double($0 * 2) })
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/zero"))) func endlessStream()
    throws
  {
    let error = try dataError { () throws(DataError) in _ = try Table(csv: "/dev/zero") }
    #expect(error.problem.contains("zero byte"))
  }

  @Test(arguments: ["", "\n\n", "\u{FEFF}", "  \r\n"]) func emptyText(_ text: String) throws {
    #expect(try tableError(text).problem == "the file is empty")
  }

  @Test func headerOnly() throws {
    let error = try tableError("\na,b\n\n")
    #expect(error.line == 2)
    #expect(error.problem == "the header is the only line, expected rows below it")
    #expect(try tableError("a\n\n\n").problem == error.problem)
  }

  @Test func raggedRows() throws {
    let long = try tableError("a,b,c\n\"x\ny\",2,3\n1,b,3,d\n")
    #expect(long.line == 4)
    #expect(long.problem == "expected 3 cells as in the header, found 4")
    #expect(
      long.advice == "The delimiter is \",\"; put a cell that contains it in quotes")
    let short = try tableError("a\tb\n1\t2\n3\n")
    #expect(short.line == 3)
    #expect(short.problem == "expected 2 cells as in the header, found 1")
    #expect(try #require(short.advice).contains("The delimiter is a tab"))
  }

  @Test func quotes() throws {
    let open = try tableError("a,b\n1,2\n3,\"never\n4,5\n6,7\n")
    #expect(open.line == 3)
    #expect(open.problem.contains("never closed"))
    let after = try tableError("a,b\n\"1\"x,2\n")
    #expect(after.line == 2)
    #expect(
      after.problem
        == "found text after the closing quote of the cell starting \"\"1\"x,2\\n\"")
    #expect(try tableError("\"").problem.contains("never closed"))
  }

  @Test func otherEncodings() throws {
    func error(_ bytes: [UInt8]) throws -> DataError {
      try dataError { () throws(DataError) in _ = try Table(csvBytes: bytes, source: "t.csv") }
    }
    let latin = try error(Array("a,b\n1,2\n3,Gr".utf8) + [0xF6, 0xDF, 0x65])
    #expect(latin.line == 3)
    #expect(
      latin.problem == "found byte 0xF6 (byte 12 of the file), expected utf-8 text")
    #expect(try #require(latin.advice).contains("--encoding windows-1252"))
    let zero = try error(Array("a,b\n1,2\n\0,2".utf8))
    #expect(zero.line == 3)
    #expect(zero.problem.contains("zero byte (byte 8"))
    #expect(try error([0xFF, 0xFE, 0x61]).problem.hasSuffix("expected UTF-16 text"))
    #expect(try error([0x1F, 0x8B, 8, 0]).problem.contains("gzip"))
    #expect(try error([0x50, 0x4B, 3, 4, 0]).problem.contains("spreadsheet"))
  }

  /// Ill-formed UTF-8 (Unicode, table 3-7), each at the end of a cell and cut off by the end.
  @Test(
    arguments: [
      [0x80], [0xC0, 0xAF], [0xC1, 0x81], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3],
      [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xE2, 0x82, 0x41], [0xFF],
    ] as [[UInt8]])
  func illFormed(_ bad: [UInt8]) throws {
    for tail in [[], Array("1234567,8\n".utf8)] {
      let error = try dataError { () throws(DataError) in
        _ = try Table(csvBytes: Array("ä,b\n1,2\n".utf8) + bad + tail)
      }
      #expect(error.line == 3)
      #expect(error.problem.contains("(byte 9 of the file)"))
    }
  }

  @Test func columnNames() throws {
    let twice = try tableError("\na,b, a\n1,2,3\n")
    #expect(twice.line == 2)
    #expect(twice.description.contains("column \"a\": columns 1 and 3 have the same name"))
    #expect(try Table(csvText: "a,,\n1,2,3\n").columnNames == ["a", "column 2", "column 3"])
    let numbers = try tableError("1,2.5\n3,4\n")
    #expect(numbers.line == 1)
    #expect(numbers.problem == "found only numbers, expected the names of the columns")
    #expect(try Table(csvText: "2019,note\n1,x\n").columnNames == ["2019", "note"])
  }

  @Test func noSuchColumn() throws {
    let table = try Table(csvText: "Date,Open,Adj Close\nx,1,2\n", source: "p.csv")
    func advice(_ name: String) throws -> String? {
      try dataError { () throws(DataError) in _ = try table.column(name) }.advice
    }
    let list = "The columns are \"Date\", \"Open\", \"Adj Close\""
    #expect(try advice("open") == "Did you mean \"Open\"? " + list)
    #expect(try advice("Adj  Clsoe") == "Did you mean \"Adj Close\"? " + list)
    #expect(try advice("Volume") == list)
    #expect(try advice("") == list)
    let error = try dataError { () throws(DataError) in _ = try table.numbers("Volume") }
    #expect(error.description.hasPrefix("p.csv:1: column \"Volume\": there is no such column."))
  }

  @Test(arguments: ["é", "\"", "\n"]) func badDelimiter(_ delimiter: Character) throws {
    #expect(try tableError("a,b\n1,2\n", delimiter: delimiter).place == "delimiter")
  }
}
