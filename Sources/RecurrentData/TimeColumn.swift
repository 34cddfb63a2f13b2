import RecurrentFiles

/// Reads a column of times: finds the one way of reading that fits every row.
struct TimeColumn {
  /// Seconds since 1970-01-01 UTC of every row.
  let seconds: [Int64]
  /// How the column writes its times.
  let format: TimeFormat

  /// The cells of a column, wherever they come from.
  struct Source {
    let file: String
    let place: String?
    let count: Int
    /// The row before each row in the same series, -1 for a series' first row; `nil` when the rows
    /// are one series.
    var previousRow: [Int]?
    let withBytes: (_ row: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void) -> Void
    let line: (_ row: Int) -> Int?

    func previous(of row: Int) -> Int { previousRow?[row] ?? row - 1 }

    func text(_ row: Int) -> String {
      var text = ""
      withBytes(row) { text = String(decoding: $0, as: UTF8.self) }
      return text
    }
  }

  /// What came of reading the whole column in one way.
  private struct Attempt {
    var seconds: [Int64] = []
    var format: TimeFormat
    var hasFractions = false
    /// The first row that does not fit; `nil` when all do.
    var unreadableRow: Int?
    /// The first row that is not later than the one before it.
    var unorderedRow: Int?
  }

  /// Reads the column.
  ///
  /// Among the readings that fit every row, the first one that ascends within each series is taken.
  ///
  /// - Throws: ``DataError`` about the first row that cannot be read, or whose time is not later
  ///   than the one before.
  init(_ source: Source) throws(DataError) {
    var readings: [TimeText.Reading] = []
    if source.count > 0 { source.withBytes(0) { readings = TimeText.readings(of: $0) } }
    var best: Attempt?
    for reading in readings {
      let attempt = Self.read(source, as: reading)
      if attempt.unreadableRow == nil, attempt.unorderedRow == nil {
        seconds = attempt.seconds
        format = attempt.format
        return
      }
      if best.map({ Self.isBetter(attempt, than: $0) }) ?? true { best = attempt }
    }
    guard let best else {
      throw DataError(file: source.file, place: source.place, problem: "there are no times")
    }
    throw Self.error(best, source)
  }

  private static func isBetter(_ a: Attempt, than b: Attempt) -> Bool {
    (a.unreadableRow ?? .max) > (b.unreadableRow ?? .max)
  }

  private static func read(_ source: Source, as reading: TimeText.Reading) -> Attempt {
    let separator = reading.separator == 0 ? "-" : String(UnicodeScalar(reading.separator))
    var attempt = Attempt(format: TimeFormat(order: reading.order, separator: separator))
    attempt.seconds.reserveCapacity(source.count)
    var first: TimeText.Time?
    var isPadded: Bool?
    var zonesAgree = true
    for row in 0..<source.count {
      var found: TimeText.Time?
      source.withBytes(row) { found = TimeText.time($0, as: reading) }
      guard let time = found, first.map({ areAlike($0, time) }) ?? true else {
        attempt.unreadableRow = row
        break
      }
      let earlier = first ?? time
      first = earlier
      isPadded = isPadded ?? time.isPadded
      zonesAgree = zonesAgree && time.zoneMinutes == earlier.zoneMinutes
      attempt.hasFractions = attempt.hasFractions || time.hasFraction
      // A time of day that is midnight is often left out, so the fullest form is the format.
      if time.clock.rawValue > attempt.format.clock.rawValue {
        attempt.format.clock = time.clock
        attempt.format.clockSeparator = time.hasT ? "T" : " "
        attempt.format.zoneMinutes = time.zoneMinutes
      }
      let previous = source.previous(of: row)
      if previous >= 0, attempt.seconds[previous] >= time.seconds {
        attempt.unorderedRow = attempt.unorderedRow ?? row
      }
      attempt.seconds.append(time.seconds)
    }
    attempt.format.isPadded = isPadded ?? true
    attempt.format.hasTwoDigitYear = first?.hasTwoDigitYear ?? false
    // With clock changes in the column, only UTC shows every time.
    if !zonesAgree { attempt.format.zoneMinutes = 0 }
    return attempt
  }

  /// Whether two times can belong to one column.
  private static func areAlike(_ a: TimeText.Time, _ b: TimeText.Time) -> Bool {
    a.hasTwoDigitYear == b.hasTwoDigitYear
      && (a.clock == .none || b.clock == .none || (a.zoneMinutes == nil) == (b.zoneMinutes == nil))
  }

  private static func error(_ attempt: Attempt, _ source: Source) -> DataError {
    if let row = attempt.unreadableRow {
      let text = source.text(row)
      var problem = "found \(text.isEmpty ? "an empty cell" : text.shown), expected a time"
      if row > 0 { problem += " like \(source.text(row - 1).shown)" }
      return DataError(
        file: source.file, line: source.line(row), place: source.place, problem: problem,
        advice: TimeText.understoodForms)
    }
    let row = attempt.unorderedRow ?? 0
    let previous = source.previous(of: row)
    let here = "\(source.text(row).shown)"
    let there = "\(source.text(previous).shown)"
    let place = source.line(previous).map { "line \($0)" } ?? "row \(previous + 1)"
    if attempt.seconds[row] == attempt.seconds[previous] {
      return DataError(
        file: source.file, line: source.line(row), place: source.place,
        problem: "the time \(here) repeats \(there) of \(place)",
        advice: attempt.hasFractions
          ? "Times are kept to the second: keep one row per second, or leave out the time column"
          : "If the file holds many series, name the column that tells them apart with --series; else "
            + "keep one of the rows")
    }
    return DataError(
      file: source.file, line: source.line(row), place: source.place,
      problem: "the time \(here) comes after \(there) of \(place), but is earlier",
      advice:
        "Sort the rows by time, earliest first; if the file holds many series, name the column "
        + "that tells them apart with --series")
  }
}

extension TimeAxis {
  /// Reads times from `texts`, all written alike.
  ///
  /// Where day and month could be exchanged, the reading that fits every row and ascends is taken;
  /// when both do, slashes mean month/day and dots and dashes day/month.
  ///
  /// - Throws: ``DataError`` about the first text that cannot be read or is not later than the one
  ///   before it.
  public init(parsing texts: [String], source: String = "times") throws(DataError) {
    let cells = texts.map { Array($0.utf8) }
    let column = try TimeColumn(
      TimeColumn.Source(
        file: source, place: nil, count: cells.count,
        withBytes: { row, body in cells[row].withUnsafeBufferPointer(body) },
        line: { $0 + 1 }))
    self.init(checkedSeconds: column.seconds, format: column.format)
  }
}
