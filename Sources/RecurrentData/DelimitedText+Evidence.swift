import RecurrentFiles

/// What a text tells of itself.
extension DelimitedText {
  /// The delimiter that splits the header into several cells, the first rows into as many, and leaves no
  /// other delimiter in them, or fewest; where lines stand before the header, the one that splits most
  /// of the others into as many.
  static func likelyDelimiter(_ bytes: [UInt8], file: String) -> UInt8 {
    let all = bytes.withUnsafeBufferPointer { text in
      Delimiters.all.map { Delimiters(text, $0, file: file) }
    }
    let headed = all.filter { $0.columns > 1 }.max { $0.headedRank < $1.headedRank }
    if let headed, headed.agrees || headed.usual >= 0.8 { return headed.delimiter }
    let common = all.max { ($0.usual, $0.lines) < ($1.usual, $1.lines) }
    return common.flatMap { $0.usual > 0 ? $0.delimiter : nil } ?? Ascii.comma
  }

  /// What is to be said of lines below the table: at most ten, each of one cell of words. `scanner`
  /// stands behind the first of them.
  static func footnote(_ scanner: RecordScanner, at start: UInt32) -> String? {
    let line = scanner.recordLine
    var scanner = scanner
    func words(_ start: UInt32) -> String? {
      let text = string(
        cell(at: Int(start), in: scanner.text, delimiter: scanner.delimiter), in: scanner.text)
      return TableHeader.Record.beginsAsValue(text) ? nil : text
    }
    guard let first = words(start) else { return nil }
    var starts: [UInt32] = []
    for _ in 0..<10 {
      starts.removeAll()
      guard let found = try? scanner.nextRecord(into: &starts) else { return nil }
      guard found else {
        return "from line \(line) (\(first.shown)) on there are no rows, but words below the table"
      }
      guard scanner.isBlank || starts.count == 1 && words(starts[0]) != nil else { return nil }
    }
    return nil
  }
}

/// What becomes of the first lines of a text by a delimiter.
private struct Delimiters {
  /// The delimiters that are tried; of equals the first is taken, which stands in cells most rarely.
  static let all = [Ascii.tab, Ascii.semicolon, Ascii.bar, Ascii.comma]

  let delimiter: UInt8
  /// Cells of the first line.
  private(set) var columns = 0
  /// Whether the next lines have as many.
  private(set) var agrees = true
  /// The share of lines with the number of cells that most have, from the first such line on, and how
  /// many these are.
  private(set) var (usual, lines) = (0.0, 0.0)
  /// Cells that are numbers or times, are in quotes, or have no other delimiter in them; in tenths of all.
  private(set) var whole = 0

  var headedRank: (Int, Int, Int) { (agrees ? 1 : 0, whole, columns) }

  init(_ text: UnsafeBufferPointer<UInt8>, _ delimiter: UInt8, file: String) {
    self.delimiter = delimiter
    var counts: [Int: (first: Double, found: Double)] = [:]
    var (records, cellCount, wholeCount) = (0.0, 0, 0)
    var scanner = RecordScanner(text: text, delimiter: delimiter, file: file)
    var cells: [UInt32] = []
    while records < 40 {
      cells.removeAll(keepingCapacity: true)
      guard let found = try? scanner.nextRecord(into: &cells) else {
        agrees = false
        break
      }
      guard found else { break }
      if scanner.isBlank { continue }
      if records == 0 { columns = cells.count }
      agrees = agrees && (cells.count == columns || records >= 20)
      counts[cells.count, default: (records, 0)].found += 1
      records += 1
      cellCount += cells.count
      wholeCount += cells.count { Self.isWhole($0, text, delimiter) }
    }
    whole = cellCount > 0 ? 10 * wholeCount / cellCount : 0
    // From the first line with so many cells on, as others may stand above; few tell little.
    (usual, lines) =
      counts.filter { $0.key > 1 && ($0.value.found > 2 || $0.value.first == 0) }
      .map { ($0.value.found / (records - $0.value.first), $0.value.found) }
      .max { $0 < $1 } ?? (0, 0)
  }

  private static func isWhole(
    _ start: UInt32, _ text: UnsafeBufferPointer<UInt8>, _ delimiter: UInt8
  ) -> Bool {
    let cell = DelimitedText.cell(at: Int(start), in: text, delimiter: delimiter)
    return cell.isQuoted || !text[cell.range].contains { $0 != delimiter && all.contains($0) }
      || TableHeader.Record.isValue(DelimitedText.string(cell, in: text))
  }
}
