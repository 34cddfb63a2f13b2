import RecurrentFiles

/// How the bytes of a text file stand for characters.
///
/// UTF-8 is strict: a byte that does not belong there is an error with its place, never a
/// replacement character. UTF-16 is told by its byte-order mark. The other two give every text, right or
/// wrong, so they are never guessed.
public enum TextEncoding: String, Sendable, Codable, CaseIterable {
  /// UTF-8 (Unicode 15, table 3-7).
  case utf8 = "utf-8"
  /// Windows code page 1252, Western European; its five unassigned bytes are errors.
  case windows1252 = "windows-1252"
  /// ISO 8859-1: each byte is the character of its number.
  case latin1
  /// UTF-16; the byte-order mark tells the order of the bytes, and without one the zeros do.
  case utf16 = "utf-16"

  /// Names that other programs know an encoding by.
  static let otherNames: [String: TextEncoding] = [
    "utf8": .utf8, "cp1252": .windows1252, "latin-1": .latin1, "iso-8859-1": .latin1,
    "utf16": .utf16,
  ]

  /// The encoding of a name in any case, as this or other programs write it.
  public init?(named name: String) {
    let name = name.lowercased()
    guard let found = Self.otherNames[name] ?? TextEncoding(rawValue: name) else { return nil }
    self = found
  }

  /// Whether a file begins with the byte-order mark of UTF-16.
  static func marksUTF16(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
  }

  /// The bytes of a text as UTF-8, without a byte-order mark.
  ///
  /// - Parameters:
  ///   - bytes: A file, or lines of it.
  ///   - file: What errors name.
  ///   - line: The line, from 1, that the first byte stands on.
  ///   - offset: The place of the first byte in the file.
  ///   - checksStart: Whether the first bytes may say that the file is no text.
  /// - Throws: ``DataError`` with line and offset for a byte that is no text in this encoding.
  func utf8(
    _ bytes: [UInt8], file: String, line: Int = 1, offset: Int = 0, checksStart: Bool = true
  ) throws(DataError) -> [UInt8] {
    if offset == 0, checksStart { try TextCheck.requireKnownStart(bytes, file: file) }
    if self == .utf16 || offset == 0 && Self.marksUTF16(bytes) {
      return try Self.fromUTF16(bytes, file: file)
    }
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

  private static func fromUTF16(_ bytes: [UInt8], file: String) throws(DataError) -> [UInt8] {
    // Western text has its zeros in the upper bytes.
    let zeros = [0, 1].map { half in
      stride(from: half, to: min(bytes.count, 1000), by: 2).count { bytes[$0] == 0 }
    }
    let isBigEndian = marksUTF16(bytes) ? bytes[0] == 0xFE : zeros[0] > zeros[1]
    let (upper, lower) = isBigEndian ? (0, 1) : (1, 0)
    let units = stride(from: marksUTF16(bytes) ? 2 : 0, to: bytes.count - 1, by: 2).lazy.map {
      place -> UInt16 in
      UInt16(bytes[place + upper]) << 8 | UInt16(bytes[place + lower])
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var decoder = UTF16()
    var source = units.makeIterator()
    var line = 1
    while true {
      switch decoder.decode(&source) {
      case .scalarValue(let scalar) where scalar.value != 0:
        if scalar == "\n" { line += 1 }
        result.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
      case .emptyInput where bytes.count % 2 == 0: return result
      case .scalarValue, .error, .emptyInput:
        throw DataError(
          file: file, line: line,
          problem: "found bytes that are no character, expected UTF-16 text",
          advice: "Read it with another --encoding")
      }
    }
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
        ? "The file is binary, or UTF-16, which --encoding utf-16 reads"
        : self == .utf8
          ? "If the text is Western European, read it with --encoding windows-1252 or latin1; "
            + "or convert it with: iconv -f … -t UTF-8"
          : "Read it with another --encoding")
  }
}
