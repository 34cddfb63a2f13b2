import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore
@testable import RecurrentFiles

/// A `.npy` file with this header and this many bytes of elements.
private func npy(_ header: String, dataCount: Int = 0, version: UInt8 = 1) -> [UInt8] {
  var bytes = NumPyArray.magic + [version, 0]
  bytes.append(littleEndian: UInt64(header.utf8.count), size: version == 1 ? 2 : 4)
  return bytes + Array(header.utf8) + [UInt8](repeating: 1, count: dataCount)
}

private func npy(shape: String, dataCount: Int) -> [UInt8] {
  npy("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }", dataCount: dataCount)
}

/// An archive of two arrays, with some bytes changed: at an offset from the beginning of the
/// `occurrence`-th `signature`.
private func archive(
  _ signature: UInt64, _ occurrence: Int, _ changes: (offset: Int, bytes: [UInt8])...,
  is64Bit: Bool = false
) -> [UInt8] {
  let array = NumPyArray.encode(StoredTensor(shape: [2], values: [1, 2]))
  var bytes = ZipArchive.encode([("a.npy", array), ("b.npy", array)], is64Bit: is64Bit)
  let places = (0..<bytes.count - 3).filter { bytes.littleEndian(at: $0, size: 4) == signature }
  for (offset, new) in changes {
    let start = places[occurrence] + offset
    bytes.replaceSubrange(start..<start + new.count, with: new)
  }
  return bytes
}

/// An archive of one deflated array, which states its size, or another one.
private func deflated(_ contents: [UInt8], stating size: Int? = nil) -> [UInt8] {
  // Without what zlib puts before and behind.
  let packed = Array(Zlib.packed(contents).dropFirst(2).dropLast(4))
  var bytes = ZipArchive.encode([("a.npy", packed)])
  for (signature, method) in [(ZipArchive.entrySignature, 8), (ZipArchive.listSignature, 10)] {
    let start =
      (0..<bytes.count - 3).first { bytes.littleEndian(at: $0, size: 4) == signature } ?? 0
    bytes[start + method] = 8
    var fields: [UInt8] = []
    fields.append(littleEndian: UInt64(Zlib.checksum(of: contents[...])), size: 4)
    fields.append(littleEndian: UInt64(packed.count), size: 4)
    fields.append(littleEndian: UInt64(size ?? contents.count), size: 4)
    bytes.replaceSubrange(start + method + 6..<start + method + 18, with: fields)
  }
  return bytes
}

/// Files that somebody damaged or made to do harm: every one throws, none crashes.
@Suite struct HostileNumPyTests {
  static let hostile: [(what: String, bytes: [UInt8], message: String)] = {
    let most = [UInt8](repeating: 0xFF, count: 8)
    let deep = String(repeating: "(", count: 60_000)
    let (entry, list, end) = (
      ZipArchive.entrySignature, ZipArchive.listSignature, ZipArchive.endSignature
    )
    let (end64, locator) = (ZipArchive.end64Signature, ZipArchive.locator64Signature)
    return [
      ("nothing", [], "archive: found neither"),
      ("half a magic", Array(NumPyArray.magic.prefix(4)), "found neither"),
      ("a magic alone", NumPyArray.magic, "header: does not begin"),
      ("no version 4", npy("", version: 4), "found version 4"),
      ("version 0", npy("", version: 0), "found version 0"),
      ("half a length", Array(npy("", version: 2).prefix(11)), "header's length"),
      ("a length beyond the file", npy(" ").dropLast() + [], "found a header of 1 bytes"),
      (
        "a length of 2^32-1", NumPyArray.magic + [2, 0] + most.prefix(4),
        "found a header of 4294967295 bytes"
      ),
      ("no header", npy(""), "found the end of the text, expected '{'"),
      ("an open dictionary", npy("{"), "expected a string"),
      ("an empty dictionary", npy("{}"), "expected descr, fortran_order and shape"),
      ("text behind", npy("{'descr':'<f4','fortran_order':False,'shape':()}x"), "found 'x'"),
      ("no shape", npy("{'descr': '<f4', 'fortran_order': False}"), "expected descr"),
      (
        "a shape twice", npy("{'shape': (), 'shape': (), 'descr': '<f4', 'fortran_order': True}"),
        "found \"shape\", expected descr, fortran_order and shape, each once"
      ),
      ("a member too many", npy("{'x': 1}"), "found \"x\""),
      ("code", npy("__import__('os')"), "found '_', expected '{'"),
      ("an order that is a number", npy("{'fortran_order': 1}"), "expected True or False"),
      ("an open string", npy("{'descr"), "without its closing quote"),
      ("an escape", npy("{'\\x64escr': '<f4'}"), "plain ASCII"),
      ("a line break in a string", npy("{'de\nscr': '<f4'}"), "plain ASCII"),
      ("an unknown type", npy("{'descr': '<c8'}"), "found elements of type \"<c8\""),
      ("a number", npy(shape: "(3)", dataCount: 12), "expected a tuple"),
      ("no commas", npy(shape: "(1 1)", dataCount: 4), "expected ',' or ')'"),
      ("a negative extent", npy(shape: "(-1,)", dataCount: 4), "a whole number from 0"),
      ("a fraction", npy(shape: "(1.0,)", dataCount: 4), "a fraction or exponent"),
      ("an extent with zeros", npy(shape: "(01,)", dataCount: 4), "begins with 0"),
      ("an extent of 2^63", npy(shape: "(9223372036854775808,)", dataCount: 4), "beyond"),
      ("a product of 2^64", npy(shape: "(4294967296, 4294967296)", dataCount: 4), "too large"),
      ("2^62 elements", npy(shape: "(4611686018427387904,)", dataCount: 4), "too large"),
      ("zero of too many", npy(shape: "(0, 4611686018427387904, 4)", dataCount: 0), "too large"),
      (
        "many dimensions",
        npy(shape: "(" + String(repeating: "1,", count: 65) + ")", dataCount: 4),
        "more than 64 dimensions"
      ),
      ("deep nesting", npy(shape: deep, dataCount: 0), "found '('"),
      ("an element too few", npy(shape: "(2,)", dataCount: 4), "found 4 bytes of elements"),
      ("a byte too many", npy(shape: "(2,)", dataCount: 9), "found 9 bytes of elements"),

      ("an end that is cut", Array(archive(end, 0).dropLast()), "found neither"),
      ("a byte behind the end", archive(end, 0) + [0], "found neither"),
      ("two parts", archive(end, 0, (4, [1])), "in several parts"),
      ("counts that differ", archive(end, 0, (8, [1])), "in several parts"),
      ("an entry too many", archive(end, 0, (8, [3, 0, 3])), "found 2 entries, expected the 3"),
      ("no list", archive(end, 0, (12, [0])), "found a list of entries of 0 bytes"),
      ("a list elsewhere", archive(end, 0, (16, [9])), "expected one that ends"),
      ("a list beyond", archive(end, 0, (16, [0, 0, 0, 0x7F])), "expected one that ends"),
      ("64 bits that are not there", archive(end, 0, (16, Array(most.prefix(4)))), "64-bit end"),
      (
        "a 64-bit record at 2^64-1", archive(locator, 0, (8, most), is64Bit: true), "64-bit end"
      ),
      (
        "a 64-bit record at 2^63-1",
        archive(locator, 0, (8, Array(most.dropLast()) + [0x7F]), is64Bit: true), "64-bit end"
      ),
      ("a long 64-bit record", archive(end64, 0, (4, [45]), is64Bit: true), "64-bit end"),
      ("2^64-1 entries", archive(end64, 0, (24, most + most), is64Bit: true), "expected the 184"),
      ("a list of 2^64-1", archive(end64, 0, (40, most), is64Bit: true), "found a list"),
      ("a list at 2^64-1", archive(end64, 0, (48, most), is64Bit: true), "found a list"),
      ("no list entry", archive(list, 1, (0, [0])), "no sound entry of the list"),
      ("a name beyond the list", archive(list, 1, (28, [0xFF, 0xFF])), "ends beyond the list"),
      ("an extra beyond the list", archive(list, 1, (30, [0xFF])), "ends beyond the list"),
      ("an empty name", archive(list, 0, (28, [0, 0, 5])), "empty or not UTF-8"),
      ("a name that is not UTF-8", archive(list, 0, (46, [0xFF])), "empty or not UTF-8"),
      ("a name without .npy", archive(entry, 1, (30, [0x78])), "another name"),
      ("a name twice", archive(list, 1, (46, [0x61])), "entry \"a.npy\": found twice"),
      ("an encrypted entry", archive(list, 1, (8, [1])), "entry \"b.npy\": is encrypted"),
      ("an entry packed otherwise", archive(list, 1, (10, [12])), "is packed by method 12"),
      ("another method in the list", archive(list, 1, (10, [8])), "another name or method"),
      ("a bomb", deflated(npy(shape: "()", dataCount: 4), stating: 1 << 27), "134217728 bytes"),
      (
        "more than is stated", deflated([UInt8](repeating: 0, count: 1 << 20), stating: 100),
        "unpacks to more than 100 bytes"
      ),
      (
        "less than is stated", deflated([1, 2, 3], stating: 4),
        "entry \"a.npy\": unpacks to 3 bytes, expected the 4 stated"
      ),
      ("deflated, but no array", deflated([1, 2, 3]), "does not begin as a NumPy array"),
      ("another method inside", archive(entry, 1, (8, [8])), "another name or method"),
      ("a packed size", archive(list, 1, (20, [1])), "bytes stored for contents of"),
      (
        "a size beyond the file", archive(list, 1, (20, [0, 0, 0, 0x7F, 0, 0, 0, 0x7F])),
        "expected both within the file's"
      ),
      ("a size up to the list", archive(list, 1, (20, [137, 0, 0, 0, 137])), "expected at most"),
      (
        "64-bit sizes that are not there", archive(list, 1, (20, most)),
        "64-bit numbers that are not there"
      ),
      (
        "64-bit sizes of 2^64-1", archive(list, 1, (46 + 5 + 4, most + most), is64Bit: true),
        "found 18446744073709551615 bytes"
      ),
      (
        "an extra field too long", archive(list, 1, (46 + 5 + 2, [0xFF]), is64Bit: true),
        "extra field that is too long"
      ),
      (
        "a start of 2^64-1", archive(list, 1, (46 + 5 + 20, most), is64Bit: true),
        "at byte 18446744073709551615"
      ),
      ("an entry elsewhere", archive(list, 1, (42, [9])), "does not begin at byte 9"),
      ("a name inside beyond the file", archive(entry, 1, (26, most)), "expected at most the 0"),
      (
        "a first entry over the second", archive(entry, 0, (28, [136])),
        "entry \"b.npy\": overlaps"
      ),
      ("an element changed", archive(entry, 1, (35 + 128, [9])), "entry \"b.npy\": the checksum"),
      ("a checksum changed", archive(list, 0, (16, [9])), "entry \"a.npy\": the checksum"),
      ("an array that is none", ZipArchive.encode([("a.npy", [1, 2, 3])]), "does not begin"),
      ("a text", ZipArchive.encode([("a.txt", [])]), "does not end in .npy"),
      (
        "an array in an entry cut short",
        ZipArchive.encode([("a.npy", npy(shape: "(2,)", dataCount: 7))]),
        "entry \"a.npy\": found 7 bytes of elements, expected 8"
      ),
    ]
  }()

  @Test(arguments: hostile.indices)
  func hostileFilesAreRefused(_ index: Int) throws {
    let (what, bytes, message) = Self.hostile[index]
    let error = #expect(throws: DataError.self, "\(what)") {
      try NumPyFile(bytes: bytes, source: "evil.npz")
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("evil.npz: "), "\(what)")
    #expect(text.contains(message), "\(what): \(text)")
    #expect(text.utf8.count < 600, "\(what): messages stay short")
  }

  @Test func overlappingEntriesAreRefused() throws {
    // An entry inside the contents of another, each sound by itself.
    let inner = ZipArchive.encode([("b.npy", npy(shape: "()", dataCount: 4))])
    let innerEnd = try #require(
      (0..<inner.count).first {
        inner.littleEndian(at: $0, size: 4) == ZipArchive.listSignature
      })
    var outer = ZipArchive.encode([("a.npy", Array(inner[..<innerEnd]))])
    let list = try #require(
      (0..<outer.count - 3).first {
        outer.littleEndian(at: $0, size: 4) == ZipArchive.listSignature
      })
    var record = Array(inner[innerEnd..<inner.count - 22])
    record.replaceSubrange(42..<46, with: [35, 0, 0, 0])
    let end = outer.count - 22
    outer.insert(contentsOf: record, at: end)
    outer[end + record.count + 8] = 2
    outer[end + record.count + 10] = 2
    outer[end + record.count + 12] += UInt8(record.count)
    #expect(list > 35)
    let error = #expect(throws: DataError.self) { try NumPyFile(bytes: outer, source: "x") }
    #expect(error?.place == "entry \"b.npy\"")
    #expect(error?.problem.contains("overlaps the entry before it") == true, "\(error!)")
  }

  static let sound = [
    NumPyFile.encode(NumPyFileTests.written),
    ZipArchive.encode(
      NumPyFileTests.written.map { ($0.name + ".npy", NumPyArray.encode($0.tensor)) },
      is64Bit: true),
    NumPyArray.encode(NumPyFileTests.written[0].tensor),
    deflated(NumPyArray.encode(NumPyFileTests.written[0].tensor)),
  ]

  @Test func deflatedArraysAreRead() throws {
    let values = (0..<5000).map { Float($0 % 7) / 3 }
    let bytes = deflated(NumPyArray.encode(StoredTensor(shape: [50, 100], values: values)))
    #expect(bytes.count < 2000)
    let file = try NumPyFile(bytes: bytes, source: "f.npz")
    #expect(try file.floats("a") == StoredTensor(shape: [50, 100], values: values))
  }

  @Test(arguments: sound.indices)
  func everyTruncationIsNoticed(_ index: Int) {
    let bytes = Self.sound[index]
    for count in 0..<bytes.count {
      #expect(throws: DataError.self) {
        try NumPyFile(bytes: Array(bytes[..<count]), source: "cut at \(count)")
      }
    }
  }

  @Test(arguments: sound.indices)
  func mutatedFilesNeverCrash(_ index: Int) throws {
    let sound = Self.sound[index]
    // All bytes but those of elements, so that mutations meet what is parsed. Checksums would stop
    // most changes inside entries; the third file has none, and the last unpacks.
    let tokens: [[UInt8]] = [
      [0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0, 0], [8, 0], [1, 0, 24, 0], Array("(9223372036854775807,)".utf8), Array("True".utf8),
      Array("'<f8'".utf8), Array("(".utf8), Array("'".utf8), [0x50, 0x4B, 5, 6],
      [0x50, 0x4B, 1, 2],
    ]
    var refused = 0
    let rounds = 5_000
    try Mutations.forEach(index == 2 ? "npy" : "npz", count: rounds) { generator in
      var bytes = sound
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.remove(at: place)
        case 3:
          let token = try #require(tokens.randomElement(using: &generator))
          bytes.replaceSubrange(place..<min(place + token.count, bytes.count), with: token)
        default:
          let end = min(place + Int.random(in: 1...60, using: &generator), bytes.count)
          bytes.insert(
            contentsOf: bytes[place..<end], at: Int.random(in: 0...place, using: &generator))
        }
      }
      do {
        let file = try NumPyFile(bytes: bytes, source: "mutated")
        // What passes must be sound all through.
        var count = 0
        for name in file.names {
          count += try #require(file.shape(of: name)).reduce(2, *)
          _ = try? file.floats(name)
          _ = try? file.integers(name)
        }
        #expect(count <= (index == 3 ? ZipArchive.mostUnpacked(from: bytes.count) : bytes.count))
      } catch is DataError {
        refused += 1
      }
    }
    #expect(!Mutations.isTest || (refused > rounds / 4 && refused < rounds), "\(refused)")
  }
}
