extension ZipArchive {
  /// The bytes of an archive of `entries`, stored as they are: the same for the same input.
  ///
  /// - Precondition: Names are unique and shorter than 64 KiB, and there are fewer than 65535.
  /// - Parameter is64Bit: Whether offsets and sizes have 64 bits, which not every reader knows; by
  ///   default only where they must.
  package static func encode(
    _ entries: [(name: String, bytes: [UInt8])], is64Bit: Bool? = nil
  ) -> [UInt8] {
    require(Set(entries.map(\.name)).count == entries.count, "names of entries are unique")
    require(
      entries.count < 0xFFFF && entries.allSatisfy { $0.name.utf8.count < 0xFFFF },
      "an archive has fewer than 65535 entries with names shorter than that")
    let total = entries.reduce(0) { $0 + $1.bytes.count + 2 * $1.name.utf8.count + 200 }
    let is64Bit = is64Bit ?? (total >= 0xFFFF_FFFF)
    /// A number of 32 bits, or the sign that it stands elsewhere with 64.
    func short(_ value: Int) -> UInt64 { is64Bit ? 0xFFFF_FFFF : UInt64(value) }
    func extended(_ values: [Int]) -> [UInt8] {
      is64Bit
        ? fields([(1, 2), (UInt64(8 * values.count), 2)] + values.map { (UInt64($0), 8) }) : []
    }

    var archive: [UInt8] = []
    var list: [UInt8] = []
    for (name, bytes) in entries {
      let start = archive.count
      // Version 4.5 of the format, names in UTF-8, stored, made on the format's first day.
      let common = fields([
        (45, 2), (1 << 11, 2), (0, 2), (0, 2), (0x21, 2),
        (UInt64(Zlib.checksum(of: bytes[...])), 4),
        (short(bytes.count), 4), (short(bytes.count), 4), (UInt64(name.utf8.count), 2),
      ])
      let before = extended([bytes.count, bytes.count])
      archive += fields([(entrySignature, 4)]) + common + fields([(UInt64(before.count), 2)])
      archive += Array(name.utf8) + before + bytes
      let after = extended([bytes.count, bytes.count, start])
      list += fields([(listSignature, 4), (45, 2)]) + common
      list += fields([
        (UInt64(after.count), 2), (0, 2), (0, 2), (0, 2), (0, 4), (short(start), 4),
      ])
      list += Array(name.utf8) + after
    }
    let start = archive.count
    archive += list
    let count = UInt64(entries.count)
    if is64Bit {
      let record = archive.count
      archive += fields([
        (end64Signature, 4), (44, 8), (45, 2), (45, 2), (0, 4), (0, 4), (count, 8), (count, 8),
        (UInt64(list.count), 8), (UInt64(start), 8),
        (locator64Signature, 4), (0, 4), (UInt64(record), 8), (1, 4),
      ])
    }
    return archive
      + fields([
        (endSignature, 4), (0, 2), (0, 2), (count, 2), (count, 2), (short(list.count), 4),
        (short(start), 4), (0, 2),
      ])
  }

  private static func fields(_ fields: [(value: UInt64, size: Int)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (value, size) in fields { bytes.append(littleEndian: value, size: size) }
    return bytes
  }
}
