/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Equatable {
  package var year: Int64
  /// The month, 1...12.
  package var month: Int64
  /// The day of the month, 1...31.
  package var day: Int64

  package static let secondsPerDay: Int64 = 86_400

  /// The day itself; `nil` when the calendar has no such day.
  package init?(year: Int64, month: Int64, day: Int64) {
    guard (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year) else {
      return nil
    }
    self.init(checkedYear: year, month: month, day: day)
  }

  private init(checkedYear year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day of `monthIndex` (see ``monthIndex``) whose number is `day`, or that month's last day.
  package init(monthIndex: Int64, clampedDay day: Int64) {
    let year = floorDivide(monthIndex, 12)
    let month = monthIndex - year * 12 + 1
    self.init(
      checkedYear: year, month: month, day: Swift.min(day, Self.days(inMonth: month, of: year)))
  }

  /// The day that lies `dayNumber` days after 1970-01-01.
  package init(dayNumber: Int64) {
    // Years that begin in March put the leap day last; eras of 400 years repeat exactly.
    let shifted = dayNumber + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    self.init(
      checkedYear: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
      day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  /// Days after 1970-01-01.
  package var dayNumber: Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let era = floorDivide(marchYear, 400)
    let yearOfEra = marchYear - era * 400
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// Months after January of year 0.
  package var monthIndex: Int64 { year * 12 + month - 1 }

  /// Whether the day is the last of its month.
  package var isMonthEnd: Bool { day == Self.days(inMonth: month, of: year) }

  package static func days(inMonth month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2:
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      return isLeap ? 29 : 28
    case 4, 6, 9, 11: return 30
    default: return 31
    }
  }

  /// The day of an ISO week: week 1 holds the first Thursday, days go from 1 for Monday to 7. `nil`
  /// when the year has no such week.
  package init?(weekYear year: Int64, week: Int64, weekday: Int64 = 1) {
    guard (1...53).contains(week), (1...7).contains(weekday),
      let fourth = CivilDate(year: year, month: 1, day: 4)
    else { return nil }
    let monday = fourth.dayNumber - Self.weekday(ofDayNumber: fourth.dayNumber) + (week - 1) * 7
    guard CivilDate(dayNumber: monday + 3).year == year else { return nil }
    self.init(dayNumber: monday + weekday - 1)
  }

  /// The ISO week in which a day lies, and the year of its Thursday.
  package static func week(ofDayNumber dayNumber: Int64) -> (year: Int64, week: Int64) {
    let thursday = dayNumber - weekday(ofDayNumber: dayNumber) + 3
    let year = CivilDate(dayNumber: thursday).year
    let first = CivilDate(checkedYear: year, month: 1, day: 1)
    return (year, (thursday - first.dayNumber) / 7 + 1)
  }

  /// 0 for Monday … 6 for Sunday.
  package static func weekday(ofDayNumber dayNumber: Int64) -> Int64 {
    // 1970-01-01 was a Thursday.
    let shifted = dayNumber + 3
    return shifted - floorDivide(shifted, 7) * 7
  }
}

/// `a / b` rounded down, for positive `b`.
package func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
  a >= 0 ? a / b : -((b - 1 - a) / b)
}
