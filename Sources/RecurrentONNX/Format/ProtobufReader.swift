/// A message in the wire format of protocol buffers, read field after field.
///
/// Lengths and numbers are the file's own and are checked before they are used: whatever the bytes
/// are, reading ends with fields that lie within the message or with a ``Failure``.
struct ProtobufReader {
  /// What is wrong with the bytes, and where.
  struct Failure: Error {
    var offset: Int
    var problem: String
  }

  /// What a field holds. Which numbers are signed, floating point or truth values the message says.
  enum Value {
    /// A number of variable length.
    case number(UInt64)
    /// Four bytes.
    case word(UInt32)
    /// Eight bytes.
    case doubleWord(UInt64)
    /// Text, another message or a list of numbers.
    case bytes(Range<Int>)
  }

  let bytes: [UInt8]
  private(set) var position: Int
  let end: Int

  /// The message that the bytes in `range` are.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    (self.bytes, position, end) = (bytes, range.lowerBound, range.upperBound)
  }

  /// The next field; nil at the end.
  mutating func next() throws(Failure) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let start = position
    let key = try number()
    guard key >> 3 >= 1, key >> 3 < 1 << 29 else {
      throw Failure(offset: start, problem: "found field \(key >> 3), expected 1 to 536870911")
    }
    let value: Value
    switch key & 7 {
    case 0: value = .number(try number())
    case 1: value = .doubleWord(try fixed(8))
    case 2:
      let length = try number()
      guard length <= UInt64(end - position) else {
        throw Failure(
          offset: start,
          problem: "found a field of \(length) bytes, expected at most the \(end - position) left")
      }
      value = .bytes(position..<position + Int(length))
      position += Int(length)
    case 5: value = .word(UInt32(truncatingIfNeeded: try fixed(4)))
    default:
      throw Failure(
        offset: start, problem: "found a field of kind \(key & 7), expected 0, 1, 2 or 5")
    }
    return (Int(key >> 3), value)
  }

  /// A number of seven bits a byte, the least significant first.
  private mutating func number() throws(Failure) -> UInt64 {
    let start = position
    var (result, shift): (UInt64, UInt64) = (0, 0)
    while position < end, shift < 64 {
      let byte = bytes[position]
      position += 1
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return result }
      shift += 7
    }
    throw Failure(offset: start, problem: "found a number that does not end")
  }

  private mutating func fixed(_ size: Int) throws(Failure) -> UInt64 {
    guard end - position >= size else {
      throw Failure(offset: position, problem: "found \(end - position) bytes, expected \(size)")
    }
    defer { position += size }
    return bytes.littleEndian(at: position, size: size)
  }

  // MARK: What a field holds

  /// A whole number; negative ones stand as their two's complement.
  func integer(_ value: Value) throws(Failure) -> Int64 {
    guard case .number(let bits) = value else { throw unfit("a whole number") }
    return Int64(bitPattern: bits)
  }

  /// A text. Bytes that are not UTF-8 are replaced.
  func text(_ value: Value) throws(Failure) -> String {
    String(decoding: bytes[try range(value)], as: UTF8.self)
  }

  /// The place of a message or bytes.
  func range(_ value: Value) throws(Failure) -> Range<Int> {
    guard case .bytes(let range) = value else { throw unfit("bytes") }
    return range
  }

  /// A message within this one.
  func message(_ value: Value) throws(Failure) -> ProtobufReader {
    ProtobufReader(bytes, try range(value))
  }

  /// Appends whole numbers: one, or a list of them in one field.
  func append(_ value: Value, to numbers: inout [Int64]) throws(Failure) {
    switch value {
    case .number(let bits): numbers.append(Int64(bitPattern: bits))
    case .bytes(let range):
      var list = ProtobufReader(bytes, range)
      while list.position < list.end { numbers.append(Int64(bitPattern: try list.number())) }
    default: throw unfit("whole numbers")
    }
  }

  /// Appends 32-bit numbers: one, or a list of them in one field.
  func append(_ value: Value, to numbers: inout [Float]) throws(Failure) {
    switch value {
    case .word(let bits): numbers.append(Float(bitPattern: bits))
    case .bytes(let range):
      guard range.count % 4 == 0 else { throw unfit("floats of 4 bytes") }
      numbers.reserveCapacity(numbers.count + range.count / 4)
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        let bits = bytes.littleEndian(at: offset, size: 4)
        numbers.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      }
    default: throw unfit("floats")
    }
  }

  /// Appends 64-bit numbers: one, or a list of them in one field, each rounded to 32 bits.
  func appendDoubles(_ value: Value, to numbers: inout [Float]) throws(Failure) {
    switch value {
    case .doubleWord(let bits): numbers.append(Float(Double(bitPattern: bits)))
    case .bytes(let range):
      guard range.count % 8 == 0 else { throw unfit("doubles of 8 bytes") }
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
        numbers.append(Float(Double(bitPattern: bytes.littleEndian(at: offset, size: 8))))
      }
    default: throw unfit("doubles")
    }
  }

  private func unfit(_ expected: String) -> Failure {
    Failure(offset: position, problem: "found a field of another kind, expected \(expected)")
  }
}
