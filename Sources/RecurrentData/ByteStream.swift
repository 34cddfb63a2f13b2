import RecurrentFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The bytes of a file one piece after the other; those of a gzip file unpacked on the way, all its
/// members, so that what is held is never more than two pieces. `-` is standard input.
final class ByteStream {
  /// Bytes in the file, packed ones if it is; of a stream, 0.
  let size: Int
  /// Whether it is a gzip file; known once the first piece was read.
  private(set) var isPacked = false
  private let name: String
  private let descriptor: CInt
  /// Keeps a file open that was opened here.
  private let file: OpenFile?
  private var inflater: Zlib.Inflater?
  private var packed: [UInt8] = []
  private var used = 0
  /// What a file begins with, packed if it is.
  var start: [UInt8] { packed }
  /// Bytes read, and bytes given.
  private var (offset, given) = (0, 0)
  private var hasEnded = false
  private var isBetweenMembers = false

  /// Opens the file at `path`.
  init(_ path: String) throws(DataError) {
    let file = try OpenFile(path)
    (self.file, descriptor, size) = (file, file.descriptor, file.size)
    name = FileBytes.name(of: path)
    packed = [UInt8](repeating: 0, count: 1 << 16)
    let count = try read(&packed)
    packed.removeLast(packed.count - count)
    isPacked = Zlib.isGzip(packed)
    if isPacked {
      do throws(Zlib.Failure) { inflater = try Zlib.Inflater(.gzip) } catch {
        throw DataError(file: name, problem: error.problem)
      }
    }
  }

  /// Reads from an open file or pipe, whose bytes are taken as they are.
  init(descriptor: CInt, source: String) {
    (self.descriptor, name, file, size) = (descriptor, source, nil, 0)
  }

  /// The bytes that come next, at the start of `chunk`.
  ///
  /// - Returns: how many; 0 at the end.
  func next(_ chunk: inout [UInt8]) throws(DataError) -> Int {
    let count: Int
    if inflater != nil {
      count = try unpack(&chunk)
    } else if used < packed.count {
      count = min(packed.count - used, chunk.count)
      chunk.replaceSubrange(..<count, with: packed[used..<used + count])
      used += count
    } else {
      count = try read(&chunk)
    }
    given += count
    return count
  }

  private func unpack(_ chunk: inout [UInt8]) throws(DataError) -> Int {
    guard let inflater else { return 0 }
    while true {
      if packed.count - used < 2, !hasEnded { try refill() }
      if isBetweenMembers {
        // Anything but another member is padding, as gzip has it.
        guard packed[used...].starts(with: Zlib.gzipStart) else { return 0 }
        inflater.reset()
        isBetweenMembers = false
      }
      let (status, taken, made) = inflater.step(packed[used...], into: &chunk)
      used += taken
      isBetweenMembers = status == .ended
      if status == .damaged { throw problem("holds packed bytes that are damaged") }
      if made > 0 { return made }
      if taken == 0, status == .goesOn, hasEnded {
        throw problem("ends in the middle of its packed bytes")
      }
    }
  }

  private func refill() throws(DataError) {
    var more = [UInt8](repeating: 0, count: 1 << 16)
    let count = try read(&more)
    packed = Array(packed[used...]) + more[..<count]
    used = 0
  }

  private func read(_ chunk: inout [UInt8]) throws(DataError) -> Int {
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw DataError(file: name, problem: "cannot be read: \(systemProblem(errno))")
      }
      hasEnded = count == 0
      offset += count
      return count
    }
  }

  private func problem(_ text: String) -> DataError {
    DataError(
      file: name,
      problem:
        "\(text) (byte \(offset - packed.count + used) of the file, \(given) bytes unpacked)",
      advice: "Bring the file again")
  }
}

private func systemRead(_ file: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(file, buffer, count)
}
