import RecurrentFiles

/// The rows of the series of a table that comes in parts. What is missing is filled, and what is the future is
/// known, once all parts are there.
package struct SeriesParts {
  private let value: String
  private let time: String?
  private let covariates: [String]
  private let seriesColumn: String?
  private let missing: MissingValues
  private let options: TimeOptions
  private let model: TimeAxis?
  private let choice: KnownChoice
  private let ownName: String?
  private let isPlan: Bool
  /// Where rows wait that are too many for the memory.
  private let store = ValueStore()
  private var columns: Columns?
  private var parts: [Part] = []
  private var groups: [Group] = []
  private var places: [String?: Int] = [:]
  private var source: RowSource?
  /// Those that known columns of words have, in the order in which they come; nil: one holds numbers.
  private var words: [KnownWords?] = []
  private var remarks: [String] = []
  private var numberRemarks: [String] = []

  /// Where columns stand.
  private struct Columns {
    var values: [Int]
    var group: Int?
    var times: [Int]?
  }

  /// How times of a part are written.
  private struct Times {
    var format: TimeFormat
    var isDescending: Bool
    var reading: String?
  }

  /// The rows of a part, series by series.
  private struct Part {
    var rows: StoredValues<Int>
    var ticks: StoredValues<Int64>
    var times: Times?
    var values: [StoredValues<Double>]
    var known: [StoredValues<Double>]
  }

  /// A series, and where its rows lie in each part.
  private struct Group {
    var name: String?
    var rows: [(part: Int, range: Range<Int>)] = []
  }

  /// - Parameters:
  ///   - model: times that were written alike: their reading and frequency are preferred.
  ///   - ownName: the name of the one series of a table without `seriesColumn`.
  ///   - isPlan: whether the values of all rows are still to come; they are zeros then.
  package init(
    value: String, time: String? = nil, covariates: [String] = [],
    groupedBy seriesColumn: String? = nil, missing: MissingValues = .error,
    times options: TimeOptions = TimeOptions(), like model: TimeAxis? = nil,
    known choice: KnownChoice = KnownChoice(), named ownName: String? = nil, isPlan: Bool = false
  ) {
    (self.value, self.time, self.covariates) = (value, time, covariates)
    (self.seriesColumn, self.missing, self.options) = (seriesColumn, missing, options)
    (self.model, self.choice, self.ownName) = (model, choice, ownName)
    self.isPlan = isPlan
  }

  // MARK: Parts

  /// Takes the next rows of the table.
  ///
  /// - Throws: ``DataError`` for a cell that cannot be read, or a column that is not there.
  package mutating func add(_ part: Table) throws(DataError) {
    let columns = if let columns { columns } else { try found(in: part) }
    self.columns = columns
    let (table, totals) = part.withoutTotals(column: columns.times?.first ?? 0)
    let found = try Groups(table, column: columns.group)
    let format = parts.first?.times?.format ?? model?.format
    let times = try columns.times.map { columns throws(DataError) in
      try table.timeColumn(
        columns, previousRow: found.previousRow, options: options, like: format, mayDescend: true)
    }
    for remark in table.remarks + (totals.map { [$0] } ?? []) where !remarks.contains(remark) {
      remarks.append(remark)
    }
    for name in (isPlan ? [] : [value]) + covariates {
      guard let remark = table.remark(onNumbersOf: name), !numberRemarks.contains(remark) else {
        continue
      }
      numberRemarks.append(remark)
    }
    let (known, words) = try table.knownValues(choice)
    let knownValues = try merged(known, words, of: table)
    if source == nil { source = RowSource(table) } else { try source?.add(table, in: store) }
    let first = source?.first ?? 0

    let order = found.members.count == 1 ? nil : found.members.flatMap(\.rows)
    func kept<Value>(_ column: [Value]) throws(DataError) -> StoredValues<Value> {
      try store.keep(order.map { order in order.map { column[$0] } } ?? column)
    }
    var next = Part(
      rows: try kept((0..<table.rowCount).map { first + $0 }),
      ticks: try times.map { times throws(DataError) in try kept(times.ticks) } ?? StoredValues([]),
      times: times.map {
        Times(format: $0.format, isDescending: $0.isDescending, reading: $0.reading)
      }, values: [], known: [])
    for (place, column) in columns.values.enumerated() {
      next.values.append(
        try kept(
          isPlan && place == 0
            ? [Double](repeating: 0, count: table.rowCount)
            : try table.numbersOrNaN(column: column)))
    }
    for column in knownValues { next.known.append(try kept(column)) }
    var start = 0
    for member in found.members {
      let place = places[member.name] ?? groups.count
      if place == groups.count {
        places[member.name] = place
        groups.append(Group(name: member.name))
      }
      groups[place].rows.append((parts.count, start..<start + member.rows.count))
      start += member.rows.count
    }
    parts.append(next)
  }

  private func found(in table: Table) throws(DataError) -> Columns {
    try checkDistinct(table)
    // A plan may have no column of values; any other stands for it where rows are named.
    let own = isPlan ? table.columnNames.firstIndex(of: value) ?? 0 : try table.column(value)
    var columns = Columns(values: [own])
    for name in covariates { columns.values.append(try table.column(name)) }
    if let seriesColumn { columns.group = try table.column(seriesColumn) }
    var used = Set(columns.values.dropFirst() + (columns.group.map { [$0] } ?? []))
    if !isPlan || table.columnNames.contains(value) { used.insert(own) }
    for name in choice.all { used.insert(try table.column(name)) }
    columns.times =
      if let time { try table.timeColumns(time) } else { table.likelyTimeColumns(excluding: used) }
    return columns
  }

  private func checkDistinct(_ table: Table) throws(DataError) {
    let roles =
      [("value", value)] + covariates.map { ("covariate", $0) }
      + choice.rows.map { ("known", $0) } + choice.statics.map { ("static", $0) }
      + (time.map { [("time", $0)] } ?? []) + (seriesColumn.map { [("series", $0)] } ?? [])
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

  /// The values of known columns, of words their places among those of all parts.
  private mutating func merged(
    _ values: [[Double]], _ found: [[String]?], of table: Table
  ) throws(DataError) -> [[Double]] {
    if parts.isEmpty { words = found.map { $0.map { _ in KnownWords() } } }
    var all: [[Double]] = []
    for (place, own) in found.enumerated() {
      guard (own == nil) == (words[place] == nil) else {
        throw DataError(
          file: table.source, line: table.line(ofRow: 0),
          place: "column \(choice.all[place].shown)",
          problem: "from here on it holds \(own == nil ? "numbers" : "words"), expected "
            + "\(own == nil ? "words" : "numbers") as before",
          advice: "Write the column alike in all rows")
      }
      guard let own else {
        all.append(values[place])
        continue
      }
      let places = own.map { words[place]?.place(of: $0) ?? 0 }
      all.append(values[place].map { Double(places[Int($0)]) })
    }
    return all
  }

  // MARK: The whole

  /// The series of all parts.
  ///
  /// - Parameter store: where their numbers are kept; nil: in memory.
  /// - Throws: ``DataError`` for rows that are missing or out of order, or if there is no room.
  package consuming func finish(in store: ValueStore? = nil) throws(DataError) -> SeriesReading {
    guard let source else { trap("a table comes in at least one part") }
    // Seldom a later part writes smaller fractions of seconds than the first.
    let column = parts.compactMap(\.times).max {
      $0.format.ticksPerSecond < $1.format.ticksPerSecond
    }
    let isTurned = column != nil && isDescending
    var all = remarks
    if isTurned { all.append("the newest row stands first: the rows were turned") }
    all += numberRemarks
    var series: [Series] = []
    series.reserveCapacity(groups.count)
    var told = GapRemarks()
    let single = groups.count == 1
    for place in groups.indices {
      let name = groups[place].name ?? ownName
      var rows = try rows(of: place, column, isTurned: isTurned, source)
      let shown = name.map { "\($0): " } ?? ""
      if let model, column != nil, let remark = rows.times.remark(against: model) {
        all.append(shown + remark)
      }
      if !single, rows.values[0].allSatisfy(\.isNaN) {
        all.append(shown + "left out, since every value is missing")
        continue
      }
      guard rows.values[0].contains(where: { !$0.isNaN }) else {
        throw DataError(
          file: source.file, place: "column \(value.shown)",
          problem: "every value is missing, expected numbers",
          advice:
            "Choose another column; rows that are to be forecast stand behind those with values"
        )
      }
      for (kind, text) in try rows.fillGaps(missing, source: source, columns: columns?.values ?? [])
      {
        told.add(kind, shown + text)
      }
      let one = Series(
        checkedName: name, targetName: value, times: rows.times, target: rows.values[0],
        covariates: zip(covariates, rows.values.dropFirst()).map {
          Covariate(name: $0, values: $1)
        }, source: source.file, future: rows.future,
        known: try rows.knownColumns(
          choice, words: words.map { $0?.all }, source: source, missing, name: shown))
      series.append(try store.map { store throws(DataError) in try one.stored(in: store) } ?? one)
    }
    guard !series.isEmpty else {
      throw DataError(
        file: source.file, place: "column \(value.shown)",
        problem: "every value is missing, expected numbers", advice: "Choose another column")
    }
    return SeriesReading(series, remarks: all + told.all)
  }

  /// All rows of a series, oldest first.
  private mutating func rows(
    of place: Int, _ column: Times?, isTurned: Bool, _ source: RowSource
  ) throws(DataError) -> SeriesRows {
    let own = groups[place].rows
    func whole<Value>(_ values: (Part) -> StoredValues<Value>) -> [Value] {
      if parts.count == 1, groups.count == 1, !isTurned { return values(parts[0]).array }
      let all = own.flatMap { values(parts[$0.part]).values($0.range) }
      return isTurned ? all.reversed() : all
    }
    let rows = whole(\.rows)
    var axis = TimeAxis(rowCount: rows.count)
    if let column {
      let ticks = ticks(of: place, column)
      let ordered = isTurned ? ticks.reversed() : ticks
      if parts.count > 1 { try checkOrder(ordered, rows, column, isTurned, source) }
      axis = TimeAxis(
        checkedTicks: ordered, format: column.format, like: model?.frequency,
        reading: parts[0].times?.reading)
    }
    let values = (columns?.values ?? []).indices.map { column in whole { $0.values[column] } }
    let known = choice.all.indices.map { column in whole { $0.known[column] } }
    if groups.count == 1 { parts.removeAll() }
    return SeriesRows(rows: rows, times: axis, values: values, known: known)
  }

  /// The times of a series as they stand in the table.
  private func ticks(of place: Int, _ column: Times) -> [Int64] {
    groups[place].rows.flatMap { part, range -> [Int64] in
      let (part, unit) = (parts[part], column.format.ticksPerSecond)
      let factor = unit / (part.times?.format.ticksPerSecond ?? unit)
      let ticks = part.ticks.values(range)
      return factor == 1 ? ticks : ticks.map { $0 * factor }
    }
  }

  /// Whether the newest rows stand first. Of parts with a row or two of each series none tells that alone.
  private var isDescending: Bool {
    guard parts.count > 1 else { return parts[0].times?.isDescending ?? false }
    guard let column = parts[0].times else { return false }
    let falls = groups.indices.reduce(0) { sum, place in
      let ticks = ticks(of: place, column)
      guard let first = ticks.first, let last = ticks.last, first != last else { return sum }
      return sum + (first > last ? 1 : -1)
    }
    return falls > 0
  }

  /// Throws if a row of one part is not later than those before it of another.
  private func checkOrder(
    _ ticks: [Int64], _ rows: [Int], _ column: Times, _ isTurned: Bool,
    _ source: RowSource
  ) throws(DataError) {
    guard let place = ticks.indices.dropFirst().first(where: { ticks[$0] <= ticks[$0 - 1] })
    else { return }
    let (row, before) = isTurned ? (place - 1, place) : (place, place - 1)
    let isSame = ticks[place] == ticks[place - 1]
    throw DataError(
      file: source.file, line: source.line(rows[row]),
      problem: "the time \(column.format.text(ticks: ticks[row])) "
        + (isSame ? "repeats that" : "comes after \(column.format.text(ticks: ticks[before]))")
        + " of line \(source.line(rows[before]))"
        + (isSame ? "" : ", but is \(isTurned ? "later" : "earlier")"),
      advice:
        "Sort the rows by time; if the file holds many series, name the column that tells them "
        + "apart with --series when training")
  }
}

/// Words in the order in which they first come.
private struct KnownWords {
  private(set) var all: [String] = []
  private var places: [String: Int] = [:]

  mutating func place(of word: String) -> Int {
    if let place = places[word] { return place }
    places[word] = all.count
    all.append(word)
    return all.count - 1
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
