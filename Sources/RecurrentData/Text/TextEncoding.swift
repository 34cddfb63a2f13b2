import RecurrentFiles

/// How the bytes of a text file stand for characters.
///
/// UTF-8 is strict: a byte that does not belong there is an error with its place, never a
/// replacement character. The other two give every text, right or wrong, so they are never guessed.
public enum TextEncoding: String, Sendable, Codable, CaseIterable {
  /// UTF-8 (Unicode 15, table 3-7).
  case utf8 = "utf-8"
  /// Windows code page 1252, Western European; its five unassigned bytes are errors.
  case windows1252 = "windows-1252"
  /// ISO 8859-1: each byte is the character of its number.
  case latin1

  /// The bytes of a text as UTF-8, without a byte-order mark.
  ///
  /// - Parameters:
  ///   - bytes: A file, or lines of it.
  ///   - file: What errors name.
  ///   - line: The line, from 1, that the first byte stands on.
  ///   - offset: The place of the first byte in the file.
  /// - Throws: ``DataError`` with line and offset for a byte that is no text in this encoding.
  func utf8(
    _ bytes: [UInt8], file: String, line: Int = 1, offset: Int = 0
  ) throws(DataError) -> [UInt8] {
    if offset == 0 { try TextCheck.requireKnownStart(bytes, file: file) }
    if self == .utf8 {
      if let bad = TextCheck.firstBadByte(bytes) {
        throw problem(bytes, at: bad, file: file, line: line, offset: offset)
      }
      return offset == 0 && bytes.starts(with: [0xEF, 0xBB, 0xBF])
        ? Array(bytes.dropFirst(3)) : bytes
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 8)
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case 1..<0x80: result.append(byte)
      default:
        guard let scalar = scalar(byte) else {
          throw problem(bytes, at: index, file: file, line: line, offset: offset)
        }
        result.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
      }
    }
    return result
  }

  /// The character of a byte that is not ASCII; nil: there is none.
  private func scalar(_ byte: UInt8) -> UnicodeScalar? {
    guard byte >= 0x80 else { return nil }
    guard self == .windows1252, byte < 0xA0 else { return UnicodeScalar(byte) }
    let value = Self.windowsPart[Int(byte) - 0x80]
    return value == 0 ? nil : UnicodeScalar(value)
  }

  /// Windows-1252 from 0x80 to 0x9F; 0 where nothing is assigned.
  private static let windowsPart: [UInt16] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC,
    0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
  ]

  private func problem(
    _ bytes: [UInt8], at index: Int, file: String, line: Int, offset: Int
  ) -> DataError {
    let digits = String(bytes[index], radix: 16, uppercase: true)
    let found =
      bytes[index] == 0
      ? "a zero byte" : "byte 0x\(digits.count == 1 ? "0" : "")\(digits)"
    return DataError(
      file: file, line: line - 1 + TextCheck.lineNumber(of: index, in: bytes),
      problem: "found \(found) (byte \(offset + index) of the file), expected \(rawValue) text",
      advice: bytes[index] == 0
        ? "The file is binary or UTF-16; convert the latter with: iconv -f UTF-16 -t UTF-8"
        : self == .utf8
          ? "If the text is Western European, read it with --encoding windows-1252 or latin1; "
            + "or convert it with: iconv -f … -t UTF-8"
          : "Read it with another --encoding")
  }
}
