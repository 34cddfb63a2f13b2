import RecurrentFiles

/// How a table holds many series without a column that names them.
public enum WideForm: String, CaseIterable, Sendable, Codable {
  /// A series a column, a moment a row.
  case columns
  /// A series a row, a moment a column; the first cell of a row names its series.
  case rows
}

extension Table {
  /// The same values with a row each: columns `series`, the moment if there is one, and `value`. Empty
  /// cells before the first and behind the last value of a series are no rows.
  ///
  /// - Parameters:
  ///   - time: The column of times of a table with a series a column; nil: found by itself.
  ///   - columns: The columns that are series; nil: all of numbers.
  /// - Throws: ``DataError`` if there is no column of numbers, two rows have one name, or the column of
  ///   times is several.
  public func long(
    _ form: WideForm, time: String? = nil, columns: [String]? = nil
  ) throws(DataError) -> Table {
    switch form {
    case .columns: try longOfColumns(time: time, columns: columns)
    case .rows: try longOfRows()
    }
  }

  private func longOfColumns(
    time: String?, columns: [String]?
  ) throws(DataError) -> Table {
    let time = try (time ?? timeColumnName()).map { name throws(DataError) in try column(name) }
    var places: [Int] = []
    for name in columns ?? numericColumns { places.append(try column(name)) }
    places.removeAll { $0 == time }
    guard !places.isEmpty else {
      throw DataError(
        file: source, problem: "there is no column of numbers, expected one a series",
        advice: "With a series a row, say --wide rows")
    }
    let moments = time.map { column in (0..<rowCount).map { text(row: $0, column: column) } }
    return try long(
      moments: moments, named: time.map { columnNames[$0] } ?? "", of: places.count
    ) { place in
      let column = places[place]
      return (columnNames[column], (0..<rowCount).map { text(row: $0, column: column) })
    }
  }

  private func longOfRows() throws(DataError) -> Table {
    guard columnNames.count > 1 else {
      throw DataError(
        file: source, problem: "found one column, expected a name and values in each row")
    }
    var seen: [String: Int] = [:]
    for row in 0..<rowCount {
      let name = text(row: row, column: 0)
      if let other = seen.updateValue(row, forKey: name) {
        throw DataError(
          file: source, line: line(ofRow: row), place: "column \(columnNames[0].shown)",
          problem: "\(name.shown) names the series of line \(line(ofRow: other)) too",
          advice: "Give each row a name of its own")
      }
    }
    let names = Array(columnNames.dropFirst())
    // Such as 2019-01; V2, V3 are no moments.
    let isTimed = names.prefix(50).allSatisfy { TableHeader.Record.isValue($0) }
    return try long(moments: isTimed ? names : nil, named: "time", of: rowCount) { row in
      (text(row: row, column: 0), (1...names.count).map { text(row: row, column: $0) })
    }
  }

  private func long(
    moments: [String]?, named time: String, of count: Int,
    _ series: (Int) -> (name: String, cells: [String])
  ) throws(DataError) -> Table {
    func quoted(_ cell: String) -> String { "\"" + cell.replacing("\"", with: "\"\"") + "\"" }
    let head = moments == nil ? "series,value\n" : "series,\(quoted(time)),value\n"
    var bytes = Array(head.utf8)
    for place in 0..<count {
      let (name, cells) = series(place)
      let isMissing = cells.map { Self.isMissing($0) }
      guard let first = isMissing.firstIndex(of: false),
        let last = isMissing.lastIndex(of: false)
      else { continue }
      let start = quoted(name) + ","
      for row in first...last {
        let moment = moments.map { quoted($0[row]) + "," } ?? ""
        bytes += Array((start + moment + quoted(cells[row]) + "\n").utf8)
      }
    }
    var format = format
    (format.headerLine, format.hasHeader, format.encoding) = (nil, true, .utf8)
    return try Table(csvBytes: bytes, source: source, delimiter: ",", format: format)
  }

  private static func isMissing(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      NumberText.isMissing(
        DelimitedText.Cell(range: 0..<bytes.count, isQuoted: false), in: bytes)
    }
  }
}
