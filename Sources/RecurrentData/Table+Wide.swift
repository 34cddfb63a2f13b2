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

/// What is known of a table with a series a column, of which one part comes after the other.
package struct WideParts {
  /// The columns that are series, and that of times, as the first part has them.
  fileprivate var columns: (series: [String], time: String?)?
  /// Of each series that has begun, the empty cells since its last value: they are rows if another comes.
  fileprivate var pending: [String: Int] = [:]
  /// The last rows, as many as are pending: their moments, and their lines.
  fileprivate var rows: [(moments: [String], line: Int)] = []

  /// The columns of the first part that are neither series nor times.
  fileprivate var others: [String] = []

  package init() {}

  /// What is to be said of columns that became no series: sentences without a full stop.
  package var remarks: [String] {
    let empty = (columns?.series ?? []).filter { pending[$0] == nil }
    return empty.map { "\($0): left out, since every value is missing" }
      + others.map { "\($0): left out, since it holds no numbers" }
  }
}

/// The rows of a long table, and where their values stood in the wide one.
private struct LongRows {
  var bytes: [UInt8]
  var lines: [UInt32] = []
  var places: [Int32] = []
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
  ///   - columns: The columns that are series; nil: all of numbers, by the first 50 cells of each that hold
  ///     a value.
  /// - Throws: ``DataError`` if there is no column of numbers, or two rows have one name. Errors about the
  ///   new table name lines and columns of this one.
  public func long(
    _ form: WideForm, time: String? = nil, columns: [String]? = nil
  ) throws(DataError) -> Table {
    switch form {
    case .columns:
      try table(of: longOfColumns(time: time ?? timeColumnName(), columns ?? columnsOfSeries))
    case .rows: try longOfRows()
    }
  }

  /// The same of a part of a table with a series a column, wherever it was cut; nil where the part has no value.
  package func long(
    part parts: inout WideParts, time: String? = nil
  ) throws(DataError) -> Table? {
    let isFirst = parts.columns == nil
    let columns = parts.columns ?? (series: columnsOfSeries, time: time ?? timeColumnName())
    var known: WideParts? = parts
    let rows = try longOfColumns(time: columns.time, columns.series, &known)
    parts = known ?? parts
    parts.columns = columns
    if isFirst {
      let times = try columns.time.map { name throws(DataError) in try timeColumns(name) } ?? []
      let series = Set(columns.series)
      parts.others = columnNames.indices.filter { !times.contains($0) }.map { columnNames[$0] }
        .filter { !series.contains($0) }
      parts.columns?.series.removeAll { name in times.contains { columnNames[$0] == name } }
    }
    return rows.lines.isEmpty ? nil : try table(of: rows, headerLine: isFirst ? nil : 1)
  }

  private func longOfColumns(
    time: String?, _ columns: [String]
  ) throws(DataError) -> LongRows {
    var none: WideParts?
    return try longOfColumns(time: time, columns, &none)
  }

  private func longOfColumns(
    time: String?, _ columns: [String], _ parts: inout WideParts?
  ) throws(DataError) -> LongRows {
    let times = try time.map { name throws(DataError) in try timeColumns(name) } ?? []
    var places: [Int] = []
    for name in columns { places.append(try column(name)) }
    places.removeAll { times.contains($0) }
    guard !places.isEmpty else {
      throw DataError(
        file: source, problem: "there is no column of numbers, expected one a series",
        advice: "With a series a row, say --wide rows")
    }
    let moments = times.map { column in
      (columnNames[column], (0..<rowCount).map { text(row: $0, column: column) })
    }
    return long(moments: moments, of: places.count, &parts) { place in
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
    var none: WideParts?
    let rows = long(moments: isTimed ? [("time", names)] : [], of: rowCount, &none) { row in
      (text(row: row, column: 0), (1...names.count).map { text(row: row, column: $0) })
    } standing: { row, place in
      (line(ofRow: row), place + 1)
    }
    return try table(of: rows, timesAreNames: true)
  }

  /// - Parameters:
  ///   - moments: the columns of times, with a cell for each value of a series.
  ///   - standing: the line and the column of a value.
  private func long(
    moments: [(name: String, cells: [String])], of count: Int, _ parts: inout WideParts?,
    _ series: (Int) -> (name: String, cells: [String]),
    standing: (_ series: Int, _ value: Int) -> (line: Int, column: Int)
  ) -> LongRows {
    func quoted(_ cell: String) -> String { "\"" + cell.replacing("\"", with: "\"\"") + "\"" }
    let head = ["series"] + moments.map { quoted($0.name) } + ["value"]
    var rows = LongRows(bytes: Array((head.joined(separator: ",") + "\n").utf8))
    func add(_ name: String, _ moments: [String], _ cell: String, _ line: Int, _ column: Int) {
      let cells = [name] + moments + [cell]
      rows.bytes += Array((cells.map(quoted).joined(separator: ",") + "\n").utf8)
      rows.lines.append(UInt32(clamping: line))
      rows.places.append(Int32(clamping: column))
    }
    for place in 0..<count {
      let (name, cells) = series(place)
      let isMissing = cells.map { Self.isMissing($0) }
      let pending = parts?.pending[name]
      guard let first = isMissing.firstIndex(of: false),
        let last = isMissing.lastIndex(of: false)
      else {
        if let pending { parts?.pending[name] = pending + cells.count }
        // Said of it is that it is empty, if no other part of the table can say more.
        if parts == nil, let cell = cells.first {
          let (line, column) = standing(place, 0)
          add(name, moments.map { $0.cells[0] }, cell, line, column)
        }
        continue
      }
      for row in parts?.rows.suffix(pending ?? 0) ?? [] {
        add(name, row.moments, "", row.line, standing(place, 0).column)
      }
      for row in (pending == nil ? first : 0)...last {
        let (line, column) = standing(place, row)
        add(name, moments.map { $0.cells[row] }, cells[row], line, column)
      }
      parts?.pending[name] = cells.count - 1 - last
    }
    if let most = parts?.pending.values.max() {
      let own = (0..<rowCount).suffix(most).map { row in
        (moments.map { $0.cells[row] }, line(ofRow: row))
      }
      let before = parts?.rows.suffix(max(0, most - own.count)) ?? []
      parts?.rows = before + own
    }
    return rows
  }

  private func table(
    of rows: LongRows, headerLine known: Int? = nil, timesAreNames: Bool = false
  ) throws(DataError) -> Table {
    var format = format
    (format.headerLine, format.hasHeader, format.encoding) = (known, true, .utf8)
    var table = try Table(csvBytes: rows.bytes, source: source, delimiter: ",", format: format)
    // Rows right below the header may be taken for units, and left out.
    let left = rows.lines.count - table.rowCount
    guard left >= 0 else { return table }
    table.stands(
      in: WideCells(
        names: columnNames, places: Array(rows.places[left...]), timesAreNames: timesAreNames),
      onLines: Array(rows.lines[left...]), headerLine: headerLine)
    return table
  }

  private static func isMissing(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      NumberText.isMissing(
        DelimitedText.Cell(range: 0..<bytes.count, isQuoted: false), in: bytes)
    }
  }
}
