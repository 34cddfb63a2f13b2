import RecurrentFiles

/// The series of a table, and what is to be said of how they were read.
public struct SeriesReading: Sendable {
  /// At least one.
  public private(set) var series: [Series] = []
  /// Sentences without a full stop about rows that were turned, filled, left out, or are the future.
  public private(set) var remarks: [String] = []

  /// Reads the series of a table, as ``Series/read(_:value:time:covariates:groupedBy:missing:times:like:known:)``.
  ///
  /// Rows from the newest to the oldest are turned. Rows behind the last value of the target are the
  /// future, of which only the times are kept.
  ///
  /// - Parameter ownName: the name of the one series of a table without `seriesColumn`.
  public init(
    _ table: Table, value: String, time: String? = nil, covariates: [String] = [],
    groupedBy seriesColumn: String? = nil, missing: MissingValues = .error,
    times options: TimeOptions = TimeOptions(), like model: TimeAxis? = nil,
    known choice: KnownChoice = KnownChoice(), named ownName: String? = nil
  ) throws(DataError) {
    try Self.checkDistinct(
      [("value", value)] + covariates.map { ("covariate", $0) }
        + choice.rows.map { ("known", $0) } + choice.statics.map { ("static", $0) }
        + (time.map { [("time", $0)] } ?? []) + (seriesColumn.map { [("series", $0)] } ?? []),
      table)
    let valueColumn = try table.column(value)
    var columns = [valueColumn]
    for name in covariates { columns.append(try table.column(name)) }
    let groupColumn: Int? = if let seriesColumn { try table.column(seriesColumn) } else { nil }
    var used = Set(columns + (groupColumn.map { [$0] } ?? []))
    for name in choice.all { used.insert(try table.column(name)) }
    let timeColumns =
      if let time { try table.timeColumns(time) } else { table.likelyTimeColumns(excluding: used) }
    let (whole, totals) = table.withoutTotals(column: timeColumns?.first ?? 0)
    var (table, groups) = (whole, try Groups(whole, column: groupColumn))
    var times: TimeColumn?
    if let timeColumns {
      times = try table.timeColumn(
        timeColumns, previousRow: groups.previousRow, options: options, like: model?.format,
        mayDescend: true)
    }
    remarks = table.remarks + (totals.map { [$0] } ?? [])
    var ticks = times?.ticks ?? []
    let isTurned = times?.isDescending ?? false
    if isTurned {
      remarks.append("the newest row stands first: the rows were turned")
      table = table.turned
      groups = try Groups(table, column: groupColumn)
      ticks.reverse()
    }
    for name in [value] + covariates {
      if let remark = table.remark(onNumbersOf: name) { remarks.append(remark) }
    }

    var raw: [[Double]] = []
    for column in columns { raw.append(try table.numbersOrNaN(column: column)) }
    let (knownValues, words) = try table.knownValues(choice)
    series.reserveCapacity(groups.members.count)
    var told = GapRemarks()
    for group in groups.members {
      let axis = times.map { column in
        TimeAxis(
          checkedTicks: group.rows.map { ticks[$0] }, format: column.format,
          like: model?.frequency, reading: column.reading)
      }
      var rows = SeriesRows(
        rows: group.rows, times: axis ?? TimeAxis(rowCount: group.rows.count),
        values: raw.map { column in group.rows.map { column[$0] } },
        known: knownValues.map { column in group.rows.map { column[$0] } })
      let ownName = group.name ?? ownName
      let name = ownName.map { "\($0): " } ?? ""
      if let axis, let model, let remark = axis.remark(against: model) {
        remarks.append(name + remark)
      }
      if groups.members.count > 1, rows.values[0].allSatisfy(\.isNaN) {
        remarks.append(name + "left out, since every value is missing")
        continue
      }
      for (kind, text) in try rows.fillGaps(missing, table: table, columns: columns) {
        told.add(kind, name + text)
      }
      series.append(
        Series(
          checkedName: ownName, targetName: value, times: rows.times, target: rows.values[0],
          covariates: zip(covariates, rows.values.dropFirst()).map {
            Covariate(name: $0, values: $1)
          }, source: table.source, future: rows.future,
          known: try rows.knownColumns(choice, words: words, table: table, missing, name: name)))
    }
    remarks += told.all
    if isTurned { series.reverse() }
    guard !series.isEmpty else {
      throw DataError(
        file: table.source, place: "column \(value.shown)",
        problem: "every value is missing, expected numbers", advice: "Choose another column")
    }
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

/// What is to be said of the rows of series: of many alike only the first is told, with their number.
private struct GapRemarks {
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
private struct SeriesRows {
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
    _ choice: KnownChoice, words: [[String]?], table: Table, _ missing: MissingValues, name: String
  ) throws(DataError) -> [KnownColumn] {
    var columns: [KnownColumn] = []
    for (place, column) in choice.all.enumerated() {
      let isStatic = place >= choice.rows.count
      var numbers = known[place]
      if isStatic {
        let own = numbers.filter { !$0.isNaN }
        if let first = numbers.firstIndex(where: { !$0.isNaN }),
          let other = numbers.firstIndex(where: { !$0.isNaN && $0 != numbers[first] })
        {
          let all = rows + futureRows
          let index = try table.column(column)
          // As the file writes it.
          func shown(_ place: Int) -> String { quoted(table.text(row: all[place], column: index)) }
          throw DataError(
            file: table.source, line: table.line(ofRow: all[other]),
            place: "column \(column.shown)",
            problem:
              "\(name)found \(shown(other)) after \(shown(first)), expected one value for all "
              + "rows of a series",
            advice: "Name what changes with --known or --covariates")
        }
        numbers = [own.first ?? .nan]
      }
      if let words = words[place] {
        columns.append(
          KnownColumn(
            name: column, values: .words(numbers.map { $0.isNaN ? "" : words[Int($0)] }),
            isStatic: isStatic))
        continue
      }
      numbers = try table.filled(
        numbers, rows: isStatic ? [rows[0]] : rows + futureRows,
        column: try table.column(column), missing == .drop ? .error : missing)
      columns.append(KnownColumn(name: column, values: .numbers(numbers), isStatic: isStatic))
    }
    return columns
  }

  /// Cuts off the future, and fills or drops what is missing; gives what is to be said of that.
  mutating func fillGaps(
    _ missing: MissingValues, table: Table, columns: [Int]
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
          file: table.source, line: table.line(ofRow: rows[first.afterRow]), problem: found,
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
        "\(count) of \(table.columnNames[column])"
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
      values[index] = try table.filled(
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
      ticks.append(times.ticks[row])
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
      ticks: kept.map { times.ticks[$0] }, checkedFormat: times.format,
      frequency: times.frequency, reading: times.reading)
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
