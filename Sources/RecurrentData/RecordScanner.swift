import RecurrentFiles

/// Walks through delimiter-separated text one record at a time, counting physical lines.
struct RecordScanner {
  let text: UnsafeBufferPointer<UInt8>
  let delimiter: UInt8
  let file: String
  /// The place of the next record, in bytes.
  private(set) var position: Int
  /// The physical line, from 1, of the next record.
  private var line = 1
  /// The physical line on which the last record started.
  private(set) var recordLine = 1
  /// Whether the last record was a line without content.
  private(set) var isBlank = false

  init(text: UnsafeBufferPointer<UInt8>, delimiter: UInt8, file: String) {
    self.text = text
    self.delimiter = delimiter
    self.file = file
    let hasByteOrderMark =
      text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
    position = hasByteOrderMark ? 3 : 0
  }

  /// Appends the offsets of the next record's cells to `starts`; `false` at the end of the text.
  mutating func nextRecord(into starts: inout [UInt32]) throws(DataError) -> Bool {
    guard position < text.count else { return false }
    recordLine = line
    isBlank = false
    let count = text.count
    let delimiter = delimiter
    var i = position
    var isFirst = true
    while true {
      // Texts are shorter than 2³² bytes: the file reader refuses longer ones.
      starts.append(UInt32(truncatingIfNeeded: i))
      while i < count, isSpace(text[i], delimiter: delimiter) { i += 1 }
      let contentStart = i
      if i < count, text[i] == Ascii.quote {
        i = try endOfQuotedCell(openedAt: i)
      } else {
        while i < count {
          let byte = text[i]
          if byte == delimiter || byte == Ascii.lineFeed || byte == Ascii.carriageReturn { break }
          i += 1
        }
      }
      if i < count, text[i] == delimiter {
        i += 1
        isFirst = false
        continue
      }
      isBlank = isFirst && i == contentStart
      if i < count {
        let isPair =
          text[i] == Ascii.carriageReturn && i + 1 < count
          && text[i + 1] == Ascii.lineFeed
        i += isPair ? 2 : 1
        line += 1
      }
      position = i
      return true
    }
  }

  /// The offset of the delimiter, line end or text end after the quoted cell at `quote`.
  private mutating func endOfQuotedCell(openedAt quote: Int) throws(DataError) -> Int {
    let openingLine = line
    let count = text.count
    var i = quote + 1
    while true {
      guard i < count else {
        throw DataError(
          file: file, line: openingLine,
          problem: "a quote that opens here (cell starting \(start(of: quote))) is never closed",
          advice: "Close it, or double a quote that belongs to the text (\"\")")
      }
      let byte = text[i]
      i += 1
      if byte == Ascii.quote {
        guard i < count, text[i] == Ascii.quote else { break }
        i += 1
      } else if byte == Ascii.lineFeed {
        line += 1
      } else if byte == Ascii.carriageReturn, i == count || text[i] != Ascii.lineFeed {
        line += 1
      }
    }
    while i < count, isSpace(text[i], delimiter: delimiter) { i += 1 }
    if i < count, text[i] != delimiter, text[i] != Ascii.lineFeed,
      text[i] != Ascii.carriageReturn
    {
      throw DataError(
        file: file, line: openingLine,
        problem: "found text after the closing quote of the cell starting \(start(of: quote))",
        advice: "Double a quote that belongs to the text (\"\")")
    }
    return i
  }

  /// The first bytes of the cell at `offset`, for messages.
  private func start(of offset: Int) -> String {
    let end = Swift.min(offset + 20, text.count)
    return String(decoding: UnsafeBufferPointer(rebasing: text[offset..<end]), as: UTF8.self).shown
  }
}
