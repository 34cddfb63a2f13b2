/// The FNV-1a hash of bytes, 64 bits: equal for equal bytes, almost surely different after an
/// accident.
///
/// It notices damaged disks, broken transfers and edited files. It does not protect from somebody
/// who makes two files with the same checksum on purpose, which is easy.
package struct Checksum {
  /// What stands in the place of a checksum in its own file while it is taken.
  package static let blank = "fnv1a64:0000000000000000"

  /// The hash of the bytes so far.
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// The checksum of no bytes.
  package init() {}

  /// Takes in the bytes that come next.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var hash = value
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    value = hash
  }

  /// The checksum as files state it: `fnv1a64:` and 16 hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return "fnv1a64:" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The checksum of `bytes`.
package func checksum(of bytes: [UInt8]) -> UInt64 {
  var checksum = Checksum()
  bytes.withUnsafeBytes { checksum.add($0) }
  return checksum.value
}

/// The checksum of `bytes` as files state it.
package func checksumText(of bytes: [UInt8]) -> String {
  var checksum = Checksum()
  bytes.withUnsafeBytes { checksum.add($0) }
  return checksum.text
}
