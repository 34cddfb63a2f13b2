import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file without a name in the folder for temporary files, for what is too much for the memory. It is
/// gone with the last who holds it, whatever ends that program.
package final class ScratchFile: Sendable {
  private let descriptor: CInt

  /// An empty one.
  ///
  /// - Throws: ``DataError`` if none can be made.
  package init() throws(DataError) {
    var name = Array((Self.folder + "/" + temporaryPrefix + "scratch-XXXXXX").utf8CString)
    descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw Self.problem(errno) }
    unlink(name)
  }

  deinit { close(descriptor) }

  /// Writes at `offset`, in bytes.
  ///
  /// - Throws: ``DataError`` if there is no room.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DataError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Self.problem(errno) }
      done += count
    }
  }

  /// Reads what was written at `offset`. It traps where that cannot be read: who asks for a batch of
  /// examples cannot be told of an error, and other numbers would make a wrong model.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    var done = 0
    while done < bytes.count {
      let count = pread(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        trap("the temporary file can be read: \(systemProblem(count < 0 ? errno : EIO))")
      }
      done += count
    }
  }

  private static var folder: String { FileManager.default.temporaryDirectory.path }

  private static func problem(_ code: CInt) -> DataError {
    DataError(
      .unwritable, file: folder,
      problem: "what the memory does not hold cannot be written there: \(systemProblem(code))",
      advice: "Make room, or name another folder for temporary files by the variable TMPDIR")
  }
}
