import RecurrentFiles

/// The step from one time to the next.
public enum Frequency: Sendable, Codable, Equatable {
  /// Rows without times.
  case rows
  /// A fixed number of seconds; whole days on the clock that the column shows.
  case seconds(Int64)
  /// A fixed number of nanoseconds that are no whole seconds.
  case nanoseconds(Int64)
  /// Monday to Friday.
  case businessDays
  /// A number of calendar months, always on day `day` or, in shorter months, the last; day 31 is
  /// the end of the month.
  case months(Int, day: Int)
  /// A number of calendar months, on the first or last day from Monday to Friday.
  case businessMonths(Int, atEnd: Bool)
  /// A number of weeks, on a day of the week (0 for Monday), but for holidays.
  case weeks(Int, weekday: Int)
  /// Plain numbers that rise by `step` · 10⁻ᵈ, d being `decimals`.
  case index(step: Int64, decimals: Int)
  /// No rule was found.
  case irregular

  /// Every day.
  public static let daily = seconds(86_400)
  /// Every seven days.
  public static let weekly = seconds(7 * 86_400)
  /// Every hour.
  public static let hourly = seconds(3600)
}

extension Frequency: CustomStringConvertible {
  /// The frequency in words: `every 15 minutes`, `business days`, `monthly`.
  public var description: String {
    switch self {
    case .rows: return "rows"
    case .businessDays: return "business days"
    case .irregular: return "irregular"
    case .months(let count, let day):
      return Self.months(count) + (day == 31 ? ", on the last day" : "")
    case .businessMonths(let count, let atEnd):
      return Self.months(count) + (atEnd ? ", on the last" : ", on the first") + " business day"
    case .weeks(let count, let weekday):
      let day = TimeNames.days(.english)[Swift.max(0, Swift.min(weekday, 6))].text
      return (count == 1 ? "weekly" : "every \(count) weeks") + ", on \(day)s but for holidays"
    case .nanoseconds(let count):
      let units: [(size: Int64, many: String)] = [
        (1_000_000, "milliseconds"), (1000, "microseconds"), (1, "nanoseconds"),
      ]
      let unit = units.first { count % $0.size == 0 } ?? units[2]
      return "every \(count / unit.size) \(unit.many)"
    case .index(let step, let decimals):
      let number = DecimalNumber(
        whole: step / powerOfTen(decimals),
        billionths: step % powerOfTen(decimals) * powerOfTen(9 - decimals))
      return "numbers in steps of " + number.text(least: 0, most: decimals)
    case .seconds(let count):
      let units: [(size: Int64, single: String, many: String)] = [
        (7 * 86_400, "weekly", "weeks"), (86_400, "daily", "days"), (3600, "hourly", "hours"),
        (60, "every minute", "minutes"),
      ]
      for unit in units where count % unit.size == 0 {
        return count == unit.size ? unit.single : "every \(count / unit.size) \(unit.many)"
      }
      return count == 1 ? "every second" : "every \(count) seconds"
    }
  }

  private static func months(_ count: Int) -> String {
    switch count {
    case 1: return "monthly"
    case 3: return "quarterly"
    case 12: return "yearly"
    default: return count % 12 == 0 ? "every \(count / 12) years" : "every \(count) months"
    }
  }
}

extension Frequency {
  /// Whether a step that was read from a file is one that ``TimeAxis`` can take.
  var isUsable: Bool {
    switch self {
    case .seconds(let step): return (1...TimeColumn.latestSecond * 2).contains(step)
    case .nanoseconds(let step): return (1...Int64.max / 4).contains(step)
    case .index(let step, let decimals): return step >= 1 && (0...9).contains(decimals)
    case .months(let step, let day): return (1...120_000).contains(step) && (1...31).contains(day)
    case .businessMonths(let step, _): return (1...120_000).contains(step)
    case .weeks(let step, let day): return (1...520_000).contains(step) && (0...6).contains(day)
    case .rows, .businessDays, .irregular: return true
    }
  }
}
