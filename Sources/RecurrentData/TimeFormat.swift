import RecurrentFiles

/// How a column writes its times, so that later times can be written in the same way.
public struct TimeFormat: Sendable, Codable, Equatable {
  /// The order of the parts of a date.
  public enum Order: String, Sendable, Codable {
    /// `2012-01-31`
    case yearMonthDay
    /// `2012-01`
    case yearMonth
    /// `2012`, also `2012.0`
    case year
    /// `1/31/2012`
    case monthDayYear
    /// `31.1.2012`
    case dayMonthYear
    /// `20120131`
    case compact
    /// Seconds since 1970-01-01 00:00 UTC
    case unixSeconds
  }

  /// How much of the time of day is written.
  public enum Clock: Int, Sendable, Codable {
    /// No time of day.
    case none
    /// `16:30`
    case minutes
    /// `16:30:05`
    case seconds
  }

  /// The order of the parts of a date.
  public var order: Order
  /// The text between the parts of a date.
  public var separator = "-"
  /// Whether days and months below ten have a zero in front.
  public var isPadded = true
  /// Whether years are written with two digits, 69…99 for 1969…1999 and 00…68 for 2000…2068.
  public var hasTwoDigitYear = false
  /// How much of the time of day is written.
  public var clock = Clock.none
  /// The text between date and time of day.
  public var clockSeparator = " "
  /// Minutes east of UTC when times carry a zone; `nil` when they carry none.
  public var zoneMinutes: Int?

  /// Dates like `2012-01-31`.
  public static let isoDate = TimeFormat(order: .yearMonthDay)
  /// Times like `2012-01-31 16:30:05`.
  public static let isoDateTime = TimeFormat(order: .yearMonthDay, clock: .seconds)

  init(order: Order, separator: String = "-", clock: Clock = .none) {
    self.order = order
    self.separator = separator
    self.clock = clock
  }

  /// Minutes to add to UTC for the clock that the column shows.
  var offsetSeconds: Int64 { Int64(zoneMinutes ?? 0) * 60 }

  /// `seconds` since 1970-01-01 UTC, written in this format.
  public func text(_ seconds: Int64) -> String {
    if order == .unixSeconds { return String(seconds) }
    let local = seconds + offsetSeconds
    let dayNumber = floorDivide(local, CivilDate.secondsPerDay)
    let text = dateText(CivilDate(dayNumber: dayNumber))
    guard clock != .none else { return text }
    let second = local - dayNumber * CivilDate.secondsPerDay
    var clockText = "\(padded(second / 3600)):\(padded(second / 60 % 60))"
    if clock == .seconds { clockText += ":\(padded(second % 60))" }
    return text + clockSeparator + clockText + zoneText
  }

  private func dateText(_ date: CivilDate) -> String {
    let month = isPadded ? padded(date.month) : String(date.month)
    let day = isPadded ? padded(date.day) : String(date.day)
    let year =
      hasTwoDigitYear ? padded(((date.year % 100) + 100) % 100) : padded(date.year, digits: 4)
    switch order {
    case .yearMonthDay: return [year, month, day].joined(separator: separator)
    case .yearMonth: return [year, month].joined(separator: separator)
    case .monthDayYear: return [month, day, year].joined(separator: separator)
    case .dayMonthYear: return [day, month, year].joined(separator: separator)
    case .compact: return year + padded(date.month) + padded(date.day)
    case .year, .unixSeconds: return year
    }
  }

  private var zoneText: String {
    guard let zoneMinutes else { return "" }
    guard zoneMinutes != 0 else { return "Z" }
    let minutes = zoneMinutes.magnitude
    return
      "\(zoneMinutes < 0 ? "-" : "+")\(padded(Int64(minutes / 60))):\(padded(Int64(minutes % 60)))"
  }
}

private func padded(_ number: Int64, digits: Int = 2) -> String {
  let text = String(number.magnitude)
  let zeros = String(repeating: "0", count: Swift.max(0, digits - text.count))
  return (number < 0 ? "-" : "") + zeros + text
}
