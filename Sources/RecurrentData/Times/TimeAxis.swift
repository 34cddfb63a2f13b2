import RecurrentFiles

/// The ascending times of a series' rows.
///
/// ```swift
/// let axis = try TimeAxis(parsing: ["2024-01-30", "2024-01-31", "2024-02-01"])
/// axis.frequency             // daily
/// axis.next(2).labels        // ["2024-02-02", "2024-02-03"]
/// ```
///
/// Times are counted since 1970-01-01 00:00 UTC in the proleptic Gregorian calendar, in seconds or, where
/// rows follow one another faster, in parts of them. Times without a zone count as UTC. Rows without
/// times have an axis of row numbers; columns of plain numbers one of those.
public struct TimeAxis: Sendable {
  /// Times in the unit of the format, or row numbers from 1; strictly ascending.
  let values: StoredValues<Int64>
  /// All of them.
  var ticks: [Int64] { values.array }
  /// How the times were written; `nil` for row numbers.
  public let format: TimeFormat?
  /// The step from one time to the next.
  public let frequency: Frequency
  /// How the times were read where they could have been read in several ways, as a sentence.
  ///
  /// It is no part of what the axis is: two axes are equal without it, and files do not keep it.
  public let reading: String?

  /// The number of rows.
  public var count: Int { values.count }
  /// Whether the rows have no times.
  public var isRowNumbers: Bool { format == nil }
  /// Whether there is no calendar: row numbers, or a column of plain numbers.
  public var isNumbers: Bool { format?.isIndex ?? true }

  /// Seconds since 1970-01-01 00:00 UTC, rounded down, or plain numbers.
  public var seconds: [Int64] {
    guard let unit = format?.ticksPerSecond, unit > 1 else { return ticks }
    return ticks.map { floorDivide($0, unit) }
  }

  /// Where the rows lie on a chart: seconds since 1970 on the clock that the column shows, or plain
  /// numbers.
  public var positions: [Double] {
    guard let format else { return ticks.map(Double.init) }
    let unit = format.ticksPerSecond
    return ticks.map { tick in
      let offset = format.isIndex ? 0 : format.offset(at: floorDivide(tick, unit))
      return Double(tick) / Double(unit) + Double(offset)
    }
  }

  /// Row numbers from `first`.
  public init(rowCount: Int, startingAt first: Int = 1) {
    require(rowCount >= 0, "rowCount is at least 0, got \(rowCount)")
    self.init(
      ticks: (0..<rowCount).map { Int64(first + $0) }, checkedFormat: nil, frequency: .rows)
  }

  /// Times in `seconds` since 1970-01-01 UTC, strictly ascending, between the years -6000 and 9999.
  ///
  /// - Parameter format: How times are written.
  public init(seconds: [Int64], format: TimeFormat = .isoDateTime) {
    require(
      Self.isAscending(seconds, format), "seconds ascend strictly, within the years up to 9999")
    var format = format
    format.decimals = 0
    self.init(checkedTicks: seconds, format: format)
  }

  /// - Parameter model: the frequency that the rows have, unless they contradict it.
  init(
    checkedTicks ticks: [Int64], format: TimeFormat, like model: Frequency? = nil,
    reading: String? = nil
  ) {
    if let model, model != .irregular, model != .rows {
      let axis = TimeAxis(ticks: ticks, checkedFormat: format, frequency: model, reading: reading)
      if axis.followsFrequency {
        self = axis
        return
      }
    }
    let shown = format.isIndex ? ticks : ticks.map { format.shownSeconds(tick: $0) }
    self.init(
      ticks: ticks, checkedFormat: format,
      frequency: Frequency.inferred(ticks: ticks, shown: shown, format: format), reading: reading)
  }

  init(
    ticks: [Int64], checkedFormat format: TimeFormat?, frequency: Frequency, reading: String? = nil
  ) {
    self.init(
      StoredValues(ticks), checkedFormat: format, frequency: frequency, reading: reading)
  }

  private init(
    _ values: StoredValues<Int64>, checkedFormat format: TimeFormat?, frequency: Frequency,
    reading: String?
  ) {
    self.values = values
    self.format = format
    self.frequency = frequency
    self.reading = reading
  }

  static func isAscending(_ ticks: [Int64], _ format: TimeFormat?) -> Bool {
    guard let first = ticks.first, let last = ticks.last else { return true }
    // Compared without subtracting, which could overflow.
    let limit = TimeColumn.limit(format)
    return first >= -limit && last <= limit && zip(ticks, ticks.dropFirst()).allSatisfy { $0 < $1 }
  }
}

extension TimeFormat {
  /// A time in ticks as seconds on the clock that the column shows.
  func shownSeconds(tick: Int64) -> Int64 { shown(floorDivide(tick, ticksPerSecond)) }
}

extension TimeAxis: Equatable {
  // Documented by the protocol.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public static func == (a: TimeAxis, b: TimeAxis) -> Bool {
    a.values == b.values && a.format == b.format && a.frequency == b.frequency
  }
}

// MARK: - Labels

extension TimeAxis {
  /// The time of row `index`, written as the column writes it.
  public func label(_ index: Int) -> String {
    require(index >= 0 && index < count, "index is in 0..<\(count), got \(index)")
    return format?.text(ticks: values[index]) ?? String(values[index])
  }

  /// A time in seconds since 1970-01-01 UTC (or a row number), written as the column writes it.
  public func label(seconds: Int64) -> String { format?.text(seconds) ?? String(seconds) }

  /// The times of all rows, written as the column writes them.
  public var labels: [String] { ticks.map { format?.text(ticks: $0) ?? String($0) } }
}

// MARK: - Parts

extension TimeAxis {
  /// The rows in `range`, with the frequency of the whole.
  public func slice(_ range: Range<Int>) -> TimeAxis {
    require(
      range.lowerBound >= 0 && range.upperBound <= count,
      "range is within 0..<\(count), got \(range)")
    return TimeAxis(
      values.part(range), checkedFormat: format, frequency: frequency, reading: reading)
  }

  /// The same times in a store.
  ///
  /// - Throws: ``DataError`` if there is no room for them.
  func stored(in store: ValueStore) throws(DataError) -> TimeAxis {
    TimeAxis(
      try store.keep(ticks), checkedFormat: format, frequency: frequency, reading: reading)
  }

  /// The first `length` rows, or all.
  public func prefix(_ length: Int) -> TimeAxis { slice(0..<Swift.min(length, count)) }

  /// The last `length` rows, or all.
  public func suffix(_ length: Int) -> TimeAxis { slice(Swift.max(0, count - length)..<count) }
}

// MARK: - Codable

extension TimeAxis: Codable {
  private enum CodingKeys: CodingKey {
    case seconds
    case ticks
    case format
    case frequency
  }

  // Documented by the protocol.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(ticks, forKey: (format?.decimals ?? 0) > 0 ? .ticks : .seconds)
    try container.encodeIfPresent(format, forKey: .format)
    try container.encode(frequency, forKey: .frequency)
  }

  /// Reads an axis from a file, and refuses one whose times do not ascend.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let format = try container.decodeIfPresent(TimeFormat.self, forKey: .format)
    let key = (format?.decimals ?? 0) > 0 ? CodingKeys.ticks : .seconds
    let ticks = try container.decode([Int64].self, forKey: key)
    let frequency = try container.decode(Frequency.self, forKey: .frequency)
    guard Self.isAscending(ticks, format) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container, debugDescription: "the times do not ascend strictly")
    }
    guard frequency.isUsable, (frequency == .rows) == (format == nil) else {
      throw DecodingError.dataCorruptedError(
        forKey: .frequency, in: container, debugDescription: "the step is out of range")
    }
    self.init(ticks: ticks, checkedFormat: format, frequency: frequency)
  }
}
