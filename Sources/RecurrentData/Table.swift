import RecurrentFiles

/// A table of text cells with named columns, as read from a CSV file.
///
/// ```swift
/// let table = try Table(csv: "prices.csv")
/// print(table.firstRows(5))
/// let close = try table.numbers("Close")
/// ```
///
/// The first line names the columns, or the first that has as many cells as the rows below it. Cells
/// follow RFC 4180: quotes around a cell that contains the delimiter, a line end or a (doubled) quote.
/// Line ends may be LF, CRLF or CR; a byte-order mark, blank lines and a missing last line end are
/// fine. JSON objects, one a line, are rows too: the first one's members name the columns. Everything else that is not as it should be throws a ``DataError`` with file and line.
public struct Table: Sendable {
  /// The file, as the user named it; errors begin with it.
  public let source: String
  /// The names of the columns, from left to right; no two are equal.
  ///
  /// A column without a name, as that of the index that data frames write, is named `column 1` and so
  /// on by its place.
  public let columnNames: [String]
  /// Sentences without a full stop about lines that were taken for no rows.
  public let remarks: [String]
  /// How the table was read.
  public let format: TableFormat
  /// The cells.
  private(set) var text: DelimitedText
  /// Where the cells of a wide table stood; nil: where they are.
  private var wide: WideCells?

  /// Rows below the header; at least 1.
  public var rowCount: Int { text.rowCount }

  /// The character between cells.
  public var delimiter: Character { Character(UnicodeScalar(text.delimiter)) }

  /// Reads the file at `path`.
  ///
  /// - Parameters:
  ///   - path: A file of at most 4 GiB, also packed by gzip, xz, bzip2 or zstd; `-` is standard input.
  ///   - delimiter: The character between cells, an ASCII one. `nil` chooses among `,` `;` tab `|`
  ///     the one that splits the header into most cells and the first rows into as many.
  ///   - format: How it is written.
  /// - Throws: ``DataError`` when the file is missing (kind `missingFile`), is no text, has no header or
  ///   no rows, has two columns of one name, a row with too many or too few cells, or a quote that is
  ///   never closed.
  public init(
    csv path: String, delimiter: Character? = nil, format: TableFormat = TableFormat()
  ) throws(DataError) {
    try self.init(
      csvBytes: FileBytes.read(path, mayHoldZeros: format.encoding == .utf16),
      source: FileBytes.name(of: path), delimiter: delimiter, format: format)
  }

  /// Reads `csvText`; `source` stands for the file in errors.
  public init(
    csvText: String, source: String = "text", delimiter: Character? = nil,
    format: TableFormat = TableFormat()
  ) throws(DataError) {
    try self.init(
      csvBytes: Array(csvText.utf8), source: source, delimiter: delimiter, format: format)
  }

  /// Reads the bytes of a CSV file, or of JSON objects, one a line; `source` stands for the file in errors.
  public init(
    csvBytes: [UInt8], source: String = "bytes", delimiter: Character? = nil,
    format: TableFormat = TableFormat()
  ) throws(DataError) {
    guard csvBytes.count <= FileBytes.sizeLimit else {
      throw DataError(
        file: source,
        problem: "the text is over \(FileBytes.sizeLimit) bytes, the most that are read")
    }
    var byte: UInt8?
    if let delimiter {
      guard let ascii = delimiter.asciiValue, !["\"", "\n", "\r", "\r\n", "\0"].contains(delimiter)
      else {
        throw DataError(
          file: source, place: "delimiter",
          problem: "found \(String(delimiter).shown), expected an ASCII character, not a quote",
          advice: "Usual delimiters are , ; | and tab")
      }
      byte = ascii
    }
    let bytes = try format.encoding.utf8(csvBytes, file: source)
    if let objects = try JSONRows(bytes[...], file: source) {
      text = try DelimitedText(
        bytes: objects.header + objects.rows(bytes[...]), delimiter: Ascii.comma,
        format: TableFormat(headerLine: 1, decimalMark: format.decimalMark), file: source)
      // The names of the columns have no line of their own.
      text.moveLines(by: -1)
      columnNames = try Self.names(from: text, hasHeader: true, source: source)
    } else {
      text = try DelimitedText(bytes: bytes, delimiter: byte, format: format, file: source)
      columnNames = try Self.names(from: text, hasHeader: format.hasHeader, source: source)
    }
    self.source = source
    self.format = format
    remarks = text.remarks
  }

  /// The cell's text, without quotes and the spaces around an unquoted cell.
  public func text(row: Int, column: Int) -> String {
    require(row >= 0 && row < rowCount, "row is in 0..<\(rowCount), got \(row)")
    require(
      column >= 0 && column < columnNames.count,
      "column is in 0..<\(columnNames.count), got \(column)")
    return text.string(row: row, column: column)
  }

  /// The physical line of the file, from 1, that names the columns.
  package var headerLine: Int { text.headerLine }

  /// The physical line of the file, from 1, on which `row` starts.
  public func line(ofRow row: Int) -> Int {
    require(row >= 0 && row < rowCount, "row is in 0..<\(rowCount), got \(row)")
    return text.line(ofRow: row)
  }

  /// A column as errors name it: of values that stood in columns of their own, that of a row.
  func place(row: Int, column: Int) -> String {
    let own = wide.flatMap {
      columnNames[column] == "value"
        ? $0.name(ofRow: row) : nil
    }
    return "column \((own ?? columnNames[column]).shown)"
  }

  /// The physical line of the file, from 1, on which the time of `row` stands.
  func line(ofTimeInRow row: Int) -> Int {
    wide?.timesAreNames == true ? headerLine : line(ofRow: row)
  }

  /// Takes the rows for those of a wide table, whose lines and columns errors name.
  mutating func stands(in wide: WideCells, onLines lines: [UInt32], headerLine: Int) {
    self.wide = wide
    text.stands(onLines: lines, headerLine: headerLine)
  }

  /// Takes the rows for those that stand so many lines further on in the file.
  mutating func moveLines(by count: Int) { text.moveLines(by: count) }

  /// Without the rows at the end that sum up the others, which a word in `column` tells; what they are is
  /// said.
  func withoutTotals(column: Int) -> (table: Table, remark: String?) {
    var table = self
    var remark: String?
    while table.rowCount > 1, remark == nil || rowCount - table.rowCount < 3 {
      let word = table.text(row: table.rowCount - 1, column: column)
      let first = word.lowercased().split { !$0.isLetter }.first.map(String.init) ?? ""
      guard Self.totals.contains(first) else { break }
      remark =
        "line \(table.line(ofRow: table.rowCount - 1)) (\(word.shown)) sums up the rows above, and is left out"
      table.text.removeLast(1)
    }
    let count = rowCount - table.rowCount
    return (
      table, count > 1 ? remark.map { "the last \(count) rows sum up the others: \($0)" } : remark
    )
  }

  private static let totals: Set = [
    "total", "totals", "sum", "grand", "subtotal", "average", "avg", "mean", "min", "max",
    "minimum",
    "maximum", "summe", "gesamt", "gesamtsumme", "insgesamt", "durchschnitt", "mittelwert", "somme",
    "moyenne", "suma", "promedio", "media", "totale", "somma", "soma", "totaal", "gemiddelde",
  ]

  /// The index of the column named `name`.
  ///
  /// - Throws: ``DataError`` that lists the columns there are, and names the one that was probably
  ///   meant.
  public func column(_ name: String) throws(DataError) -> Int {
    if let index = columnNames.firstIndex(of: name) { return index }
    let listed = columnNames.prefix(20).map(\.shown).joined(separator: ", ")
    let more = columnNames.count > 20 ? " and \(columnNames.count - 20) more" : ""
    let guess = name.nearest(in: columnNames).map { "Did you mean \($0.shown)? " } ?? ""
    throw DataError(
      file: source, line: text.headerLine, place: "column \(name.shown)",
      problem: "there is no such column", advice: "\(guess)The columns are \(listed)\(more)")
  }

  private static func names(
    from text: DelimitedText, hasHeader: Bool, source: String
  ) throws(DataError) -> [String] {
    var names = text.header
    guard hasHeader else { return names }
    let line = text.headerLine
    if names.allSatisfy(TableHeader.Record.isValue) {
      let found = names.allSatisfy { Self.isNumber($0) } ? "numbers" : "numbers and times"
      throw DataError(
        file: source, line: line,
        problem: "found only \(found), expected the names of the columns",
        advice: "Add a first line that names the columns, or read the table with --no-header; its "
          + "columns are then called 1, 2 and so on")
    }
    var places: [String: Int] = [:]
    for i in names.indices {
      // Spaces within the quotes around a name help nobody.
      while names[i].first == " " { names[i].removeFirst() }
      while names[i].last == " " { names[i].removeLast() }
      if names[i].isEmpty { names[i] = "column \(i + 1)" }
      if let other = places.updateValue(i, forKey: names[i]) {
        throw DataError(
          file: source, line: line, place: "column \(names[i].shown)",
          problem: "columns \(other + 1) and \(i + 1) have the same name",
          advice: "Give each column of line \(line) a name of its own")
      }
    }
    return names
  }

  /// Whether `text` is a number, as any column may write it.
  static func isNumber(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      let cell = DelimitedText.Cell(range: 0..<bytes.count, isQuoted: false)
      return DecimalMark.allCases.contains {
        NumberText.written(cell, in: bytes, mark: $0) != nil
      }
    }
  }
}
