/// A message in the wire format of protocol buffers, field after field.
package struct ProtobufWriter {
  package private(set) var bytes: [UInt8] = []

  /// Without fields.
  package init() {}

  private mutating func put(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A whole number.
  package mutating func put(_ field: Int, _ value: Int64) {
    put(UInt64(field) << 3)
    put(UInt64(bitPattern: value))
  }

  /// A number of 32 bits.
  package mutating func put(_ field: Int, _ value: Float) {
    put(UInt64(field) << 3 | 5)
    bytes.append(littleEndian: UInt64(value.bitPattern), size: 4)
  }

  /// A number of 64 bits.
  package mutating func put(_ field: Int, _ value: Double) {
    put(UInt64(field) << 3 | 1)
    bytes.append(littleEndian: value.bitPattern, size: 8)
  }

  /// Numbers of 64 bits, packed.
  package mutating func put(_ field: Int, _ values: [Double]) {
    var packed: [UInt8] = []
    for value in values { packed.append(littleEndian: value.bitPattern, size: 8) }
    put(field, packed)
  }

  /// Bytes.
  package mutating func put(_ field: Int, _ value: [UInt8]) {
    put(UInt64(field) << 3 | 2)
    put(UInt64(value.count))
    bytes += value
  }

  /// A text.
  package mutating func put(_ field: Int, _ text: String) { put(field, Array(text.utf8)) }

  /// Writes a field that holds another message.
  package mutating func put(_ field: Int, _ message: ProtobufWriter) { put(field, message.bytes) }
}
