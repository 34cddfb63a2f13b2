import RecurrentFiles

/// A time that was read, and how it was written.
struct ReadTime {
  /// Seconds since 1970-01-01 on the clock of the cell, or in UTC if it has a zone.
  var seconds: Int64 = 0
  /// What comes on top of the seconds, 0..<1_000_000_000.
  var nanoseconds: Int64 = 0
  /// Digits behind the point of a number or of seconds, nine at most.
  var decimals = 0
  /// Minutes east of UTC, if a zone was written.
  var zoneMinutes: Int?
  var hasClock = false
  /// Whether the parts show that numbers of dates are padded (`01`) or that they are not (`1`).
  var isPadded: Bool?
  var isHourPadded: Bool?
  /// Whether a month or day was written by its first letters.
  var hasShortName = false
  /// Whether the hour was written as 24.
  var isHour24 = false
  /// Whether the hour was written as 0.
  var isHour0 = false
}

extension TimePattern {
  /// The time that `text` holds when read in this pattern; `nil` when it is no such time.
  ///
  /// A cell may leave out the time of day when it is midnight, the seconds when they are 0, and their
  /// fraction.
  func read(_ text: UnsafeBufferPointer<UInt8>) -> ReadTime? {
    var scanner = TimeScanner(text: text)
    var fields = TimeFields(firstShortYear: Int64(firstShortYear))
    var index = 0
    while index < parts.count {
      if scanner.isAtEnd, index == dateEnd { return fields.time() }
      if let seconds, index == seconds.lowerBound, !scanner.isAt(parts[index]) {
        index = seconds.upperBound
        continue
      }
      if let fraction, index == fraction.lowerBound, !scanner.isAt(parts[index]) {
        index = fraction.upperBound
        continue
      }
      // "mars" stands between "févr." and "avr.".
      if isEndOfName(index), !scanner.isAt(parts[index]) {
        index += 1
        continue
      }
      if index == compactHour {
        guard fields.readCompactClock(&scanner) else { return nil }
        index += 2
        continue
      }
      guard fields.read(parts[index], isGlued: isGlued(index), &scanner) else { return nil }
      index += 1
    }
    // Years and months that went through a column of floating-point numbers.
    if isDigits { scanner.skipZeroFraction() }
    return scanner.isAtEnd ? fields.time() : nil
  }
}

/// The numbers of one cell, as its parts are read.
private struct TimeFields {
  private let firstShortYear: Int64
  private var written = ReadTime()
  private var year: Int64?
  private var (month, day): (Int64, Int64) = (1, 1)
  private var (week, weekday): (Int64?, Int64) = (nil, 1)
  private var (dayOfYear, dayName): (Int64?, Int64?) = (nil, nil)
  private var (hour, minute, second): (Int64, Int64, Int64) = (0, 0, 0)
  private var (isHour12, isAfternoon) = (false, false)

  init(firstShortYear: Int64) { self.firstShortYear = firstShortYear }

  mutating func read(
    _ part: TimePattern.Part, isGlued: Bool, _ scanner: inout TimeScanner
  ) -> Bool {
    let digits = isGlued ? 2...2 : 1...2
    switch part {
    case .literal(let byte): return scanner.takeLiteral(byte)
    case .year, .weekYear:
      guard let number = scanner.digits(4...4), number >= 1 else { return false }
      year = number
    case .shortYear:
      guard let number = scanner.digits(2...2) else { return false }
      year = number < firstShortYear ? 2000 + number : 1900 + number
    case .month:
      guard let number = scanner.digits(digits, padding: &written.isPadded) else { return false }
      month = number
    case .day:
      guard let number = scanner.digits(digits, padding: &written.isPadded) else { return false }
      day = number
    case .quarter:
      guard let number = scanner.digits(1...1), (1...4).contains(number) else { return false }
      month = number * 3 - 2
    case .week:
      guard let number = scanner.digits(digits, padding: &written.isPadded) else { return false }
      week = number
    case .weekday:
      guard let number = scanner.digits(1...1) else { return false }
      weekday = number
    case .dayOfYear:
      guard let number = scanner.digits(3...3) else { return false }
      dayOfYear = number
    case .monthName(let style):
      let names = TimeNames.months(style.language)
      guard let place = scanner.name(among: names, isShort: &written.hasShortName) else {
        return false
      }
      month = Int64(place) + 1
    case .dayName(let style):
      let names = TimeNames.days(style.language)
      guard let place = scanner.name(among: names, least: 2, isShort: &written.hasShortName) else {
        return false
      }
      dayName = Int64(place)
    case .nextYear(let count):
      guard let year, let number = scanner.digits(count...count),
        number == (count == 2 ? (year + 1) % 100 : year + 1)
      else { return false }
    case .rest:
      guard !scanner.isAtEnd else { return false }
      scanner.position = scanner.text.count
    default: return readClock(part, digits, &scanner)
    }
    return true
  }

  /// `2330`, `0030` or `30`: hours times hundred and minutes.
  mutating func readCompactClock(_ scanner: inout TimeScanner) -> Bool {
    let start = scanner.position
    guard let number = scanner.digits(1...4), number / 100 <= 24, number % 100 < 60 else {
      return false
    }
    written.hasClock = true
    (hour, minute) = (number / 100, number % 100)
    (written.isHour24, written.isHour0) = (hour == 24, hour == 0)
    if hour < 10 { written.isHourPadded = scanner.position - start == 4 }
    return true
  }

  private mutating func readClock(
    _ part: TimePattern.Part, _ digits: ClosedRange<Int>, _ scanner: inout TimeScanner
  ) -> Bool {
    written.hasClock = true
    switch part {
    case .hour:
      guard let number = scanner.digits(digits, padding: &written.isHourPadded), number <= 24 else {
        return false
      }
      hour = number
      (written.isHour24, written.isHour0) = (number == 24, number == 0)
    case .hour12:
      guard let number = scanner.digits(digits, padding: &written.isHourPadded),
        (1...12).contains(number)
      else { return false }
      hour = number % 12
      isHour12 = true
    case .minute:
      guard let number = scanner.digits(2...2), number < 60 else { return false }
      minute = number
    case .second:
      guard let number = scanner.digits(2...2), number < 60 else { return false }
      second = number
      // Also where the pattern has none: a column may write it where it is not zero.
      if scanner.isAtFraction {
        scanner.position += 1
        readFraction(&scanner)
      }
    case .fraction: readFraction(&scanner)
    case .half:
      guard let place = scanner.name(among: TimeNames.halves, least: 2) else { return false }
      isAfternoon = place == 1
    case .zone:
      guard let minutes = scanner.zone() else { return false }
      written.zoneMinutes = minutes
    default: return false
    }
    return true
  }

  private mutating func readFraction(_ scanner: inout TimeScanner) {
    let start = scanner.position
    written.nanoseconds = scanner.nanoseconds()
    written.decimals = Swift.min(scanner.position - start, 9)
  }

  /// The time; `nil` when the calendar has no such day, or another name for it.
  func time() -> ReadTime? {
    guard let year, let date = date(year), date.year >= 1 else { return nil }
    let dayNumber = date.dayNumber
    if let dayName, CivilDate.weekday(ofDayNumber: dayNumber) != dayName { return nil }
    guard hour < 24 || (minute == 0 && second == 0) else { return nil }
    var time = written
    time.seconds =
      dayNumber * CivilDate.secondsPerDay + hour * 3600 + (isHour12 && isAfternoon ? 43_200 : 0)
      + minute * 60 + second - Int64(time.zoneMinutes ?? 0) * 60
    return time
  }

  private func date(_ year: Int64) -> CivilDate? {
    if let week { return CivilDate(weekYear: year, week: week, weekday: weekday) }
    guard let dayOfYear else { return CivilDate(year: year, month: month, day: day) }
    guard let first = CivilDate(year: year, month: 1, day: 1), dayOfYear >= 1 else { return nil }
    let date = CivilDate(dayNumber: first.dayNumber + dayOfYear - 1)
    return date.year == year ? date : nil
  }
}
