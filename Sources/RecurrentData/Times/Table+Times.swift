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
    let times = try timeColumn(try timeColumns(column), previousRow: nil, options: options)
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

  /// The times of columns that make a time together, which ascend from `previousRow` (of the same
  /// series) to each row.
  ///
  /// - Parameters:
  ///   - model: times that were written alike; their reading is preferred.
  ///   - mayDescend: whether the newest row of each series may come first.
  func timeColumn(
    _ columns: [Int], previousRow: [Int]?, options: TimeOptions = TimeOptions(),
    like model: TimeFormat? = nil, mayDescend: Bool = false
  ) throws(DataError) -> TimeColumn {
    let names = columns.map { columnNames[$0] }
    let source = TimeColumn.Source(
      file: source, place: "column \(names.joined(separator: ",").shown)", count: rowCount,
      previousRow: previousRow,
      clockColumns: columns.count == 1
        ? clockColumn(beside: columns[0], among: Array(columnNames.indices)).map {
          "\(names[0]),\(columnNames[$0])"
        } : nil,
      withBytes: { row, body in withCellBytes(row, columns, body) },
      line: { line(ofTimeInRow: $0) })
    let times = try TimeColumn(source, options: options, like: model)
    guard times.isDescending, !mayDescend else { return times }
    let row = previousRow?.firstIndex { $0 >= 0 } ?? 1
    throw TimeErrors(source).descending(row, of: times.ticks)
  }

  /// Calls `body` with the content of cells, without spaces around them, one space between.
  func withCellBytes(
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
}
