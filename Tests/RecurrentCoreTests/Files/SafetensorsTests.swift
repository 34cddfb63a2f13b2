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
    for (bits, value) in paired(all, values) {
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
}
