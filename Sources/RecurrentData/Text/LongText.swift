import RecurrentFiles

/// A text in one or several files, read in pieces each time that it is needed, so that it is never
/// held whole. Several files are one text, in their order.
///
/// A piece ends behind a line end, which no character, word or token crosses; a text without line ends
/// is one piece.
public struct LongText: Sendable {
  private let files: [TextPieces]
  private let pieceSize: Int
  /// The files, as errors name them.
  public let source: String
  /// Characters as readers see them.
  public private(set) var count = 0

  /// The text of files that were read before.
  public init(_ files: [TextFile]) throws(DataError) {
    try self.init(files, pieceSize: TextPieces.size)
  }

  /// - Parameter pieceSize: bytes that are read at a time.
  package init(_ files: [TextFile], pieceSize: Int) throws(DataError) {
    self.files = files.map(TextPieces.held)
    self.pieceSize = pieceSize
    source = files.map(\.source).joined(separator: ", ")
    count = try counted()
  }

  /// The text of the files at `paths`, also of those packed by gzip, which are read once now and again
  /// for each pass. Standard input (`-`), UTF-16 and what other programs have packed are held.
  ///
  /// - Throws: ``DataError`` when one is missing, or holds a byte that is no text in `encoding`.
  public init(_ paths: [String], encoding: TextEncoding = .utf8) throws(DataError) {
    try self.init(paths, encoding: encoding, pieceSize: TextPieces.size)
  }

  /// - Parameter pieceSize: bytes that are read at a time.
  package init(
    _ paths: [String], encoding: TextEncoding = .utf8, pieceSize: Int
  ) throws(DataError) {
    self.pieceSize = pieceSize
    files = try paths.map { path throws(DataError) in try TextPieces(path, encoding: encoding) }
    source = paths.map(FileBytes.name).joined(separator: ", ")
    count = try counted()
  }

  /// The part that is all of the text.
  public var whole: TextPart { part(0..<count) }

  /// Some of its characters.
  public func part(_ range: Range<Int>) -> TextPart { TextPart(text: self, range: range) }

  private func counted() throws(DataError) -> Int {
    var count = 0
    try forEachPiece { count += $0.count }
    return count
  }

  fileprivate func forEachPiece(
    _ body: (String) throws(DataError) -> Void
  ) throws(DataError) {
    var rest: [UInt8] = []
    for file in files {
      try file.forEachPiece(of: pieceSize) { bytes throws(DataError) in
        guard let end = bytes.lastIndex(of: Ascii.lineFeed) else {
          rest += bytes
          return true
        }
        rest += bytes[...end]
        let piece = String(decoding: rest, as: UTF8.self)
        rest = Array(bytes[(end + 1)...])
        try body(piece)
        return true
      }
    }
    if !rest.isEmpty { try body(String(decoding: rest, as: UTF8.self)) }
  }
}

/// Some characters of a text that lies in files.
public struct TextPart: Sendable {
  let text: LongText
  /// The part's characters, by number in the text.
  public let range: Range<Int>
  /// The files, as errors name them.
  package var source: String { text.source }

  /// Characters as readers see them.
  public var count: Int { range.count }
  /// Whether there are none.
  public var isEmpty: Bool { range.isEmpty }

  /// All of the part, held in memory.
  public func read() throws(DataError) -> String {
    var result = ""
    try forEachPiece { piece, _ in result += piece }
    return result
  }

  /// Reads it piece by piece.
  ///
  /// - Parameter body: gets each piece, and whether it is the first.
  /// - Throws: ``DataError`` also where the files are not any more what they were.
  package func forEachPiece(
    _ body: (String, _ isFirst: Bool) throws(DataError) -> Void
  ) throws(DataError) {
    guard !isEmpty else { return }
    var start = 0
    try text.forEachPiece { piece throws(DataError) in
      let end = start + piece.count
      defer { start = end }
      guard start < range.upperBound, end > range.lowerBound else { return }
      let from = Swift.max(range.lowerBound - start, 0)
      let to = Swift.min(range.upperBound, end) - start
      let isWhole = from == 0 && to == end - start
      try body(
        isWhole ? piece : String(piece.dropFirst(from).prefix(to - from)),
        start <= range.lowerBound)
    }
    guard start == text.count else {
      throw DataError(
        file: text.source,
        problem: "found \(start) characters, and \(text.count) when it was read first",
        advice: "Train again when nobody writes to the file")
    }
  }
}
