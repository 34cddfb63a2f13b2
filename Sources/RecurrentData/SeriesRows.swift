import RecurrentFiles

/// What is to be said of the rows of series: of many alike only the first is told, with their number.
struct GapRemarks {
  enum Kind: CaseIterable {
    case absent, future, filled, leftOut
  }

  private var first: [Kind: String] = [:]
  private var others: [Kind: [String]] = [:]

  mutating func add(_ kind: Kind, _ text: String) {
    if first[kind] == nil { first[kind] = text } else { others[kind, default: []].append(text) }
  }

  /// Of up to three series all.
  var all: [String] {
    Kind.allCases.flatMap { kind -> [String] in
      guard let first = first[kind] else { return [] }
      let others = others[kind] ?? []
      return others.count < 3
        ? [first] + others
        : [first + "; likewise in \(others.count) other series, with rows of their own"]
    }
  }
}

/// The rows of one series while they are made whole.
struct SeriesRows {
  /// Where each stands in the table; of one that is absent there, where the row before it stands.
  var rows: [Int]
  var times: TimeAxis
  /// `[columns][rows]`, the target first; NaN where there is none.
  var values: [[Double]]
  /// `[columns][rows and future rows]` of what is known before, NaN where a row is absent.
  var known: [[Double]]
  /// The times behind the last value of the target.
  var future: TimeAxis?
  /// Where future rows stand in the table.
  private var futureRows: [Int] = []

  init(rows: [Int], times: TimeAxis, values: [[Double]], known: [[Double]]) {
    (self.rows, self.times, self.values, self.known) = (rows, times, values, known)
  }

  /// What is known, once rows are whole.
  ///
  /// - Parameter words: of each column those that its numbers are places of; nil: it holds numbers.
  func knownColumns(
    _ choice: KnownChoice, words: [[String]?], source: RowSource, _ missing: MissingValues,
    name: String
  ) throws(DataError) -> [KnownColumn] {
    var columns: [KnownColumn] = []
    for (place, column) in choice.all.enumerated() {
      let (isStatic, own) = (place >= choice.rows.count, words[place])
      var numbers = known[place]
      if isStatic {
        let values = numbers.filter { !$0.isNaN }
        if let first = numbers.firstIndex(where: { !$0.isNaN }),
          let other = numbers.firstIndex(where: { !$0.isNaN && $0 != numbers[first] })
        {
          let all = rows + futureRows
          let index = try source.table.column(column)
          // As the file writes it, if that is still there.
          func shown(_ place: Int) -> String {
            let said = own.map { $0[Int(numbers[place])] } ?? "\(numbers[place])"
            return quoted(source.text(all[place], index) ?? said)
          }
          throw DataError(
            file: source.file, line: source.line(all[other]),
            place: "column \(column.shown)",
            problem:
              "\(name)found \(shown(other)) after \(shown(first)), expected one value for all "
              + "rows of a series",
            advice: "Name what changes with --known or --covariates")
        }
        numbers = [values.first ?? .nan]
      }
      if let words = own {
        columns.append(
          KnownColumn(
            name: column, values: .words(numbers.map { $0.isNaN ? "" : words[Int($0)] }),
            isStatic: isStatic))
        continue
      }
      numbers = try source.filled(
        numbers, rows: isStatic ? [rows[0]] : rows + futureRows,
        column: try source.table.column(column), missing == .drop ? .error : missing)
      columns.append(KnownColumn(name: column, values: .numbers(numbers), isStatic: isStatic))
    }
    return columns
  }

  /// Cuts off the future, and fills or drops what is missing; gives what is to be said of that.
  mutating func fillGaps(
    _ missing: MissingValues, source: RowSource, columns: [Int]
  ) throws(DataError) -> [(GapRemarks.Kind, String)] {
    var remarks: [(GapRemarks.Kind, String)] = []
    let last = values[0].lastIndex { !$0.isNaN } ?? 0
    let all = times.gaps
    // Those behind the last value are part of the future.
    let gaps = all.filter { $0.afterRow < last }
    let absent = gaps.reduce(0) { $0 + $1.missing }
    // A slip in a date would ask for more rows than any memory holds.
    let most = min(10 * rows.count + 1000, 10_000_000)
    if let first = gaps.first {
      let found =
        "the rows are \(times.frequency), but \(absent) of them "
        + (gaps.count == 1
          ? "after \(times.label(first.afterRow)) \(absent == 1 ? "is" : "are") absent"
          : "are absent in \(gaps.count) gaps, the first after \(times.label(first.afterRow))")
      if missing == .drop {
        remarks.append((.absent, found + "; taken as if there were no gap"))
      } else if missing == .error || absent > most {
        throw DataError(
          file: source.file, line: source.line(rows[first.afterRow]), problem: found,
          advice: missing == .error
            ? MissingValues.ways
              + (times.springGap == nil
                ? ""
                : ". An hour is missing where clocks go forward: --time-zone, as Europe/Berlin, tells that")
            : "Take the rows as if there were no gap with --missing drop")
      } else {
        remarks.append(
          (.absent, found + "; filled as empty cells, by --missing \(missing.rawValue)"))
      }
    }
    let empty = values.map { column in column[...last].count(where: \.isNaN) }
    if missing != .drop, all.reduce(0, { $0 + $1.missing }) <= most { insert(all) }
    cutFuture(&remarks)
    if missing == .interpolate || missing == .forwardFill, empty.contains(where: { $0 > 0 }) {
      let counts = zip(columns, empty).filter { $1 > 0 }.map { column, count in
        "\(count) of \(source.table.columnNames[column])"
      }
      remarks.append(
        (
          .filled,
          "empty cells were filled, by --missing \(missing.rawValue): "
            + counts.joined(separator: ", ")
        ))
    }
    if missing == .drop {
      let kept = rows.indices.filter { row in values.allSatisfy { !$0[row].isNaN } }
      if kept.count < rows.count, !kept.isEmpty {
        let count = rows.count - kept.count
        remarks.append(
          (
            .leftOut,
            count == 1
              ? "1 row that lacks a value was left out"
              : "\(count) rows that lack a value were left out"
          ))
        take(kept)
      }
    }
    for (index, column) in columns.enumerated() {
      values[index] = try source.filled(
        values[index], rows: rows, column: column, missing == .drop ? .error : missing)
    }
    return remarks
  }

  /// Puts in the rows that are absent.
  private mutating func insert(_ gaps: [TimeAxis.Gap]) {
    guard !gaps.isEmpty else { return }
    var (newRows, ticks) = ([Int](), [Int64]())
    var newValues = values.map { _ in [Double]() }
    var newKnown = known.map { _ in [Double]() }
    var gap = gaps[...]
    for row in rows.indices {
      newRows.append(rows[row])
      ticks.append(times.values[row])
      for column in values.indices { newValues[column].append(values[column][row]) }
      for column in known.indices { newKnown[column].append(known[column][row]) }
      guard let next = gap.first, next.afterRow == row else { continue }
      gap.removeFirst()
      ticks += times.slice(row..<row + 1).next(next.missing).ticks
      newRows += [Int](repeating: rows[row], count: next.missing)
      for column in values.indices {
        newValues[column] += [Double](repeating: .nan, count: next.missing)
      }
      for column in known.indices {
        newKnown[column] += [Double](repeating: .nan, count: next.missing)
      }
    }
    (rows, values, known) = (newRows, newValues, newKnown)
    times = TimeAxis(
      ticks: ticks, checkedFormat: times.format, frequency: times.frequency,
      reading: times.reading)
  }

  private mutating func cutFuture(_ remarks: inout [(GapRemarks.Kind, String)]) {
    guard let last = values[0].lastIndex(where: { !$0.isNaN }), last < rows.count - 1 else {
      return
    }
    let future = times.slice(last + 1..<rows.count)
    self.future = future
    remarks.append(
      (
        .future,
        "the target ends at \(times.label(last)): the \(future.count) "
          + "\(future.count == 1 ? "row" : "rows") behind, up to \(future.label(future.count - 1)), "
          + "are the future"
      ))
    let past = 0...last
    futureRows = Array(rows[(last + 1)...])
    (rows, times) = (Array(rows[past]), times.slice(0..<last + 1))
    values = values.map { Array($0[past]) }
  }

  private mutating func take(_ kept: [Int]) {
    known = known.map { column in kept.map { column[$0] } + column[rows.count...] }
    rows = kept.map { rows[$0] }
    values = values.map { column in kept.map { column[$0] } }
    times = TimeAxis(
      ticks: kept.map { times.values[$0] }, checkedFormat: times.format,
      frequency: times.frequency, reading: times.reading)
  }
}

/// Where the rows of a table that came in parts stand. Of the last part it knows the cells, of others the lines.
struct RowSource {
  /// The last part.
  private(set) var table: Table
  /// The number of its first row.
  private(set) var first = 0
  private var earlier: [(first: Int, lines: StoredValues<UInt32>)] = []

  init(_ table: Table) { self.table = table }

  /// The file.
  var file: String { table.source }

  mutating func add(_ next: Table, in store: ValueStore) throws(DataError) {
    let lines = try store.keep((0..<table.rowCount).map { UInt32(table.line(ofRow: $0)) })
    earlier.append((first, lines))
    first += table.rowCount
    table = next
  }

  /// The line of a row.
  func line(_ row: Int) -> Int {
    guard row < first else { return table.line(ofRow: row - first) }
    let part = earlier.last { $0.first <= row }
    return part.map { Int($0.lines[row - $0.first]) } ?? 0
  }

  /// A cell; nil if it is not there any more.
  func text(_ row: Int, _ column: Int) -> String? {
    row < first ? nil : table.text(row: row - first, column: column)
  }

  /// `values`, those of `rows`, with its missing ones filled.
  func filled(
    _ values: [Double], rows: [Int], column: Int, _ missing: MissingValues
  ) throws(DataError) -> [Double] {
    do throws(MissingValues.Failure) {
      return try missing.fill(values)
    } catch {
      let row = rows[error.index]
      guard row >= first else {
        throw DataError(
          file: file, line: line(row), place: "column \(table.columnNames[column].shown)",
          problem: error.problem, advice: error.advice)
      }
      throw table.error(error, row: row - first, column: column)
    }
  }
}
