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
///
/// Of standard input nothing is taken for the start of a file of another kind: each line stands for
/// itself.
public struct LineReader {
  /// A line as it was read.
  package struct Line {
    /// Without its end. Of one that is no text, what can be told: U+FFFD stands for each byte that is
    /// none; of one that is too long, its start.
    package var text: String
    /// Why the bytes are no line of text; nil if they are.
    package var fault: DataError?
    /// Whether its end is missing, since it is too long.
    package var isCut = false
  }

  /// The checksum of all bytes that were read, if one of none is put here before the first.
  package var checksum: Checksum?
  private let stream: ByteStream
  /// Whether the first bytes may say that it is no text at all.
  private let isFile: Bool
  private let encoding: TextEncoding
  private let source: String
  private let longestLine: Int
  private var pending: [UInt8] = []
  /// Behind the last line end of `pending`; 0 if there is none.
  private var lastEnd = 0
  private var hasEnded = false
  /// Whether what comes up to the next line end belongs to a line that is too long.
  private var skips = false
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
    stream = ByteStream(descriptor: descriptor, source: source)
    (isFile, self.encoding, self.source, self.longestLine) = (false, encoding, source, longestLine)
  }

  /// Reads the file at `path`, also one packed by gzip, with lines of any length.
  ///
  /// - Throws: ``DataError`` when it is missing or a folder.
  public init(contentsOf path: String, encoding: TextEncoding = .utf8) throws(DataError) {
    stream = try ByteStream(path)
    (isFile, self.encoding, source) = (true, encoding, path)
    longestLine = FileBytes.sizeLimit
  }

  /// The next lines, at least one; nil at the end. In place of one that is no text, or too long, stands
  /// an error with its line and offset.
  ///
  /// - Throws: ``DataError`` where nothing can be read any more, and for a file that is no text from
  ///   its first bytes on.
  public mutating func next() throws(DataError) -> [Result<String, DataError>]? {
    try nextLines()?.map { $0.fault.map(Result.failure) ?? .success($0.text) }
  }

  /// The next lines, as ``next()``, with what can be told of those that are no text.
  package mutating func nextLines() throws(DataError) -> [Line]? {
    while lastEnd == 0 {
      // A CR may be part of the line's end.
      if pending.count > longestLine + 1 {
        let long = tooLong(pending[...], line)
        offset += pending.count
        line += 1
        (pending, skips) = ([], true)
        return [long]
      }
      if hasEnded {
        if pending.isEmpty { return nil }
        lastEnd = pending.count
      } else {
        try readMore()
      }
    }
    if offset == 0 {
      if isFile { try TextCheck.requireKnownStart(pending, file: source) }
      guard encoding != .utf16, !isFile || !TextEncoding.marksUTF16(pending) else {
        throw inUTF16
      }
    }
    let whole = Array(pending[..<lastEnd])
    let lines: [Line]
    if whole.count <= longestLine, let text = try? utf8(whole, line: line, offset: offset) {
      lines = TextFile.lines(of: text).map { Line(text: $0) }
    } else {
      lines = oneByOne(whole)
    }
    pending.removeFirst(lastEnd)
    (offset, line, lastEnd) = (offset + lastEnd, line + lines.count, 0)
    return lines
  }

  /// Lines of which one may be no text.
  private func oneByOne(_ whole: [UInt8]) -> [Line] {
    var (lines, start) = ([Line](), 0)
    while start < whole.count {
      let number = line + lines.count
      let end = whole[start...].firstIndex(of: Ascii.lineFeed) ?? whole.count
      let bytes = whole[start..<end]
      if bytes.count - (bytes.last == Ascii.carriageReturn ? 1 : 0) > longestLine {
        lines.append(tooLong(bytes, number))
      } else {
        do throws(DataError) {
          let text = try utf8(Array(bytes), line: number, offset: offset + start)
          lines.append(Line(text: TextFile.line(text[...])))
        } catch {
          lines.append(Line(text: TextFile.line(bytes), fault: error))
        }
      }
      start = end + 1
    }
    return lines
  }

  private func utf8(_ bytes: [UInt8], line: Int, offset: Int) throws(DataError) -> [UInt8] {
    if offset == 0, TextEncoding.marksUTF16(bytes) { throw inUTF16 }
    do throws(DataError) {
      return try encoding.utf8(
        bytes, file: source, line: line, offset: offset, checksStart: isFile)
    } catch {
      // A better reason, where there is one.
      if offset == 0 { try TextCheck.requireKnownStart(bytes, file: source) }
      throw error
    }
  }

  private var inUTF16: DataError {
    DataError(
      file: source, line: 1, problem: "found UTF-16 text, which is not read line by line",
      advice: "Convert it with: iconv -f UTF-16 -t UTF-8")
  }

  private func tooLong(_ bytes: ArraySlice<UInt8>, _ line: Int) -> Line {
    Line(
      text: TextFile.line(bytes.prefix(longestLine)),
      fault: DataError(
        file: source, line: line,
        problem: "found a line of more than \(longestLine) bytes, the most that are taken",
        advice: "Cut it into lines, or bring the text as a file"),
      isCut: true)
  }

  private mutating func readMore() throws(DataError) {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = try stream.next(&chunk)
    hasEnded = count == 0
    if checksum != nil { chunk[..<count].withUnsafeBytes { checksum?.add($0) } }
    var start = 0
    if skips {
      let end = chunk[..<count].firstIndex(of: Ascii.lineFeed)
      start = end.map { $0 + 1 } ?? count
      skips = end == nil
      offset += start
    }
    if let end = chunk[start..<count].lastIndex(of: Ascii.lineFeed) {
      lastEnd = pending.count + end - start + 1
    }
    pending += chunk[start..<count]
  }
}
