import RecurrentFiles

/// What whole numbers in a column of times mean.
public enum TimeUnit: String, Sendable, Codable, CaseIterable {
  /// A year: 2016.
  case yyyy
  /// Year and month: 201611.
  case yyyymm
  /// Year, month and day: 20161130.
  case yyyymmdd
  /// Year and week of ISO 8601: 201648.
  case yyyyww
  /// Days as spreadsheets count them, 45292 for 2024-01-01; fractions are times of day.
  case excel
  /// Seconds since 1970-01-01 00:00 UTC.
  case seconds
  /// Milliseconds since 1970.
  case milliseconds
  /// Microseconds since 1970.
  case microseconds
  /// Nanoseconds since 1970.
  case nanoseconds
  /// Numbers of rows, or of anything else: no calendar.
  case index

  /// The pattern of numbers that are made of the parts of a date.
  var pattern: TimePattern? {
    switch self {
    case .yyyy: TimePattern([.year])
    case .yyyymm: TimePattern([.year, .month])
    case .yyyymmdd: TimePattern([.year, .month, .day])
    case .yyyyww: TimePattern([.weekYear, .week])
    default: nil
    }
  }

  /// In words, for messages.
  var words: String {
    switch self {
    case .yyyy: "years"
    case .yyyymm: "years and months (YYYYMM)"
    case .yyyymmdd: "years, months and days (YYYYMMDD)"
    case .yyyyww: "years and weeks (YYYYWW)"
    case .excel: "days of a spreadsheet"
    case .seconds, .milliseconds, .microseconds, .nanoseconds: "\(rawValue) since 1970"
    case .index: "plain numbers"
    }
  }

  /// Decimal places of a second that one unit is; nil if it is no part of a second.
  private var places: Int? {
    switch self {
    case .seconds: 0
    case .milliseconds: 3
    case .microseconds: 6
    case .nanoseconds: 9
    default: nil
    }
  }

  /// Numbers that are likely to be meant so: of the years 1950 to 2100.
  func isLikely(_ number: DecimalNumber) -> Bool {
    let day = number.whole
    switch self {
    case .excel: return (18_264...73_415).contains(day)
    case .seconds: return (-631_152_000...4_102_444_800).contains(day) && abs(day) >= 10_000_000
    case .milliseconds: return (100_000_000_000...4_102_444_800_000).contains(day)
    case .microseconds: return (100_000_000_000_000...4_102_444_800_000_000).contains(day)
    case .nanoseconds: return (100_000_000_000_000_000...4_102_444_800_000_000_000).contains(day)
    default: return true
    }
  }

  /// Seconds since 1970 and billionths on top, or a plain number in the place of the seconds; `nil` when
  /// the time is beyond the year 9999.
  ///
  /// Days are read to the second: their decimals are no exact times.
  func time(_ number: DecimalNumber) -> ReadTime? {
    var time = ReadTime()
    if self == .excel {
      guard (1...2_958_465).contains(number.whole) else { return nil }
      let seconds = (Double(number.billionths) / 1e9 * 86_400).rounded()
      time.seconds = (number.whole - Self.excelDayOf1970) * CivilDate.secondsPerDay + Int64(seconds)
      return time
    }
    if self == .index { return ReadTime(seconds: number.whole, nanoseconds: number.billionths) }
    guard let places else { return nil }
    let unit = powerOfTen(places)
    time.seconds = floorDivide(number.whole, unit)
    // What is finer than a billionth of a second is dropped.
    let rest = number.whole - time.seconds * unit
    time.nanoseconds = rest * (1_000_000_000 / unit) + number.billionths / unit
    guard (-TimeColumn.latestSecond...TimeColumn.latestSecond).contains(time.seconds) else {
      return nil
    }
    return time
  }

  /// A time in ticks of 10⁻ᵈ seconds as the number it is in this unit.
  func number(ticks: Int64, decimals: Int) -> DecimalNumber {
    let unit = powerOfTen(decimals)
    let seconds = floorDivide(ticks, unit)
    let nanoseconds = (ticks - seconds * unit) * (1_000_000_000 / unit)
    if self == .excel {
      let days = floorDivide(seconds, CivilDate.secondsPerDay)
      let rest = Double(seconds - days * CivilDate.secondsPerDay) / 86_400
      return DecimalNumber(
        whole: days + Self.excelDayOf1970, billionths: Int64((rest * 1e9).rounded()))
    }
    guard let places else { return DecimalNumber(whole: seconds, billionths: nanoseconds) }
    let whole = seconds.multipliedReportingOverflow(by: powerOfTen(places))
    let part = nanoseconds / powerOfTen(9 - places)
    return DecimalNumber(
      whole: whole.overflow ? seconds : whole.partialValue &+ part,
      billionths: (nanoseconds - part * powerOfTen(9 - places)) * powerOfTen(places))
  }

  /// The number of 1970-01-01 in spreadsheets, whose day 60 is a day that never was.
  private static var excelDayOf1970: Int64 { 25_569 }
}

/// A decimal number to nine places, exactly.
struct DecimalNumber: Equatable {
  var whole: Int64
  /// 0..<10⁹, on top of `whole` also where that is negative.
  var billionths: Int64 = 0
  /// The number of decimals that were written.
  var decimals = 0

  init(whole: Int64, billionths: Int64 = 0) {
    self.whole = whole
    self.billionths = billionths
  }

  /// Reads digits with an optional sign, decimals, and an exponent; `nil` when the text is something else,
  /// or has over 19 digits. A comma stands before decimals where it cannot divide thousands.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    var scanner = TimeScanner(text: text)
    let isNegative = scanner.take(Ascii.minus)
    let start = scanner.position
    var whole: Int64 = 0
    while let byte = scanner.peek, isDigit(byte) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(byte - Ascii.zero))
      if overflow || carry { return nil }
      whole = sum
      scanner.position += 1
    }
    guard scanner.position > start else { return nil }
    let hasComma = scanner.peek == Ascii.comma && whole >= 1000
    if scanner.take(Ascii.point) || hasComma && scanner.take(Ascii.comma) {
      let point = scanner.position
      billionths = scanner.nanoseconds()
      decimals = scanner.position - point
    }
    if scanner.take(UInt8(ascii: "E")) || scanner.take(UInt8(ascii: "e")) {
      _ = scanner.take(Ascii.plus)
      guard let exponent = scanner.digits(1...2), exponent <= 18 else { return nil }
      let (product, overflow) = whole.multipliedReportingOverflow(by: powerOfTen(Int(exponent)))
      // Of the billionths, what is then whole.
      let shifted = exponent <= 9 ? billionths * powerOfTen(Int(exponent)) : billionths
      let unit: Int64 = exponent <= 9 ? 1_000_000_000 : 1
      let part = (shifted / unit).multipliedReportingOverflow(
        by: exponent <= 9 ? 1 : powerOfTen(Int(exponent) - 9))
      let sum = product.addingReportingOverflow(part.partialValue)
      if overflow || part.overflow || sum.overflow { return nil }
      (whole, billionths) = (sum.partialValue, shifted % unit)
      decimals = Swift.max(0, decimals - Int(exponent))
    }
    // Half of the range is left for arithmetic.
    guard scanner.isAtEnd, whole <= Int64.max / 2 else { return nil }
    self.whole = isNegative ? -whole - (billionths > 0 ? 1 : 0) : whole
    if isNegative, billionths > 0 { billionths = 1_000_000_000 - billionths }
  }

  /// Digits with at least `least` and at most `most` decimals, zeros at the end left out.
  func text(least: Int, most: Int) -> String {
    let most = Swift.min(most, 9)
    let unit = powerOfTen(9 - most)
    var (whole, part) = (whole, (billionths + unit / 2) / unit)
    if part >= powerOfTen(most) { (whole, part) = (whole + 1, 0) }
    let isNegative = whole < 0
    if isNegative, part > 0 { (whole, part) = (whole + 1, powerOfTen(most) - part) }
    var digits = String(part)
    digits = String(repeating: "0", count: Swift.max(0, most - digits.count)) + digits
    if most == 0 { digits = "" }
    while digits.count > least, digits.last == "0" { digits.removeLast() }
    while digits.count < least { digits += "0" }
    return (isNegative && whole == 0 ? "-" : "") + String(whole)
      + (digits.isEmpty ? "" : "." + digits)
  }
}

/// 10ⁿ for n in 0...18.
func powerOfTen(_ exponent: Int) -> Int64 {
  var power: Int64 = 1
  for _ in 0..<Swift.max(0, Swift.min(exponent, 18)) { power *= 10 }
  return power
}
