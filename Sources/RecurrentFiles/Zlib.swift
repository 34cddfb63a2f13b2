internal import SystemZlib

/// Packed bytes, by the zlib of the system.
package enum Zlib {
  /// How packed bytes begin and end.
  package enum Wrapping: Int32 {
    /// A header and checksum of zlib, as in PNG.
    case zlib = 15
    /// A header and checksum of gzip, as in files ending in `.gz`.
    case gzip = 31
    /// No header or checksum, as in zip archives.
    case none = -15
  }

  /// Why bytes cannot be unpacked.
  package struct Failure: Error {
    /// The problem as a sentence without its full stop.
    package var problem: String
  }

  /// Whether the bytes are those of a gzip file.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: gzipStart) }

  /// The bytes that `packed` holds; of gzip all members, one after the other.
  ///
  /// Memory grows with what comes out, never with what a header says will.
  ///
  /// - Parameter limit: the bytes that may come out.
  package static func unpacked(
    _ packed: [UInt8], _ wrapping: Wrapping, limit: Int
  ) throws(Failure) -> [UInt8] {
    let inflater = try Inflater(wrapping)
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var used = 0
    while true {
      let (status, taken, made) = inflater.step(packed[used...], into: &chunk)
      used += taken
      guard result.count + made <= limit else {
        throw Failure(problem: "unpacks to more than \(limit) bytes, the most that are taken")
      }
      result += chunk[..<made]
      switch status {
      case .ended:
        // Another member of a gzip file may follow; anything else is padding, as gzip has it.
        guard wrapping == .gzip, packed[used...].starts(with: gzipStart) else { return result }
        inflater.reset()
      case .goesOn where taken > 0 || made > 0: continue
      case .goesOn: throw Failure(problem: "ends in the middle of its packed bytes")
      case .damaged: throw Failure(problem: "holds packed bytes that are damaged")
      }
    }
  }

  /// The two bytes that a gzip file begins with.
  package static let gzipStart: [UInt8] = [0x1F, 0x8B]

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

extension Zlib {
  /// Unpacks piece by piece.
  package final class Inflater {
    /// The outcome of a step.
    package enum Status {
      /// More bytes are needed, or more room.
      case goesOn
      /// All that was packed is unpacked.
      case ended
      case damaged
    }

    /// zlib remembers where it lies, so it may not move.
    private let stream: UnsafeMutablePointer<z_stream>

    package init(_ wrapping: Wrapping) throws(Failure) {
      stream = .allocate(capacity: 1)
      stream.initialize(to: z_stream())
      let size = Int32(MemoryLayout<z_stream>.size)
      guard inflateInit2_(stream, wrapping.rawValue, ZLIB_VERSION, size) == Z_OK else {
        throw Failure(problem: "zlib of the system cannot be started")
      }
    }

    deinit {
      inflateEnd(stream)
      stream.deallocate()
    }

    /// Before what is packed on its own again.
    package func reset() { inflateReset(stream) }

    /// Unpacks some of `input` to the start of `chunk`.
    ///
    /// - Returns: how many bytes were taken and made; with ``Status/goesOn`` none of both where `input`
    ///   is empty and nothing is left to give.
    package func step(
      _ input: ArraySlice<UInt8>, into chunk: inout [UInt8]
    ) -> (status: Status, taken: Int, made: Int) {
      input.withUnsafeBufferPointer { input in
        chunk.withUnsafeMutableBufferPointer { output in
          let offered = min(input.count, 1 << 30)
          // zlib does not write to its input; its C type has no const.
          stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
          stream.pointee.avail_in = UInt32(offered)
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(min(output.count, 1 << 30))
          let room = Int(stream.pointee.avail_out)
          let status: Status =
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_STREAM_END: .ended
            case Z_OK, Z_BUF_ERROR: .goesOn
            default: .damaged
            }
          return (
            status, offered - Int(stream.pointee.avail_in), room - Int(stream.pointee.avail_out)
          )
        }
      }
    }
  }
}
