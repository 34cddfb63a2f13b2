/// The FNV-1a hash of `bytes`, 64 bits: equal for equal bytes, almost surely different after an
/// accident.
///
/// It notices damaged disks, broken transfers and edited files. It does not protect from somebody
/// who makes two files with the same checksum on purpose, which is easy.
package func checksum(of bytes: [UInt8]) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return hash
}

/// The checksum of `bytes` as files state it: `fnv1a64:` and 16 hexadecimal digits.
package func checksumText(of bytes: [UInt8]) -> String {
  let digits = String(checksum(of: bytes), radix: 16)
  return "fnv1a64:" + String(repeating: "0", count: 16 - digits.count) + digits
}
