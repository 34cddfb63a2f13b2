import Recurrent
import RecurrentFiles
import Synchronization

/// Texts one after another: in memory, or, if they are many, in a file without a name, of which each is read
/// when it is asked for.
final class TextStore: Sendable {
  /// Bytes that are kept in memory: 64 MiB.
  static let mostKept = 1 << 26

  private struct State {
    /// Bytes in the file, which come before those that wait.
    var written = 0
    var waiting: [UInt8] = []
    var file: ScratchFile?
  }

  private let state = Mutex(State())
  private let mostKept: Int

  init(mostKept: Int = TextStore.mostKept) { self.mostKept = mostKept }

  /// Bytes on the disk.
  var fileSize: Int { state.withLock { $0.written } }

  /// Puts a text behind the others.
  ///
  /// - Returns: where its bytes are.
  /// - Throws: ``DataError`` if there is no room for them.
  func append(_ text: String) throws(DataError) -> Range<Int> {
    var failure: DataError?
    let range = state.withLock { state in
      let start = state.written + state.waiting.count
      state.waiting += text.utf8
      let range = start..<state.written + state.waiting.count
      guard state.waiting.count > mostKept else { return range }
      do throws(DataError) {
        let file = if let file = state.file { file } else { try ScratchFile() }
        state.file = file
        let place = state.written
        try state.waiting.withUnsafeBufferPointer { bytes throws(DataError) in
          try file.write(UnsafeRawBufferPointer(bytes), at: place)
        }
        state.written += state.waiting.count
        state.waiting.removeAll(keepingCapacity: true)
      } catch {
        failure = error
      }
      return range
    }
    if let failure { throw failure }
    return range
  }

  /// The text whose bytes are there.
  func text(_ range: Range<Int>) -> String {
    // Only where it lies is looked up under the lock: several threads read at once.
    let (held, file) = state.withLock { state -> ([UInt8], ScratchFile?) in
      guard range.lowerBound >= state.written else { return ([], state.file) }
      let (first, end) = (range.lowerBound - state.written, range.upperBound - state.written)
      return (Array(state.waiting[first..<end]), nil)
    }
    guard let file else { return String(decoding: held, as: UTF8.self) }
    return String(unsafeUninitializedCapacity: range.count) { bytes in
      file.read(into: UnsafeMutableRawBufferPointer(bytes), at: range.lowerBound)
      return range.count
    }
  }
}
