import Recurrent
import RecurrentFiles

// Tables, with commas or tabs between the columns.

extension LabeledTextReading {
  /// Whether both columns are numbers, which are never names.
  private var isNumbered: Bool { Int(columns.text) != nil && Int(columns.label) != nil }

  /// Takes the texts of a file with columns, without the header that may stand above numbered ones.
  mutating func readColumns(
    _ read: (inout LabeledTextReading) throws(DataError) -> Void
  ) throws(DataError) {
    result.columns = columns
    let former = result.examples
    result.examples = []
    try read(&self)
    if isNumbered { result.removeHeader() }
    result.examples = former + result.examples
  }

  mutating func readTable(_ file: TextPieces) throws(DataError) {
    try Table.forEachPart(of: file, format: TableFormat(hasHeader: !isNumbered), size: partSize) {
      table throws(DataError) in
      let (text, label) = (
        try column(columns.text, of: table), try column(columns.label, of: table)
      )
      for row in 0..<table.rowCount {
        try addRow(
          table.text(row: row, column: text), table.text(row: row, column: label),
          file: file.source, line: table.line(ofRow: row))
      }
    }
  }

  private func column(_ name: String, of table: Table) throws(DataError) -> Int {
    do throws(DataError) { return try table.column(name) } catch {
      var error = error
      error.advice = (error.advice.map { $0 + ". " } ?? "") + Self.columnAdvice
      throw error
    }
  }

  mutating func readTabbed(_ file: TextPieces) throws(DataError) {
    var (places, width) = ((text: 0, label: 0), 0)
    try file.forEachLine { number, line throws(DataError) in
      let cells = line.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false)
        .map { String($0) }
      if number == 1 {
        width = cells.count
        places = (
          try place(columns.text, in: cells, of: file),
          try place(columns.label, in: cells, of: file)
        )
        // A first line "Wow.⇥1" is no header with a column 1.
        if !isNumbered { return true }
      }
      if line.isEmpty {
        result.blankLines += 1
        return true
      }
      guard cells.count == width else {
        throw DataError(
          file: file.source, line: number,
          problem: "expected \(width) columns as in the first line, found \(cells.count)",
          advice: "Columns are separated by one tab")
      }
      try addRow(cells[places.text], cells[places.label], file: file.source, line: number)
      return true
    }
  }

  private func place(
    _ name: String, in header: [String], of file: TextPieces
  ) throws(DataError) -> Int {
    if isNumbered {
      if let number = Int(name), header.indices.contains(number - 1) { return number - 1 }
    } else if let index = header.firstIndex(of: name) {
      return index
    }
    throw DataError(
      file: file.source, line: 1, place: "column \"\(name)\"",
      problem: "there is no such column; the first line has "
        + header.prefix(20).map { "\"\($0.prefix(40))\"" }.joined(separator: ", "),
      advice: Self.columnAdvice)
  }

  /// What can be done where a column is not there.
  private static let columnAdvice =
    "Name columns with --text and --label, or number both (--text 1 --label 2) if there is no header"
}
