import RecurrentFiles

extension Table {
  /// The times of a column, one per row, ascending.
  ///
  /// Where day and month could be exchanged, the reading that fits every row and ascends is taken;
  /// when both do, slashes mean month/day and dots and dashes day/month. A fraction of a second is
  /// dropped.
  ///
  /// - Throws: ``DataError`` with the line of the first cell that is no time, or is not later than
  ///   the one before it.
  public func times(_ column: String) throws(DataError) -> TimeAxis {
    let times = try timeColumn(self.column(column), previousRow: nil)
    return TimeAxis(checkedSeconds: times.seconds, format: times.format)
  }

  /// The times of a column that ascend from `previousRow` (of the same series) to each row.
  func timeColumn(_ column: Int, previousRow: [Int]?) throws(DataError) -> TimeColumn {
    try TimeColumn(
      TimeColumn.Source(
        file: source, place: "column \(columnNames[column].shown)", count: rowCount,
        previousRow: previousRow,
        withBytes: { row, body in withCellBytes(row, column, body) },
        line: { text.line(ofRow: $0) }))
  }

  /// The name of the column whose times are taken when none is named; nil if no column holds times.
  ///
  /// - Parameter excluded: columns that have another use.
  public func timeColumnName(excluding excluded: [String] = []) -> String? {
    let used = Set(excluded.compactMap { columnNames.firstIndex(of: $0) })
    return likelyTimeColumn(excluding: used).map { columnNames[$0] }
  }

  /// The column that holds the times, if one does.
  ///
  /// It is the first column whose name is a word for time and whose first cells are times, else the
  /// first one whose first cells are calendar dates. Whole numbers are taken for times only in a
  /// column named so (`year`, `timestamp`), and only when they ascend. A column of text named
  /// `date`, `datetime` or `timestamp` is taken in any case: what cannot be read there is an error,
  /// not a table without times.
  func likelyTimeColumn(excluding used: Set<Int>) -> Int? {
    let free = columnNames.indices.filter { !used.contains($0) }
    return free.first { hasTimeName($0) && beginsWithTimes($0) }
      ?? free.first { beginsWithDates($0) } ?? free.first { isNamedForDates($0) && !isNumeric($0) }
  }

  private func isNamedForDates(_ column: Int) -> Bool {
    ["date", "datetime", "timestamp"].contains(
      columnNames[column].lowercased().filter(\.isLetter))
  }

  private func isNumeric(_ column: Int) -> Bool { numericColumns.contains(columnNames[column]) }

  private func hasTimeName(_ column: Int) -> Bool {
    let name = columnNames[column].lowercased()
    return ["date", "time", "month", "year", "day", "quarter", "week", "hour", "period", "ds"]
      .contains { $0 == "ds" || $0 == "period" ? name == $0 : name.contains($0) }
  }

  private func beginsWithTimes(_ column: Int) -> Bool {
    let name = columnNames[column].lowercased().filter(\.isLetter)
    let readings = commonReadings(column)
    if readings.contains(where: \.isCalendar) { return true }
    let mayBeNumbers: [String: TimeFormat.Order] = [
      "year": .year, "date": .year, "time": .unixSeconds, "timestamp": .unixSeconds,
      "unixtime": .unixSeconds, "datetime": .unixSeconds, "ds": .unixSeconds,
    ]
    guard let order = mayBeNumbers[name],
      readings.contains(where: { $0.order == order || $0.order == .compact })
    else { return false }
    let values = (0..<Swift.min(5, rowCount)).compactMap { Double(text(row: $0, column: column)) }
    return zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
  }

  private func beginsWithDates(_ column: Int) -> Bool {
    commonReadings(column).contains(where: \.isCalendar)
  }

  /// The readings that fit the first five cells.
  private func commonReadings(_ column: Int) -> [TimeText.Reading] {
    var readings: [TimeText.Reading] = []
    withCellBytes(0, column) { readings = TimeText.readings(of: $0) }
    for row in 0..<Swift.min(5, rowCount) {
      withCellBytes(row, column) { bytes in
        readings.removeAll { TimeText.time(bytes, as: $0) == nil }
      }
    }
    return readings
  }

  /// Calls `body` with the content of a cell, without spaces around it.
  private func withCellBytes(
    _ row: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    text.bytes.withUnsafeBufferPointer { bytes in
      var content = bytes[text.cell(row: row, column: column, in: bytes).range]
      while content.first == Ascii.space { content.removeFirst() }
      while content.last == Ascii.space { content.removeLast() }
      body(UnsafeBufferPointer(rebasing: content))
    }
  }
}

extension TimeText.Reading {
  /// Whether such times cannot be mistaken for numbers.
  fileprivate var isCalendar: Bool { separator != 0 }
}
