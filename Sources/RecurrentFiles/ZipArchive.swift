/// A zip archive whose entries are stored as they are or deflated, with checksums: what `np.savez`
/// and `np.savez_compressed` write.
///
/// The list at the archive's end says where everything lies; what stands before an entry must agree
/// with it. Entries that are packed otherwise or encrypted are refused, and so are archives that
/// unpack to far more than their own size (``mostUnpacked(from:)``) or that could be read in two
/// ways: names that come twice, entries that overlap, a list that does not end where the archive's
/// end begins. Format: PKWARE's APPNOTE, with its 64-bit extension.
package struct ZipArchive {
  /// A file in the archive.
  package struct Entry {
    package var name: String
    /// Offsets of its contents in ``ZipArchive/bytes``.
    package var data: Range<Int>
  }

  package let entries: [Entry]
  /// The archive, and behind it what was unpacked.
  package let bytes: [UInt8]

  /// Bytes that the deflated entries of an archive of so many may have together.
  package static func mostUnpacked(from count: Int) -> Int { max(1 << 26, 32 * count) }

  static let entrySignature: UInt64 = 0x0403_4B50
  static let listSignature: UInt64 = 0x0201_4B50
  static let endSignature: UInt64 = 0x0605_4B50
  static let end64Signature: UInt64 = 0x0606_4B50
  static let locator64Signature: UInt64 = 0x0706_4B50

  private struct Failure: Error {
    var place = "archive"
    var problem: String
    var advice: String?
  }

  /// Reads the archive that `bytes` are, and checks every entry's checksum.
  ///
  /// - Parameter advice: What to do about a file that is not sound.
  package init(
    _ bytes: [UInt8], source: String, advice: String = "The file is damaged or not one of np.savez"
  ) throws(DataError) {
    do throws(Failure) {
      (entries, self.bytes) = try Self.entries(bytes)
    } catch {
      throw DataError(
        file: source, place: error.place, problem: error.problem,
        advice: error.advice ?? advice)
    }
  }

  private static func entries(
    _ bytes: [UInt8]
  ) throws(Failure) -> (entries: [Entry], bytes: [UInt8]) {
    let list = try findList(bytes)
    var entries: [(listed: Listed, data: Range<Int>)] = []
    var names: Set<String> = []
    var position = list.range.lowerBound
    while position < list.range.upperBound {
      let listed = try readListed(bytes, &position, end: list.range.upperBound)
      guard names.insert(listed.name).inserted else {
        throw Failure(place: listed.place, problem: "found twice, expected each name once")
      }
      entries.append((listed, try locate(listed, bytes, end: list.range.lowerBound)))
    }
    guard entries.count == list.count else {
      throw Failure(problem: "found \(entries.count) entries, expected the \(list.count) stated")
    }
    var end = 0
    for (listed, data) in entries.sorted(by: { $0.listed.start < $1.listed.start }) {
      guard listed.start >= end else {
        throw Failure(
          place: listed.place,
          problem: "overlaps the entry before it: begins at byte \(listed.start), expected \(end) "
            + "or later")
      }
      end = data.upperBound
    }
    // Only now, when each byte belongs to one entry at most, is the work bounded by the file's size.
    let most = mostUnpacked(from: bytes.count)
    var (result, all, unpacked) = ([Entry](), bytes, 0)
    for (listed, data) in entries {
      var data = data
      if listed.isDeflated {
        guard listed.size <= most - unpacked else {
          throw Failure(
            place: listed.place,
            problem:
              "is to unpack to \(listed.size) bytes, expected at most \(most) of all entries",
            advice: "Write the file with np.savez instead of np.savez_compressed")
        }
        unpacked += listed.size
        all += try contents(of: listed, Array(bytes[data]))
        data = all.count - listed.size..<all.count
      }
      guard Zlib.checksum(of: all[data]) == listed.checksum else {
        throw Failure(
          place: listed.place, problem: "the checksum of its contents is not the one stated")
      }
      result.append(Entry(name: listed.name, data: data))
    }
    return (result, all)
  }

  /// What an entry's deflated bytes hold, which is as much as it states.
  private static func contents(
    of listed: Listed, _ packed: [UInt8]
  ) throws(Failure) -> [UInt8] {
    do throws(Zlib.Failure) {
      let contents = try Zlib.unpacked(packed, .none, limit: listed.size)
      if contents.count == listed.size { return contents }
      throw Zlib.Failure(
        problem: "unpacks to \(contents.count) bytes, expected the \(listed.size) stated")
    } catch {
      throw Failure(place: listed.place, problem: error.problem)
    }
  }

  /// Where the list of entries lies, and how many it has.
  private static func findList(
    _ bytes: [UInt8]
  ) throws(Failure) -> (range: Range<Int>, count: UInt64) {
    // The end record has 22 bytes and a comment of at most 65535.
    let earliest = max(0, bytes.count - 22 - 0xFFFF)
    let candidates = stride(from: bytes.count - 22, through: earliest, by: -1)
    let found = candidates.first { offset in
      bytes.littleEndian(at: offset, size: 4) == endSignature
        && bytes.littleEndian(at: offset + 20, size: 2) == UInt64(bytes.count - offset - 22)
    }
    guard let end = found else {
      throw Failure(
        problem: "found neither a NumPy array nor the end of a zip archive of them")
    }
    func field(_ offset: Int, _ size: Int) -> UInt64 {
      bytes.littleEndian(at: end + offset, size: size)
    }
    var disks = [field(4, 2), field(6, 2)]
    var (countHere, count) = (field(8, 2), field(10, 2))
    var (size, start) = (field(12, 4), field(16, 4))
    var recordStart = end
    let isBeyond = count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF
    // PyTorch writes the 64-bit end where the other would do; then both must say the same.
    if isBeyond
      || (end >= 20 && bytes.littleEndian(at: end - 20, size: 4) == locator64Signature)
    {
      let short = [countHere, count, size, start]
      guard end >= 20, bytes.littleEndian(at: end - 20, size: 4) == locator64Signature,
        let record = Int(exactly: bytes.littleEndian(at: end - 12, size: 8)),
        record <= end - 20 - 56, bytes.littleEndian(at: record, size: 4) == end64Signature,
        bytes.littleEndian(at: record + 4, size: 8) == UInt64(end - 20 - record - 12)
      else { throw Failure(problem: "found no sound 64-bit end of the archive") }
      recordStart = record
      disks = [16, 20].map { bytes.littleEndian(at: record + $0, size: 4) }
      countHere = bytes.littleEndian(at: record + 24, size: 8)
      count = bytes.littleEndian(at: record + 32, size: 8)
      size = bytes.littleEndian(at: record + 40, size: 8)
      start = bytes.littleEndian(at: record + 48, size: 8)
      guard isBeyond || short == [countHere, count, size, start] else {
        throw Failure(problem: "found two ends of the archive that say different things")
      }
    }
    guard disks == [0, 0], countHere == count else {
      throw Failure(problem: "found a part of an archive in several parts, expected all of it")
    }
    guard start <= UInt64(recordStart), size == UInt64(recordStart) - start else {
      throw Failure(
        problem:
          "found a list of entries of \(size) bytes at byte \(start), expected one that ends "
          + "at byte \(recordStart)")
    }
    return (Int(start)..<recordStart, count)
  }

  /// What the archive's list says about an entry.
  private struct Listed {
    var name: String
    var start: Int
    /// Bytes of its contents, and those that they take in the archive.
    var size: Int
    var packed: Int
    var isDeflated: Bool
    var checksum: UInt32
    var place: String { "entry \(quoted(name))" }
  }

  /// Reads one entry of the list at `position`, which moves behind it.
  private static func readListed(
    _ bytes: [UInt8], _ position: inout Int, end: Int
  ) throws(Failure) -> Listed {
    let record = position
    func field(_ offset: Int, _ size: Int) -> UInt64 {
      bytes.littleEndian(at: record + offset, size: size)
    }
    guard end - record >= 46, field(0, 4) == listSignature else {
      throw Failure(problem: "byte \(record): found no sound entry of the list of entries")
    }
    let (nameSize, extraSize, noteSize) = (Int(field(28, 2)), Int(field(30, 2)), Int(field(32, 2)))
    guard end - record - 46 >= nameSize + extraSize + noteSize else {
      throw Failure(problem: "byte \(record): found an entry that ends beyond the list of entries")
    }
    let nameBytes = bytes[record + 46..<record + 46 + nameSize]
    guard let name = String(validating: nameBytes, as: UTF8.self), !name.isEmpty else {
      throw Failure(problem: "byte \(record): found an entry whose name is empty or not UTF-8")
    }
    let place = "entry \(quoted(name))"
    let (flags, method) = (field(8, 2), field(10, 2))
    guard flags & 1 == 0 else { throw Failure(place: place, problem: "is encrypted") }
    guard method == 0 || method == 8 else {
      throw Failure(
        place: place,
        problem: "is packed by method \(method), expected it stored as it is (0) or deflated (8)",
        advice: "Write the file with np.savez")
    }
    var (packed, size, start) = (field(20, 4), field(24, 4), field(42, 4))
    let extra = record + 46 + nameSize
    var values = try extended(bytes, extra..<extra + extraSize, place: place)[...]
    func extend(_ value: inout UInt64) throws(Failure) {
      guard value == 0xFFFF_FFFF else { return }
      guard let next = values.popFirst() else {
        throw Failure(place: place, problem: "states 64-bit numbers that are not there")
      }
      value = next
    }
    try extend(&size)
    try extend(&packed)
    try extend(&start)
    guard packed == size || method == 8 else {
      throw Failure(
        place: place, problem: "found \(packed) bytes stored for contents of \(size)")
    }
    guard start <= UInt64(bytes.count), packed <= UInt64(bytes.count) else {
      throw Failure(
        place: place,
        problem: "found \(packed) bytes at byte \(start), expected both within the file's "
          + "\(bytes.count)")
    }
    guard let size = Int(exactly: size) else {
      throw Failure(place: place, problem: "is to unpack to \(size) bytes, beyond all memory")
    }
    position = extra + extraSize + noteSize
    return Listed(
      name: name, start: Int(start), size: size, packed: Int(packed), isDeflated: method == 8,
      checksum: UInt32(truncatingIfNeeded: field(16, 4)))
  }

  /// The 64-bit numbers among an entry's extra fields.
  private static func extended(
    _ bytes: [UInt8], _ range: Range<Int>, place: String
  ) throws(Failure) -> [UInt64] {
    var position = range.lowerBound
    while range.upperBound - position >= 4 {
      let id = bytes.littleEndian(at: position, size: 2)
      let size = Int(bytes.littleEndian(at: position + 2, size: 2))
      position += 4
      guard size <= range.upperBound - position else {
        throw Failure(place: place, problem: "found an extra field that is too long")
      }
      if id == 1 {
        return stride(from: 0, through: size - 8, by: 8).map {
          bytes.littleEndian(at: position + $0, size: 8)
        }
      }
      position += size
    }
    return []
  }

  /// The contents of an entry, which lie before `end`.
  private static func locate(
    _ listed: Listed, _ bytes: [UInt8], end: Int
  ) throws(Failure) -> Range<Int> {
    let start = listed.start
    guard end - start >= 30, bytes.littleEndian(at: start, size: 4) == entrySignature else {
      throw Failure(
        place: listed.place, problem: "does not begin at byte \(start), where the list says")
    }
    let nameSize = Int(bytes.littleEndian(at: start + 26, size: 2))
    let extraSize = Int(bytes.littleEndian(at: start + 28, size: 2))
    guard nameSize + extraSize + listed.packed <= end - start - 30 else {
      throw Failure(
        place: listed.place,
        problem: "found \(listed.packed) bytes, expected at most the "
          + "\(max(0, end - start - 30 - nameSize - extraSize)) up to the list of entries")
    }
    guard bytes[start + 30..<start + 30 + nameSize].elementsEqual(listed.name.utf8),
      bytes.littleEndian(at: start + 8, size: 2) == (listed.isDeflated ? 8 : 0)
    else {
      throw Failure(
        place: listed.place,
        problem: "byte \(start): found another name or method than the list says")
    }
    let data = start + 30 + nameSize + extraSize
    return data..<data + listed.packed
  }
}
