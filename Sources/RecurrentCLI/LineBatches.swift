import Recurrent

/// Gives `body` the lines of a file, or of standard input as they come, many at once.
func forEachBatch(
  of file: String?, encoding: TextEncoding, _ body: ([String]) throws -> Void
) throws {
  guard let file else {
    var input = LineReader(encoding: encoding)
    while let lines = try input.next() { try body(lines) }
    return
  }
  let lines = try TextFile(file, encoding: encoding).lines
  for start in stride(from: 0, to: lines.count, by: 1024) {
    try body(Array(lines[start..<min(start + 1024, lines.count)]))
  }
}
