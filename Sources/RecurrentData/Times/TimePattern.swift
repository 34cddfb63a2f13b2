import RecurrentFiles

/// How a time is written, part by part, in the directives of strptime: `%d.%m.%Y %H:%M`.
struct TimePattern: Sendable, Equatable {
  /// One part. Numbers of days and months may be of one digit where no other digit stands beside.
  enum Part: Sendable, Equatable {
    /// A byte as it stands; a space stands for any number of them.
    case literal(UInt8)
    /// `2012`, `12`, and the year of an ISO week.
    case year, shortYear, weekYear
    /// Numbers of the calendar; `quarter` 1-4, `week` of ISO 8601, `weekday` 1 for Monday.
    case month, day, quarter, week, weekday, dayOfYear
    /// `Jan` or `January`, `Mon` or `Monday`.
    case monthName(NameStyle)
    case dayName(NameStyle)
    /// The time of day; `hour` 0-24, `hour12` with `half` AM or PM.
    case hour, hour12, minute, second
    case half(NameStyle)
    /// Digits behind the second, as many as are written.
    case fraction(Int)
    case zone(ZoneStyle)
    /// The year behind that of a season, 1941 in `1940/41`, in two or four digits.
    case nextYear(Int)
    /// The end of a range, or what else stands behind: of no meaning.
    case rest

    var isNumber: Bool {
      switch self {
      case .literal, .monthName, .dayName, .half, .zone, .rest: return false
      default: return true
      }
    }

    var isClock: Bool {
      switch self {
      case .hour, .hour12, .minute, .second, .half, .fraction, .zone: return true
      default: return false
      }
    }
  }

  /// Which letters a name is written in.
  struct NameStyle: Sendable, Equatable {
    enum Letters: String, Sendable {
      case capitalized = ""
      case upper = "^"
      case lower = "#"
    }
    var isFull = false
    var letters = Letters.capitalized
    var language = TimeLanguage.english
  }

  /// How a zone is written; each is read in every form.
  enum ZoneStyle: String, Sendable {
    /// `Z`
    case letter = "%Z"
    /// `UTC`
    case utc = "%^Z"
    /// `GMT`
    case gmt = "%#Z"
    /// `+02:00`
    case colon = "%:z"
    /// `+0200`
    case plain = "%z"
    /// `+02`
    case hours = "%#z"
  }

  var parts: [Part] { didSet { self.derive() } }
  /// Whether days, months and weeks below ten have a zero in front.
  var padsDates = true
  /// Whether hours below ten have a zero in front.
  var padsHours = true

  /// The first two-digit year that is of the 1900s; those below are of the 2000s. C has 69, spreadsheets
  /// have 30.
  var firstShortYear = 69

  /// Where a cell may end: behind the date, with midnight left out.
  private(set) var dateEnd: Int?
  /// Parts that a cell may leave out: the seconds and what divides them from the minutes.
  private(set) var seconds: Range<Int>?
  /// The fraction of a second and what divides it from the seconds.
  private(set) var fraction: Range<Int>?

  /// The hour of a time of day in digits alone, which spreadsheets write as a number: 30, 100, 2330.
  private(set) var compactHour: Int?

  init(_ parts: [Part]) {
    self.parts = parts
    derive()
  }

  /// Names of months and days by their first letters.
  mutating func shortenNames() {
    parts = parts.map { part in
      switch part {
      case .monthName(var style):
        style.isFull = false
        return .monthName(style)
      case .dayName(var style):
        style.isFull = false
        return .dayName(style)
      default: return part
      }
    }
  }

  /// The pattern with English names in another language.
  func named(in language: TimeLanguage) -> TimePattern {
    var pattern = self
    pattern.parts = parts.map { part in
      switch part {
      case .monthName(var style) where style.language == .english:
        style.language = language
        return .monthName(style)
      case .dayName(var style) where style.language == .english:
        style.language = language
        return .dayName(style)
      default: return part
      }
    }
    return pattern
  }

  /// Whether another pattern reads the same cells: however names, zones and fractions are written.
  func readsLike(_ other: TimePattern) -> Bool {
    func kinds(_ pattern: TimePattern) -> [Part] {
      pattern.parts.map { part in
        switch part {
        case .monthName(let style): .monthName(NameStyle(language: style.language))
        case .dayName(let style): .dayName(NameStyle(language: style.language))
        case .half: .half(NameStyle())
        case .zone: .zone(.letter)
        case .fraction: .fraction(0)
        default: part
        }
      }
    }
    return firstShortYear == other.firstShortYear && kinds(self) == kinds(other)
  }

  private mutating func derive() {
    (dateEnd, seconds, fraction) = (nil, nil, nil)
    let clock = parts.firstIndex(where: \.isClock)
    compactHour = parts.indices.first { i in
      parts[i...].starts(with: [.hour, .minute]) && (i == 0 || !parts[i - 1].isNumber)
        && (i + 2 == parts.count || !parts[i + 2].isNumber)
    }
    if let clock, !parts[clock...].contains(where: { !$0.isClock && !$0.isLiteral }) {
      dateEnd = (parts[..<clock].lastIndex { !$0.isLiteral }).map { $0 + 1 }
    }
    // Only behind a mark: of digits in a row none can be left out.
    func optional(_ place: Int?) -> Int? {
      guard let place, place > 0, parts[place - 1].isLiteral else { return nil }
      return place - 1
    }
    let fractionPlace = parts.firstIndex { if case .fraction = $0 { true } else { false } }
    if let start = optional(fractionPlace) { fraction = start..<start + 2 }
    if let start = optional(parts.firstIndex(of: .second)) {
      seconds = start..<(fraction?.upperBound ?? start + 2)
    }
  }

  /// Whether another digit stands beside part `index`, so that it has its full number of digits.
  func isGlued(_ index: Int) -> Bool {
    (index > 0 && parts[index - 1].isNumber)
      || (index + 1 < parts.count && parts[index + 1].isNumber)
  }

  /// Whether a part is the point behind a name, as it is behind a shortened one.
  func isEndOfName(_ index: Int) -> Bool {
    guard index > 0, parts[index] == .literal(Ascii.point) else { return false }
    switch parts[index - 1] {
    case .monthName, .dayName: return true
    default: return false
    }
  }

  /// Where a range ends, with what divides it from the time.
  var restStart: Int? {
    guard let rest = parts.firstIndex(of: .rest) else { return nil }
    return (parts[..<rest].lastIndex { !$0.isLiteral } ?? -1) + 1
  }

  /// Whether all of it is digits: such cells are whole numbers.
  var isDigits: Bool { parts.allSatisfy(\.isNumber) }
}

extension TimePattern.Part {
  var isLiteral: Bool { if case .literal = self { true } else { false } }
}

// MARK: - The order of day, month and year

extension TimePattern {
  /// `dmy`, `mdy`, `ymd` or another order of day, month and year; `nil` when one is not there.
  var order: String? {
    let letters: [Character] = parts.compactMap {
      switch $0 {
      case .year, .shortYear: "y"
      case .month, .monthName: "m"
      case .day: "d"
      default: nil
      }
    }
    return letters.count == 3 ? String(letters) : nil
  }
}
