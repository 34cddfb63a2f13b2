extension DelimitedText {
  /// Where the content of the cell that starts at `start` lies.
  @inline(__always)
  static func cell(
    at start: Int, in text: UnsafeBufferPointer<UInt8>, delimiter: UInt8
  ) -> Cell {
    var i = start
    while i < text.count, isSpace(text[i], delimiter: delimiter) { i += 1 }
    if i < text.count, text[i] == Ascii.quote {
      let first = i + 1
      i = first
      while i < text.count {
        if text[i] == Ascii.quote {
          guard i + 1 < text.count, text[i + 1] == Ascii.quote else { break }
          i += 1
        }
        i += 1
      }
      return Cell(range: first..<i, isQuoted: true)
    }
    let first = i
    while i < text.count, text[i] != delimiter, text[i] != Ascii.lineFeed,
      text[i] != Ascii.carriageReturn
    {
      i += 1
    }
    while i > first, isSpace(text[i - 1], delimiter: delimiter) { i -= 1 }
    return Cell(range: first..<i, isQuoted: false)
  }

  static func string(_ cell: Cell, in text: UnsafeBufferPointer<UInt8>) -> String {
    let content = UnsafeBufferPointer(rebasing: text[cell.range])
    guard cell.isQuoted, content.contains(Ascii.quote) else {
      return String(decoding: content, as: UTF8.self)
    }
    var unquoted: [UInt8] = []
    unquoted.reserveCapacity(content.count)
    var i = 0
    while i < content.count {
      unquoted.append(content[i])
      i += content[i] == Ascii.quote ? 2 : 1
    }
    return String(decoding: unquoted, as: UTF8.self)
  }
}

/// The bytes that have a meaning in tables, numbers and times.
enum Ascii {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let quote: UInt8 = 0x22
  static let apostrophe: UInt8 = 0x27
  static let openingParenthesis: UInt8 = 0x28
  static let closingParenthesis: UInt8 = 0x29
  static let plus: UInt8 = 0x2B
  static let comma: UInt8 = 0x2C
  static let minus: UInt8 = 0x2D
  static let point: UInt8 = 0x2E
  static let slash: UInt8 = 0x2F
  static let zero: UInt8 = 0x30
  static let nine: UInt8 = 0x39
  static let colon: UInt8 = 0x3A
  static let semicolon: UInt8 = 0x3B
  static let bar: UInt8 = 0x7C
}

@inline(__always)
func isSpace(_ byte: UInt8, delimiter: UInt8) -> Bool {
  byte == Ascii.space || byte == Ascii.tab && delimiter != Ascii.tab
}
