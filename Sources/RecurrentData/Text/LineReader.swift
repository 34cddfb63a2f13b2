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
///   for line in lines { print(answer(try line.get())) }
///   fflush(stdout)
/// }
/// ```
///
/// A call waits for a line and gives it together with all others that are there already, so that
/// who answers is never late in a dialogue and never slow in a pipe. Each byte is looked at once, and
/// what is held is never more than the longest line allowed and one piece read.
public struct LineReader {
  private let descriptor: CInt
  /// Keeps a file open that was opened here.
  private var file: OpenFile?
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
    require(longestLine >= 1, "a line may have at least one byte, not \(longestLine)")
    self.descriptor = descriptor
    self.encoding = encoding
    self.source = source
    self.longestLine = longestLine
  }

  /// Reads the file at `path`, with lines of any length.
  ///
  /// - Throws: ``DataError`` when it is missing or a folder.
  public init(contentsOf path: String, encoding: TextEncoding = .utf8) throws(DataError) {
    let file = try OpenFile(path)
    self.init(
      descriptor: file.descriptor, encoding: encoding, source: path,
      longestLine: FileBytes.sizeLimit)
    self.file = file
  }

  /// The next lines, at least one; nil at the end. In place of one that is no text stands an error
  /// with its line and offset.
  ///
  /// - Throws: ``DataError`` where nothing can be read any more: for a line that is too long, after
  ///   the lines before it, and for a file that is no text from its first bytes on.
  public mutating func next() throws(DataError) -> [Result<String, DataError>]? {
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
    if offset == 0 {
      try TextCheck.requireKnownStart(pending, file: source)
      guard encoding != .utf16, !TextEncoding.marksUTF16(pending) else {
        throw DataError(
          file: source, line: 1, problem: "found UTF-16 text, which is not read line by line",
          advice: "Convert it with: iconv -f UTF-16 -t UTF-8")
      }
    }
    let whole = Array(pending[..<lastEnd])
    var (lines, end) = ([Result<String, DataError>](), lastEnd)
    if whole.count <= longestLine,
      let text = try? encoding.utf8(whole, file: source, line: line, offset: offset)
    {
      lines = TextFile.lines(of: text).map(Result.success)
    } else {
      (lines, end) = try oneByOne(whole)
    }
    pending.removeFirst(end)
    lastEnd -= end
    line += lines.count
    offset += end
    return lines
  }

  /// Lines of which one may be no text, up to one that is too long, and where they end.
  private func oneByOne(
    _ whole: [UInt8]
  ) throws(DataError) -> (lines: [Result<String, DataError>], end: Int) {
    var (lines, start) = ([Result<String, DataError>](), 0)
    while start < whole.count {
      let number = line + lines.count
      let end = whole[start...].firstIndex(of: Ascii.lineFeed) ?? whole.count
      let bytes = whole[start..<end]
      guard bytes.count - (bytes.last == Ascii.carriageReturn ? 1 : 0) <= longestLine else {
        if lines.isEmpty { throw tooLong(number) }
        break
      }
      lines.append(
        Result { () throws(DataError) in
          let text = try encoding.utf8(
            Array(bytes), file: source, line: number, offset: offset + start)
          return TextFile.line(text[...])
        })
      start = min(end + 1, whole.count)
    }
    return (lines, start)
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
