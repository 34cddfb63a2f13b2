import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore
@testable import RecurrentFiles

/// Files of PyTorch that somebody damaged or made to do harm: each gives tensors or an error, none
/// crashes, hangs or fills the memory.
@Suite struct HostilePyTorchTests {
  private static func bytes(_ name: String) throws -> [UInt8] {
    try readFile(PyTorchFileTests.path(name))
  }

  /// An archive of a pickle and one storage of eight floats.
  private static func archive(_ pickle: [UInt8]) -> [UInt8] {
    ZipArchive.encode([
      ("a/data.pkl", pickle), ("a/data/0", (0..<32).map { UInt8($0) }),
    ])
  }

  /// A pickle of a tensor under the key t.
  private static func tensor(offset: String, shape: [String], strides: [String]) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
    func number(_ decimal: String) -> [UInt8] {
      let bits = UInt64(bitPattern: Int64(decimal) ?? 0)
      var bytes: [UInt8] = [0x8A, 8]
      bytes.append(littleEndian: bits, size: 8)
      return bytes
    }
    func tuple(_ items: [String]) -> [UInt8] { [0x28] + items.flatMap(number) + [0x74] }
    var bytes: [UInt8] =
      [0x80, 2, 0x7D] + text("t") + Array("ctorch._utils\n_rebuild_tensor_v2\n".utf8)
    bytes += [0x28, 0x28] + text("storage") + Array("ctorch\nFloatStorage\n".utf8)
    bytes += text("0") + text("cpu") + number("8") + [0x74, 0x51]
    bytes += number(offset) + tuple(shape) + tuple(strides) + [0x89, 0x7D, 0x74, 0x52, 0x73, 0x2E]
    return bytes
  }

  @Test func aSoundOneIsRead() throws {
    let bytes = Self.archive(Self.tensor(offset: "1", shape: ["2", "3"], strides: ["3", "1"]))
    let file = try PyTorchFile(bytes: bytes, source: "sound.pt")
    #expect(try file.floats("t").shape == [2, 3])
  }

  @Test(arguments: [
    ("0", ["9"], ["1"]), ("8", ["1"], ["1"]), ("-1", ["1"], ["1"]), ("0", ["2"], ["8"]),
    ("0", ["9223372036854775807"], ["1"]), ("0", ["9223372036854775807"], ["0"]),
    ("0", ["4611686018427387904", "4"], ["0", "0"]), ("0", ["-1"], ["1"]), ("0", ["2"], ["-1"]),
    ("9223372036854775807", ["2"], ["1"]), ("0", ["3"], ["9223372036854775807"]),
    ("0", ["2000000"], ["0"]),
  ])
  func tensorsBeyondTheirStorage(_ offset: String, _ shape: [String], _ strides: [String]) throws {
    let bytes = Self.archive(Self.tensor(offset: offset, shape: shape, strides: strides))
    let error = try dataError { _ = try PyTorchFile(bytes: bytes, source: "beyond.pt") }
    #expect(error.problem.hasPrefix("tensor \"t\" "), "\(error)")
  }

  @Test func circlesAndDepthsEnd() throws {
    // A list that holds itself; a million lists in one another; lists that each hold the one before
    // twice, forty deep.
    let circle: [UInt8] = [0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E]
    let deep: [UInt8] = [0x80, 2, 0x5D] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E]
    let laughs: [UInt8] =
      [0x80, 2, 0x29] + (0..<40).flatMap { _ in [0x32, 0x86] as [UInt8] } + [0x2E]
    for pickle in [circle, deep, laughs] {
      let error = try dataError {
        _ = try PyTorchFile(bytes: Self.archive(pickle), source: "deep.pt")
      }
      #expect(error.problem.hasPrefix("nests more than 64 deep"), "\(error)")
    }
  }

  @Test(arguments: ["state_dict.pt", "legacy.pt", "scripted.jit"])
  func aShorterFileIsRefused(_ name: String) throws {
    let bytes = try Self.bytes(name)
    for count in stride(from: 0, to: bytes.count - 1, by: isOptimized ? 7 : 61) {
      _ = try dataError {
        _ = try PyTorchFile(bytes: Array(bytes.prefix(count)), source: "short.pt")
      }
    }
  }

  private static let tokens: [[UInt8]] = [
    [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x8A, 8], [0x28],
    [0x74], [0x52], [0x51], [0x62], [0x81], [0x75], [0x65], [0x85], [0x86], [0x32], [0x71, 0],
    [0x68, 0], [0x94], [0x2E], Array("cos\nsystem\n".utf8), Array("ctorch\nLongStorage\n".utf8),
    Array("ctorch\nByteStorage\n".utf8), [0x58, 0xFF, 0xFF, 0xFF, 0xFF], [0x4B, 0],
    [0x4A, 0, 0, 0, 0x80],
  ]

  /// Opens what is damaged and reads all of it; whether there was anything.
  private func read(_ bytes: [UInt8]) throws -> Bool {
    do {
      let file = try PyTorchFile(bytes: bytes, source: "damaged.pt")
      for name in file.names {
        #expect(try #require(file.shape(of: name)).reduce(1, *) <= max(1 << 20, bytes.count))
        _ = try? file.floats(name)
        _ = try? file.integers(name)
      }
      return !file.names.isEmpty
    } catch is DataError {
      return false
    }
  }

  @Test func damagedPicklesNeverCrash() throws {
    // The checksums of an archive would stop most of it: the pickle is damaged, then packed.
    let names = ["state_dict.pt", "several.pt", "scripted.jit", "checkpoint.ckpt"]
    let archives = try names.map { try ZipArchive(Self.bytes($0), source: $0) }
    var (opened, tried) = (0, 0)
    try Mutations.forEach("pytorch", count: 1000) { generator in
      let archive = try #require(archives.randomElement(using: &generator))
      let entries = archive.entries.map { entry in
        let contents = Array(archive.bytes[entry.data])
        return (
          entry.name,
          entry.name.hasSuffix("/data.pkl")
            ? Mutations.damaged(contents, tokens: Self.tokens, using: &generator) : contents
        )
      }
      tried += 1
      if try read(ZipArchive.encode(entries)) { opened += 1 }
    }
    if Mutations.isTest { #expect(opened > 20 && opened < tried - 100, "\(opened) of \(tried)") }
  }

  @Test func damagedOldFilesNeverCrash() throws {
    let files = try ["legacy.pt", "several_legacy.pt"].map(Self.bytes)
    var (opened, tried) = (0, 0)
    try Mutations.forEach("pytorch legacy", count: 1000) { generator in
      let bytes = try #require(files.randomElement(using: &generator))
      tried += 1
      if try read(Mutations.damaged(bytes, tokens: Self.tokens, using: &generator)) { opened += 1 }
    }
    if Mutations.isTest { #expect(opened > 20 && opened < tried - 100, "\(opened) of \(tried)") }
  }
}
