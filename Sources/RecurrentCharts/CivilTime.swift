import Foundation
import RecurrentFiles

/// A point in time as the calendar writes it, in UTC.
///
/// Plain arithmetic, no locale and no time zone, so that a chart is the same on every machine. Leap
/// seconds do not exist, as in Unix time.
struct CivilTime: Equatable {
  var year: Int
  /// 1...12.
  var month: Int
  /// 1...31.
  var day: Int
  /// Seconds since midnight, 0..<86,400.
  var secondOfDay: Double

  static let monthNames = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  static let secondsPerDay = Double(CivilDate.secondsPerDay)

  /// Beyond two million years calendar dates say nothing, and integers might overflow.
  static let limit = 6e13

  /// The time `seconds` after 1970-01-01 00:00:00 UTC, which must lie within ±`limit`.
  init(secondsSince1970 seconds: Double) {
    let day = (seconds / Self.secondsPerDay).rounded(.down)
    self.init(daysSince1970: Int(day))
    secondOfDay = seconds - day * Self.secondsPerDay
  }

  /// Midnight of a day of the proleptic Gregorian calendar.
  init(daysSince1970 days: Int) {
    let date = CivilDate(dayNumber: Int64(days))
    (year, month, day) = (Int(date.year), Int(date.month), Int(date.day))
    secondOfDay = 0
  }

  /// Seconds from 1970 to the first of a month, counted from January of year 0 (`12·year + month −
  /// 1`).
  static func seconds(monthIndex: Int) -> Double {
    let first = CivilDate(monthIndex: Int64(monthIndex), clampedDay: 1)
    return Double(first.dayNumber) * secondsPerDay
  }

  /// Months since January of year 0.
  var monthIndex: Int { year * 12 + month - 1 }

  /// `2004-08-19`.
  var date: String { "\(yearText)-\(Self.two(month))-\(Self.two(day))" }

  /// `06:30`.
  var clock: String {
    let minutes = Int(secondOfDay) / 60
    return "\(Self.two(minutes / 60)):\(Self.two(minutes % 60))"
  }

  /// `06:30:05`, with decimals where a step of `step` seconds needs them.
  func clock(step: Double) -> String {
    guard step < 60 else { return clock }
    let decimals = step < 1 ? min(3, -ChartNumbers.exponent(of: step)) : 0
    // Rounding half a step's last digit first keeps 5 s from reading as 4.999 s.
    let unit = ChartNumbers.power(of: -decimals)
    let rounded = (secondOfDay / unit).rounded() * unit
    let second = rounded - Double(Int(rounded) / 60 * 60)
    let text = ChartNumbers.fixed(second, decimals: decimals)
    let minutes = Int(rounded) / 60 % (24 * 60)
    return "\(Self.two(minutes / 60)):\(Self.two(minutes % 60)):" + (second < 9.9995 ? "0" : "")
      + text
  }

  /// `2004`, `0079`, `−0043`.
  var yearText: String {
    let digits = String(abs(year))
    return (year < 0 ? "\u{2212}" : "") + String(repeating: "0", count: max(0, 4 - digits.count))
      + digits
  }

  /// The ends of a time axis in a sentence or a terminal: as fine as a span of `span` seconds
  /// deserves.
  static func text(_ seconds: Double, span: Double) -> String {
    guard abs(seconds) <= limit else { return ChartNumbers.short(seconds) }
    let time = CivilTime(secondsSince1970: seconds)
    switch span {
    case ..<300: return "\(time.date) \(time.clock(step: 1))"
    case ..<(4 * secondsPerDay): return "\(time.date) \(time.clock)"
    case ..<(4_000 * secondsPerDay): return time.date
    default: return "\(time.yearText)-\(two(time.month))"
    }
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
