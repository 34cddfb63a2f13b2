import Recurrent
import Testing

@Suite struct TableTests {
  @Test func plainCells() throws {
    let table = try Table(csvText: "a,b,c\n1,2,3\n4,5,6\n", source: "t.csv")
    #expect(table.source == "t.csv")
    #expect(table.columnNames == ["a", "b", "c"])
    #expect(table.rowCount == 2)
    #expect(table.delimiter == ",")
    #expect(cells(table) == [["1", "2", "3"], ["4", "5", "6"]])
    #expect(try table.column("b") == 1)
  }

  @Test(arguments: ["\n", "\r\n", "\r"]) func lineEnds(_ end: String) throws {
    let table = try Table(csvText: ["a,b", "1,2", "3,4"].joined(separator: end))
    #expect(cells(table) == [["1", "2"], ["3", "4"]])
    #expect(table.line(ofRow: 0) == 2)
    #expect(table.line(ofRow: 1) == 3)
  }

  @Test func mixedLineEndsAndBlankLines() throws {
    let table = try Table(csvText: "\n\r\na,b\r\n1,2\n\n  \r\n3,4\r5,6\n\n\n")
    #expect(cells(table) == [["1", "2"], ["3", "4"], ["5", "6"]])
    #expect((0..<3).map { table.line(ofRow: $0) } == [4, 7, 8])
  }

  @Test func quotedCells() throws {
    let lines = [
      ##""name, full","say ""hi""" "##, ##" "a,b" ,"x"##, "y\r\nz\"", ##""","q""q""##,
      ##"last,5" pipe"##,
    ]
    let table = try Table(csvText: lines.joined(separator: "\n"))
    #expect(table.columnNames == ["name, full", "say \"hi\""])
    #expect(
      cells(table) == [["a,b", "x\ny\r\nz"], ["", "q\"q"], ["last", "5\" pipe"]])
    // The first row covers three physical lines.
    #expect((0..<3).map { table.line(ofRow: $0) } == [2, 5, 6])
  }

  @Test func byteOrderMarkAndUnicode() throws {
    let table = try Table(csvText: "\u{FEFF}Größe,名\n1,é😀\n")
    #expect(table.columnNames == ["Größe", "名"])
    #expect(table.text(row: 0, column: 1) == "é😀")
  }

  @Test func spacesAroundCells() throws {
    let table = try Table(csvText: " a , b\t\n 1 ,\t2 \n\" 3 \",4\n")
    #expect(table.columnNames == ["a", "b"])
    #expect(cells(table) == [["1", "2"], [" 3 ", "4"]])
    #expect(try table.numbers("a") == [1, 3])
  }

  @Test(arguments: [",", ";", "\t", "|"]) func delimiterIsFound(_ delimiter: String) throws {
    let text =
      ["when", "x", "y"].joined(separator: delimiter) + "\n"
      + ["2020-01-01", "1", "2"].joined(separator: delimiter) + "\n"
    let table = try Table(csvText: text)
    #expect(String(table.delimiter) == delimiter)
    #expect(cells(table) == [["2020-01-01", "1", "2"]])
  }

  @Test func delimiterAgreesWithTheRows() throws {
    // The header has more commas than semicolons, but only semicolons fit the rows.
    let table = try Table(csvText: "x, in m, north;y\n1,5;2\n2,5;3\n")
    #expect(table.columnNames == ["x, in m, north", "y"])
    // A delimiter inside quotes does not count.
    let quoted = try Table(csvText: "\"a;b;c;d\",e\n1,2\n")
    #expect(quoted.columnNames == ["a;b;c;d", "e"])
    let named = try Table(csvText: "a:b,c\n1:2,3\n", delimiter: ":")
    #expect(named.columnNames == ["a", "b,c"])
    #expect(cells(named) == [["1", "2,3"]])
  }

  @Test func emptyCellsAndTabs() throws {
    let table = try Table(csvText: "a\tb\tc\n\t\t\n1\t\t3\n\t2\t")
    #expect(cells(table) == [["", "", ""], ["1", "", "3"], ["", "2", ""]])
  }

  @Test func oneColumnKeepsBlankLinesBetweenRows() throws {
    let table = try Table(csvText: "x\n1\n\n3\n\n\n")
    #expect(cells(table) == [["1"], [""], ["3"]])
    #expect(try table.numbers("x", missing: .interpolate) == [1, 2, 3])
    let end = try Table(csvText: "x\n1\n2")
    #expect(end.rowCount == 2)
  }

  @Test func unnamedIndexColumn() throws {
    let table = try Table(csvText: ",co2\n1958-03-29,316.1\n")
    #expect(table.columnNames == ["column 1", "co2"])
  }

  @Test func preview() throws {
    let table = try Table(
      csvText:
        "day,n,note\n2020-01-01,1.5,\"two\nlines\"\n2020-01-02,,\(String(repeating: "x", count: 30))\nz,100,\n"
    )
    #expect(
      table.firstRows(2) == """
        day           n  note
        2020-01-01  1.5  two⏎lines
        2020-01-02       xxxxxxxxxxxxxxxxxxxxxxx…
        """)
    #expect(table.firstRows(0) == "day  n  note")
    let grouped = try Table(csvText: "n,x\n\"1,500\",a\n20,b\n")
    #expect(grouped.firstRows(2) == "    n  x\n1,500  a\n   20  b")
    #expect(table.firstRows(99).split(separator: "\n").count == 4)
  }
}
