internal import SystemZlib

/// Packed bytes, by the zlib of the system.
package enum Zlib {
  /// How packed bytes begin and end.
  package enum Wrapping: Int32 {
    /// As in PNG.
    case zlib = 15
    /// As files ending in `.gz`.
    case gzip = 31
    /// Not at all, as in zip archives.
    case none = -15
  }

  /// Why bytes cannot be unpacked.
  package struct Failure: Error {
    /// As a sentence without its full stop.
    package var problem: String
  }

  /// Whether the bytes are those of a gzip file.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// The bytes that `packed` holds; of gzip all members, one after the other.
  ///
  /// Memory grows with what comes out, never with what a header says will.
  ///
  /// - Parameter limit: the bytes that may come out.
  package static func unpacked(
    _ packed: [UInt8], _ wrapping: Wrapping, limit: Int
  ) throws(Failure) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, wrapping.rawValue, ZLIB_VERSION, size) == Z_OK else {
      throw Failure(problem: "zlib of the system cannot be started")
    }
    defer { inflateEnd(&stream) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var used = 0
    while true {
      let (status, taken, made) = step(&stream, packed[used...], into: &chunk)
      used += taken
      guard result.count + made <= limit else {
        throw Failure(problem: "unpacks to more than \(limit) bytes, the most that are taken")
      }
      result += chunk[..<made]
      switch status {
      case Z_STREAM_END:
        // Another member of a gzip file may follow; anything else is padding, as gzip has it.
        guard wrapping == .gzip, packed[used...].starts(with: [0x1F, 0x8B]) else { return result }
        inflateReset(&stream)
      case Z_OK where taken > 0 || made > 0: continue
      case Z_OK, Z_BUF_ERROR:
        throw Failure(problem: "ends in the middle of its packed bytes")
      default:
        throw Failure(problem: "holds packed bytes that are damaged")
      }
    }
  }

  private static func step(
    _ stream: inout z_stream, _ input: ArraySlice<UInt8>, into chunk: inout [UInt8]
  ) -> (status: Int32, taken: Int, made: Int) {
    input.withUnsafeBufferPointer { input in
      chunk.withUnsafeMutableBufferPointer { output in
        let offered = min(input.count, 1 << 30)
        // zlib does not write to its input; its C type has no const.
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = UInt32(offered)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        let status = inflate(&stream, Z_NO_FLUSH)
        return (status, offered - Int(stream.avail_in), output.count - Int(stream.avail_out))
      }
    }
  }

  /// The cyclic redundancy check of zip archives, gzip and PNG.
  package static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { all in
      stride(from: 0, to: all.count, by: 1 << 30).reduce(UInt32(0)) { value, start in
        let part = UnsafeBufferPointer(rebasing: all[start..<min(start + 1 << 30, all.count)])
        return UInt32(truncatingIfNeeded: crc32(UInt(value), part.baseAddress, UInt32(part.count)))
      }
    }
  }

  /// `bytes` packed as zlib has it; the same bytes for the same version of zlib.
  package static func packed(_ bytes: [UInt8]) -> [UInt8] {
    var count = compressBound(UInt(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(count))
    let status = compress2(&result, &count, bytes, UInt(bytes.count), Z_BEST_COMPRESSION)
    require(status == Z_OK, "zlib packs any bytes if there is room, not \(status)")
    return Array(result[..<Int(count)])
  }
}
