import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct NumPyFileTests {
  static func open(_ name: String) throws -> NumPyFile {
    try NumPyFile(path: Fixtures.folder(of: "numpy") + "/" + name)
  }

  @Test func everyTypeIsRead() throws {
    let file = try Self.open("types.npz")
    #expect(file.names == ["float16", "float32", "float64", "int32", "int64"])
    let values: [Float] = [0.5, -2.25, 1024, 0x1p-24, 0, -0.0]
    for type in ["float16", "float32", "float64"] {
      let found = try file.floats(type)
      #expect(found.shape == [2, 3])
      #expect(found.values.map(\.bitPattern) == values.map(\.bitPattern), "\(type)")
      #expect(throws: DataError.self) { try file.integers(type) }
    }
    for type in ["int32", "int64"] {
      #expect(
        try file.integers(type) == StoredIntegers(shape: [1, 2], values: [-7, 2_147_483_647]))
      #expect(throws: DataError.self) { try file.floats(type) }
    }
    let missing = #expect(throws: DataError.self) { try file.floats("float") }
    #expect(missing?.description.contains("array \"float\": not in the file") == true)
  }

  @Test func everyOrderIsRead() throws {
    let file = try Self.open("orders.npz")
    let cube = StoredTensor(shape: [2, 3, 4], values: (0..<24).map { Float($0) })
    #expect(try file.floats("c") == cube)
    #expect(try file.floats("f") == cube)
    #expect(try file.floats("scalar") == StoredTensor(shape: [], values: [3]))
    #expect(try file.floats("none") == StoredTensor(shape: [2, 0, 3], values: []))
    #expect(
      try Self.open("fortran.npy").floats("arr_0")
        == StoredTensor(shape: [3, 2], values: [0, 1, 2, 3, 4, 5]))
    #expect(try Self.open("version3.npy").floats("arr_0").values == [1.5])
    #expect(try Self.open("unnamed.npz").names == ["arr_0", "arr_1"])
    let streamed = try Self.open("zip64.npz")
    #expect(try streamed.floats("a") == cube)
    #expect(try streamed.floats("b").values == Array(cube.values[12...]))
    #expect(try Self.open("compressed.npz").floats("a") == cube)
  }

  @Test func smallWholeNumbersAreRead() throws {
    for (type, values) in [
      ("int8", [-128, 7]), ("int16", [-300, 7]), ("uint8", [200, 7]), ("bool", [1, 0]),
    ] as [(String, [Int64])] {
      let file = try Self.open(type + ".npy")
      #expect(file.elementType(of: "arr_0") == type)
      #expect(try file.integers("arr_0") == StoredIntegers(shape: [2], values: values))
      #expect(throws: DataError.self) { try file.floats("arr_0") }
    }
  }

  @Test(arguments: [
    ("records.npy", "header: byte 20: found records", "array of its own"),
    ("objects.npy", "Python objects", "np.savez(file, *arrays)"),
    ("big.npy", "found big-endian elements \">f4\"", "astype(\"<f4\")"),
    ("complex.npy", "found elements of type \"<c8\"", "astype(\"float32\")"),
  ])
  func whatCannotBeReadSaysWhy(_ name: String, _ problem: String, _ advice: String) throws {
    let error = #expect(throws: DataError.self) { try Self.open(name) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.advice?.contains(advice) == true, "\(String(describing: error))")
  }

  @Test func doublesAreExactOrRefused() throws {
    let error = #expect(throws: DataError.self) { try Self.open("inexact.npy").floats("arr_0") }
    #expect(error?.problem == "element 1 is 0.1 in 64 bits, which no 32-bit number equals")
    #expect(error?.place == "array \"arr_0\"")
  }

  static let written: [(name: String, tensor: StoredTensor)] = [
    ("arr_0", StoredTensor(shape: [2, 3], values: [1, -2.5, .pi, 0, -0.0, .infinity])),
    ("näme", StoredTensor(shape: [], values: [.leastNonzeroMagnitude])),
    ("none", StoredTensor(shape: [4, 0], values: [])),
    ("row", StoredTensor(shape: [2], values: [7, 8])),
  ]

  @Test(arguments: [false, true])
  func whatIsWrittenIsReadBack(is64Bit: Bool) throws {
    let entries = Self.written.map { ($0.name + ".npy", NumPyArray.encode($0.tensor)) }
    let bytes = ZipArchive.encode(entries, is64Bit: is64Bit)
    if !is64Bit { #expect(bytes == NumPyFile.encode(Self.written)) }
    let file = try NumPyFile(bytes: bytes, source: "ours.npz")
    #expect(file.names == Self.written.map(\.name))
    for (name, tensor) in Self.written {
      let found = try file.floats(name)
      #expect(found.shape == tensor.shape && file.shape(of: name) == tensor.shape)
      #expect(found.values.map(\.bitPattern) == tensor.values.map(\.bitPattern))
    }
  }

  @Test(.pythonPackages("numpy"))
  func numPyReadsWhatIsWrittenHere() async throws {
    try await withTemporaryFolder { folder in
      let entries = Self.written.map { ($0.name + ".npy", NumPyArray.encode($0.tensor)) }
      try NumPyFile.write(Self.written, to: folder + "/0.npz")
      try Data(ZipArchive.encode(entries, is64Bit: true)).write(
        to: URL(fileURLWithPath: folder + "/1.npz"))
      let output = try await python(
        """
        import sys, numpy as np
        for i in "01":
            for k, v in np.load(sys.argv[1] + f"/{i}.npz").items():
                print(k, v.dtype, v.shape, v.tobytes().hex(), sep=";")
        """, folder)
      let lines = Self.written.map { name, tensor in
        let shape =
          tensor.shape.map(String.init).joined(separator: ", ")
          + (tensor.shape.count == 1 ? "," : "")
        let bytes = tensor.values.withUnsafeBytes { $0.map { String(format: "%02x", $0) } }
        return "\(name);float32;(\(shape));\(bytes.joined())"
      }
      #expect(output.split(separator: "\n").map(String.init) == lines + lines)
    }
  }
}

/// What the Python that `RECURRENT_PYTHON` names prints.
func python(_ script: String, _ arguments: String...) async throws -> String {
  let python = try #require(ProcessInfo.processInfo.environment["RECURRENT_PYTHON"])
  let result = try await CommandRunner.run(python, ["-c", script] + arguments)
  try #require(result.exitCode == 0, "\(result.errorOutput)")
  return result.output
}

extension Trait where Self == ConditionTrait {
  /// Runs a test only where `RECURRENT_PYTHON` names a Python that has these packages.
  static func pythonPackages(_ packages: String...) -> Self {
    let needed = "set RECURRENT_PYTHON to a Python with \(packages.joined(separator: ", "))"
    return .enabled("\(needed)") {
      guard let python = ProcessInfo.processInfo.environment["RECURRENT_PYTHON"] else {
        return false
      }
      let imports = packages.map { "import \($0)" }.joined(separator: "; ")
      return try await CommandRunner.run(python, ["-c", imports]).exitCode == 0
    }
  }
}
