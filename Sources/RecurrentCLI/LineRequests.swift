import Recurrent

/// What is asked in one or several lines of a file or of standard input: a text, or the rows of a
/// series.
struct LineRequest {
  /// What goes through unchanged; nil: there is no such column, or it cannot be told.
  var key: String?
  /// The text of the request: the line without its key; of a series, such text of each line.
  var text: String
  /// The first line, from 1.
  let line: Int
  /// Why the line cannot be answered; nil if it can.
  var fault: DataError?
}

/// The requests as their lines come. With a key, a line has columns between tabs, and one of them is
/// the key.
struct LineRequests {
  private var reader: LineReader
  let source: String
  /// The column of the key as it was named.
  let keyName: String?
  /// Whether lines of one key, one behind the other, are one request.
  private let groups: Bool
  /// The place of the key.
  private var place: Int?
  /// The names of the other columns, where the first line has them.
  private(set) var names: [String]?
  private var line = 0
  private var group: LineRequest?
  private var seen: Set<String> = []
  private var hasEnded = false

  /// Bytes of a series: more are not taken, so that rows of one key without an end fill no memory.
  static let longestSeries = 1 << 30

  init(_ reader: LineReader, source: String, key: String?, groups: Bool = false) {
    (self.reader, self.source, keyName, self.groups) = (reader, source, key, groups)
    place = key.flatMap { Int($0) }.map { $0 - 1 }
  }

  /// The checksum of what was read, if it is asked for before.
  var checksum: Checksum? {
    get { reader.checksum }
    set { reader.checksum = newValue }
  }

  /// The next requests, those that are there already; nil at the end.
  ///
  /// - Throws: ``DataError`` where nothing can be read any more, and for a header without the key.
  mutating func next() throws(DataError) -> [LineRequest]? {
    while !hasEnded {
      guard let lines = try reader.nextLines() else {
        hasEnded = true
        return endGroup().map { [$0] }
      }
      var requests: [LineRequest] = []
      for line in lines {
        self.line += 1
        guard let request = try split(line) else { continue }
        requests += groups ? add(request) : [request]
      }
      if !requests.isEmpty { return requests }
    }
    return nil
  }

  /// A line and its key; nil: it names the columns.
  private mutating func split(_ line: LineReader.Line) throws(DataError) -> LineRequest? {
    guard let keyName else {
      return LineRequest(text: line.text, line: self.line, fault: line.fault)
    }
    var cells = line.text.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false)
      .map(String.init)
    guard let place else {
      if let fault = line.fault { throw fault }
      guard let found = cells.firstIndex(of: keyName) else {
        throw DataError(
          file: source, line: self.line, place: "column \(quoted(keyName))",
          problem: "there is no such column; between tabs, the first line has "
            + cells.prefix(20).map { quoted(String($0.prefix(40))) }.joined(separator: ", "),
          advice: "Where no line names the columns, give --key-column a number, from 1")
      }
      self.place = found
      cells.remove(at: found)
      names = cells
      return nil
    }
    // The last cell of a line that is too long may go on.
    guard place < cells.count - (line.isCut ? 1 : 0) else {
      let fault = DataError(
        file: source, line: self.line,
        problem: "found \(cells.count) column\(cells.count == 1 ? "" : "s") between tabs, expected "
          + "the key in column \(place + 1)",
        advice: "Name another column with --key-column, or put a tab between key and text")
      let isEmpty = groups && line.text.isEmpty && line.fault == nil
      return LineRequest(
        text: line.text, line: self.line, fault: isEmpty ? nil : line.fault ?? fault)
    }
    let key = cells.remove(at: place)
    return LineRequest(
      key: key, text: cells.joined(separator: "\t"), line: self.line, fault: line.fault)
  }

  // MARK: Series

  /// Takes a row.
  ///
  /// - Returns: what is to be answered before the next one.
  private mutating func add(_ row: LineRequest) -> [LineRequest] {
    guard row.fault != nil || !(row.text + (row.key ?? "")).isEmpty else {
      // Who asks for one series after the other ends each by an empty line, and may ask again.
      let ended = group
      group = nil
      return ended.map { [$0] } ?? []
    }
    guard row.key != nil else { return [row] }
    var row = row
    if row.text.isEmpty, row.fault == nil {
      row.fault = DataError(
        file: source, line: row.line, place: "key \(quoted(row.key ?? ""))",
        problem: "found nothing behind the key, expected time and values",
        advice: "Put tabs between the columns")
    }
    guard group?.key == row.key else {
      let ended = endGroup()
      group = row
      if let key = row.key, seen.contains(key) {
        group?.fault = DataError(
          file: source, line: row.line, place: "key \(quoted(key))",
          problem: "found rows behind those of other keys, expected all rows of a key together",
          advice: "Sort the lines by their key")
      }
      return ended.map { [$0] } ?? []
    }
    if group?.fault == nil { group?.fault = row.fault }
    guard group?.fault == nil else {
      group?.text = ""
      return []
    }
    group?.text += "\n" + row.text
    if let size = group?.text.utf8.count, size > Self.longestSeries {
      group?.fault = DataError(
        file: source, line: row.line,
        problem: "found a series of more than \(Self.longestSeries) bytes, the most that are taken",
        advice: "Bring only the last rows")
    }
    return []
  }

  private mutating func endGroup() -> LineRequest? {
    guard let ended = group else { return nil }
    group = nil
    if let key = ended.key { seen.insert(key) }
    return ended
  }
}
