import RecurrentFiles

// Which columns of a table hold its times.

extension Table {
  /// The name of the column whose times are taken when none is named; nil if no column holds times.
  ///
  /// Several columns, with commas between, make a time together.
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
  /// first one whose first cells are calendar dates, else columns named for the year and the month (or
  /// quarter or week), day and hour. Whole numbers are taken for times only in a column named so
  /// (`year`, `timestamp`), and only when they ascend or descend, or, in the first column whatever its
  /// name, when they are dates, months or times since 1970 without a gap. A column of text named `date`,
  /// `datetime` or `timestamp` is taken in any case: what cannot be read there is an error, not a table
  /// without times. Days that repeat are read with a column of times of day, if there is one.
  func likelyTimeColumns(excluding used: Set<Int>) -> [Int]? {
    let free = columnNames.indices.filter { !used.contains($0) }
    let found =
      free.first { hasTimeName($0) && beginsWithTimes($0) } ?? free.first { beginsWithDates($0) }
      ?? free.first { isDayOfNumbers($0) && clockColumn(beside: $0, among: free) != nil }
    if found == nil, let columns = calendarColumns(free) { return columns }
    if found == nil, columnNames.count > 1, free.contains(0), isRegular(0) { return [0] }
    guard let found = found ?? free.first(where: { isNamedForDates($0) && !isNumeric($0) }) else {
      return nil
    }
    let cells = firstCells(found)
    guard zip(cells, cells.dropFirst()).contains(where: ==),
      let clock = clockColumn(beside: found, among: free)
    else { return [found] }
    return [found, clock]
  }

  /// The column of times of day beside a column of dates: the first cells make times with the dates.
  /// Plain numbers are hours only where the column is named so.
  func clockColumn(beside date: Int, among columns: [Int]) -> Int? {
    let dates = firstCells(date)
    guard beginsWithDates(date) || beginsWithTimes(date) || isDayOfNumbers(date),
      dates.allSatisfy({ !$0.contains(Ascii.colon) })
    else { return nil }
    return columns.first { column in
      let cells = firstCells(column)
      let isNamed = ["time", "hour", "clock", "hh"].contains(
        where: columnNames[column].lowercased().contains)
      guard column != date, cells.allSatisfy({ (1...12).contains($0.count) }),
        isNamed || cells.allSatisfy({ !Self.isNumber(String(decoding: $0, as: UTF8.self)) })
      else { return false }
      return !Self.readings(of: zip(dates, cells).map { $0 + [Ascii.space] + $1 }).isEmpty
    }
  }

  /// Columns named for the parts of a date, from the year on.
  private func calendarColumns(_ free: [Int]) -> [Int]? {
    func column(_ names: String...) -> Int? {
      free.first { names.contains(columnNames[$0].lowercased()) }
    }
    guard let year = column("year", "yr", "yyyy") else { return nil }
    var columns = [year]
    if let month = column("month", "mon", "mm", "mnth") {
      columns.append(month)
      if let day = column("day", "dd", "mday", "dayofmonth", "day_of_month") {
        columns.append(day)
        if let hour = column("hour", "hr", "hh") { columns.append(hour) }
      }
    } else if let part = column("quarter", "qtr", "week", "yday", "dayofyear", "day_of_year") {
      columns.append(part)
    }
    var cells = firstCells(year)
    for column in columns.dropFirst() {
      cells = zip(cells, firstCells(column)).map { $0 + [Ascii.space] + $1 }
    }
    return columns.count > 1 && !Self.readings(of: cells).isEmpty ? columns : nil
  }

  /// Whether the whole numbers of a column are months, days or moments, one behind the other without a
  /// gap: in no other column are there so many by chance. Counts are none.
  private func isRegular(_ column: Int) -> Bool {
    let name = columnNames[column].lowercased()
    let isCount = ["id", "nr", "no", "no.", "index", "key", "count", "#", "number"].contains {
      name == $0 || name.hasSuffix("_" + $0) || name.hasSuffix(" " + $0)
    }
    let candidates = Self.readings(of: firstCells(column)).filter {
      let format = TimeFormat($0)
      return !format.isIndex && format.unit != .yyyy
    }
    guard rowCount >= 12, !isCount, !candidates.isEmpty,
      let times = try? timeColumn([column], previousRow: nil, mayDescend: true),
      !times.format.isIndex, candidates.contains(where: { $0.isLike(times.format.writing) })
    else { return false }
    let ticks = times.isDescending ? times.ticks.reversed() : times.ticks
    let axis = TimeAxis(checkedTicks: ticks, format: times.format)
    return axis.frequency != .irregular && axis.gaps.isEmpty
  }

  /// Whether a column that is named for times begins with the same day, a whole number.
  private func isDayOfNumbers(_ column: Int) -> Bool {
    let cells = firstCells(column)
    return takesIndex(column) != nil && Set(cells).count == 1
      && Self.readings(of: cells).contains { TimeFormat($0).unit == .yyyymmdd }
  }

  private func isNamedForDates(_ column: Int) -> Bool {
    ["date", "datetime", "timestamp"].contains(
      columnNames[column].lowercased().filter(\.isLetter))
  }

  private func isNumeric(_ column: Int) -> Bool { numericColumns.contains(columnNames[column]) }

  private func hasTimeName(_ column: Int) -> Bool { Self.isTimeName(columnNames[column]) }

  /// Whether a column is named for times.
  static func isTimeName(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["date", "time", "month", "year", "day", "quarter", "week", "hour", "period", "ds"]
      .contains { $0 == "ds" || $0 == "period" ? name == $0 : name.contains($0) }
      || takesIndex(name) != nil
  }

  private func takesIndex(_ column: Int) -> Bool? { Self.takesIndex(columnNames[column]) }

  /// Whether plain numbers of a column are times, by its name; nil if no whole numbers are.
  private static func takesIndex(_ name: String) -> Bool? {
    let name = name.lowercased()
    let words = name.split { !$0.isLetter }.map(String.init)
    return ([name.filter(\.isLetter)] + words).lazy.compactMap { numberNames[$0] }.first
  }

  /// Names of columns whose whole numbers are times, and whether plain numbers are, too.
  private static let numberNames: [String: Bool] = [
    "year": false, "date": false, "month": false, "period": false, "week": false,
    "yearmonth": false,
    "yyyymm": false, "yyyymmdd": false, "ym": false, "ymd": false, "time": true, "timestamp": true,
    "unixtime": true, "unix": true, "epoch": true, "datetime": true, "ds": true, "ts": true,
    "t": true, "jahr": false, "monat": false, "datum": false, "tag": false, "woche": false,
    "zeit": true, "uhrzeit": false, "zeitstempel": true, "zeitpunkt": true, "année": false,
    "annee": false, "mois": false, "jour": false, "horodatage": true, "año": false, "mes": false,
    "fecha": false, "anno": false, "mese": false, "giorno": false, "ano": false, "mês": false,
    "jaar": false, "maand": false, "tijd": true,
  ]

  private func beginsWithTimes(_ column: Int) -> Bool {
    let cells = firstCells(column)
    let readings = Self.readings(of: cells)
    if readings.contains(where: \.isCalendar) { return true }
    guard let takesIndex = takesIndex(column) else { return false }
    let values = cells.compactMap { Double(String(decoding: $0, as: UTF8.self)) }
    let pairs = zip(values, values.dropFirst())
    func follow(_ isFine: (Double, Double) -> Bool) -> Bool { pairs.allSatisfy(isFine) }
    if follow(<) || follow(>) {
      return readings.contains { takesIndex || !TimeFormat($0).isIndex }
    }
    // Rows of several series have the same times, but years and counts repeat where they are no times.
    return (follow(<=) || follow(>=)) && Set(values).count > 1
      && readings.contains { !TimeFormat($0).isIndex && TimeFormat($0).unit != .yyyy }
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
    func readings(_ languages: [TimeLanguage]) -> [TimeFormat.Writing] {
      samples.flatMap { TimeGuess.readings(of: $0, in: languages) }.filter { writing in
        cells.allSatisfy { $0.withUnsafeBufferPointer { writing.read($0) } != nil }
      }
    }
    let english = readings([.english])
    return english.contains(where: \.isCalendar)
      ? english : readings(TimeLanguage.allCases)
  }
}

extension TimeFormat.Writing {
  /// Whether such times cannot be mistaken for numbers.
  fileprivate var isCalendar: Bool {
    if case .pattern(let pattern) = self { !pattern.isDigits } else { false }
  }
}
