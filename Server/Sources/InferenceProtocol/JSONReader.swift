/// A reader of JSON that trusts nothing: each method takes what comes next, or throws what was found
/// and where.
///
/// Objects and arrays are read by the caller's closures, so no tree is built for what is not kept.
public struct JSONReader {
  /// Deeper nesting is refused.
  public static let deepest = 64

  let bytes: [UInt8]
  let end: Int
  /// The next byte.
  public internal(set) var position: Int
  private var depth = 0

  /// A reader of `bytes`, or of a part of them.
  public init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    let range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
    position = range.lowerBound
    end = range.upperBound
  }

  /// A reader of the same bytes that begins at `position`.
  func at(_ position: Int) -> JSONReader {
    var copy = self
    copy.position = position
    return copy
  }

  // MARK: What comes next

  /// The next byte that is not white space; nil at the end.
  @inline(__always)
  public mutating func peek() -> UInt8? {
    while position < end {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  /// A failure at the next byte: what is there, and what was expected.
  public mutating func unexpected(_ expected: String) -> RequestError {
    let found =
      switch peek() {
      case nil: "the end of the text"
      case let byte? where byte > 0x20 && byte < 0x7F: "'\(Unicode.Scalar(byte))'"
      case let byte?: "byte \(byte)"
      }
    return failure("found \(found), expected \(expected)")
  }

  /// A failure at the present place.
  func failure(_ problem: String) -> RequestError {
    RequestError(.malformed, "JSON, byte \(position): \(problem).")
  }

  /// Takes `literal` if it comes next.
  public mutating func take(_ literal: StaticString) -> Bool {
    _ = peek()
    let count = literal.utf8CodeUnitCount
    guard count <= end - position else { return false }
    let fits = literal.withUTF8Buffer { literal in
      for offset in 0..<count where bytes[position + offset] != literal[offset] { return false }
      return true
    }
    if fits { position += count }
    return fits
  }

  /// Checks that nothing but white space is left.
  public mutating func finish() throws(RequestError) {
    if peek() != nil { throw unexpected("the end") }
  }

  // MARK: Objects and arrays

  /// Reads an object: `member` is called with each name, and must read the value.
  public mutating func object(
    _ member: (inout JSONReader, String) throws(RequestError) -> Void
  ) throws(RequestError) {
    guard take("{") else { throw unexpected("an object") }
    try deepen()
    if !take("}") {
      repeat {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
        let name = try string()
        guard take(":") else { throw unexpected("':' after a name") }
        try member(&self, name)
      } while take(",")
      guard take("}") else { throw unexpected("',' or '}'") }
    }
    depth -= 1
  }

  /// Reads an array: `element` is called at each element, and must read it.
  public mutating func array(
    _ element: (inout JSONReader) throws(RequestError) -> Void
  ) throws(RequestError) {
    guard take("[") else { throw unexpected("an array") }
    try deepen()
    if !take("]") {
      repeat { try element(&self) } while take(",")
      guard take("]") else { throw unexpected("',' or ']'") }
    }
    depth -= 1
  }

  private mutating func deepen() throws(RequestError) {
    depth += 1
    guard depth <= Self.deepest else { throw failure("found more than \(Self.deepest) levels") }
  }

  /// Reads a value of any kind and drops it.
  public mutating func skip() throws(RequestError) {
    switch peek() {
    case UInt8(ascii: "{"):
      try object { reader, _ throws(RequestError) in try reader.skip() }
    case UInt8(ascii: "["): try array { reader throws(RequestError) in try reader.skip() }
    case UInt8(ascii: "\""): _ = try stringRange()
    default: if !take("null"), !take("true"), !take("false") { _ = try numberRange() }
    }
  }

  // MARK: Strings

  /// Reads a string.
  public mutating func string() throws(RequestError) -> String {
    guard let text = String(validating: try stringBytes(), as: UTF8.self) else {
      throw failure("found a string that is not UTF-8")
    }
    return text
  }

  /// Reads a string as the bytes of its UTF-8, which is not checked.
  mutating func stringBytes() throws(RequestError) -> [UInt8] {
    let (range, hasEscapes) = try stringRange()
    guard hasEscapes else { return Array(bytes[range]) }
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var place = range.lowerBound
    while place < range.upperBound {
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: UTF8.encode(try escape(&place, range.upperBound)) ?? .init())
      } else {
        text.append(byte)
      }
    }
    return text
  }

  /// The bytes between the quotes of the next string, and whether there are escapes among them.
  private mutating func stringRange() throws(RequestError) -> (Range<Int>, hasEscapes: Bool) {
    guard take("\"") else { throw unexpected("a string") }
    let start = position
    var hasEscapes = false
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return (start..<position - 1, hasEscapes)
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      } else if byte < 0x20 {
        throw failure("found a control character in a string, expected it escaped")
      }
      position += 1
    }
    position = start
    throw failure("found a string without its closing quote")
  }

  private func escape(_ place: inout Int, _ end: Int) throws(RequestError) -> Unicode.Scalar {
    // `stringRange` saw a byte behind each backslash.
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let high = try hexadecimal(&place, end)
      if let scalar = Unicode.Scalar(high) { return scalar }
      // Beyond the 16-bit range, JSON writes a character as two halves.
      if high < 0xDC00, end - place >= 6, bytes[place] == UInt8(ascii: "\\"),
        bytes[place + 1] == UInt8(ascii: "u")
      {
        place += 2
        let low = try hexadecimal(&place, end)
        if (0xDC00..<0xE000).contains(low),
          let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        {
          return scalar
        }
      }
      throw failure("found half of a surrogate pair")
    default: throw failure("found an unknown escape in a string")
    }
  }

  private func hexadecimal(_ place: inout Int, _ end: Int) throws(RequestError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard place < end, let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue,
        bytes[place] < 0x80
      else { throw failure("expected four hexadecimal digits after \\u") }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return value
  }
}
