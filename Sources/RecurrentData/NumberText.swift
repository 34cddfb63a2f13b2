import RecurrentFiles

/// What stands before the fraction of a number.
public enum DecimalMark: String, Sendable, Codable, CaseIterable {
  /// `1234.5`, with groups `1,234.5`
  case point
  /// `1234,5`, with groups `1.234,5`
  case comma
}

/// Reading numbers from the bytes of cells, the same on every machine and in every locale.
enum NumberText {
  /// The number that `cell` holds; `nil` when it holds something else.
  ///
  /// Digits, at most one decimal mark, an optional sign and exponent; groups of three digits may be
  /// separated by `'`, or by `,` (by `.` when the comma is the decimal mark). The result is the
  /// nearest double; it may be infinite when the exponent is large.
  @inline(__always)
  static func value(
    _ cell: DelimitedText.Cell, in text: UnsafeBufferPointer<UInt8>, mark: DecimalMark = .point
  ) -> Double? {
    value(text, cell.range, mark)
  }

  static func value(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ decimal: DecimalMark
  ) -> Double? {
    var end = range.upperBound
    var i = range.lowerBound
    while i < end, text[i] == Ascii.space { i += 1 }
    while end > i, text[end - 1] == Ascii.space { end -= 1 }
    let first = i
    let mark = decimal == .point ? Ascii.point : Ascii.comma
    var separator = decimal == .point ? Ascii.comma : Ascii.point

    var isNegative = false
    if i < end, text[i] == Ascii.minus || text[i] == Ascii.plus {
      isNegative = text[i] == Ascii.minus
      i += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var significant = 0
    var exponent = 0
    var hasGroups = false
    var sinceSeparator = 0
    while i < end {
      let byte = text[i]
      if isDigit(byte) {
        digits += 1
        sinceSeparator += 1
        append(byte, to: &mantissa, &significant)
      } else if byte == separator || byte == Ascii.apostrophe && !hasGroups {
        // A zero in front is no group: 0,123 is a fraction.
        guard hasGroups ? sinceSeparator == 3 : (1...3).contains(digits) && mantissa > 0 else {
          return nil
        }
        (hasGroups, separator) = (true, byte)
        sinceSeparator = 0
      } else {
        break
      }
      i += 1
    }
    if hasGroups, sinceSeparator != 3 { return nil }
    if i < end, text[i] == mark {
      i += 1
      while i < end, isDigit(text[i]) {
        digits += 1
        exponent -= 1
        append(text[i], to: &mantissa, &significant)
        i += 1
      }
    }
    guard digits > 0 else { return nil }
    if i < end, text[i] | 0x20 == 0x65 {
      i += 1
      var isExponentNegative = false
      if i < end, text[i] == Ascii.minus || text[i] == Ascii.plus {
        isExponentNegative = text[i] == Ascii.minus
        i += 1
      }
      guard i < end else { return nil }
      var written = 0
      while i < end, isDigit(text[i]) {
        written = Swift.min(written * 10 + Int(text[i] - Ascii.zero), 100_000)
        i += 1
      }
      exponent += isExponentNegative ? -written : written
    }
    guard i == end else { return nil }

    // A whole number below 2⁵³ and a power of ten up to 10²² are exact, so one operation rounds
    // once (Clinger 1990). Nearly all measurements are such numbers.
    if significant <= 19, mantissa < 1 << 53, exponent.magnitude <= 22 {
      let scale = powersOfTen[Int(exponent.magnitude)]
      let magnitude = exponent < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
      return isNegative ? -magnitude : magnitude
    }
    let plain = text[first..<end].compactMap {
      $0 == separator ? nil : $0 == mark ? Ascii.point : $0
    }
    return Double(String(decoding: plain, as: UTF8.self))
  }

  /// Whether `cell` stands for a value that is not there: empty, `NaN`, `NA`, `N/A`, `#N/A`, `null`,
  /// `none`, `?`, `.`, `-` or a dash.
  static func isMissing(
    _ cell: DelimitedText.Cell, in text: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    var content = text[cell.range]
    while content.first == Ascii.space { content.removeFirst() }
    while content.last == Ascii.space { content.removeLast() }
    guard content.count <= 4 else { return false }
    return missingWords.contains(content.map { $0 | 0x20 })
  }

  /// ASCII letters to lower case; the other bytes need only be compared alike.
  private static let missingWords: [[UInt8]] = [
    "", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "?", ".", "-", "–", "—",
  ].map { $0.utf8.map { $0 | 0x20 } }

  /// 10⁰ … 10²², each exact as a double.
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  @inline(__always)
  private static func append(
    _ digit: UInt8, to mantissa: inout UInt64, _ significant: inout Int
  ) {
    if significant > 0 || digit != Ascii.zero { significant += 1 }
    // Beyond 19 digits the sum would not fit; the slow path then reads the digits again.
    if significant <= 19 { mantissa = mantissa * 10 + UInt64(digit - Ascii.zero) }
  }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= Ascii.zero && byte <= Ascii.nine }
