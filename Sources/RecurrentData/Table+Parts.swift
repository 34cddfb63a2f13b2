import RecurrentFiles

extension Table {
  /// The rows of the table in a file, some at a time, so that one larger than the memory is never held
  /// whole. Each part has the names of the columns; a small file is one part.
  ///
  /// - Parameters:
  ///   - file: the table.
  ///   - format: how it is written, asked for anew for each part.
  ///   - size: bytes of a part, about.
  /// - Throws: ``DataError`` as of a table that is read at once, with lines of the file.
  package static func forEachPart(
    of file: TextPieces, format: @autoclosure () -> TableFormat = TableFormat(),
    size: Int = 1 << 24,
    _ body: (Table) throws(DataError) -> Void
  ) throws(DataError) {
    // Text from the start of a row on, the line on which that stands, and how much is waited for.
    var (pending, line, wanted) = ([UInt8](), 1, size)
    var header: (text: [UInt8], delimiter: UInt8)?
    var (objects, isFirst, nextLine) = (JSONRows?.none, true, 1)
    func give(_ end: Int) throws(DataError) {
      let rows = pending[..<end]
      let format = format()
      let table = try part(rows, of: file.source, format, header, line: line)
      header =
        header
        ?? (format.hasHeader ? table.headerText : [], table.delimiter.asciiValue ?? Ascii.comma)
      line += rows.count { $0 == Ascii.lineFeed }
      pending.removeFirst(end)
      try body(table)
    }
    try file.forEachPiece { piece throws(DataError) in
      if isFirst, let found = try JSONRows(piece, file: file.source) {
        (objects, header) = (found, (found.header, Ascii.comma))
      }
      isFirst = false
      if let objects {
        pending += try objects.rows(piece, line: nextLine)
        nextLine += piece.count { $0 == Ascii.lineFeed }
      } else {
        pending += piece
      }
      guard pending.count >= wanted else { return true }
      let end = endOfRows(pending, header?.delimiter, file.source)
      if end > 0 { try give(end) }
      // Of a quote that is not closed what stands behind is looked at seldom.
      wanted = max(size, 2 * pending.count)
      return true
    }
    // Of a file without rows the table says what is missing.
    guard header == nil || pending.contains(where: { $0 > Ascii.space }) else { return }
    try give(pending.count)
  }

  private static func part(
    _ rows: ArraySlice<UInt8>, of source: String, _ format: TableFormat,
    _ header: (text: [UInt8], delimiter: UInt8)?, line: Int
  ) throws(DataError) -> Table {
    var format = format
    // Pieces are in UTF-8.
    format.encoding = .utf8
    guard let header else {
      return try Table(csvBytes: Array(rows), source: source, format: format)
    }
    // JSON has names, whatever was said of a table.
    format.hasHeader = !header.text.isEmpty
    format.headerLine = format.hasHeader ? 1 : nil
    let lines = line - (header.text.isEmpty ? 1 : 2)
    do throws(DataError) {
      var table = try Table(
        csvBytes: header.text + rows, source: source,
        delimiter: Character(UnicodeScalar(header.delimiter)), format: format)
      table.moveLines(by: lines)
      return table
    } catch {
      var error = error
      error.line = error.line.map { $0 + lines }
      throw error
    }
  }

  /// Behind the last row that is there whole; 0 if none is.
  private static func endOfRows(_ bytes: [UInt8], _ delimiter: UInt8?, _ file: String) -> Int {
    let delimiter = delimiter ?? DelimitedText.likelyDelimiter(bytes, file: file)
    return bytes.withUnsafeBufferPointer { text in
      var scanner = RecordScanner(text: text, delimiter: delimiter, file: file)
      var (end, starts) = (0, [UInt32]())
      while (try? scanner.nextRecord(into: &starts)) == true {
        end = scanner.position
        starts.removeAll(keepingCapacity: true)
      }
      return end
    }
  }

  /// A line with the names of the columns.
  private var headerText: [UInt8] {
    let cells = columnNames.map { "\"\($0.replacing("\"", with: "\"\""))\"" }
    return Array((cells.joined(separator: String(delimiter)) + "\n").utf8)
  }
}
