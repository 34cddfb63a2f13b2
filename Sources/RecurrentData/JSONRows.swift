import RecurrentFiles

/// A JSON object a line, as the rows of a table: the members are the columns, which the first object names. A member
/// that an object lacks, or that is null, is an empty cell.
struct JSONRows {
  /// The line with the names of the columns; cells are parted by commas.
  let header: [UInt8]
  private let columns: [String]
  private let places: [String: Int]
  private let file: String

  /// Looks at the first object; nil if text begins otherwise.
  ///
  /// - Throws: ``DataError`` if that is no object in a line of its own.
  init?(_ text: ArraySlice<UInt8>, file: String) throws(DataError) {
    guard let start = text.firstIndex(where: { $0 > Ascii.space }),
      text[start] == UInt8(ascii: "{")
    else { return nil }
    let end = text[start...].firstIndex(of: Ascii.lineFeed) ?? text.endIndex
    var scanner = JSONScanner(Array(text[start..<end]))
    var columns: [String] = []
    do throws(JSONScanner.Failure) {
      try scanner.object { scanner, name throws(JSONScanner.Failure) in
        columns.append(name)
        try scanner.skipValue()
      }
    } catch {
      let line = text[..<start].count { $0 == Ascii.lineFeed } + 1
      throw Self.error(error, file, line)
    }
    self.columns = columns
    self.file = file
    places = Dictionary(zip(columns, columns.indices)) { first, _ in first }
    header = columns.map(Self.quoted).joined(separator: [Ascii.comma]) + [Ascii.lineFeed]
  }

  /// The rows of objects, a line for each of theirs.
  ///
  /// - Parameter line: the number of the first line in the file.
  /// - Throws: ``DataError`` for a line that is no object, a member that the first object does not have or that is
  ///   there twice, or one that is a list or an object.
  func rows(_ text: ArraySlice<UInt8>, line: Int = 1) throws(DataError) -> [UInt8] {
    let bytes = Array(text)
    var (rows, line, start) = ([UInt8](), line, 0)
    rows.reserveCapacity(bytes.count)
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: Ascii.lineFeed) ?? bytes.count
      do throws(JSONScanner.Failure) {
        var scanner = JSONScanner(bytes, range: start..<end)
        if scanner.next() != nil {
          rows += try cells(&scanner, bytes).joined(separator: [Ascii.comma])
          try scanner.expectEnd()
        }
      } catch {
        throw Self.error(error, file, line)
      }
      rows.append(Ascii.lineFeed)
      (start, line) = (end + 1, line + 1)
    }
    return rows
  }

  private func cells(
    _ scanner: inout JSONScanner, _ bytes: [UInt8]
  ) throws(JSONScanner.Failure) -> [[UInt8]] {
    var cells = [[UInt8]?](repeating: nil, count: columns.count)
    var expected = 0
    try scanner.object { scanner, name throws(JSONScanner.Failure) in
      // Most objects have the order of the first.
      let isNext = expected < columns.count && columns[expected] == name
      guard let place = isNext ? expected : places[name] else {
        throw JSONScanner.Failure(
          offset: scanner.position,
          problem: "found the member \(name.shown), which the first object does not have")
      }
      guard cells[place] == nil else {
        throw JSONScanner.Failure(
          offset: scanner.position, problem: "found two members named \(name.shown)")
      }
      expected = place + 1
      cells[place] = try Self.cell(&scanner, bytes)
    }
    return cells.map { $0 ?? [] }
  }

  private static func cell(
    _ scanner: inout JSONScanner, _ bytes: [UInt8]
  ) throws(JSONScanner.Failure) -> [UInt8] {
    switch scanner.next() {
    case UInt8(ascii: "\""):
      let start = scanner.position
      let text = try scanner.string()
      guard !text.utf8.contains(where: { $0 == Ascii.lineFeed || $0 == 0x0D }) else {
        throw JSONScanner.Failure(offset: start, problem: "found a line end within a text")
      }
      return quoted(text)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      throw scanner.unexpected("a number, a text, true, false or null")
    default:
      if scanner.skip("null") { return [] }
      let start = scanner.position
      try scanner.skipValue()
      return Array(bytes[start..<scanner.position])
    }
  }

  private static func quoted(_ text: String) -> [UInt8] {
    Array("\"\(text.replacing("\"", with: "\"\""))\"".utf8)
  }

  private static func error(
    _ failure: JSONScanner.Failure, _ file: String, _ line: Int
  ) -> DataError {
    DataError(
      file: file, line: line, problem: failure.problem,
      advice: "Expected an object a line, as {\"date\": \"2024-01-31\", \"sold\": 3}")
  }
}
