/// JSON as it is written: bytes, one value behind the other.
public struct JSONWriter {
  /// The JSON text written so far, in UTF-8.
  public private(set) var bytes: [UInt8] = []

  /// A writer of empty text, with room for `capacity` bytes.
  public init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// JSON as it stands: brackets, commas, names.
  @inline(__always)
  public mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// JSON as it stands.
  public mutating func raw(_ text: [UInt8]) { bytes += text }

  /// A text in quotes.
  public mutating func string(_ text: String) { string(utf8: text.utf8) }

  /// A text in quotes, from the bytes of its UTF-8.
  public mutating func string(utf8 text: some Sequence<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): raw("\\\"")
      case UInt8(ascii: "\\"): raw("\\\\")
      case 0x0A: raw("\\n")
      case 0x0D: raw("\\r")
      case 0x09: raw("\\t")
      case 0..<0x20, 0x7F:
        raw("\\u00")
        for digit in [byte >> 4, byte & 15] { bytes.append(digit + (digit < 10 ? 0x30 : 0x57)) }
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A whole number.
  public mutating func number(_ value: some BinaryInteger) {
    bytes.append(contentsOf: value.description.utf8)
  }

  /// A number that reads back to the same bits.
  ///
  /// - Throws: ``RequestError`` if it is not finite, which JSON cannot say.
  @inline(__always)
  public mutating func number(
    _ value: some BinaryFloatingPoint & LosslessStringConvertible
  ) throws(RequestError) {
    guard value.isFinite else {
      throw RequestError(
        .failed,
        "The answer holds \(value.description), which JSON cannot say: ask for binary_data.")
    }
    bytes.append(contentsOf: value.description.utf8)
  }

  /// A value of any kind; numbers that are not finite become null.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: raw("null")
    case .bool(let value): if value { raw("true") } else { raw("false") }
    case .integer(let value): number(value)
    case .number(let value):
      if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { raw("null") }
    case .string(let text): string(text)
    case .array(let elements):
      raw("[")
      for (index, element) in elements.enumerated() {
        if index > 0 { raw(",") }
        self.value(element)
      }
      raw("]")
    case .object(let members):
      raw("{")
      for (index, member) in members.enumerated() {
        if index > 0 { raw(",") }
        string(member.name)
        raw(":")
        self.value(member.value)
      }
      raw("}")
    }
  }
}

extension JSONValue {
  /// The value as JSON text on one line, in UTF-8.
  public var text: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }
}
