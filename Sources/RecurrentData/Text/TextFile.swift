import RecurrentFiles

/// A file of text, read and checked.
///
/// Lines end with LF or CRLF, and with nothing else: U+0085, U+2028 and a lone CR are part of the
/// text, as `wc`, `head` and most writers of corpora have it. A last line without its end counts.
///
/// ```swift
/// let reviews = try TextFile("reviews.txt", encoding: .windows1252)
/// for line in reviews.lines { … }
/// ```
public struct TextFile: Sendable {
  /// The file, as the user named it; errors begin with it.
  public let source: String
  /// The text in UTF-8, without a byte-order mark.
  let bytes: [UInt8]

  /// Reads the file at `path`, also one packed by gzip, xz, bzip2 or zstd; `-` is standard input.
  ///
  /// - Throws: ``DataError`` when it is missing, or holds a byte that is no text in `encoding`.
  public init(_ path: String, encoding: TextEncoding = .utf8) throws(DataError) {
    try self.init(
      bytes: FileBytes.read(path, mayHoldZeros: encoding == .utf16),
      source: FileBytes.name(of: path), encoding: encoding)
  }

  /// Takes the bytes of a file; `source` stands for the file in errors.
  public init(
    bytes: [UInt8], source: String, encoding: TextEncoding = .utf8
  ) throws(DataError) {
    self.source = source
    self.bytes = try encoding.utf8(bytes, file: source)
  }

  /// The whole file as text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The lines without their ends; line n of the file is at index n - 1.
  public var lines: [String] { Self.lines(of: bytes) }

  /// The lines of a text in UTF-8.
  static func lines(of bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: Ascii.lineFeed) ?? bytes.count
      lines.append(line(bytes[start..<end]))
      start = end + 1
    }
    return lines
  }

  /// A line without the CR of a CRLF.
  static func line(_ bytes: ArraySlice<UInt8>) -> String {
    let hasReturn = bytes.last == Ascii.carriageReturn
    return String(decoding: hasReturn ? bytes.dropLast() : bytes, as: UTF8.self)
  }

  /// The table in it, as ``Table`` reads CSV.
  public func table(
    delimiter: Character? = nil, hasHeader: Bool = true
  ) throws(DataError) -> Table {
    try Table(
      csvBytes: bytes, source: source, delimiter: delimiter,
      format: TableFormat(hasHeader: hasHeader))
  }
}
