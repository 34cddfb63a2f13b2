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
/// who answers is never late in a dialogue and never slow in a pipe. Each byte is looked at once, and
/// what is held is never more than the longest line allowed and one piece read.
public struct LineReader {
  private let descriptor: CInt
  private let encoding: TextEncoding
  private let source: String
  private let longestLine: Int
  private var pending: [UInt8] = []
  /// Behind the last line end of `pending`; 0 if there is none.
  private var lastEnd = 0
  private var hasEnded = false
  private var line = 1
  private var offset = 0

  /// Reads from an open file.
  ///
  /// - Parameter longestLine: Bytes that a line may have, its end not counted.
  public init(
    descriptor: CInt = STDIN_FILENO, encoding: TextEncoding = .utf8,
    source: String = "standard input", longestLine: Int = 1 << 24
  ) {
    precondition(longestLine >= 1, "a line may have at least one byte, not \(longestLine)")
    self.descriptor = descriptor
    self.encoding = encoding
    self.source = source
    self.longestLine = longestLine
  }

  /// The next lines, at least one; nil at the end.
  ///
  /// - Throws: ``DataError`` with line and offset for a byte that is no text, or with the line for one
  ///   that is too long. The lines before it are given first.
  public mutating func next() throws(DataError) -> [String]? {
    while lastEnd == 0 {
      // A CR may be part of the line's end.
      guard pending.count <= longestLine + 1 else { throw tooLong(line) }
      if hasEnded {
        if pending.isEmpty { return nil }
        lastEnd = pending.count
      } else {
        try readMore()
      }
    }
    return try take(upTo: lastEnd)
  }

  /// The lines up to `end`, or those before the first that is wrong; if that is the first of all, it
  /// is passed over.
  private mutating func take(upTo end: Int) throws(DataError) -> [String] {
    do throws(DataError) {
      let found = try lines(Array(pending[..<end]))
      drop(end, lines: found.count)
      return found
    } catch {
      var start = 0
      for _ in line..<(error.line ?? line) { start = self.end(ofLineAt: start) }
      guard start == 0 else { return try take(upTo: start) }
      drop(min(self.end(ofLineAt: 0), end), lines: 1)
      throw error
    }
  }

  private func end(ofLineAt start: Int) -> Int {
    pending[start...].firstIndex(of: Ascii.lineFeed).map { $0 + 1 } ?? pending.count
  }

  private mutating func drop(_ count: Int, lines: Int) {
    pending.removeFirst(count)
    lastEnd -= count
    line += lines
    offset += count
  }

  private func lines(_ whole: [UInt8]) throws(DataError) -> [String] {
    let text = try encoding.utf8(whole, file: source, line: line, offset: offset)
    if whole.count > longestLine {
      let parts = whole.split(separator: Ascii.lineFeed, omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() {
        let end = part.last == Ascii.carriageReturn ? 1 : 0
        guard part.count - end <= longestLine else { throw tooLong(line + index) }
      }
    }
    return TextFile.lines(of: text)
  }

  private func tooLong(_ line: Int) -> DataError {
    DataError(
      file: source, line: line,
      problem: "found a line of more than \(longestLine) bytes, the most that are taken",
      advice: "Cut it into lines, or bring the text as a file")
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
      if let end = chunk[..<count].lastIndex(of: Ascii.lineFeed) {
        lastEnd = pending.count + end + 1
      }
      pending += chunk[..<count]
      return
    }
  }
}

private func systemRead(_ file: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(file, buffer, count)
}
