/// Reads JSON text strictly, piece by piece, and says where it stops being JSON.
///
/// Foundation's decoder keeps one of two members with the same name and does not say at which line
/// a text is broken. The header of a weights file must not be ambiguous, and a person who edited a
/// `config.json` wants the line. No tree is built, so a hostile text cannot make it take much more
/// memory than its own size, and nesting is bounded by `deepestNesting`. Headers of NumPy's arrays,
/// which are Python's literals, are read by the same pieces.
package struct JSONScanner {
  /// Where a text is not what it should be, and why.
  package struct Failure: Error {
    /// Offset in the bytes.
    package var offset: Int
    /// What was found and what was expected.
    package var problem: String
    /// Within what, when the reader knows: `tensor "head.bias"`.
    package var place: String?
    /// What can be done about the failure, as a sentence without its full stop.
    package var advice: String?

    package init(offset: Int, problem: String, place: String? = nil, advice: String? = nil) {
      self.offset = offset
      self.problem = problem
      self.place = place
      self.advice = advice
    }
  }

  /// Arrays and objects within each other beyond this are refused.
  package static let deepestNesting = 64

  private let bytes: [UInt8]
  private let end: Int
  /// Offset of the next byte to be read.
  package private(set) var position: Int

  /// Reads the bytes in `range`, by default all.
  package init(_ bytes: [UInt8], range: Range<Int>? = nil) {
    self.bytes = bytes
    self.position = range?.lowerBound ?? 0
    self.end = range?.upperBound ?? bytes.count
  }

  /// Checks that the whole text is one JSON value in which no object has two members of one name.
  package mutating func validate() throws(Failure) {
    try skipValue()
    try expectEnd()
  }

  /// Line and column of an offset, both from 1; columns count bytes.
  package func lineAndColumn(of offset: Int) -> (line: Int, column: Int) {
    let before = bytes[..<min(offset, end)]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (line, before.count - start + 1)
  }

  // MARK: - Pieces

  /// The next byte that is not white space, without reading it.
  package mutating func next() -> UInt8? {
    while position < end, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    return position < end ? bytes[position] : nil
  }

  /// Reads an object: `member` is called with the scanner at each member's value.
  package mutating func object(
    _ member: (inout JSONScanner, String) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("{", "an object")
    if next() == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      guard next() == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
      let name = try string()
      try expect(":", "':' after a name")
      try member(&self, name)
      guard try another(until: "}") else { return }
    }
  }

  /// Reads an array: `element` is called with the scanner at each element.
  package mutating func array(
    _ element: (inout JSONScanner) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("[", "an array")
    if next() == UInt8(ascii: "]") {
      position += 1
      return
    }
    repeat { try element(&self) } while try another(until: "]")
  }

  /// Reads a string.
  package mutating func string() throws(Failure) -> String {
    try expect("\"", "a string")
    let start = position
    var text: [UInt8] = []
    while true {
      guard position < end else {
        throw Failure(offset: start - 1, problem: "found a string without its closing quote")
      }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw Failure(offset: start, problem: "found a string that is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        text.append(contentsOf: Array(String(try escape()).utf8))
      case 0..<0x20:
        throw Failure(
          offset: position - 1,
          problem: "found a control character in a string, expected it escaped")
      default:
        text.append(byte)
      }
    }
  }

  /// Reads a string as Python writes plain ones: in quotes of either kind, without escapes.
  package mutating func plainString() throws(Failure) -> String {
    guard let quote = next(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw unexpected("a string")
    }
    let start = position + 1
    guard let close = bytes[start..<end].firstIndex(of: quote) else {
      throw Failure(offset: position, problem: "found a string without its closing quote")
    }
    position = close + 1
    let text = bytes[start..<close]
    guard text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
      throw Failure(offset: start, problem: "found a string that is not plain ASCII")
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads a whole number from 0.
  ///
  /// - Parameter mayHavePoint: whether it may be written as `60.0`, as programs that know only
  ///   floating-point numbers write it.
  package mutating func naturalNumber(mayHavePoint: Bool = false) throws(Failure) -> Int {
    guard let first = next(), isDigit(first) else {
      throw unexpected("a whole number from 0")
    }
    let start = position
    var number = 0
    while position < end, isDigit(bytes[position]) {
      let (tens, over) = number.multipliedReportingOverflow(by: 10)
      let (sum, overAgain) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
      guard !over, !overAgain else {
        throw Failure(offset: start, problem: "found a number beyond \(Int.max)")
      }
      number = sum
      position += 1
    }
    if first == 0x30, position > start + 1 {
      throw Failure(offset: start, problem: "found a number that begins with 0")
    }
    if mayHavePoint, position + 1 < end, bytes[position] == UInt8(ascii: "."),
      bytes[position + 1] == 0x30
    {
      position += 1
      while position < end, bytes[position] == 0x30 { position += 1 }
    }
    if position < end,
      [UInt8(ascii: "."), 0x65, 0x45].contains(bytes[position]) || isDigit(bytes[position])
    {
      throw Failure(
        offset: start,
        problem: "found a number with a fraction or exponent, expected a whole number")
    }
    return number
  }

  /// Reads `literal` (`null`, `true`, `,`) if it comes next.
  package mutating func skip(_ literal: StaticString) -> Bool {
    _ = next()
    guard position + literal.utf8CodeUnitCount <= end else { return false }
    let matches = literal.withUTF8Buffer { bytes[position...].starts(with: $0) }
    if matches { position += literal.utf8CodeUnitCount }
    return matches
  }

  /// Checks that nothing but white space is left.
  package mutating func expectEnd() throws(Failure) {
    if next() != nil { throw unexpected("the end") }
  }

  /// A failure at the next byte: what is there, and what was expected.
  package mutating func unexpected(_ expected: String) -> Failure {
    guard let byte = next() else {
      return Failure(offset: position, problem: "found the end of the text, expected \(expected)")
    }
    let isPrintable = byte > 0x20 && byte < 0x7F
    let found = isPrintable ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    return Failure(offset: position, problem: "found \(found), expected \(expected)")
  }

  // MARK: - Parts of pieces

  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func expect(_ byte: Unicode.Scalar, _ expected: String) throws(Failure) {
    guard next() == UInt8(ascii: byte) else { throw unexpected(expected) }
    position += 1
  }

  /// Reads the comma before another element, or the closing bracket.
  private mutating func another(until close: Unicode.Scalar) throws(Failure) -> Bool {
    switch next() {
    case UInt8(ascii: ","):
      position += 1
      return true
    case UInt8(ascii: close):
      position += 1
      return false
    default:
      throw unexpected("',' or '\(close)'")
    }
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    let start = position - 1
    guard position < end else {
      throw Failure(offset: start, problem: "found a string without its closing quote")
    }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let high = try hexadecimal()
      if let scalar = Unicode.Scalar(high) { return scalar }
      // Beyond the 16-bit range, JSON writes a character as two halves.
      if high < 0xDC00, position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        if (0xDC00..<0xE000).contains(low),
          let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        {
          return scalar
        }
      }
      throw Failure(offset: start, problem: "found half of a surrogate pair")
    default:
      throw Failure(offset: start, problem: "found an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < end, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
      else {
        throw Failure(offset: position, problem: "expected four hexadecimal digits after \\u")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// Reads a value of any kind, in which no object has two members of one name.
  package mutating func skipValue(depth: Int = 0) throws(Failure) {
    guard depth <= Self.deepestNesting else {
      throw Failure(offset: position, problem: "found more than \(Self.deepestNesting) levels")
    }
    switch next() {
    case UInt8(ascii: "{"):
      var names: Set<String> = []
      try object { scanner, name throws(Failure) in
        guard names.insert(name).inserted else {
          throw Failure(
            offset: scanner.position,
            problem: "found two members named \(quoted(name)) in one object")
        }
        try scanner.skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      try array { scanner throws(Failure) in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""):
      _ = try string()
    default:
      guard skip("null") || skip("true") || skip("false") else { return try skipNumber() }
    }
  }

  private mutating func skipNumber() throws(Failure) {
    guard let first = next(), first == UInt8(ascii: "-") || isDigit(first) else {
      throw unexpected("a value")
    }
    if first == UInt8(ascii: "-") { position += 1 }
    let leading = position
    try skipDigits()
    if bytes[leading] == 0x30, position > leading + 1 {
      throw Failure(offset: leading, problem: "found a number that begins with 0")
    }
    if position < end, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try skipDigits()
    }
    if position < end, bytes[position] == 0x65 || bytes[position] == 0x45 {
      position += 1
      if position < end,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(Failure) {
    let start = position
    while position < end, isDigit(bytes[position]) { position += 1 }
    guard position > start else { throw Failure(offset: start, problem: "expected a digit") }
  }
}

/// A name from outside, fit to be shown in a message: in quotes, control characters escaped, cut
/// when long.
package func quoted(_ name: String) -> String {
  let shown = name.unicodeScalars.prefix(80)
  let text = shown.map {
    $0.value < 0x20 || $0.value == 0x7F ? $0.escaped(asASCII: true) : String($0)
  }
  return "\"" + text.joined() + (shown.count < name.unicodeScalars.count ? "…" : "") + "\""
}
