import Foundation
import Recurrent
import TestSupport
import Testing

/// Files that are broken, or made to do harm.
@Suite struct HostileSafetensorsTests {
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
      try Data(SafetensorsTests.encoded().dropLast()).write(
        to: URL(fileURLWithPath: folder + "/cut"))
      let cut = #expect(throws: DataError.self) { try SafetensorsFile(path: folder + "/cut") }
      #expect(cut?.file == folder + "/cut")
    }
  }

  @Test func everyTruncationIsNoticed() {
    let bytes = SafetensorsTests.encoded()
    for count in 0..<bytes.count {
      #expect(throws: DataError.self) {
        try SafetensorsFile(bytes: Array(bytes[..<count]), source: "cut at \(count)")
      }
    }
  }

  @Test func mutatedFilesNeverCrash() throws {
    let sound = SafetensorsTests.encoded()
    let headerEnd = 8 + sound[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let tokens = [
      "{", "}", "[", "]", "\"", ",", ":", "-1", "9223372036854775807", "null", "\\u", "1e9", "F64",
      "I8",
    ]
    var refused = 0
    try Mutations.forEach("safetensors", count: 20_000) { generator in
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
    #expect(!Mutations.isTest || (refused > 10_000 && refused < 20_000))
  }
}
