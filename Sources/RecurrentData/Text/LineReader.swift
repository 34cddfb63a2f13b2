import RecurrentFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The lines of standard input or another open file as they come.
///
/// ```swift
/// var input = LineReader()
/// while let lines = try input.next() {
///   for line in lines { print(answer(line)) }
///   fflush(stdout)
/// }
/// ```
///
/// A call waits for a line and gives it together with all others that are there already, so that
/// who answers is never late in a dialogue and never slow in a pipe.
public struct LineReader {
  private let descriptor: CInt
  private let encoding: TextEncoding
  private let source: String
  private var pending: [UInt8] = []
  private var hasEnded = false
  private var line = 1
  private var offset = 0

  /// Reads from an open file.
  public init(
    descriptor: CInt = STDIN_FILENO, encoding: TextEncoding = .utf8,
    source: String = "standard input"
  ) {
    self.descriptor = descriptor
    self.encoding = encoding
    self.source = source
  }

  /// The next lines, at least one; nil at the end.
  ///
  /// - Throws: ``DataError`` with line and offset for a byte that is no text. The lines before it
  ///   are given first.
  public mutating func next() throws(DataError) -> [String]? {
    while true {
      if let end = pending.lastIndex(of: Ascii.lineFeed) {
        return try take(upTo: end + 1)
      }
      if hasEnded {
        return pending.isEmpty ? nil : try take(upTo: pending.count)
      }
      try readMore()
    }
  }

  private mutating func take(upTo end: Int) throws(DataError) -> [String] {
    let whole = Array(pending[..<end])
    pending.removeFirst(end)
    do throws(DataError) {
      return try lines(whole)
    } catch {
      // One line alone: its answer is the error.
      guard let first = whole.firstIndex(of: Ascii.lineFeed), first + 1 < whole.count else {
        throw error
      }
      pending.insert(contentsOf: whole[(first + 1)...], at: 0)
      return try lines(Array(whole[...first]))
    }
  }

  private mutating func lines(_ whole: [UInt8]) throws(DataError) -> [String] {
    let text = try encoding.utf8(whole, file: source, line: line, offset: offset)
    let lines = try TextFile(bytes: text, source: source).lines
    line += lines.count
    offset += whole.count
    return lines
  }

  private mutating func readMore() throws(DataError) {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw DataError(file: source, problem: "cannot be read: \(systemProblem(errno))")
      }
      hasEnded = count == 0
      pending += chunk[..<count]
      return
    }
  }
}

private func systemRead(_ file: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(file, buffer, count)
}
