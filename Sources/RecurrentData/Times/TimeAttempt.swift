import RecurrentFiles

/// What came of reading a whole column of times in one way.
struct TimeAttempt {
  var format: TimeFormat
  /// Times as the format counts them; those of the rows before the first that does not fit.
  var ticks: [Int64] = []
  /// The first row that does not fit; `nil` when all do.
  var unreadableRow: Int?
  /// Whether that row's time is one that the clocks of the zone skip.
  var isSkipped = false
  /// Whether each row is earlier than the one before it in its series: newest first.
  var isDescending = false
  /// The first row that is not later than the one before it, or not earlier if rows descend.
  var unorderedRow: Int?
  /// Whether the cells have zones, and not all the same.
  var hasSeveralZones = false
  /// Whether parts of a second were dropped.
  var dropsFractions = false

  /// Whether all rows fit and follow one another.
  var isUsable: Bool { unreadableRow == nil && unorderedRow == nil }

  /// Reads a column.
  ///
  /// - Parameter clock: the clocks that times without a zone were taken from.
  /// - Returns: one attempt, or, where there are parts of seconds, one that keeps and one that drops them.
  static func reading(
    _ source: TimeColumn.Source, as writing: TimeFormat.Writing, clock: LocalClock?
  ) -> [TimeAttempt] {
    var attempt = TimeAttempt(format: TimeFormat(writing))
    var times = Times(writing)
    times.read(source, &attempt)
    times.settle(&attempt, source, clock)
    guard times.decimals > 0, !attempt.format.isIndex else {
      attempt.ticks = times.ticks(attempt.format)
      attempt.order(source)
      return [attempt]
    }
    var rounded = attempt
    rounded.dropsFractions = true
    attempt.format.decimals = times.decimals
    if case .pattern(var pattern) = rounded.format.writing, let fraction = pattern.fraction {
      pattern.parts.removeSubrange(fraction)
      rounded.format.writing = .pattern(pattern)
    }
    return [attempt, rounded].map { attempt in
      var attempt = attempt
      attempt.ticks = times.ticks(attempt.format)
      attempt.order(source)
      return attempt
    }
  }

  /// Finds out whether the rows ascend or descend, and the first that does not.
  private mutating func order(_ source: TimeColumn.Source) {
    let limit = TimeColumn.limit(format)
    if let row = ticks.firstIndex(where: { $0.magnitude > limit.magnitude }) {
      unreadableRow = unreadableRow.map { Swift.min($0, row) } ?? row
      ticks.removeSubrange(row...)
    }
    func unordered(_ isFine: (Int64, Int64) -> Bool) -> Int? {
      ticks.indices.first { row in
        let previous = source.previous(of: row)
        return previous >= 0 && !isFine(ticks[previous], ticks[row])
      }
    }
    unorderedRow = unordered(<)
    guard unorderedRow != nil else { return }
    // Of rows that are not sorted, most tell which way they run.
    let falls = ticks.indices.reduce(0) { sum, row in
      let previous = source.previous(of: row)
      guard previous >= 0 else { return sum }
      return sum + (ticks[previous] > ticks[row] ? 1 : ticks[previous] < ticks[row] ? -1 : 0)
    }
    if falls > 0 { (isDescending, unorderedRow) = (true, unordered(>)) }
  }

  /// How regular the rows are: series without a rule, then rows that are missing; less is better.
  func irregularity(_ source: TimeColumn.Source) -> (series: Int, missing: Double) {
    var result = (series: 0, missing: 0.0)
    for rows in source.series {
      let axis = axis(of: rows)
      if axis.frequency == .irregular, rows.count > 1 { result.series += 1 }
      result.missing += axis.missingRows.reduce(0) { $0 + Double($1.missing) }
    }
    return result
  }

  /// The times of some rows, oldest first.
  func axis(of rows: [Int]) -> TimeAxis {
    let own = rows.map { ticks[$0] }
    return TimeAxis(checkedTicks: isDescending ? own.reversed() : own, format: format)
  }
}

/// The times of a column while they are read.
private struct Times {
  private let writing: TimeFormat.Writing
  private var seconds: [Int64] = []
  private var nanoseconds: [Int64] = []
  private var zones: (first: Int?, differ: Bool, isKnown: Bool) = (nil, false, false)
  private var (isPadded, isHourPadded): (Bool?, Bool?)
  private var (hasHour24, hasHour0, hasShortNames) = (false, false, false)
  private var (least, most) = (Int.max, 0)

  init(_ writing: TimeFormat.Writing) { self.writing = writing }

  /// Reads rows up to the first that does not fit.
  mutating func read(_ source: TimeColumn.Source, _ attempt: inout TimeAttempt) {
    seconds.reserveCapacity(source.count)
    for row in 0..<source.count {
      var found: ReadTime?
      source.withBytes(row) { found = writing.read($0) }
      guard let time = found else {
        attempt.unreadableRow = row
        return
      }
      append(time)
    }
  }

  private mutating func append(_ time: ReadTime) {
    (least, most) = (Swift.min(least, time.decimals), Swift.max(most, time.decimals))
    if time.nanoseconds != 0, nanoseconds.isEmpty {
      nanoseconds = [Int64](repeating: 0, count: seconds.count)
    }
    if time.nanoseconds != 0 || !nanoseconds.isEmpty { nanoseconds.append(time.nanoseconds) }
    seconds.append(time.seconds)
    isPadded = isPadded ?? time.isPadded
    isHourPadded = isHourPadded ?? time.isHourPadded
    hasHour24 = hasHour24 || time.isHour24
    hasHour0 = hasHour0 || time.isHour0
    hasShortNames = hasShortNames || time.hasShortName
    if time.hasClock {
      if zones.isKnown, zones.first != time.zoneMinutes { zones.differ = true }
      if !zones.isKnown { zones = (time.zoneMinutes, false, true) }
    }
  }

  /// Places behind the second, or behind the point of plain numbers, without which two times could be
  /// one: 0, 3, 6 or 9.
  var decimals: Int {
    [0, 3, 6, 9].first { places in
      nanoseconds.allSatisfy { $0 % powerOfTen(9 - places) == 0 }
    } ?? 9
  }

  /// Fixes the format, and turns what local clocks show into moments.
  mutating func settle(
    _ attempt: inout TimeAttempt, _ source: TimeColumn.Source, _ clock: LocalClock?
  ) {
    switch writing {
    case .pattern(var pattern):
      pattern.padsDates = isPadded ?? pattern.padsDates
      // One cell may hold June or May, which tell nothing.
      if hasShortNames { pattern.shortenNames() }
      // Hours to 12 are rarely padded where days are not.
      let likely = pattern.parts.contains(.hour12) ? isPadded : nil
      pattern.padsHours = isHourPadded ?? likely ?? pattern.padsHours
      if most > 0, pattern.fraction == nil, let second = pattern.parts.firstIndex(of: .second) {
        pattern.parts.insert(contentsOf: [.literal(Ascii.point), .fraction(most)], at: second + 1)
      }
      attempt.format.writing = .pattern(pattern)
      attempt.format.hasHour24 = hasHour24 && !hasHour0
    case .number(let unit, _, _):
      attempt.format.writing = .number(unit, least: Swift.min(least, most), most: most)
      attempt.format.decimals = unit == .index ? most : 0
    }
    // With clock changes in the column, only UTC shows every time.
    attempt.format.zoneMinutes = zones.differ ? 0 : zones.first
    attempt.hasSeveralZones = zones.differ
    guard let clock, !attempt.format.isIndex else { return }
    attempt.format.clock = clock
    attempt.format.zoneMinutes = nil
    if zones.first == nil, !attempt.format.isMoment { useClock(clock, &attempt, source) }
  }

  /// Turns what `clock` shows into moments. Of an hour that repeats, the moment is taken that goes on
  /// from the row before.
  private mutating func useClock(
    _ clock: LocalClock, _ attempt: inout TimeAttempt, _ source: TimeColumn.Source
  ) {
    let isDescending =
      zip(seconds, seconds.dropFirst()).reduce(0) { $0 + ($1.0 > $1.1 ? 1 : -1) } > 0
    for row in seconds.indices {
      let moments = clock.moments(showing: seconds[row])
      guard let first = moments.first, let last = moments.last else {
        (attempt.unreadableRow, attempt.isSkipped) = (row, true)
        seconds.removeSubrange(row...)
        if !nanoseconds.isEmpty { nanoseconds.removeSubrange(row...) }
        return
      }
      let previous = source.previous(of: row)
      if isDescending {
        seconds[row] = previous < 0 || last < seconds[previous] ? last : first
      } else {
        seconds[row] = previous < 0 || first > seconds[previous] ? first : last
      }
    }
  }

  /// The times as `format` counts them; what is too large for that is far beyond any limit.
  func ticks(_ format: TimeFormat) -> [Int64] {
    let unit = format.ticksPerSecond
    guard unit > 1 else { return seconds }
    return seconds.indices.map { row in
      let whole = seconds[row].multipliedReportingOverflow(by: unit)
      let part = nanoseconds.isEmpty ? 0 : nanoseconds[row] / (1_000_000_000 / unit)
      let sum = whole.partialValue.addingReportingOverflow(part)
      return whole.overflow || sum.overflow ? Int64.max : sum.partialValue
    }
  }
}
