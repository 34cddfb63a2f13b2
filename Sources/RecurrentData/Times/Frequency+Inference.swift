import RecurrentFiles

extension Frequency {
  /// The step of ascending times.
  ///
  /// A rule must account for every row, and at least half of the steps must be single ones: the
  /// others are gaps. Only days of the week, and the first or last business day of months, may be
  /// holidays now and then.
  ///
  /// - Parameters:
  ///   - ticks: the times as `format` counts them.
  ///   - shown: the same in seconds, on the clock that the column shows: calendar rules hold there.
  static func inferred(
    ticks: [Int64], shown: [Int64], format: TimeFormat
  ) -> Frequency {
    guard ticks.count > 1 else { return .irregular }
    if format.isIndex {
      return commonStep(of: ticks).map { .index(step: $0, decimals: format.decimals) } ?? .irregular
    }
    let perSecond = format.ticksPerSecond
    if ticks.allSatisfy({ $0 % perSecond == 0 }) {
      let days = zip(shown, shown.dropFirst()).allSatisfy {
        ($1 - $0) % CivilDate.secondsPerDay == 0
      }
      let calendar = months(of: shown) ?? businessMonths(of: shown) ?? businessDays(of: shown)
      if let calendar { return calendar }
      // Days are days on the clock, also when one of them has 23 hours.
      if days, let step = commonStep(of: shown) { return .seconds(step) }
      if days, let weeks = weeks(of: shown) { return weeks }
    }
    guard let step = commonStep(of: ticks) else { return .irregular }
    return step % perSecond == 0
      ? .seconds(step / perSecond) : .nanoseconds(step * (1_000_000_000 / perSecond))
  }

  /// The time of day of the first of `times`, if it is that of all; in days and seconds.
  private static func days(of times: [Int64]) -> [Int64]? {
    guard let first = times.first else { return nil }
    let timeOfDay = first - floorDivide(first, CivilDate.secondsPerDay) * CivilDate.secondsPerDay
    var days: [Int64] = []
    days.reserveCapacity(times.count)
    for time in times {
      let day = floorDivide(time, CivilDate.secondsPerDay)
      guard time - day * CivilDate.secondsPerDay == timeOfDay else { return nil }
      days.append(day)
    }
    return days
  }

  private static func months(of times: [Int64]) -> Frequency? {
    guard let days = days(of: times) else { return nil }
    var lastDay: Int64 = 0
    var allAtMonthEnd = true
    var indices: [Int64] = []
    for day in days {
      let date = CivilDate(dayNumber: day)
      lastDay = Swift.max(lastDay, date.day)
      allAtMonthEnd = allAtMonthEnd && date.isMonthEnd
      if let previous = indices.last, previous == date.monthIndex { return nil }
      indices.append(date.monthIndex)
    }
    let day = allAtMonthEnd ? 31 : lastDay
    for (number, index) in zip(days, indices) {
      guard CivilDate(monthIndex: index, clampedDay: day).dayNumber == number else { return nil }
    }
    return commonStep(of: indices).map { .months(Int($0), day: Int(day)) }
  }

  /// The first or last business day of months; a quarter of the rows may lie up to four days further
  /// inside the month, as they do where that day is a holiday.
  private static func businessMonths(of times: [Int64]) -> Frequency? {
    guard let days = days(of: times) else { return nil }
    let indices = days.map { CivilDate(dayNumber: $0).monthIndex }
    guard let step = commonStep(of: indices) else { return nil }
    for atEnd in [true, false] {
      let distances = zip(days, indices).map { day, index in
        let expected = businessDay(ofMonth: index, atEnd: atEnd)
        return atEnd ? expected - day : day - expected
      }
      if areHolidays(distances, within: 0...4) { return .businessMonths(Int(step), atEnd: atEnd) }
    }
    return nil
  }

  /// A day of each week; a quarter of the rows may lie on another one.
  private static func weeks(of times: [Int64]) -> Frequency? {
    guard let days = days(of: times), let step = commonStep(of: days.map(week)) else { return nil }
    let usual = Dictionary(grouping: days, by: { CivilDate.weekday(ofDayNumber: $0) })
      .max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
    guard let weekday = usual?.key else { return nil }
    let distances = days.map { CivilDate.weekday(ofDayNumber: $0) - weekday }
    return areHolidays(distances, within: -4...4)
      ? .weeks(Int(step), weekday: Int(weekday)) : nil
  }

  /// Whether at least three quarters of rows lie where the rule has them, and the others near.
  private static func areHolidays(_ distances: [Int64], within range: ClosedRange<Int64>) -> Bool {
    distances.count(where: { $0 == 0 }) * 4 >= distances.count * 3
      && distances.allSatisfy(range.contains)
  }

  /// Weeks, from Monday on, after that of 1970-01-01.
  static func week(_ dayNumber: Int64) -> Int64 { floorDivide(dayNumber + 3, 7) }

  /// A day of a week (see ``week(_:)``).
  static func day(_ weekday: Int, ofWeek week: Int64) -> Int64 { week * 7 - 3 + Int64(weekday) }

  private static func businessDays(of times: [Int64]) -> Frequency? {
    guard let days = days(of: times) else { return nil }
    guard days.allSatisfy({ CivilDate.weekday(ofDayNumber: $0) < 5 }) else { return nil }
    let indices = days.map(businessDayIndex)
    // Without a weekend in between, these are consecutive days.
    let skipsWeekend = days.indices.dropFirst().contains { row in
      days[row] - days[row - 1] > indices[row] - indices[row - 1]
    }
    guard skipsWeekend, commonStep(of: indices) == 1 else { return nil }
    return .businessDays
  }

  /// The smallest step between `values` if all are its multiples and at least half equal it.
  private static func commonStep(of values: [Int64]) -> Int64? {
    var step = Int64.max
    for (value, next) in zip(values, values.dropFirst()) { step = Swift.min(step, next - value) }
    guard step > 0, values.count > 1 else { return nil }
    var single = 0
    for (value, next) in zip(values, values.dropFirst()) {
      guard (next - value) % step == 0 else { return nil }
      if next - value == step { single += 1 }
    }
    return single * 2 >= values.count - 1 ? step : nil
  }

  /// Business days from some Monday to `dayNumber`, a day from Monday to Friday.
  static func businessDayIndex(_ dayNumber: Int64) -> Int64 {
    let weekday = CivilDate.weekday(ofDayNumber: dayNumber)
    return (dayNumber - weekday + 3) / 7 * 5 + weekday
  }

  /// The first or last day from Monday to Friday of a month (see `CivilDate.monthIndex`).
  static func businessDay(ofMonth index: Int64, atEnd: Bool) -> Int64 {
    let day = CivilDate(monthIndex: index, clampedDay: atEnd ? 31 : 1).dayNumber
    let weekday = CivilDate.weekday(ofDayNumber: day)
    guard weekday > 4 else { return day }
    return atEnd ? day - (weekday - 4) : day + (7 - weekday)
  }
}
