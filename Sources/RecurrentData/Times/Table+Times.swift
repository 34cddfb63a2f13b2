import RecurrentFiles

extension Table {
  /// The times of a column, one per row, ascending.
  ///
  /// Where times can be read in several ways, the one that fits every row, ascends and is most regular
  /// is taken, unless `options` decide; ``TimeAxis/reading`` tells it.
  ///
  /// - Parameter column: the column's name, or those of several whose cells make a time together:
  ///   `Date,Time`.
  /// - Throws: ``DataError`` with the line of the first cell that is no time, or is not later than
  ///   the one before it.
  public func times(
    _ column: String, options: TimeOptions = TimeOptions()
  ) throws(DataError) -> TimeAxis {
    let source = timeSource(try timeColumns(column), previousRow: nil)
    let times = try TimeColumn(source, options: options)
    if times.isDescending { throw TimeErrors(source).descending(1, of: times.ticks) }
    return TimeAxis(checkedTicks: times.ticks, format: times.format, reading: times.reading)
  }

  /// The columns that a name stands for: the one of that name, or several with commas between.
  public func timeColumns(_ name: String) throws(DataError) -> [Int] {
    if let index = columnNames.firstIndex(of: name) { return [index] }
    let names = name.split(separator: ",").map { $0.drop { $0 == " " } }
    guard names.count > 1 else { return [try column(name)] }
    var columns: [Int] = []
    for name in names { columns.append(try column(String(name))) }
    return columns
  }

  /// The cells of columns that make a time together, with a space between them.
  func timeSource(_ columns: [Int], previousRow: [Int]?) -> TimeColumn.Source {
    let names = columns.map { columnNames[$0] }
    return TimeColumn.Source(
      file: source, place: "column \(names.joined(separator: ",").shown)", count: rowCount,
      previousRow: previousRow,
      clockColumns: columns.count == 1
        ? clockColumn(beside: columns[0]).map { "\(names[0]),\($0)" } : nil,
      withBytes: { row, body in withCellBytes(row, columns, body) },
      line: { text.line(ofRow: $0) })
  }

  /// The name of the column whose times are taken when none is named; nil if no column holds times.
  ///
  /// Two columns with a comma between are a date and its time of day.
  ///
  /// - Parameter excluded: columns that have another use.
  public func timeColumnName(excluding excluded: [String] = []) -> String? {
    let used = Set(excluded.compactMap { columnNames.firstIndex(of: $0) })
    return likelyTimeColumns(excluding: used).map { columns in
      columns.map { columnNames[$0] }.joined(separator: ",")
    }
  }

  /// The columns that hold the times, if some do.
  ///
  /// It is the first column whose name is a word for time and whose first cells are times, else the
  /// first one whose first cells are calendar dates. Whole numbers are taken for times only in a
  /// column named so (`year`, `timestamp`), and only when they ascend or descend. A column of text named
  /// `date`, `datetime` or `timestamp` is taken in any case: what cannot be read there is an error,
  /// not a table without times. Days that repeat are read with a column of times of day, if there is
  /// one.
  func likelyTimeColumns(excluding used: Set<Int>) -> [Int]? {
    let free = columnNames.indices.filter { !used.contains($0) }
    let found =
      free.first { hasTimeName($0) && beginsWithTimes($0) }
      ?? free.first { beginsWithDates($0) } ?? free.first { isNamedForDates($0) && !isNumeric($0) }
    guard let found else { return nil }
    guard rowCount > 1, firstCells(found, 2)[0] == firstCells(found, 2)[1],
      let clock = clockColumn(beside: found).flatMap({ columnNames.firstIndex(of: $0) }),
      !used.contains(clock)
    else { return [found] }
    return [found, clock]
  }

  /// The column of times of day beside a column of dates: one named for it whose first cells make times
  /// with the dates, as `16:30`, or as hours from 0 to 24.
  private func clockColumn(beside date: Int) -> String? {
    guard beginsWithDates(date) || beginsWithTimes(date) else { return nil }
    let dates = firstCells(date)
    guard dates.allSatisfy({ !$0.contains(Ascii.colon) }) else { return nil }
    let clock = columnNames.indices.first { column in
      let name = columnNames[column].lowercased()
      guard column != date, ["time", "hour", "clock", "hh", "hhmm"].contains(where: name.contains)
      else { return false }
      let cells = firstCells(column)
      let joined = zip(dates, cells).map { $0 + [Ascii.space] + $1 }
      return cells.allSatisfy { (1...12).contains($0.count) } && !Self.readings(of: joined).isEmpty
    }
    return clock.map { columnNames[$0] }
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
      || Self.numberNames[name.filter(\.isLetter)] != nil
  }

  /// Names of columns whose whole numbers are times, and whether plain numbers are, too.
  private static let numberNames: [String: Bool] = [
    "year": false, "date": false, "month": false, "period": false, "week": false,
    "yearmonth": false,
    "yyyymm": false, "yyyymmdd": false, "ym": false, "ymd": false, "time": true, "timestamp": true,
    "unixtime": true, "unix": true, "epoch": true, "datetime": true, "ds": true, "ts": true,
  ]

  private func beginsWithTimes(_ column: Int) -> Bool {
    let readings = Self.readings(of: firstCells(column))
    if readings.contains(where: \.isCalendar) { return true }
    guard let takesIndex = Self.numberNames[columnNames[column].lowercased().filter(\.isLetter)],
      readings.contains(where: { takesIndex || !TimeFormat($0).isIndex })
    else { return false }
    let values = firstCells(column).compactMap { Double(String(decoding: $0, as: UTF8.self)) }
    let pairs = zip(values, values.dropFirst())
    return pairs.allSatisfy { $0 < $1 } || pairs.allSatisfy { $0 > $1 }
  }

  private func beginsWithDates(_ column: Int) -> Bool {
    Self.readings(of: firstCells(column)).contains(where: \.isCalendar)
  }

  private func firstCells(_ column: Int, _ count: Int = 5) -> [[UInt8]] {
    (0..<Swift.min(count, rowCount)).map { row in
      var cell: [UInt8] = []
      withCellBytes(row, [column]) { cell = Array($0) }
      return cell
    }
  }

  /// The readings that fit all of `cells`.
  private static func readings(of cells: [[UInt8]]) -> [TimeFormat.Writing] {
    let samples = [cells.max { $0.count < $1.count }, cells.first].compactMap { $0 }
    return samples.flatMap { TimeGuess.readings(of: $0) }.filter { writing in
      cells.allSatisfy { $0.withUnsafeBufferPointer { writing.read($0) } != nil }
    }
  }

  /// Calls `body` with the content of cells, without spaces around them, one space between.
  private func withCellBytes(
    _ row: Int, _ columns: [Int], _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    text.bytes.withUnsafeBufferPointer { bytes in
      func content(_ column: Int) -> Slice<UnsafeBufferPointer<UInt8>> {
        var content = bytes[text.cell(row: row, column: column, in: bytes).range]
        while content.first == Ascii.space { content.removeFirst() }
        while content.last == Ascii.space { content.removeLast() }
        return content
      }
      if columns.count == 1 { return body(UnsafeBufferPointer(rebasing: content(columns[0]))) }
      let joined = Array(columns.map(content).joined(separator: [Ascii.space]))
      joined.withUnsafeBufferPointer(body)
    }
  }
}

extension TimeFormat.Writing {
  /// The time of one cell.
  func read(_ text: UnsafeBufferPointer<UInt8>) -> ReadTime? {
    switch self {
    case .pattern(let pattern): return pattern.read(text)
    case .number(let unit, _, _):
      guard let number = DecimalNumber(text) else { return nil }
      guard var time = unit.time(number) else { return nil }
      time.decimals = Swift.min(number.decimals, 9)
      return time
    }
  }

  /// Whether such times cannot be mistaken for numbers.
  fileprivate var isCalendar: Bool {
    if case .pattern(let pattern) = self { !pattern.isDigits } else { false }
  }
}
