import RecurrentFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a file is packed, by its first bytes: gzip by zlib, the others by the system's program for them,
/// where it has one.
package enum Packing: String, CaseIterable {
  case gzip, xz, zstd, bzip2

  private var firstBytes: [UInt8] {
    switch self {
    case .gzip: [0x1F, 0x8B]
    case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
    case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
    case .bzip2: [0x42, 0x5A, 0x68]
    }
  }

  /// The name of a file without the ending that says how it is packed.
  package static func plainName(_ name: String) -> String {
    let ending = [".gz", ".xz", ".zst", ".bz2"].first { name.lowercased().hasSuffix($0) }
    return String(name.dropLast(ending?.count ?? 0))
  }

  /// Nil for a file that is not packed.
  init?(_ bytes: [UInt8]) {
    let found = Self.allCases.first { bytes.starts(with: $0.firstBytes) }
    // Text may begin with "BZh"; packed by bzip2, a digit and the digits of π follow.
    if found == .bzip2, !bytes.dropFirst(4).starts(with: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) {
      return nil
    }
    guard let found else { return nil }
    self = found
  }

  /// The bytes of a file as they are, or unpacked by a program; gzip is unpacked while it is read.
  static func unpacked(_ bytes: [UInt8], path: String) throws(DataError) -> [UInt8] {
    guard let packing = Packing(bytes), packing != .gzip else { return bytes }
    return try packing.unpackedByProgram(path)
  }

  private func unpackedByProgram(_ path: String) throws(DataError) -> [UInt8] {
    let name = FileBytes.name(of: path)
    let unpacking = DataError(
      file: name, problem: "is packed by \(rawValue)",
      advice: path == "-"
        ? "Unpack it on the way, with: \(rawValue) -dc | recurrent …"
        : "Unpack it with: \(rawValue) -d \(path)")
    #if os(macOS) || os(Linux)
      // What is read from standard input is gone.
      guard path != "-" else { throw unpacking }
      let quoted = "'" + path.replacing("'", with: "'\\''") + "'"
      guard let pipe = popen("exec \(rawValue) -dc < \(quoted) 2>/dev/null", "r") else {
        throw unpacking
      }
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while bytes.count <= FileBytes.sizeLimit {
        let count = fread(&chunk, 1, chunk.count, pipe)
        if count == 0 { break }
        bytes += chunk[..<count]
      }
      let status = pclose(pipe)
      guard bytes.count <= FileBytes.sizeLimit else {
        throw DataError(
          file: name,
          problem: "unpacks to more than \(FileBytes.sizeLimit) bytes, the most that are read",
          advice: "Split it, or keep only the columns that are needed")
      }
      // A shell ends with 127 where it has no such program.
      if status == 127 << 8 { throw unpacking }
      guard status == 0 else {
        throw DataError(
          file: name, problem: "holds packed bytes that \(rawValue) cannot unpack",
          advice: "Bring the file again")
      }
      return bytes
    #else
      throw unpacking
    #endif
  }
}
