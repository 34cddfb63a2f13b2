import Foundation
import RecurrentFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The numbers of a text's tokens: in memory, or, if they are many, in a file without a name in the
/// folder for temporary files, four bytes each.
final class TokenFile: Sendable {
  /// Tokens that are kept in memory: 64 MiB of them.
  static let mostKept = 1 << 24

  let count: Int
  private let kept: [UInt32]
  private let descriptor: CInt?

  /// Tokens that are there already.
  init(_ tokens: [Int]) {
    (count, kept, descriptor) = (tokens.count, tokens.map(UInt32.init), nil)
  }

  /// - Parameter fill: hands over the tokens, some at a time.
  init(
    mostKept: Int = TokenFile.mostKept,
    _ fill: (_ append: ([Int]) throws(DataError) -> Void) throws(DataError) -> Void
  ) throws(DataError) {
    var (count, waiting, file) = (0, [UInt32](), CInt?.none)
    do throws(DataError) {
      try fill { tokens throws(DataError) in
        count += tokens.count
        waiting += tokens.map(UInt32.init)
        guard waiting.count > mostKept || file != nil && waiting.count >= 1 << 18 else { return }
        if file == nil { file = try Self.opened() }
        if let file { try Self.write(waiting, to: file) }
        waiting.removeAll(keepingCapacity: true)
      }
      if let file { try Self.write(waiting, to: file) }
    } catch {
      if let file { close(file) }
      throw error
    }
    (self.count, descriptor, kept) = (count, file, file == nil ? waiting : [])
  }

  deinit { if let descriptor { close(descriptor) } }

  /// Bytes on the disk.
  var fileSize: Int { descriptor == nil ? 0 : count * MemoryLayout<UInt32>.size }

  /// Some of the tokens.
  func tokens(_ range: Range<Int>) -> [Int] {
    guard let descriptor else { return kept[range].map(Int.init) }
    var part = [UInt32](repeating: 0, count: range.count)
    let problem = part.withUnsafeMutableBytes { bytes -> CInt? in
      var done = 0
      while done < bytes.count {
        let place = off_t(range.lowerBound * MemoryLayout<UInt32>.size + done)
        let count = pread(
          descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, place)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : EIO }
        done += count
      }
      return nil
    }
    // Who asks for a batch cannot be told of an error, and other tokens would be a wrong model.
    if let problem { trap("the temporary file of tokens can be read: \(systemProblem(problem))") }
    return part.map(Int.init)
  }

  private static var folder: String { FileManager.default.temporaryDirectory.path }

  private static func opened() throws(DataError) -> CInt {
    var name = Array((folder + "/" + temporaryPrefix + "tokens-XXXXXX").utf8CString)
    let file = mkstemp(&name)
    guard file >= 0 else { throw problem(errno) }
    // It is gone with the last program that holds it, whatever ends that.
    unlink(name)
    return file
  }

  private static func write(_ tokens: [UInt32], to file: CInt) throws(DataError) {
    let problem = tokens.withUnsafeBytes { bytes -> CInt? in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return errno }
        done += count
      }
      return nil
    }
    if let problem { throw Self.problem(problem) }
  }

  private static func problem(_ code: CInt) -> DataError {
    DataError(
      .unwritable, file: folder,
      problem: "the tokens of the text cannot be written there: \(systemProblem(code))",
      advice: "Make room, or name another folder for temporary files by the variable TMPDIR")
  }
}
