import RecurrentFiles

/// What a text tells of itself.
extension DelimitedText {
  /// The delimiter that splits the header into most cells and the first rows into as many; where lines
  /// stand before the header, the one that splits most of the others into as many.
  static func likelyDelimiter(_ bytes: [UInt8], file: String) -> UInt8 {
    var best = (delimiter: Ascii.comma, agrees: false, columns: 1, usual: 0.0)
    var common = (delimiter: Ascii.comma, usual: 0.0, lines: 0.0)
    for delimiter in [Ascii.comma, Ascii.semicolon, Ascii.tab, Ascii.bar] {
      var columns = 0
      var agrees = true
      var counts: [Int: (first: Double, found: Double)] = [:]
      var records = 0.0
      bytes.withUnsafeBufferPointer { text in
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
        }
      }
      // From the first line with so many cells on, as others may stand above; few tell little.
      let (usual, lines) =
        counts.filter { $0.key > 1 && ($0.value.found > 2 || $0.value.first == 0) }
        .map { ($0.value.found / (records - $0.value.first), $0.value.found) }
        .max { $0 < $1 } ?? (0, 0)
      if (usual, lines) > (common.usual, common.lines) { common = (delimiter, usual, lines) }
      guard columns > 1 else { continue }
      if agrees && !best.agrees || agrees == best.agrees && columns > best.columns {
        best = (delimiter, agrees, columns, usual)
      }
    }
    return best.agrees || best.usual >= 0.8 ? best.delimiter : common.delimiter
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
