import Foundation
import Recurrent
import TestSupport
import Testing

/// The bytes of a file with this header and this many bytes of data.
func safetensors(_ header: String, dataCount: Int = 0) -> [UInt8] {
  safetensors(Array(header.utf8), dataCount: dataCount)
}

func safetensors(_ header: [UInt8], dataCount: Int = 0) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
    + [UInt8](repeating: 1, count: dataCount)
}

@Suite struct SafetensorsTests {
  static let tensors: [(name: String, tensor: StoredTensor)] = [
    (
      "encoder.0.weights",
      StoredTensor(shape: [2, 3], values: [1, -2.5, .pi, 0, -0.0, .leastNonzeroMagnitude])
    ),
    ("näme \"with\\ quotes\"\n\u{1F600}", StoredTensor(shape: [], values: [.infinity])),
    ("empty", StoredTensor(shape: [4, 0, 2], values: [])),
    ("bias", StoredTensor(shape: [1], values: [.greatestFiniteMagnitude])),
  ]
  static let integers: [(name: String, tensor: StoredIntegers)] = [
    ("steps", StoredIntegers(shape: [3], values: [.min, -1, .max]))
  ]
  static let metadata = ["config": "{\"a\": 1}", "α": "\u{0}\t\\", "": ""]

  static func encoded() -> [UInt8] {
    SafetensorsFile.encode(tensors, integers: integers, metadata: metadata)
  }

  // MARK: Round trips

  @Test func whatIsWrittenIsReadBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/weights.safetensors"
      try SafetensorsFile.write(
        Self.tensors, integers: Self.integers, metadata: Self.metadata, to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.source == path)
      #expect(file.metadata == Self.metadata)
      #expect(file.names == ["steps"] + Self.tensors.map(\.name))
      for (name, tensor) in Self.tensors {
        let found = try file.floats(name)
        #expect(found.shape == tensor.shape)
        #expect(found.values.map(\.bitPattern) == tensor.values.map(\.bitPattern))
        #expect(file.elementType(of: name) == .f32)
        #expect(file.shape(of: name) == tensor.shape)
      }
      #expect(try file.integers("steps") == Self.integers[0].tensor)
      #expect(file.shape(of: "nothing") == nil)
    }
  }

  @Test func notANumberKeepsItsBits() throws {
    let bits: [UInt32] = [0x7FC0_0001, 0xFFC1_2345]
    let values = bits.map { Float(bitPattern: $0) }
    let bytes = SafetensorsFile.encode([("x", StoredTensor(shape: [2], values: values))])
    let file = try SafetensorsFile(bytes: bytes, source: "x")
    #expect(try file.floats("x").values.map(\.bitPattern) == bits)
  }

  @Test func writingIsDeterministicAndAligned() throws {
    let bytes = Self.encoded()
    #expect(bytes == Self.encoded())
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length % 8 == 0)
    let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}  "
    #expect(header.utf8.count % 8 == 0)
    let small = SafetensorsFile.encode([("a", StoredTensor(shape: [2], values: [1, 2]))])
    #expect(
      small == [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8)
        + [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
  }

  @Test func aFileWithoutTensorsIsAFile() throws {
    #expect(try SafetensorsFile(bytes: SafetensorsFile.encode([]), source: "x").names == [])
    let file = try SafetensorsFile(
      bytes: safetensors("{\"__metadata__\": null} \n"), source: "x")
    #expect(file.metadata == [:])
  }

  // MARK: Element types

  /// A file with one tensor "x" of the elements given.
  func file<Bits: FixedWidthInteger>(_ type: String, _ elements: [Bits]) throws -> SafetensorsFile {
    let size = elements.count * MemoryLayout<Bits>.size
    let header =
      "{\"x\":{\"dtype\":\"\(type)\",\"shape\":[\(elements.count)],\"data_offsets\":[0,\(size)]}}"
    let data = elements.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    return try SafetensorsFile(bytes: safetensors(header) + data, source: "file")
  }

  @Test func halfPrecisionIsExact() throws {
    // Sign, exponent and fraction give the value; taken apart here in the textbook's way.
    let all = (0...UInt16.max).map { $0 }
    let values = try file("F16", all).floats("x").values
    for (bits, value) in zip(all, values) {
      let sign: Double = bits >> 15 == 0 ? 1 : -1
      let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
      switch exponent {
      case 0: #expect(Double(value) == sign * fraction * pow(2, -24))
      case 31: #expect(fraction == 0 ? Double(value) == sign * .infinity : value.isNaN)
      default:
        #expect(Double(value) == sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15)))
      }
      #expect((value.sign == .minus) == (bits >> 15 == 1))
    }
  }

  @Test func otherFloatingPointTypes() throws {
    let brain: [UInt16] = [0x3F80, 0xC049, 0x7F80, 0x0001]
    #expect(
      try file("BF16", brain).floats("x").values.map(\.bitPattern)
        == [0x3F80_0000, 0xC049_0000, 0x7F80_0000, 0x0001_0000])
    let doubles = [0.1, -1e300, 1e-60, 1 + 0x1p-24, 1 + 0x3p-24]
    #expect(
      try file("F64", doubles.map(\.bitPattern)).floats("x").values
        == [0.1, -.infinity, 0, 1, 1 + 0x1p-22])
  }

  @Test func integerTypes() throws {
    #expect(try file("I32", [Int32.min, 7]).integers("x").values == [Int64(Int32.min), 7])
    #expect(try file("I16", [Int16.min, 7]).integers("x").values == [-32768, 7])
    #expect(try file("I8", [Int8.min, 7]).integers("x").values == [-128, 7])
    #expect(try file("U8", [UInt8.max]).integers("x").values == [255])
    #expect(try file("U16", [UInt16.max]).integers("x").values == [65535])
    #expect(try file("U32", [UInt32.max]).integers("x").values == [4_294_967_295])
    #expect(try file("U64", [UInt64(5)]).integers("x").values == [5])
    let error = #expect(throws: DataError.self) {
      try file("U64", [UInt64(5), .max]).integers("x")
    }
    #expect(error?.place == "tensor \"x\"")
    #expect(error?.problem.contains("18446744073709551615") == true)
  }

  @Test func wrongTypesAndNamesSaySo() throws {
    let integers = try file("I32", [Int32(1)])
    #expect(throws: DataError.self) { try integers.floats("x") }
    let floats = try file("F32", [UInt32(0)])
    let type = #expect(throws: DataError.self) { try floats.integers("x") }
    #expect(
      type?.description == "file: tensor \"x\": found elements of type F32, expected whole numbers "
        + "(I64, I32 or a smaller type).")
    let missing = #expect(throws: DataError.self) { try floats.floats("y") }
    #expect(missing?.description == "file: tensor \"y\": not in the file. It holds \"x\".")
    #expect(throws: DataError.self) { try file("F8_E5M2", [UInt8(0)]).floats("x") }
    #expect(throws: DataError.self) { try file("BOOL", [UInt8(0)]).integers("x") }
  }

  @Test func tensorsOfAModelAreCompared() throws {
    let file = try SafetensorsFile(bytes: Self.encoded(), source: "file")
    let right = Self.tensors.map { ($0.name, $0.tensor.shape) }
    let error = #expect(throws: DataError.self) {
      try file.requireTensors(
        right.dropLast() + [("bias", [2]), ("gone", [3, 4])], of: "this model")
    }
    #expect(
      error?.problem
        == "the tensors are not those of this model; missing: \"gone\" [3, 4]; of another "
        + "shape or type: \"bias\" (found [1], expected [2]); not expected: \"steps\"")
    let plain = try SafetensorsFile(bytes: SafetensorsFile.encode(Self.tensors), source: "file")
    try plain.requireTensors(right)
    #expect(throws: DataError.self) { try file.requireTensors(right + [("steps", [3])]) }
  }

  // MARK: Hostile files

  static let hostile: [(String, [UInt8], String)] = {
    func one(_ members: String, name: String = "a", data: Int = 4) -> [UInt8] {
      safetensors("{\"\(name)\":{\(members)}}", dataCount: data)
    }
    let sound = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"
    func two(_ first: String, _ second: String, data: Int) -> [UInt8] {
      safetensors(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(first)},"
          + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(second)}}", dataCount: data)
    }
    let deep = String(repeating: "[", count: 100_000)
    return [
      ("nothing", [], "header: found 0 bytes"),
      ("half a length", [1, 0, 0, 0], "header: found 4 bytes"),
      (
        "a length of 2^63", [0, 0, 0, 0, 0, 0, 0, 0x80, 1, 2],
        "header: found a header of 9223372036854775808"
      ),
      (
        "a length of 2^64-1", [UInt8](repeating: 255, count: 9),
        "header: found a header of 18446744073709551615"
      ),
      (
        "a length beyond the file", [9, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D],
        "header: found a header of 9 bytes"
      ),
      ("no header", [0, 0, 0, 0, 0, 0, 0, 0], "header: byte 8: found the end"),
      ("an array", safetensors("[]"), "header: byte 8: found '[', expected an object"),
      ("an open object", safetensors("{\"a\":{\(sound)}"), "found the end of the text"),
      ("two objects", safetensors("{}{}"), "found '{', expected the end"),
      (
        "a trailing comma", safetensors("{\"a\":{\(sound)},}", dataCount: 4),
        "expected a name in quotes"
      ),
      ("deep nesting", safetensors(deep), "header"),
      (
        "deep shape", one("\"dtype\":\"F32\",\"shape\":\(deep),\"data_offsets\":[0,4]"),
        "tensor \"a\""
      ),
      ("deep metadata", safetensors("{\"__metadata__\":{\"a\":\(deep)}}"), "__metadata__"),
      (
        "a number in metadata", safetensors("{\"__metadata__\":{\"a\":1}}"),
        "__metadata__: byte 29: found '1', expected a string"
      ),
      ("metadata that is text", safetensors("{\"__metadata__\":\"a\"}"), "__metadata__"),
      (
        "metadata twice", safetensors("{\"__metadata__\":{},\"__metadata__\":{}}"),
        "__metadata__ twice"
      ),
      ("a note twice", safetensors("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}"), "__metadata__"),
      (
        "a name twice", safetensors("{\"a\":{\(sound)},\"a\":{\(sound)}}", dataCount: 4),
        "tensor \"a\": byte 66: found twice"
      ),
      (
        "an escaped name twice",
        safetensors("{\"a\":{\(sound)},\"\\u0061\":{\(sound)}}", dataCount: 4), "tensor \"a\""
      ),
      ("no element type", one("\"shape\":[1],\"data_offsets\":[0,4]"), "tensor \"a\""),
      ("no shape", one("\"dtype\":\"F32\",\"data_offsets\":[0,4]"), "tensor \"a\""),
      ("no offsets", one("\"dtype\":\"F32\",\"shape\":[1]"), "tensor \"a\""),
      ("a tensor that is null", safetensors("{\"a\":null}"), "tensor \"a\""),
      ("a member twice", one("\"shape\":[1]," + sound), "\"shape\", expected"),
      ("a member too many", one("\"x\":[1]," + sound), "\"x\", expected"),
      (
        "an unknown type", one("\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]"),
        "tensor \"a\": byte 22: found unknown element type \"F99\""
      ),
      (
        "a type that is a number", one("\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]"),
        "tensor \"a\""
      ),
      (
        "a negative extent", one("\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]"),
        "tensor \"a\": byte 37: found '-', expected a whole number"
      ),
      (
        "two negative extents", one("\"dtype\":\"F32\",\"shape\":[-1,-1],\"data_offsets\":[0,4]"),
        "tensor \"a\""
      ),
      (
        "an extent with a fraction",
        one("\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]"), "tensor \"a\""
      ),
      (
        "an extent with an exponent",
        one("\"dtype\":\"F32\",\"shape\":[1e0],\"data_offsets\":[0,4]"), "tensor \"a\""
      ),
      (
        "an extent with zeros", one("\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]"),
        "tensor \"a\""
      ),
      (
        "an extent beyond 2^63",
        one("\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,4]"),
        "tensor \"a\": byte 37: found a number beyond"
      ),
      (
        "a product beyond 2^63",
        one("\"dtype\":\"F32\",\"shape\":[4294967296,4294967297],\"data_offsets\":[0,4]"),
        "tensor \"a\""
      ),
      (
        "a product of 2^62 elements",
        one("\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]"), "too large"
      ),
      (
        "a large product times zero",
        one(
          "\"dtype\":\"F32\",\"shape\":[0,4294967296,4294967297],\"data_offsets\":[0,0]", data: 0),
        "too large"
      ),
      (
        "more elements than bytes", one("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"),
        "found 4 bytes, expected 8 for shape [2] of F32"
      ),
      (
        "fewer elements than bytes", one("\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,4]"),
        "found 4 bytes, expected 2"
      ),
      ("one offset", one("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]"), "tensor \"a\""),
      (
        "three offsets", one("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]"),
        "tensor \"a\""
      ),
      (
        "offsets in reverse", one("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]"),
        "tensor \"a\""
      ),
      (
        "offsets of 2^63-1",
        one(
          "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[9223372036854775806,9223372036854775807]"
        ), "tensor \"a\": byte 13: found data_offsets"
      ),
      (
        "offsets beyond the file", one(sound, data: 3),
        "tensor \"a\": ends at byte 66, expected at most the file's 65"
      ),
      ("bytes after the data", one(sound, data: 5), "data: found 1 bytes after the last tensor"),
      (
        "a gap", two("[0,4]", "[5,9]", data: 9),
        "tensor \"b\": comes after a gap: begins at byte 120, expected 119"
      ),
      ("a gap at the start", two("[1,5]", "[5,9]", data: 9), "tensor \"a\": comes after a gap"),
      ("an overlap", two("[0,4]", "[3,7]", data: 7), "tensor \"b\": overlaps"),
      ("the same place twice", two("[0,4]", "[0,4]", data: 4), "overlaps"),
      (
        "a name that is not UTF-8",
        safetensors(Array("{\"".utf8) + [0xFF] + Array("\":{\(sound)}}".utf8), dataCount: 4),
        "not UTF-8"
      ),
      (
        "an overlong form",
        safetensors(Array("{\"".utf8) + [0xC0, 0x80] + Array("\":{\(sound)}}".utf8), dataCount: 4),
        "not UTF-8"
      ),
      ("half a surrogate pair", one(sound, name: "\\ud800"), "surrogate"),
      ("a bare control character", one(sound, name: "\u{1}"), "control character"),
      ("an unknown escape", one(sound, name: "\\x"), "escape"),
      ("an open string", safetensors("{\"a"), "closing quote"),
      ("an open escape", safetensors("{\"a\\"), "closing quote"),
      ("an open number", safetensors("{\"a\":{\"shape\":[1"), "tensor \"a\""),
      ("bytes between", safetensors("{\u{A0}}"), "byte 194"),
    ]
  }()

  @Test(arguments: hostile.indices)
  func hostileFilesAreRefused(_ index: Int) throws {
    let (what, bytes, message) = Self.hostile[index]
    let error = #expect(throws: DataError.self, "\(what)") {
      try SafetensorsFile(bytes: bytes, source: "evil.safetensors")
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("evil.safetensors: "), "\(what)")
    #expect(text.contains(message), "\(what): \(text)")
    #expect(text.utf8.count < 600, "\(what): messages stay short")
  }

  @Test func longNamesAreCutInMessages() throws {
    let name = String(repeating: "n", count: 100_000)
    let error = #expect(throws: DataError.self) {
      try SafetensorsFile(bytes: safetensors("{\"\(name)\":1}"), source: "x")
    }
    #expect((error?.description.utf8.count ?? 0) < 400)
  }

  @Test func filesThatAreNotThereSaySo() throws {
    try withTemporaryFolder { folder in
      let missing = #expect(throws: DataError.self) { try SafetensorsFile(path: folder + "/x") }
      #expect(missing?.kind == .missingFile)
      let isFolder = #expect(throws: DataError.self) { try SafetensorsFile(path: folder) }
      #expect(isFolder?.problem.contains("folder") == true)
      #expect(throws: DataError.self) { try SafetensorsFile(path: "/dev/zero") }
      #expect(throws: DataError.self) { try SafetensorsFile(path: "") }
      try Data(Self.encoded().dropLast()).write(to: URL(fileURLWithPath: folder + "/cut"))
      let cut = #expect(throws: DataError.self) { try SafetensorsFile(path: folder + "/cut") }
      #expect(cut?.file == folder + "/cut")
    }
  }

  @Test func everyTruncationIsNoticed() {
    let bytes = Self.encoded()
    for count in 0..<bytes.count {
      #expect(throws: DataError.self) {
        try SafetensorsFile(bytes: Array(bytes[..<count]), source: "cut at \(count)")
      }
    }
  }

  @Test func mutatedFilesNeverCrash() throws {
    let sound = Self.encoded()
    let headerEnd = 8 + sound[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let tokens = [
      "{", "}", "[", "]", "\"", ",", ":", "-1", "9223372036854775807", "null", "\\u", "1e9", "F64",
      "I8",
    ]
    var generator = SeededGenerator(seed: 20)
    var refused = 0
    for _ in 0..<20_000 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<min(headerEnd, bytes.count), using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.remove(at: place)
        case 3:
          let token = Array(tokens.randomElement(using: &generator)!.utf8)
          let end = min(place + token.count, bytes.count)
          bytes.replaceSubrange(place..<end, with: token)
        default:
          let end = min(place + Int.random(in: 1...40, using: &generator), bytes.count)
          bytes.insert(
            contentsOf: bytes[place..<end], at: Int.random(in: 0...place, using: &generator))
        }
      }
      do {
        let file = try SafetensorsFile(bytes: bytes, source: "mutated")
        // What passes must be sound all through.
        var count = 0
        for name in file.names {
          let type = try #require(file.elementType(of: name))
          let shape = try #require(file.shape(of: name))
          count += shape.reduce(type.size, *)
          _ = try? file.floats(name)
          _ = try? file.integers(name)
        }
        #expect(count <= bytes.count - 8)
      } catch is DataError {
        refused += 1
      }
    }
    #expect(refused > 10_000 && refused < 20_000)
  }
}
