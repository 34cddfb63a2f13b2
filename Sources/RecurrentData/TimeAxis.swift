import RecurrentFiles

/// The ascending times of a series' rows.
///
/// ```swift
/// let axis = try TimeAxis(parsing: ["2024-01-30", "2024-01-31", "2024-02-01"])
/// axis.frequency             // daily
/// axis.next(2).labels        // ["2024-02-02", "2024-02-03"]
/// ```
///
/// Times are whole seconds since 1970-01-01 00:00 UTC in the proleptic Gregorian calendar. Times
/// without a zone count as UTC. Rows without times have an axis of row numbers.
public struct TimeAxis: Sendable, Equatable {
  /// Seconds since 1970-01-01 00:00 UTC, or row numbers from 1; strictly ascending.
  public let seconds: [Int64]
  /// How the times were written; `nil` for row numbers.
  public let format: TimeFormat?
  /// The step from one time to the next.
  public let frequency: Frequency

  /// The number of rows.
  public var count: Int { seconds.count }
  /// Whether the rows have no times.
  public var isRowNumbers: Bool { format == nil }

  /// Row numbers from `first`.
  public init(rowCount: Int, startingAt first: Int = 1) {
    require(rowCount >= 0, "rowCount is at least 0, got \(rowCount)")
    self.init(
      seconds: (0..<rowCount).map { Int64(first + $0) }, checkedFormat: nil, frequency: .rows)
  }

  /// Times in `seconds` since 1970-01-01 UTC, strictly ascending, between the years -6000 and 9999.
  ///
  /// - Parameter format: How times are written.
  public init(seconds: [Int64], format: TimeFormat = .isoDateTime) {
    require(Self.isAscending(seconds), "seconds ascend strictly, within the years up to 9999")
    self.init(checkedSeconds: seconds, format: format)
  }

  init(checkedSeconds seconds: [Int64], format: TimeFormat) {
    self.init(
      seconds: seconds, checkedFormat: format,
      frequency: Frequency.inferred(from: Self.shown(seconds, format)))
  }

  init(seconds: [Int64], checkedFormat format: TimeFormat?, frequency: Frequency) {
    self.seconds = seconds
    self.format = format
    self.frequency = frequency
  }

  /// `seconds` on the clock that the column shows: calendar rules hold there.
  static func shown(_ seconds: [Int64], _ format: TimeFormat?) -> [Int64] {
    guard let offset = format?.offsetSeconds, offset != 0 else { return seconds }
    return seconds.map { $0 + offset }
  }

  static func isAscending(_ seconds: [Int64]) -> Bool {
    guard let first = seconds.first, let last = seconds.last else { return true }
    // Compared without subtracting, which could overflow.
    return first >= -TimeText.latestSecond && last <= TimeText.latestSecond
      && zip(seconds, seconds.dropFirst()).allSatisfy { $0 < $1 }
  }
}

// MARK: - Labels

extension TimeAxis {
  /// The time of row `index`, written as the column writes it.
  public func label(_ index: Int) -> String {
    require(index >= 0 && index < count, "index is in 0..<\(count), got \(index)")
    return label(seconds: seconds[index])
  }

  /// A time in seconds since 1970-01-01 UTC (or a row number), written as the column writes it.
  public func label(seconds: Int64) -> String { format?.text(seconds) ?? String(seconds) }

  /// The times of all rows, written as the column writes them.
  public var labels: [String] { seconds.map { label(seconds: $0) } }
}

// MARK: - Parts

extension TimeAxis {
  /// The rows in `range`, with the frequency of the whole.
  public func slice(_ range: Range<Int>) -> TimeAxis {
    require(
      range.lowerBound >= 0 && range.upperBound <= count,
      "range is within 0..<\(count), got \(range)")
    return TimeAxis(
      seconds: Array(seconds[range]), checkedFormat: format, frequency: frequency)
  }

  /// The first `length` rows, or all.
  public func prefix(_ length: Int) -> TimeAxis { slice(0..<Swift.min(length, count)) }

  /// The last `length` rows, or all.
  public func suffix(_ length: Int) -> TimeAxis { slice(Swift.max(0, count - length)..<count) }
}

// MARK: - Continuation and gaps

extension TimeAxis {
  /// The `length` times after the last one.
  ///
  /// Business days skip weekends, not holidays. Months keep their day of the month, or take the
  /// last day of shorter months. Irregular times continue in steps of their median.
  public func next(_ length: Int) -> TimeAxis {
    require((0...10_000_000).contains(length), "length is in 0...10000000, got \(length)")
    let offset = format?.offsetSeconds ?? 0
    let last = (seconds.last ?? 0) + offset
    let step = frequency == .irregular ? medianStep : 1
    let following = (0..<length).map { k in
      shifted(last, by: Int64(k) + 1, irregularStep: step) - offset
    }
    return TimeAxis(seconds: following, checkedFormat: format, frequency: frequency)
  }

  private func shifted(_ time: Int64, by steps: Int64, irregularStep: Int64) -> Int64 {
    switch frequency {
    case .rows: return time + steps
    case .seconds(let step): return time + step * steps
    case .irregular: return time + irregularStep * steps
    case .businessDays:
      let dayNumber = floorDivide(time, CivilDate.secondsPerDay)
      let weekday = Swift.min(CivilDate.weekday(ofDayNumber: dayNumber), 4)
      let monday = dayNumber - CivilDate.weekday(ofDayNumber: dayNumber)
      let business = weekday + steps
      let days = monday + business / 5 * 7 + business % 5 - dayNumber
      return time + days * CivilDate.secondsPerDay
    case .months(let step, let day):
      let dayNumber = floorDivide(time, CivilDate.secondsPerDay)
      let month = CivilDate(dayNumber: dayNumber).monthIndex + Int64(step) * steps
      let next = CivilDate(monthIndex: month, clampedDay: Int64(day)).dayNumber
      return time + (next - dayNumber) * CivilDate.secondsPerDay
    }
  }

  private var medianStep: Int64 {
    let steps = zip(seconds.dropFirst(), seconds).map { $0 - $1 }.sorted()
    return steps.isEmpty ? CivilDate.secondsPerDay : steps[steps.count / 2]
  }

  /// A place where rows are missing.
  public struct Gap: Sendable, Equatable {
    /// The row before the gap, from 0.
    public var afterRow: Int
    /// How many rows are missing.
    public var missing: Int
  }

  /// Where rows are missing, by the frequency; none for irregular times.
  ///
  /// Among business days, up to five in a row that are missing are ``holidays`` and not listed.
  public var gaps: [Gap] {
    missingRows.filter { frequency != .businessDays || $0.missing > Self.longestHoliday }
  }

  /// Business days that are missing in runs of up to five: holidays, most likely.
  public var holidays: Int {
    guard frequency == .businessDays else { return 0 }
    return missingRows.reduce(0) { $0 + ($1.missing <= Self.longestHoliday ? $1.missing : 0) }
  }

  private static var longestHoliday: Int { 5 }

  private var missingRows: [Gap] {
    let shown = Self.shown(seconds, format)
    return shown.indices.dropFirst().compactMap { row in
      let missing = steps(from: shown[row - 1], to: shown[row]) - 1
      return missing > 0 ? Gap(afterRow: row - 1, missing: Int(missing)) : nil
    }
  }

  private func steps(from start: Int64, to end: Int64) -> Int64 {
    switch frequency {
    case .rows, .irregular: return 1
    case .seconds(let step): return (end - start) / step
    case .businessDays:
      return Frequency.businessDayIndex(floorDivide(end, CivilDate.secondsPerDay))
        - Frequency.businessDayIndex(floorDivide(start, CivilDate.secondsPerDay))
    case .months(let step, _):
      let months = [start, end].map {
        CivilDate(dayNumber: floorDivide($0, CivilDate.secondsPerDay)).monthIndex
      }
      return (months[1] - months[0]) / Int64(step)
    }
  }
}

// MARK: - Codable

extension TimeAxis: Codable {
  private enum CodingKeys: CodingKey {
    case seconds
    case format
    case frequency
  }

  /// Reads an axis from a file, and refuses one whose times do not ascend.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let seconds = try container.decode([Int64].self, forKey: .seconds)
    let format = try container.decodeIfPresent(TimeFormat.self, forKey: .format)
    let frequency = try container.decode(Frequency.self, forKey: .frequency)
    guard Self.isAscending(seconds) else {
      throw DecodingError.dataCorruptedError(
        forKey: .seconds, in: container, debugDescription: "the times do not ascend strictly")
    }
    guard frequency.isUsable, (frequency == .rows) == (format == nil),
      (format?.zoneMinutes ?? 0).magnitude <= 1440
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .frequency, in: container, debugDescription: "the step is out of range")
    }
    self.init(seconds: seconds, checkedFormat: format, frequency: frequency)
  }
}

extension Frequency {
  /// Whether a step that was read from a file is one that ``TimeAxis`` can take.
  fileprivate var isUsable: Bool {
    switch self {
    case .seconds(let step): return (1...TimeText.latestSecond * 2).contains(step)
    case .months(let step, let day): return (1...120_000).contains(step) && (1...31).contains(day)
    case .rows, .businessDays, .irregular: return true
    }
  }
}
