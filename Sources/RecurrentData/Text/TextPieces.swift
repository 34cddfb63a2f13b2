import RecurrentFiles

/// A file of text in pieces of UTF-8, read anew each time, so that a file larger than the memory is never held
/// whole. A piece ends behind a line end, or with the file. What cannot be read twice, or in pieces, is held:
/// standard input and other pipes, UTF-16, and what other programs than gzip have packed.
package enum TextPieces: Sendable {
  case held(TextFile)
  case onDisk(String, TextEncoding)

  /// Bytes that are read at a time.
  static let size = 1 << 18

  /// Looks at the start of the file at `path`.
  ///
  /// - Throws: ``DataError`` when it is missing, or is held and no text.
  package init(_ path: String, encoding: TextEncoding = .utf8) throws(DataError) {
    guard path != "-", encoding != .utf16, !FileBytes.isStream(path) else {
      self = .held(try TextFile(path, encoding: encoding))
      return
    }
    let start = try ByteStream(path).start
    let isHeld = Packing(start).map { $0 != .gzip } ?? false || TextEncoding.marksUTF16(start)
    self = isHeld ? .held(try TextFile(path, encoding: encoding)) : .onDisk(path, encoding)
  }

  /// The file, as errors name it.
  package var source: String {
    switch self {
    case .held(let text): text.source
    case .onDisk(let path, _): path
    }
  }

  /// Bytes of a part in which a table is read that is taken whole if it is not large.
  package var tablePartSize: Int {
    guard case .onDisk(let path, _) = self else { return 1 << 27 }
    // Packed text is a few times as long.
    let isLarge = FileBytes.size(of: path) > (Packing.plainName(path) == path ? 1 << 27 : 1 << 24)
    return isLarge ? 1 << 24 : 1 << 27
  }

  /// Reads pieces until `body` says that it has enough.
  ///
  /// - Throws: ``DataError`` for a byte that is no text.
  func forEachPiece(
    of size: Int = TextPieces.size, _ body: (ArraySlice<UInt8>) throws(DataError) -> Bool
  ) throws(DataError) {
    switch self {
    case .held(let text):
      var start = 0
      while start < text.bytes.count {
        let end = text.bytes[min(start + size, text.bytes.count)...]
          .firstIndex(of: Ascii.lineFeed)
        let next = end.map { $0 + 1 } ?? text.bytes.count
        guard try body(text.bytes[start..<next]) else { return }
        start = next
      }
    case .onDisk(let path, let encoding):
      let stream = try ByteStream(path)
      var chunk = [UInt8](repeating: 0, count: size)
      var (pending, line, offset) = ([UInt8](), 1, 0)
      func give() throws(DataError) -> Bool {
        if offset == 0, TextEncoding.marksUTF16(pending) {
          throw DataError(
            file: path, line: 1, problem: "found UTF-16 text in a packed file",
            advice: "Unpack it first, or convert it with: iconv -f UTF-16 -t UTF-8")
        }
        let text = try encoding.utf8(pending, file: path, line: line, offset: offset)
        line += TextCheck.lineNumber(of: pending.count, in: pending) - 1
        offset += pending.count
        pending = []
        return try body(text[...])
      }
      while true {
        let count = try stream.next(&chunk)
        if count == 0 { break }
        let end = chunk[..<count].lastIndex(of: Ascii.lineFeed) ?? -1
        pending += chunk[...end]
        // A zero byte is no text, and a stream of them has no line end.
        if chunk[..<count].contains(0) { pending += chunk[(end + 1)..<count] }
        if end >= 0 || chunk[..<count].contains(0) {
          guard try give() else { return }
        }
        pending += chunk[(end + 1)..<count]
        guard pending.count <= FileBytes.sizeLimit else {
          throw DataError(
            file: path, line: line,
            problem:
              "found a line of more than \(FileBytes.sizeLimit) bytes, the most that are read",
            advice: "Cut it into lines")
        }
      }
      if !pending.isEmpty { _ = try give() }
    }
  }

  /// Reads lines, without their ends and with their numbers, until `body` says that it has enough.
  ///
  /// - Throws: ``DataError`` for a byte that is no text.
  package func forEachLine(
    _ body: (_ number: Int, _ line: String) throws(DataError) -> Bool
  ) throws(DataError) {
    var number = 0
    try forEachPiece { piece throws(DataError) in
      var start = piece.startIndex
      while start < piece.endIndex {
        let end = piece[start...].firstIndex(of: Ascii.lineFeed) ?? piece.endIndex
        number += 1
        guard try body(number, TextFile.line(piece[start..<end])) else { return false }
        start = end + 1
      }
      return true
    }
  }
}
