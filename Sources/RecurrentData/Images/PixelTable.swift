import RecurrentFiles

/// Images in CSV text: an image a line, its numbers row by row, and its class in a column.
///
/// The first line may name the columns. A column `split` that says `train` or `test` tells the
/// parts apart.
struct PixelTable {
  private let text: DelimitedText
  private let source: String
  private let hasHeader: Bool
  private let labelColumn: Int?
  private let splitColumn: Int?
  private let pixelColumns: [Int]
  private let height: Int

  private static let labelNames = ["label", "class", "target", "digit"]

  init(_ bytes: [UInt8], source: String, _ reading: ImageReading) throws(DataError) {
    text = try DelimitedText(
      bytes: TextEncoding.utf8.utf8(bytes, file: source), delimiter: nil, format: TableFormat(),
      file: source)
    self.source = source
    let first = text.header.map { $0.lowercased() }
    // A class may be a word: one alone among numbers, at an end, and not the name of a column.
    let words = first.indices.filter { Double(first[$0]) == nil }
    hasHeader =
      words.count > 1
      || words.contains { $0 > 0 && $0 < first.count - 1 || Self.labelNames.contains(first[$0]) }
    let names = hasHeader ? first : []
    splitColumn = names.firstIndex(of: "split")
    let columns = text.header.indices.filter { [splitColumn] in $0 != splitColumn }
    let named = names.firstIndex { Self.labelNames.contains($0) }
    let ends: [Int] = [columns.first, columns.last].compactMap { $0 }
    guard ends.count == 2, columns.count >= 2 else {
      throw DataError(
        file: source, line: text.headerLine,
        problem: "found \(text.header.count) columns, expected a number for each pixel")
    }
    let size = reading.width.flatMap { width in reading.height.map { $0 * width } }
    switch reading.label {
    case .first: labelColumn = ends[0]
    case .last: labelColumn = ends[1]
    case .noColumn: labelColumn = nil
    case nil:
      if named != nil || size == columns.count {
        labelColumn = named
      } else {
        labelColumn = try Self.likelyLabel(ends, text, hasHeader: hasHeader, source)
      }
    }
    pixelColumns = columns.filter { [labelColumn] in $0 != labelColumn }
    let count = pixelColumns.count
    guard size == nil || size == count else {
      throw DataError(
        file: source, line: text.headerLine,
        problem: "found \(count) pixels, expected \(size ?? 0) as in the images before")
    }
    let side = Int(Double(count).squareRoot().rounded())
    height = reading.height ?? (side * side == count ? side : 1)
    guard height >= 1, count % height == 0 else {
      throw DataError(
        file: source, line: text.headerLine,
        problem: "found \(count) pixels, which are not whole rows of an image of height \(height)")
    }
  }

  /// The one of the first and last columns that alone has words, or else alone has whole numbers,
  /// at least two: a corner of the images is often always the same or no whole number.
  private static func likelyLabel(
    _ ends: [Int], _ text: DelimitedText, hasHeader: Bool, _ source: String
  ) throws(DataError) -> Int {
    let values = ends.map { column in
      var values = Set(
        (0..<min(text.rowCount, 10_000)).map { text.string(row: $0, column: column) })
      if !hasHeader { values.insert(text.header[column]) }
      return values
    }
    let times = ends.indices.first { place in
      !values[place].isEmpty
        && values[place].allSatisfy { value in
          value.contains { !$0.isNumber }
            && TimeGuess.readings(of: Array(value.utf8)).contains { !TimeFormat($0).isIndex }
        }
    }
    if let times {
      throw DataError(
        file: source, line: text.headerLine, place: "column \(ends[times] + 1)",
        problem: "found times, expected the classes of images",
        advice: "A table of numbers over time is for `recurrent train forecaster`")
    }
    let worded = ends.indices.filter { values[$0].contains { Double($0) == nil } }
    let likely =
      worded.isEmpty
      ? ends.indices.filter { place in
        (2...1000).contains(values[place].count) && values[place].allSatisfy { Int($0) != nil }
      } : worded
    if let only = likely.first, likely.count == 1 { return ends[only] }
    throw DataError(
      file: source, line: text.headerLine,
      problem: "which column is the class cannot be seen: "
        + (likely.isEmpty ? "neither" : "both") + " of the first and last could be it",
      advice: "Say --label first or --label last")
  }

  /// The images, and those of the test part if a column tells it.
  func images() throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    var parts: [(pixels: [Float], labels: [String])] = [([], []), ([], [])]
    if !hasHeader {
      parts[0].pixels = pixelColumns.map { Float(text.header[$0]) ?? .nan }
      if let bad = parts[0].pixels.firstIndex(where: { !$0.isFinite }) {
        throw notANumber(text.headerLine, pixelColumns[bad], text.header[pixelColumns[bad]])
      }
      if let labelColumn { parts[0].labels = [text.header[labelColumn]] }
    }
    // Taken once: reading a cell through the table each time would check it again.
    try text.bytes.withUnsafeBufferPointer { bytes throws(DataError) in
      for row in 0..<text.rowCount {
        let part = try part(row)
        for column in pixelColumns {
          let cell = text.cell(row: row, column: column, in: bytes)
          guard let value = NumberText.value(cell, in: bytes), Float(value).isFinite else {
            throw notANumber(text.line(ofRow: row), column, text.string(row: row, column: column))
          }
          parts[part].pixels.append(Float(value))
        }
        if let labelColumn {
          let label = text.string(row: row, column: labelColumn)
          guard !label.isEmpty else {
            throw DataError(
              file: source, line: text.line(ofRow: row), place: "column \(labelColumn + 1)",
              problem: "found nothing, expected the image's class")
          }
          parts[part].labels.append(label)
        }
      }
    }
    let sets = parts.map {
      ImageSet(
        source: source, height: height, width: pixelColumns.count / height, pixels: $0.pixels,
        labels: $0.labels)
    }
    guard sets[0].count > 0 else {
      throw DataError(file: source, problem: "found no image outside the test part")
    }
    return (sets[0], sets[1].count > 0 ? sets[1] : nil)
  }

  private func part(_ row: Int) throws(DataError) -> Int {
    guard let splitColumn else { return 0 }
    switch text.string(row: row, column: splitColumn).lowercased() {
    case "train", "training": return 0
    case "test": return 1
    case let other:
      throw DataError(
        file: source, line: text.line(ofRow: row), place: "column \"split\"",
        problem: "found \(other.shown), expected train or test")
    }
  }

  private func notANumber(_ line: Int, _ column: Int, _ found: String) -> DataError {
    DataError(
      file: source, line: line, place: "column \(column + 1)",
      problem: "found \(found.shown), expected a number",
      advice: labelColumn == nil ? "If it is the class, say --label first or --label last" : nil)
  }
}
