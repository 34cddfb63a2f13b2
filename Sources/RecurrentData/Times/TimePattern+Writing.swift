import RecurrentFiles

extension TimePattern {
  /// A time in this pattern.
  ///
  /// - Parameters:
  ///   - local: seconds since 1970-01-01 on the clock that is shown.
  ///   - nanoseconds: what comes on top of them.
  ///   - zoneMinutes: how far the clock is ahead of UTC.
  ///   - hasHour24: whether midnight is 24:00 of the day before.
  func text(local: Int64, nanoseconds: Int64, zoneMinutes: Int, hasHour24: Bool) -> String {
    var dayNumber = floorDivide(local, CivilDate.secondsPerDay)
    var second = local - dayNumber * CivilDate.secondsPerDay
    if hasHour24, second == 0, nanoseconds == 0 {
      (dayNumber, second) = (dayNumber - 1, CivilDate.secondsPerDay)
    }
    let date = CivilDate(dayNumber: dayNumber)
    let (hour, isAfternoon) = (second / 3600, second / 3600 % 24 >= 12)
    var bytes: [UInt8] = []
    for (index, part) in parts[..<(restStart ?? parts.count)].enumerated() {
      if isEndOfName(index), isFullName(parts[index - 1], date) { continue }
      if !padsHours, let compactHour, index == compactHour || index == compactHour + 1 {
        if index == compactHour { bytes += Array(String(hour * 100 + second / 60 % 60).utf8) }
        continue
      }
      if case .literal(let byte) = part {
        bytes.append(byte)
        continue
      }
      let text =
        switch part {
        case .hour: Self.padded(hour, padsHours ? 2 : 1)
        case .hour12: Self.padded((hour + 11) % 12 + 1, padsHours ? 2 : 1)
        case .minute: Self.padded(second / 60 % 60)
        case .second: Self.padded(second % 60)
        case .fraction(let digits):
          Self.padded(nanoseconds / powerOfTen(9 - digits), digits)
        case .half(let style): style.text(TimeNames.halves[isAfternoon ? 1 : 0])
        case .zone(let style): style.text(zoneMinutes)
        default: text(part, of: date, dayNumber)
        }
      bytes += Array(text.utf8)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether a name is as long in full as shortened, and so has no point behind it.
  private func isFullName(_ part: Part, _ date: CivilDate) -> Bool {
    guard case .monthName(let style) = part else { return false }
    let name = TimeNames.months(style.language)[Int(date.month) - 1]
    return name.full == name.short
  }

  private func text(_ part: Part, of date: CivilDate, _ dayNumber: Int64) -> String {
    let digits = padsDates ? 2 : 1
    let weekday = CivilDate.weekday(ofDayNumber: dayNumber)
    switch part {
    case .year: return Self.padded(date.year, 4)
    case .shortYear: return Self.padded(date.year - floorDivide(date.year, 100) * 100)
    case .weekYear: return Self.padded(CivilDate.week(ofDayNumber: dayNumber).year, 4)
    case .month: return Self.padded(date.month, digits)
    case .day: return Self.padded(date.day, digits)
    case .quarter: return String((date.month + 2) / 3)
    case .week: return Self.padded(CivilDate.week(ofDayNumber: dayNumber).week, digits)
    case .weekday: return String(weekday + 1)
    case .dayOfYear:
      let first = CivilDate(monthIndex: date.year * 12, clampedDay: 1)
      return Self.padded(dayNumber - first.dayNumber + 1, 3)
    case .monthName(let style):
      return style.text(TimeNames.months(style.language)[Int(date.month) - 1])
    case .dayName(let style): return style.text(TimeNames.days(style.language)[Int(weekday)])
    case .nextYear(let count):
      return count == 2
        ? Self.padded((date.year + 1) - floorDivide(date.year + 1, 100) * 100)
        : Self.padded(date.year + 1, 4)
    default: return ""
    }
  }

  fileprivate static func padded(_ number: Int64, _ digits: Int = 2) -> String {
    let text = String(number.magnitude)
    let zeros = String(repeating: "0", count: Swift.max(0, digits - text.count))
    return (number < 0 ? "-" : "") + zeros + text
  }
}

extension TimePattern.NameStyle {
  fileprivate func text(_ name: TimeName) -> String {
    let text = String(decoding: isFull ? name.full : name.short, as: UTF8.self)
    switch letters {
    case .capitalized: return text
    case .upper: return text.uppercased()
    case .lower: return text.lowercased()
    }
  }
}

extension TimePattern.ZoneStyle {
  fileprivate func text(_ minutes: Int) -> String {
    switch self {
    case .letter where minutes == 0: return "Z"
    case .utc where minutes == 0: return "UTC"
    case .gmt where minutes == 0: return "GMT"
    default:
      let (hour, minute) = (Int64(minutes.magnitude / 60), Int64(minutes.magnitude % 60))
      let text = (minutes < 0 ? "-" : "+") + TimePattern.padded(hour)
      if self == .hours, minute == 0 { return text }
      return text + (self == .plain || self == .hours ? "" : ":") + TimePattern.padded(minute)
    }
  }
}
