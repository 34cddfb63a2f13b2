import RecurrentFiles

/// The cells of delimiter-separated text (RFC 4180), as offsets into its bytes.
///
/// Cells are not turned into strings: an offset costs four bytes, and most cells are read once, as
/// a number. Line ends are LF, CRLF or CR, also mixed. A cell in quotes may hold delimiters, line
/// ends and doubled quotes; spaces around cells are not part of them. Blank lines are skipped,
/// except that in a table of one column a blank line between others is an empty cell.
struct DelimitedText: Sendable {
  /// The text as it was read.
  let bytes: [UInt8]
  /// The byte between cells.
  let delimiter: UInt8
  /// The cells of the header, or the numbers of the columns.
  let header: [String]
  /// What is to be said of lines that were taken for no rows.
  let remarks: [String]
  /// Offset of each cell of the rows after the header, row by row.
  private var starts: [UInt32]
  /// The physical line, from 1, on which each row starts.
  private var lines: [UInt32]
  /// The physical line of the header.
  private(set) var headerLine: Int

  /// Rows after the header.
  var rowCount: Int { lines.count }

  /// Where a cell's content lies, without its quotes and the spaces around it.
  struct Cell {
    var range: Range<Int>
    var isQuoted: Bool
  }

  /// Splits `bytes` into cells; `delimiter` `nil` finds it from the first lines.
  ///
  /// - Parameter bytes: text in UTF-8.
  init(bytes: [UInt8], delimiter: UInt8?, format: TableFormat, file: String) throws(DataError) {
    let delimiter = delimiter ?? Self.likelyDelimiter(bytes, file: file)
    self.delimiter = delimiter
    let (found, rows) = try bytes.withUnsafeBufferPointer { text throws(DataError) in
      var scanner = RecordScanner(text: text, delimiter: delimiter, file: file)
      return (try TableHeader(&scanner, format: format), scanner.position)
    }
    let columns = found.names.count
    let bytes =
      found.joins.isEmpty
      ? bytes : Self.joined(bytes, after: rows, found.joins, columns: columns, file: file)
    self.bytes = bytes
    let parts = try bytes.withUnsafeBufferPointer { text throws(DataError) in
      try Self.split(text, found, from: rows, delimiter: delimiter, file: file)
    }
    header = parts.header.names
    headerLine = parts.header.line
    remarks = parts.header.remarks
    (starts, lines) = (parts.starts, parts.lines)
  }

  /// Physical line, from 1, on which `row` starts.
  func line(ofRow row: Int) -> Int { Int(lines[row]) }

  /// Takes the rows for those of another text, which errors name: its header stood on a line, and each row
  /// on its own.
  mutating func stands(onLines lines: [UInt32], headerLine: Int) {
    require(lines.count == rowCount, "a line a row: \(lines.count) for \(rowCount)")
    (self.lines, self.headerLine) = (lines, headerLine)
  }

  /// Takes the rows for those that stand so many lines further on.
  mutating func moveLines(by count: Int) {
    for row in lines.indices { lines[row] &+= UInt32(truncatingIfNeeded: count) }
  }

  /// Leaves out the last rows of the file.
  mutating func removeLast(_ count: Int) {
    lines.removeLast(count)
    starts.removeLast(count * header.count)
  }

  /// Where the content of a cell lies; `text` must be this value's bytes.
  @inline(__always)
  func cell(row: Int, column: Int, in text: UnsafeBufferPointer<UInt8>) -> Cell {
    Self.cell(at: Int(starts[row * header.count + column]), in: text, delimiter: delimiter)
  }

  /// The content of a cell: quotes removed, doubled quotes made single.
  func string(row: Int, column: Int) -> String {
    bytes.withUnsafeBufferPointer { text in
      Self.string(cell(row: row, column: column, in: text), in: text)
    }
  }
}

// MARK: - Splitting

extension DelimitedText {
  private typealias Parts = (header: TableHeader, starts: [UInt32], lines: [UInt32])

  private static func split(
    _ text: UnsafeBufferPointer<UInt8>, _ header: TableHeader, from start: Int, delimiter: UInt8,
    file: String
  ) throws(DataError) -> Parts {
    var scanner = RecordScanner(text: text, delimiter: delimiter, file: file)
    var header = header
    let columnCount = header.names.count

    var starts: [UInt32] = []
    while scanner.position < start { _ = try scanner.nextRecord(into: &starts) }
    starts.removeAll()
    var lines: [UInt32] = []
    let rowGuess = rowEstimate(text, from: scanner.position)
    starts.reserveCapacity(rowGuess * columnCount)
    lines.reserveCapacity(rowGuess)
    var rowsWithContent = 0
    while true {
      let before = starts.count
      guard try scanner.nextRecord(into: &starts) else { break }
      if scanner.isBlank && columnCount > 1 {
        starts.removeLast()
        continue
      }
      guard starts.count - before == columnCount else {
        if !lines.isEmpty, starts.count - before == 1,
          let note = footnote(scanner, at: starts[before])
        {
          header.remarks.append(note)
          starts.removeLast()
          break
        }
        throw raggedError(
          Array(starts[before...]), expected: columnCount, scanner, header: header,
          isFirst: lines.isEmpty)
      }
      lines.append(UInt32(truncatingIfNeeded: scanner.recordLine))
      if !isEmpty(starts[before...], scanner) { rowsWithContent = lines.count }
    }
    // Lines at the end without a value are no rows; spreadsheets write many of delimiters alone.
    if columnCount > 1 {
      if rowsWithContent == 0 { rowsWithContent = lines.count }
      let count = lines.count - rowsWithContent
      if count > 0 {
        header.remarks.append(
          (count == 1
            ? "1 row of empty cells at the end was"
            : "\(count) rows of empty cells at the end were")
            + " left out")
      }
    }
    lines.removeLast(lines.count - rowsWithContent)
    starts.removeLast(starts.count - rowsWithContent * columnCount)
    guard !lines.isEmpty else {
      throw DataError(
        file: file, line: header.line,
        problem: "the header is the only line, expected rows below it")
    }
    return (header, starts, lines)
  }

  private static func isEmpty(_ starts: ArraySlice<UInt32>, _ scanner: RecordScanner) -> Bool {
    starts.allSatisfy {
      let cell = cell(at: Int($0), in: scanner.text, delimiter: scanner.delimiter)
      return cell.range.isEmpty && !cell.isQuoted
    }
  }

  /// About how many rows follow, from the lengths of the first ones.
  private static func rowEstimate(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let end = Swift.min(text.count, start + 65_536)
    guard start < end else { return 0 }
    var lineEnds = 1
    for i in start..<end where text[i] == 0x0A { lineEnds += 1 }
    let share = Double(text.count - start) / Double(end - start)
    return Int(Double(lineEnds) * share * 1.02)
  }

  private static func raggedError(
    _ starts: [UInt32], expected: Int, _ scanner: RecordScanner, header: TableHeader, isFirst: Bool
  ) -> DataError {
    let (found, delimiter) = (starts.count, scanner.delimiter)
    let cells = expected == 1 ? "1 cell" : "\(expected) cells"
    let mark = delimiter == 0x09 ? "a tab" : "\"\(Character(UnicodeScalar(delimiter)))\""
    var advice = "The delimiter is \(mark); leave a missing cell empty, but keep its delimiter"
    if found > expected {
      let areDigits = starts.map { start in
        let range = cell(at: Int(start), in: scanner.text, delimiter: delimiter).range
        return !range.isEmpty && scanner.text[range].allSatisfy(isDigit)
      }
      let mayBeDecimals =
        delimiter == Ascii.comma && zip(areDigits, areDigits.dropFirst()).contains { $0 && $1 }
      advice =
        "The delimiter is \(mark); put a cell that contains it in quotes"
        + (mayBeDecimals
          ? ", or, if it is the decimal mark, too, save the table with semicolons between cells"
          : "")
    }
    if isFirst, !header.isRow {
      advice +=
        ". Line \(header.line), \(header.first), is taken for the header; --header-line names another"
    }
    return DataError(
      file: scanner.file, line: scanner.recordLine,
      problem:
        "expected \(cells) as in \(header.isRow ? "the first row" : "the header"), found \(found)",
      advice: advice)
  }
}
