import RecurrentFiles

/// How a column writes its times, so that later times can be written in the same way.
public struct TimeFormat: Sendable, Equatable {
  enum Writing: Sendable, Equatable {
    case pattern(TimePattern)
    /// Numbers with so many decimals, where they are needed or always.
    case number(TimeUnit, least: Int, most: Int)
  }

  var writing: Writing
  /// Times are counted in 10⁻ᵈ seconds; plain numbers in 10⁻ᵈ.
  var decimals = 0
  /// Whether midnight is written as 24:00 of the day before.
  var hasHour24 = false
  /// Minutes east of UTC when times carry a zone; `nil` when they carry none.
  public var zoneMinutes: Int?
  /// The clocks that the column shows, if they change between winter and summer.
  var clock: LocalClock?

  init(_ writing: Writing) { self.writing = writing }

  init(_ pattern: TimePattern) { self.init(.pattern(pattern)) }

  /// A format as `strptime` writes it: `%d.%m.%Y %H:%M`.
  ///
  /// - Throws: ``DataError`` when it is no such pattern.
  public init(pattern: String) throws(DataError) {
    do throws(TimePattern.Problem) {
      self.init(try TimePattern(pattern))
    } catch {
      throw DataError(file: "pattern \(pattern.shown)", problem: error.text)
    }
  }

  /// Dates like `2012-01-31`.
  public static let isoDate = TimeFormat(isoPattern)
  /// Times like `2012-01-31 16:30:05`.
  public static let isoDateTime = TimeFormat(
    TimePattern(
      isoPattern.parts + [
        .literal(Ascii.space), .hour, .literal(Ascii.colon), .minute, .literal(Ascii.colon),
        .second,
      ]))

  private static let isoPattern = TimePattern([
    .year, .literal(Ascii.minus), .month, .literal(Ascii.minus), .day,
  ])

  /// The directives of `strptime` that write these times; `nil` when they are numbers.
  public var pattern: String? {
    if case .pattern(let pattern) = writing { pattern.description } else { nil }
  }

  /// What the numbers mean, if the times are whole numbers.
  public var unit: TimeUnit? {
    switch writing {
    case .number(let unit, _, _): unit
    case .pattern(let pattern): TimeUnit.allCases.first { $0.pattern == pattern }
    }
  }

  /// Whether times are plain numbers, of no calendar.
  var isIndex: Bool { unit == .index }

  /// How times are read, in words: `%d.%m.%Y`, `seconds since 1970`.
  var words: String {
    guard unit == nil, case .pattern(var pattern) = writing else { return unit?.words ?? "" }
    pattern.firstShortYear = 69
    return pattern.description
  }

  /// Ticks in a second.
  var ticksPerSecond: Int64 { powerOfTen(decimals) }

  /// Seconds to add to UTC for the clock that the column shows at a moment.
  func offset(at seconds: Int64) -> Int64 {
    clock?.offset(at: seconds) ?? Int64(zoneMinutes ?? 0) * 60
  }

  /// A moment on the clock that the column shows: calendar rules hold there.
  func shown(_ seconds: Int64) -> Int64 { seconds + offset(at: seconds) }

  /// The moment at which the column shows `local`.
  func moment(showing local: Int64) -> Int64 {
    clock?.moment(showing: local) ?? local - Int64(zoneMinutes ?? 0) * 60
  }

  /// `seconds` since 1970-01-01 UTC, written in this format.
  public func text(_ seconds: Int64) -> String {
    let ticks = seconds.multipliedReportingOverflow(by: ticksPerSecond)
    return text(ticks: ticks.overflow ? seconds : ticks.partialValue)
  }

  /// A time in ticks, written in this format.
  func text(ticks: Int64) -> String {
    let seconds = floorDivide(ticks, ticksPerSecond)
    let nanoseconds = (ticks - seconds * ticksPerSecond) * (1_000_000_000 / ticksPerSecond)
    switch writing {
    case .number(.index, let least, let most):
      return DecimalNumber(whole: seconds, billionths: nanoseconds).text(least: least, most: most)
    case .number(.excel, let least, let most):
      return TimeUnit.excel.number(ticks: shown(seconds), decimals: 0).text(
        least: least, most: most)
    case .number(let unit, let least, let most):
      return unit.number(ticks: ticks, decimals: decimals).text(least: least, most: most)
    case .pattern(let pattern):
      let offset = offset(at: seconds)
      return pattern.text(
        local: seconds + offset, nanoseconds: nanoseconds, zoneMinutes: Int(offset / 60),
        hasHour24: hasHour24)
    }
  }
}

// MARK: - Codable

extension TimeFormat: Codable {
  private enum CodingKeys: String, CodingKey {
    case pattern, unit, leastDecimals, mostDecimals, decimals, hasHour24, zoneMinutes, zone
  }

  // Documented by the protocol.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch writing {
    case .pattern(let pattern): try container.encode(pattern.description, forKey: .pattern)
    case .number(let unit, let least, let most):
      try container.encode(unit, forKey: .unit)
      try container.encode(least, forKey: .leastDecimals)
      try container.encode(most, forKey: .mostDecimals)
    }
    if decimals != 0 { try container.encode(decimals, forKey: .decimals) }
    if hasHour24 { try container.encode(true, forKey: .hasHour24) }
    try container.encodeIfPresent(zoneMinutes, forKey: .zoneMinutes)
    try container.encodeIfPresent(clock?.name, forKey: .zone)
  }

  /// Reads a format from a file, also as model folders had it before there were patterns.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let text = try container.decodeIfPresent(String.self, forKey: .pattern) {
      do throws(TimePattern.Problem) {
        self.init(try TimePattern(text))
      } catch {
        throw DecodingError.dataCorruptedError(
          forKey: .pattern, in: container, debugDescription: error.text)
      }
    } else if let unit = try container.decodeIfPresent(TimeUnit.self, forKey: .unit) {
      let least = try container.decode(Int.self, forKey: .leastDecimals)
      let most = try container.decode(Int.self, forKey: .mostDecimals)
      guard unit.pattern == nil, (0...most).contains(least), most <= 9 else {
        throw DecodingError.dataCorruptedError(
          forKey: .unit, in: container, debugDescription: "the decimals are out of range")
      }
      self.init(.number(unit, least: least, most: most))
    } else {
      self.init(try PartsOfTimes(from: decoder).writing)
    }
    decimals = try container.decodeIfPresent(Int.self, forKey: .decimals) ?? 0
    hasHour24 = try container.decodeIfPresent(Bool.self, forKey: .hasHour24) ?? false
    zoneMinutes = try container.decodeIfPresent(Int.self, forKey: .zoneMinutes)
    let zone = try container.decodeIfPresent(String.self, forKey: .zone)
    clock = zone.flatMap { LocalClock($0) }
    guard (0...9).contains(decimals), (zoneMinutes ?? 0).magnitude <= 1440,
      (zone == nil) == (clock == nil)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .zone, in: container, debugDescription: "the zone or the decimals are out of range")
    }
  }
}

/// A format as model folders had it before there were patterns.
private struct PartsOfTimes: Decodable {
  var order: String
  var separator: String
  var isPadded: Bool
  var hasTwoDigitYear: Bool
  var clock: Int
  var clockSeparator: String
  var zoneMinutes: Int?

  var writing: TimeFormat.Writing {
    if order == "unixSeconds" { return .number(.seconds, least: 0, most: 0) }
    let year: TimePattern.Part = hasTwoDigitYear ? .shortYear : .year
    let date: [TimePattern.Part] =
      switch order {
      case "year": [year]
      case "yearMonth": [year, .month]
      case "monthDayYear": [.month, .day, year]
      case "dayMonthYear": [.day, .month, year]
      default: [year, .month, .day]
      }
    let mark = order == "compact" ? [] : literals(separator)
    var parts = Array(date.map { [$0] }.joined(separator: mark))
    if clock > 0 { parts += literals(clockSeparator) + [.hour] + literals(":") + [.minute] }
    if clock > 1 { parts += literals(":") + [.second] }
    if clock > 0, let zoneMinutes { parts.append(.zone(zoneMinutes == 0 ? .letter : .colon)) }
    var pattern = TimePattern(parts)
    pattern.padsDates = isPadded
    return .pattern(pattern)
  }

  private func literals(_ text: String) -> [TimePattern.Part] { text.utf8.map { .literal($0) } }
}
