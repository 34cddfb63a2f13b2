extension [UInt8] {
  /// The whole number in `size` bytes, the least significant first.
  package func littleEndian(at offset: Int, size: Int) -> UInt64 {
    self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Appends the lowest `size` bytes of `value`, the least significant first.
  package mutating func append(littleEndian value: UInt64, size: Int) {
    for byte in 0..<size { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))) }
  }
}
