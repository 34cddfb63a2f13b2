import RecurrentFiles

/// Where the values of a wide table stood.
struct WideCells: Sendable {
  /// The names of the columns that hold values.
  let names: [String]
  /// The number, among the series, of the one that each row is of.
  let places: [Int32]
  /// Whether times are the names of columns.
  let timesAreNames: Bool

  func name(ofRow row: Int) -> String { names[Int(places[row])] }
}

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
  ///   - time: The column of times of a table with a series a column, or several that make one, as
  ///     `Date,Time`; nil: found by itself.
  ///   - columns: The columns that are series; nil: all of numbers.
  /// - Throws: ``DataError`` if there is no column of numbers, or two rows have one name. Errors about the
  ///   new table name lines and columns of this one.
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
    let times =
      try (time ?? timeColumnName()).map { name throws(DataError) in try timeColumns(name) } ?? []
    var places: [Int] = []
    for name in columns ?? numericColumns { places.append(try column(name)) }
    places.removeAll { times.contains($0) }
    guard !places.isEmpty else {
      throw DataError(
        file: source, problem: "there is no column of numbers, expected one a series",
        advice: "With a series a row, say --wide rows")
    }
    let moments = times.map { column in
      (columnNames[column], (0..<rowCount).map { text(row: $0, column: column) })
    }
    return try long(moments: moments, of: places.count, isOfRows: false) { place in
      let column = places[place]
      return (columnNames[column], (0..<rowCount).map { text(row: $0, column: column) })
    } standing: { place, row in
      (line(ofRow: row), places[place])
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
    return try long(
      moments: isTimed ? [("time", names)] : [], of: rowCount, isOfRows: true
    ) { row in
      (text(row: row, column: 0), (1...names.count).map { text(row: row, column: $0) })
    } standing: { row, place in
      (line(ofRow: row), place + 1)
    }
  }

  /// - Parameters:
  ///   - moments: the columns of times, with a cell for each value of a series.
  ///   - standing: the line and the column of a value.
  private func long(
    moments: [(name: String, cells: [String])], of count: Int, isOfRows: Bool,
    _ series: (Int) -> (name: String, cells: [String]),
    standing: (_ series: Int, _ value: Int) -> (line: Int, column: Int)
  ) throws(DataError) -> Table {
    var (lines, places) = ([UInt32](), [Int32]())
    func quoted(_ cell: String) -> String { "\"" + cell.replacing("\"", with: "\"\"") + "\"" }
    let head = ["series"] + moments.map { quoted($0.name) } + ["value"]
    var bytes = Array((head.joined(separator: ",") + "\n").utf8)
    for place in 0..<count {
      let (name, cells) = series(place)
      let isMissing = cells.map { Self.isMissing($0) }
      guard let first = isMissing.firstIndex(of: false),
        let last = isMissing.lastIndex(of: false)
      else { continue }
      let start = quoted(name) + ","
      for row in first...last {
        let moment = moments.map { quoted($0.cells[row]) + "," }.joined()
        bytes += Array((start + moment + quoted(cells[row]) + "\n").utf8)
        let (line, column) = standing(place, row)
        lines.append(UInt32(clamping: line))
        places.append(Int32(clamping: column))
      }
    }
    var format = format
    (format.headerLine, format.hasHeader, format.encoding) = (nil, true, .utf8)
    var table = try Table(csvBytes: bytes, source: source, delimiter: ",", format: format)
    // Rows right below the header may be taken for units, and left out.
    let left = lines.count - table.rowCount
    guard left >= 0 else { return table }
    table.stands(
      in: WideCells(
        names: columnNames, places: Array(places[left...]), timesAreNames: isOfRows),
      onLines: Array(lines[left...]), headerLine: headerLine)
    return table
  }

  private static func isMissing(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      NumberText.isMissing(
        DelimitedText.Cell(range: 0..<bytes.count, isQuoted: false), in: bytes)
    }
  }
}
