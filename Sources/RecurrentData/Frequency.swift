import RecurrentFiles

/// The step from one time to the next.
public enum Frequency: Sendable, Codable, Equatable {
  /// Rows without times.
  case rows
  /// A fixed number of seconds.
  case seconds(Int64)
  /// Monday to Friday.
  case businessDays
  /// A number of calendar months, always on day `day` or, in shorter months, the last; day 31 is
  /// the end of the month.
  case months(Int, day: Int)
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
    case .months(let count, _):
      switch count {
      case 1: return "monthly"
      case 3: return "quarterly"
      case 12: return "yearly"
      default: return count % 12 == 0 ? "every \(count / 12) years" : "every \(count) months"
      }
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
}

// MARK: - Inference

extension Frequency {
  /// The step of ascending `times`, in seconds since 1970 on the clock that the column shows.
  ///
  /// A rule must account for every row, and at least half of the steps must be single ones: the
  /// others are gaps.
  static func inferred(from times: some RandomAccessCollection<Int64>) -> Frequency {
    guard times.count > 1 else { return .irregular }
    return months(of: times) ?? businessDays(of: times) ?? fixedStep(of: times) ?? .irregular
  }

  private static func months(of times: some RandomAccessCollection<Int64>) -> Frequency? {
    guard let first = times.first else { return nil }
    let timeOfDay = first - floorDivide(first, CivilDate.secondsPerDay) * CivilDate.secondsPerDay
    var lastDay: Int64 = 0
    var allAtMonthEnd = true
    var indices: [Int64] = []
    for time in times {
      let dayNumber = floorDivide(time, CivilDate.secondsPerDay)
      guard time - dayNumber * CivilDate.secondsPerDay == timeOfDay else { return nil }
      let date = CivilDate(dayNumber: dayNumber)
      lastDay = Swift.max(lastDay, date.day)
      allAtMonthEnd = allAtMonthEnd && date.isMonthEnd
      if let previous = indices.last, previous == date.monthIndex { return nil }
      indices.append(date.monthIndex)
    }
    let day = allAtMonthEnd ? 31 : lastDay
    for (time, index) in zip(times, indices) {
      let dayNumber = floorDivide(time, CivilDate.secondsPerDay)
      guard CivilDate(monthIndex: index, clampedDay: day).dayNumber == dayNumber else { return nil }
    }
    guard let step = commonStep(zip(indices.dropFirst(), indices).map { $0 - $1 }) else {
      return nil
    }
    return .months(Int(step), day: Int(day))
  }

  private static func businessDays(of times: some RandomAccessCollection<Int64>) -> Frequency? {
    guard let first = times.first else { return nil }
    let timeOfDay = first - floorDivide(first, CivilDate.secondsPerDay) * CivilDate.secondsPerDay
    var steps: [Int64] = []
    var previous: Int64?
    var skipsWeekend = false
    for time in times {
      let dayNumber = floorDivide(time, CivilDate.secondsPerDay)
      guard time - dayNumber * CivilDate.secondsPerDay == timeOfDay,
        CivilDate.weekday(ofDayNumber: dayNumber) < 5
      else { return nil }
      if let previous {
        let step = businessDayIndex(dayNumber) - businessDayIndex(previous)
        steps.append(step)
        skipsWeekend = skipsWeekend || dayNumber - previous > step
      }
      previous = dayNumber
    }
    // Without a weekend in between, these are consecutive days.
    guard skipsWeekend, commonStep(steps) == 1 else { return nil }
    return .businessDays
  }

  private static func fixedStep(of times: some RandomAccessCollection<Int64>) -> Frequency? {
    commonStep(zip(times.dropFirst(), times).map { $0 - $1 }).map { .seconds($0) }
  }

  /// The smallest of `steps` if all are its multiples and at least half equal it.
  private static func commonStep(_ steps: [Int64]) -> Int64? {
    guard let step = steps.min(), step > 0 else { return nil }
    guard steps.allSatisfy({ $0 % step == 0 }) else { return nil }
    return steps.count(where: { $0 == step }) * 2 >= steps.count ? step : nil
  }

  /// Business days from some Monday to `dayNumber`, a day from Monday to Friday.
  static func businessDayIndex(_ dayNumber: Int64) -> Int64 {
    let weekday = CivilDate.weekday(ofDayNumber: dayNumber)
    return (dayNumber - weekday + 3) / 7 * 5 + weekday
  }
}
