import RecurrentFiles

/// Reading times from the bytes of cells.
enum TimeText {
  /// The forms that are read, for messages.
  static let understoodForms =
    "Times are read as 2012-01-31, 2012/01/31, 2012-01, 2012, 1/31/2012, 31.1.2012, 31-1-2012, "
    + "20120131, each day also with 16:30, 16:30:05 or T16:30:05Z, or as seconds since 1970"

  /// A date order and the byte between its parts: one way to read a whole column.
  struct Reading: Equatable {
    var order: TimeFormat.Order
    var separator: UInt8
  }

  /// One time, and how it was written.
  struct Time {
    /// Seconds since 1970-01-01 UTC; a fraction of a second is dropped.
    var seconds: Int64
    var clock = TimeFormat.Clock.none
    var hasT = false
    /// Minutes east of UTC, if a zone was written.
    var zoneMinutes: Int?
    /// Whether the parts show that days and months are padded (`01`) or that they are not (`1`).
    var isPadded: Bool?
    var hasTwoDigitYear = false
    /// Whether a fraction of a second other than zero was dropped.
    var hasFraction = false
  }

  /// The ways in which a column that begins with this cell may be read, the preferred one first.
  ///
  /// Where month and day could be exchanged, slashes prefer month/day, dots and dashes day/month.
  static func readings(of text: UnsafeBufferPointer<UInt8>) -> [Reading] {
    var scanner = Scanner(text: text)
    let start = scanner.position
    _ = scanner.digits(1...20)
    let count = scanner.position - start
    let unix = Reading(order: .unixSeconds, separator: 0)
    let year = Reading(order: .year, separator: 0)
    guard let next = scanner.peek, next != Ascii.space else {
      switch count {
      case 4: return [year, unix]
      case 8: return [Reading(order: .compact, separator: 0), unix]
      default: return [unix]
      }
    }
    guard [Ascii.minus, Ascii.slash, Ascii.point].contains(next) else {
      return count == 8 ? [Reading(order: .compact, separator: 0)] : [unix]
    }
    switch count {
    case 4:
      let day = Reading(order: .yearMonthDay, separator: next)
      // "2012.10" would be October or a decimal fraction: only ".0" is read, as a year.
      return next == Ascii.point
        ? [year, day, unix] : [day, Reading(order: .yearMonth, separator: next)]
    case 1, 2:
      let american = Reading(order: .monthDayYear, separator: next)
      let european = Reading(order: .dayMonthYear, separator: next)
      return next == Ascii.slash ? [american, european] : [european, american, unix]
    default: return [unix]
    }
  }

  /// The time that `text` holds when read as `reading`; `nil` when it is no such time.
  static func time(_ text: UnsafeBufferPointer<UInt8>, as reading: Reading) -> Time? {
    var scanner = Scanner(text: text)
    switch reading.order {
    case .unixSeconds: return unixTime(&scanner)
    case .year:
      guard let year = scanner.digits(4...4), year >= 1, scanner.takeZeroFraction(),
        scanner.isAtEnd,
        let date = CivilDate(year: year, month: 1, day: 1)
      else { return nil }
      return Time(seconds: date.dayNumber * CivilDate.secondsPerDay)
    case .yearMonth:
      guard let year = scanner.digits(4...4), year >= 1, scanner.take(reading.separator) else {
        return nil
      }
      let start = scanner.position
      guard let month = scanner.digits(1...2), scanner.isAtEnd,
        let date = CivilDate(year: year, month: month, day: 1)
      else { return nil }
      return Time(
        seconds: date.dayNumber * CivilDate.secondsPerDay,
        isPadded: scanner.padding(ofNumber: month, from: start))
    default: return calendarTime(&scanner, reading)
    }
  }

  private static func unixTime(_ scanner: inout Scanner) -> Time? {
    let isNegative = scanner.take(Ascii.minus)
    guard let magnitude = scanner.digits(1...12) else { return nil }
    let hasFraction = scanner.takeFraction()
    guard scanner.isAtEnd, magnitude <= latestSecond else { return nil }
    // Dropping the fraction means rounding down, also before 1970.
    let seconds = isNegative ? -magnitude - (hasFraction ? 1 : 0) : magnitude
    return Time(seconds: seconds, hasFraction: hasFraction)
  }

  private static func calendarTime(_ scanner: inout Scanner, _ reading: Reading) -> Time? {
    var time = Time(seconds: 0)
    guard let date = date(&scanner, reading, &time) else { return nil }
    var seconds = date.dayNumber * CivilDate.secondsPerDay
    if !scanner.isAtEnd {
      guard let clockSeconds = clock(&scanner, &time) else { return nil }
      seconds += clockSeconds
    }
    time.seconds = seconds - Int64(time.zoneMinutes ?? 0) * 60
    return time
  }

  private static func date(
    _ scanner: inout Scanner, _ reading: Reading, _ time: inout Time
  ) -> CivilDate? {
    if reading.order == .compact {
      guard let number = scanner.digits(8...8), number >= 10_000 else { return nil }
      return CivilDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }
    var parts: (Int64, Int64, Int64) = (0, 0, 0)
    let yearIsFirst = reading.order == .yearMonthDay
    guard let first = scanner.part(yearIsFirst, &time), scanner.take(reading.separator),
      let second = scanner.part(false, &time), scanner.take(reading.separator),
      let third = yearIsFirst ? scanner.part(false, &time) : scanner.year(&time)
    else { return nil }
    switch reading.order {
    case .yearMonthDay: parts = (first, second, third)
    case .monthDayYear: parts = (third, first, second)
    default: parts = (third, second, first)
    }
    guard parts.0 >= 1 else { return nil }
    return CivilDate(year: parts.0, month: parts.1, day: parts.2)
  }

  /// The time of day in seconds, after a space or `T`; the zone goes into `time`.
  private static func clock(_ scanner: inout Scanner, _ time: inout Time) -> Int64? {
    time.hasT = scanner.take(UInt8(ascii: "T"))
    if !time.hasT {
      guard scanner.take(Ascii.space) else { return nil }
      while scanner.take(Ascii.space) {}
    }
    guard let hour = scanner.digits(1...2), hour < 24, scanner.take(Ascii.colon),
      let minute = scanner.digits(2...2), minute < 60
    else { return nil }
    time.clock = .minutes
    var second: Int64 = 0
    if scanner.take(Ascii.colon) {
      guard let digits = scanner.digits(2...2), digits < 60 else { return nil }
      second = digits
      time.clock = .seconds
      time.hasFraction = scanner.takeFraction()
    }
    guard zone(&scanner, &time), scanner.isAtEnd else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  /// Reads `Z`, ` UTC`, `+02:00`, `+0200` or `+02`, if any; `false` when it is malformed.
  private static func zone(_ scanner: inout Scanner, _ time: inout Time) -> Bool {
    while scanner.take(Ascii.space) {}
    guard !scanner.isAtEnd else { return true }
    if scanner.take(UInt8(ascii: "Z")) || scanner.take("UTC") {
      time.zoneMinutes = 0
      return true
    }
    let isWest = scanner.take(Ascii.minus)
    guard isWest || scanner.take(Ascii.plus), let hours = scanner.digits(2...2), hours <= 18 else {
      return false
    }
    var minutes: Int64 = 0
    if scanner.take(Ascii.colon) || !scanner.isAtEnd {
      guard let digits = scanner.digits(2...2), digits < 60 else { return false }
      minutes = digits
    }
    let offset = Int(hours * 60 + minutes)
    time.zoneMinutes = isWest ? -offset : offset
    return true
  }

  /// The last second of year 9999; later and earlier times by as much are slips.
  static let latestSecond: Int64 = 253_402_300_799
}

/// A position in the bytes of one cell.
private struct Scanner {
  let text: UnsafeBufferPointer<UInt8>
  var position = 0

  var isAtEnd: Bool { position == text.count }
  var peek: UInt8? { isAtEnd ? nil : text[position] }

  init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  mutating func take(_ word: StaticString) -> Bool {
    let start = position
    for k in 0..<word.utf8CodeUnitCount where !take(word.utf8Start[k]) {
      position = start
      return false
    }
    return true
  }

  /// A number of `count` digits.
  mutating func digits(_ count: ClosedRange<Int>) -> Int64? {
    let start = position
    var number: Int64 = 0
    while position < text.count, position - start < count.upperBound, isDigit(text[position]) {
      number = number &* 10 &+ Int64(text[position] - Ascii.zero)
      position += 1
    }
    return position - start >= count.lowerBound ? number : nil
  }

  /// Passes over `.` and digits; whether they were not all zeros.
  mutating func takeFraction() -> Bool {
    guard take(Ascii.point) else { return false }
    var isZero = true
    while let byte = peek, isDigit(byte) {
      if byte != Ascii.zero { isZero = false }
      position += 1
    }
    return !isZero
  }

  /// Passes over `.0…`, if it is there; `false` when other digits follow the point.
  mutating func takeZeroFraction() -> Bool { !takeFraction() }

  /// A year of four digits, or a month or day of one or two.
  mutating func part(_ isYear: Bool, _ time: inout TimeText.Time) -> Int64? {
    if isYear { return digits(4...4) }
    let start = position
    guard let number = digits(1...2) else { return nil }
    time.isPadded = time.isPadded ?? padding(ofNumber: number, from: start)
    return number
  }

  /// A year of four digits, or of two.
  mutating func year(_ time: inout TimeText.Time) -> Int64? {
    let start = position
    guard let number = digits(2...4), position - start != 3 else { return nil }
    guard position - start == 2 else { return number }
    time.hasTwoDigitYear = true
    return number < 69 ? 2000 + number : 1900 + number
  }

  /// Whether a number of one digit was written with a zero in front; `nil` for two digits.
  func padding(ofNumber number: Int64, from start: Int) -> Bool? {
    number > 9 ? nil : position - start == 2
  }
}
