import RecurrentFiles

extension Series {
  /// Reads one series from the CSV file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - value: The column to forecast.
  ///   - time: The column of times, or several that make one, as `Date,Time`. `nil` takes the first
  ///     column that is named like a time and holds times, else the first that holds calendar dates,
  ///     else numbers the rows.
  ///   - covariates: Columns that are known beside the target.
  ///   - missing: What to do with cells that hold no value.
  /// - Throws: ``DataError`` with file, line and column.
  public init(
    csv path: String, value: String, time: String? = nil, covariates: [String] = [],
    missing: MissingValues = .error
  ) throws(DataError) {
    let all = try Series.read(
      Table(csv: path), value: value, time: time, covariates: covariates, missing: missing)
    self = all[0]
  }

  /// Reads the series of `table`, in the order in which they first appear.
  ///
  /// - Parameters:
  ///   - table: The table.
  ///   - value: The column to forecast.
  ///   - time: The column of times, ascending within each series; `nil` as in
  ///     ``init(csv:value:time:covariates:missing:)``.
  ///   - covariates: Columns that are known beside the target.
  ///   - seriesColumn: The column that tells series apart; `nil` when the table is one series.
  ///   - missing: What to do with cells that hold no value; gaps are filled within a series.
  ///   - options: How the times are to be read, where that is not left to the evidence.
  ///   - model: Times that were written alike: their reading and frequency are preferred.
  /// - Returns: At least one series; exactly one without `seriesColumn`.
  /// - Throws: ``DataError`` with file, line and column.
  public static func read(
    _ table: Table, value: String, time: String? = nil, covariates: [String] = [],
    groupedBy seriesColumn: String? = nil, missing: MissingValues = .error,
    times options: TimeOptions = TimeOptions(), like model: TimeAxis? = nil
  ) throws(DataError) -> [Series] {
    try checkDistinct(
      [("value", value)] + covariates.map { ("covariate", $0) }
        + (time.map { [("time", $0)] } ?? []) + (seriesColumn.map { [("series", $0)] } ?? []),
      table)
    let valueColumn = try table.column(value)
    var covariateColumns: [Int] = []
    for name in covariates { covariateColumns.append(try table.column(name)) }
    let groupColumn: Int? = if let seriesColumn { try table.column(seriesColumn) } else { nil }
    var used = Set([valueColumn] + covariateColumns)
    if let groupColumn { used.insert(groupColumn) }
    let timeColumns =
      if let time { try table.timeColumns(time) } else { table.likelyTimeColumns(excluding: used) }

    let groups = try Groups(table, column: groupColumn)
    var times: TimeColumn?
    if let timeColumns {
      times = try table.timeColumn(
        timeColumns, previousRow: groups.previousRow, options: options, like: model?.format)
    }
    let columns = [valueColumn] + covariateColumns
    var raw: [[Double]] = []
    for column in columns { raw.append(try table.numbersOrNaN(column: column)) }

    var all: [Series] = []
    all.reserveCapacity(groups.members.count)
    for group in groups.members {
      var filled: [Covariate] = []
      for (column, values) in zip(columns, raw) {
        let own = groups.members.count == 1 ? values : group.rows.map { values[$0] }
        filled.append(
          Covariate(
            name: table.columnNames[column],
            values: try table.filled(own, rows: group.rows, column: column, missing)))
      }
      let axis = times.map { column in
        TimeAxis(
          checkedTicks: groups.members.count == 1
            ? column.ticks : group.rows.map { column.ticks[$0] }, format: column.format,
          like: model?.frequency, reading: column.reading)
      }
      all.append(
        Series(
          checkedName: group.name, targetName: value,
          times: axis ?? TimeAxis(rowCount: group.rows.count), target: filled[0].values,
          covariates: Array(filled.dropFirst()), source: table.source))
    }
    return all
  }

  private static func checkDistinct(
    _ roles: [(role: String, name: String)], _ table: Table
  ) throws(DataError) {
    var seen: [String: String] = [:]
    for (role, name) in roles {
      guard let other = seen.updateValue(role, forKey: name) else { continue }
      throw DataError(
        file: table.source, place: "column \(name.shown)",
        problem: other == role
          ? "the column is named twice as \(role)"
          : "the column is named as \(other) and as \(role)",
        advice: "Give each column one role")
    }
  }
}

/// The rows of each series of a table.
private struct Groups {
  /// A series' name and rows, in the order of the table.
  var members: [(name: String?, rows: [Int])] = []
  /// The row before each row in the same series, -1 for the first; `nil` when there is one series.
  var previousRow: [Int]?

  init(_ table: Table, column: Int?) throws(DataError) {
    guard let column else {
      members = [(nil, Array(0..<table.rowCount))]
      return
    }
    var places: [String: Int] = [:]
    var previous: [Int] = []
    previous.reserveCapacity(table.rowCount)
    for row in 0..<table.rowCount {
      let name = table.text(row: row, column: column)
      guard !name.isEmpty else {
        throw DataError(
          file: table.source, line: table.line(ofRow: row),
          place: "column \(table.columnNames[column].shown)",
          problem: "found an empty cell, expected the name of a series",
          advice: "Name the series of every row")
      }
      if let place = places[name] {
        previous.append(members[place].rows.last ?? -1)
        members[place].rows.append(row)
      } else {
        places[name] = members.count
        members.append((name, [row]))
        previous.append(-1)
      }
    }
    previousRow = previous
  }
}
