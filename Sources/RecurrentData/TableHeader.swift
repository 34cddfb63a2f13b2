import RecurrentFiles

/// The line that names the columns, and what else stands above the rows.
struct TableHeader {
  /// The names, or the numbers of the columns.
  var names: [String]
  /// The header's physical line, from 1.
  var line: Int
  /// Whether it is the first row, since no line names the columns.
  var isRow = false
  /// What is to be said of lines that are no rows.
  var remarks: [String] = []
  /// Cells, counted from 0, that the next one is the fraction of: commas stand in numbers, too.
  private(set) var joins: [Int] = []

  /// The beginning of its line, for messages.
  var first: String { names.prefix(3).joined(separator: " ").shown }

  /// Finds the header; `scanner` stands before the first row afterwards.
  init(_ scanner: inout RecordScanner, format: TableFormat) throws(DataError) {
    var ahead = scanner
    var records = try Self.records(&ahead, through: format.headerLine)
    guard let first = records.first else {
      throw DataError(
        file: scanner.file, problem: "the file is empty",
        advice: "Expected a line of column names, then one line per row")
    }
    guard format.hasHeader else {
      scanner = first.before
      names = (1...first.cells.count).map(String.init)
      (line, isRow) = (first.line, true)
      return
    }
    if let wanted = format.headerLine {
      guard let record = records.first(where: { $0.line == wanted }) else {
        throw DataError(
          file: scanner.file, line: wanted, problem: "no row of the table begins on this line",
          advice: "Give the line that names the columns to --header-line. The first lines are "
            + records.prefix(5).map { "\($0.line): \($0.start)" }.joined(separator: ", "))
      }
      scanner = record.after
      (names, line) = (record.cells, wanted)
      try findCommas(records.filter { $0.line > wanted }, scanner)
      return
    }
    let skipped = Self.linesBefore(records)
    if skipped > 0 {
      remarks.append(
        "\(Self.listed(records[..<skipped])) \(skipped == 1 ? "stands" : "stand") before the header of "
          + "line \(records[skipped].line)")
      records.removeFirst(skipped)
    }
    let more = Self.furtherLines(records)
    (names, line) = (Self.names(records[...more]), records[0].line)
    scanner = records[more].after
    if more > 0 {
      remarks.append(
        "\(Self.listed(records[1...more])) \(more == 1 ? "is taken for a further line" : "are taken for further lines") "
          + "of the header; with --header-line \(line) \(more == 1 ? "it is a row" : "they are rows")"
      )
    }
    let rows = records.dropFirst(more + 1)
    try findCommas(Array(rows), scanner)
    // Rows with one cell more, as R writes row names, or with a delimiter at their end.
    if joins.isEmpty, names.count > 1 || rows.first?.cells.count == 2, !rows.isEmpty,
      rows.allSatisfy({ $0.cells.count == names.count + 1 })
    {
      if rows.allSatisfy({ $0.cells.last?.isEmpty == true }) {
        names.append("")
      } else if rows.count > 2 {
        names.insert("", at: 0)
        remarks.append(
          "the rows have one cell more than the header: the first column is taken to have no name")
      }
    }
  }

  private mutating func findCommas(
    _ rows: [Record], _ scanner: RecordScanner
  ) throws(DataError) {
    let commas = try DecimalCommas(self, rows, scanner.delimiter, scanner.file)
    joins = commas.joins
    if let remark = commas.remark { remarks.append(remark) }
  }

  // MARK: The first records

  struct Record {
    var cells: [String]
    /// Whether a quote opens it.
    var isQuoted: Bool
    var line: Int
    /// The scanner before the header.
    var before: RecordScanner
    var after: RecordScanner

    /// Cells up to the last that holds something: spreadsheets end each line with as many delimiters.
    var width: Int { (cells.lastIndex { !$0.isEmpty } ?? -1) + 1 }

    /// For messages.
    var start: String { cells.filter { !$0.isEmpty }.prefix(3).joined(separator: ", ").shown }

    /// Whether a cell begins as numbers and dates do.
    static func beginsAsValue(_ cell: String) -> Bool {
      cell.drop { "+-.($€£".contains($0) }.utf8.first.map(isDigit) ?? false
    }

    /// Whether it is a number, or a date or time in digits.
    static func isValue(_ cell: String) -> Bool {
      beginsAsValue(cell)
        && (Table.isNumber(cell)
          || cell.utf8.count(where: isDigit) >= 4
            && cell.allSatisfy { $0.isNumber || "-/.:TZ+ ".contains($0) })
    }
  }

  /// The first lines that are not blank: fifty, or up to the one that is asked for.
  private static func records(
    _ scanner: inout RecordScanner, through last: Int?
  ) throws(DataError) -> [Record] {
    var records: [Record] = []
    while records.count < 50 || last.map({ scanner.recordLine < $0 }) ?? false {
      let before = scanner
      var starts: [UInt32] = []
      do throws(DataError) {
        guard try scanner.nextRecord(into: &starts) else { break }
      } catch {
        // Who reads the rows tells of it, unless it is the header.
        if records.isEmpty { throw error }
        break
      }
      // Only the first are looked at, and the one that is asked for.
      if scanner.isBlank || records.count >= 50 && scanner.recordLine != last { continue }
      let cells = starts.map {
        DelimitedText.string(
          DelimitedText.cell(at: Int($0), in: scanner.text, delimiter: scanner.delimiter),
          in: scanner.text)
      }
      records.append(
        Record(
          cells: cells,
          isQuoted: starts.first.map { scanner.text[Int($0)] == Ascii.quote } ?? false,
          line: scanner.recordLine, before: before, after: scanner))
    }
    return records
  }

  /// How many lines stand before the header: those with other numbers of cells than nearly all others,
  /// or with fewer that hold something, if the first of these can be names.
  private static func linesBefore(_ records: [Record]) -> Int {
    guard let common = mode(records.map(\.cells.count)), common > 1,
      let width = mode(records.lazy.filter { $0.cells.count == common }.map(\.width)),
      let first = records.firstIndex(where: { $0.cells.count == common && $0.width >= width }),
      first > 0
    else { return 0 }
    let below = records[first...]
    let names = below[first].cells
    guard below.count > 2, 10 * below.count(where: { $0.cells.count == common }) >= 9 * below.count,
      // A header with one name less or more than the rows have cells is a header.
      first > 1 || records[0].width == 1 || abs(records[0].width - width) > 1,
      !names.contains(where: Record.beginsAsValue),
      // Only behind several other lines may a delimiter at the end be one of names.
      !(first > 1 ? names.dropLast() : names).dropFirst().contains(""),
      Set(names).count == names.count
    else { return 0 }
    return first
  }

  /// The number that occurs most, the largest of several.
  private static func mode(_ numbers: [Int]) -> Int? {
    var counts: [Int: Int] = [:]
    for number in numbers { counts[number, default: 0] += 1 }
    return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
  }

  /// How many lines behind the first are of the header: units, or further names, where numbers or dates
  /// stand below.
  private static func furtherLines(_ records: [Record]) -> Int {
    let width = records[0].cells.count
    var more = 0
    while more < 3, records.count > more + 4 {
      let record = records[more + 1]
      let below = records[(more + 2)...].prefix(10)
      guard record.cells.count == width, !record.cells.contains(where: Record.beginsAsValue) else {
        break
      }
      // Each of its words stands above values, so that no row of words is taken for it.
      let words = record.cells.indices.filter { !isMissing(record.cells[$0]) }
      let isHeader =
        !words.isEmpty
        && words.allSatisfy { column in
          let values = below.count {
            $0.cells.count == width && Record.isValue($0.cells[column])
          }
          return 3 * values >= 2 * below.count
        }
      guard isHeader else { break }
      more += 1
    }
    return more
  }

  private static func isMissing(_ cell: String) -> Bool {
    Array(cell.utf8).withUnsafeBufferPointer {
      NumberText.isMissing(.init(range: 0..<$0.count, isQuoted: false), in: $0)
    }
  }

  /// The names of the first line that has one for each column; else those of all lines, joined.
  private static func names(_ records: ArraySlice<Record>) -> [String] {
    let distinct = records.first { record in
      Set(record.cells).count == record.cells.count && !record.cells.dropFirst().contains("")
    }
    guard records.count > 1, distinct == nil else {
      return (distinct ?? records.first)?.cells ?? []
    }
    let width = records.first?.cells.count ?? 0
    return (0..<width).map { column in
      records.map { $0.cells[column] }.filter { !$0.isEmpty }.joined(separator: " ")
    }
  }

  private static func listed(_ records: ArraySlice<Record>) -> String {
    let lines = records.map { $0.width == 0 ? "\($0.line)" : "\($0.line) (\($0.start))" }
    return lines.count == 1 ? "line \(lines[0])" : "lines " + lines.joined(separator: ", ")
  }
}
