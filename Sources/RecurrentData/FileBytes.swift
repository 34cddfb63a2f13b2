import RecurrentFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reading whole text files as bytes, unpacked, with errors that name the file. `-` is standard input.
enum FileBytes {
  /// The largest file that is read, in bytes.
  ///
  /// Offsets of cells are 32-bit numbers, and a stream without an end must not fill the memory.
  static let sizeLimit = min(Int(UInt32.max) - 1, memorySize)

  /// Whether a path names a pipe, a device or the like, which can be read once.
  static func isStream(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  /// The bytes of a file; 0 if there is none.
  static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// A file as errors name it.
  static func name(of path: String) -> String { path == "-" ? "standard input" : path }

  /// The bytes of the file, folder or stream at `path`.
  ///
  /// The file is read, not mapped: a mapped file that another program shortens ends the process.
  ///
  /// - Parameter mayHoldZeros: whether a zero byte may be part of the text.
  static func read(_ path: String, mayHoldZeros: Bool = false) throws(DataError) -> [UInt8] {
    let file = try ByteStream(path)
    let expected = file.size
    if expected > sizeLimit { throw tooLarge(path) }

    // One byte more than expected, so that the end is seen without growing.
    var bytes = [UInt8](unsafeUninitializedCapacity: Swift.max(expected, 0) + 1) { _, count in
      count = 0
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try file.next(&chunk)
      if count == 0 { return try Packing.unpacked(bytes, path: path) }
      if bytes.count + count > sizeLimit { throw tooLarge(path, isPacked: file.isPacked) }
      let start = bytes.count
      bytes.append(contentsOf: chunk[..<count])
      if mayHoldZeros || Packing(bytes) != nil || TextEncoding.marksUTF16(bytes) { continue }
      // Found here already, so that an endless stream of zeros ends early.
      if let zero = chunk[..<count].firstIndex(of: 0), start + zero >= 4 {
        return bytes
      }
    }
  }

  fileprivate static func openingError(_ path: String, code: Int32) -> DataError {
    if code == ENOENT || code == ENOTDIR {
      return DataError(
        .missingFile, file: path, problem: "there is no such file",
        advice: "Check the name and the folder it is in")
    }
    return DataError(
      file: path, problem: "the file cannot be read (\(String(cString: strerror(code))))")
  }

  private static func tooLarge(_ path: String, isPacked: Bool = false) -> DataError {
    DataError(
      file: name(of: path),
      problem: (isPacked ? "unpacks to more than" : "the file is over")
        + " \(sizeLimit) bytes, the most that are read",
      advice: "Split it, or keep only the columns that are needed")
  }
}

/// A file or stream that is read, and closed when nobody holds it any more.
final class OpenFile {
  let descriptor: Int32
  /// Bytes in the file; of a stream, 0.
  let size: Int

  init(_ path: String) throws(DataError) {
    descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileBytes.openingError(path, code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileBytes.openingError(path, code: errno) }
    size = Int(status.st_size)
    if status.st_mode & S_IFMT == S_IFDIR {
      throw DataError(
        file: path, problem: "found a folder, expected a file",
        advice: "Name the file in the folder")
    }
  }

  deinit { close(descriptor) }
}
