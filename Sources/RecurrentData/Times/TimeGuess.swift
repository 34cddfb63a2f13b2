import RecurrentFiles

/// The ways in which a cell may be read as a time.
struct TimeGuess {
  typealias Part = TimePattern.Part
  typealias Writing = TimeFormat.Writing

  /// The ways in which a column with this cell may be read, the preferred one first.
  ///
  /// Where month and day could be exchanged, slashes prefer month/day, dots and dashes day/month.
  ///
  /// - Parameter languages: those in which months and days may be named.
  static func readings(
    of text: [UInt8], in languages: some Collection<TimeLanguage> = [.english]
  ) -> [Writing] {
    var readings = numberReadings(of: text)
    for language in languages {
      let whole = TimeGuess(text, language).whole()
      for parts in whole.isEmpty ? ranges(text, language) : whole {
        for pattern in centuries(TimePattern(parts)) where !readings.contains(.pattern(pattern)) {
          if text.withUnsafeBufferPointer(pattern.read) != nil {
            readings.append(.pattern(pattern))
          }
        }
      }
    }
    return readings
  }

  /// The patterns of a time with the end of a range behind it.
  private static func ranges(_ text: [UInt8], _ language: TimeLanguage) -> [[Part]] {
    for mark in [" - ", " – ", " — ", " bis ", " to ", "/", "-"].map({ Array($0.utf8) }) {
      let places = text.indices.filter { text[$0...].starts(with: mark) }
      for place in places {
        let (start, end) = (text[..<place], text[(place + mark.count)...])
        // Dates have such marks themselves.
        let isPlain = mark.count > 1 || !start.contains(mark[0])
        guard isPlain, end.first.map(isDigit) ?? false else { continue }
        let patterns = TimeGuess(Array(start), language).whole()
        // What ends is a time, too, or at least the parts of one that differ.
        let isTime =
          !TimeGuess(Array(end), language).whole().isEmpty
          || end.allSatisfy { isDigit($0) || ":. ()".utf8.contains($0) } && end.count >= 2
        guard !patterns.isEmpty, isTime || end.contains(Ascii.openingParenthesis) else { continue }
        return patterns.map { $0 + mark.map { .literal($0) } + [.rest] }
      }
    }
    return []
  }

  /// Two-digit years from 30 to 68 are of the 1900s, as spreadsheets have it, or of the 2000s.
  private static func centuries(_ pattern: TimePattern) -> [TimePattern] {
    guard pattern.parts.contains(.shortYear) else { return [pattern] }
    var earlier = pattern
    earlier.firstShortYear = 30
    return [earlier, pattern]
  }

  /// What a whole or decimal number may mean; plain numbers last, with nothing more likely before.
  private static func numberReadings(of text: [UInt8]) -> [Writing] {
    guard let number = text.withUnsafeBufferPointer({ DecimalNumber($0) }) else { return [] }
    let isWhole = number.billionths == 0
    let digits = text.prefix { isDigit($0) }.count
    var patterns: [TimePattern] = []
    if isWhole {
      switch digits {
      case 4: patterns = [TimePattern([.year])]
      case 6:
        patterns = [[.year, .month], [.weekYear, .week], [.shortYear, .month, .day]].map {
          TimePattern($0)
        }
        patterns[2].firstShortYear = 30
      case 8: patterns = [TimePattern([.year, .month, .day])]
      case 10: patterns = [TimePattern([.year, .month, .day, .hour])]
      case 12: patterns = [TimePattern([.year, .month, .day, .hour, .minute])]
      case 14: patterns = [TimePattern([.year, .month, .day, .hour, .minute, .second])]
      default: break
      }
    }
    // Digits that are a day of these centuries, before seconds; others behind.
    let dates = patterns.filter { pattern in
      guard let time = text.withUnsafeBufferPointer(pattern.read) else { return false }
      return likelySeconds.contains(time.seconds)
    }
    let units = [TimeUnit.excel, .seconds, .milliseconds, .microseconds, .nanoseconds]
      .filter { $0.isLikely(number) }
    return dates.map { .pattern($0) }
      + (units + [.index]).map { .number($0, least: 0, most: 9) }
  }

  /// From the year 1000 to the year 2999.
  private static let likelySeconds = -30_610_224_000..<Int64(32_503_680_000)

  // MARK: Tokens

  enum Token: Equatable {
    /// Digits, as many as they are.
    case number(Int)
    /// Letters of the alphabet.
    case word([UInt8])
    /// Characters that stand for themselves.
    case mark([UInt8])
  }

  let tokens: [Token]
  let language: TimeLanguage

  private init(_ text: [UInt8], _ language: TimeLanguage) {
    self.language = language
    var tokens: [Token] = []
    var named = text.startIndex
    for (i, byte) in text.enumerated() where i >= named {
      // Letters beyond ASCII are of a word only where it is a name.
      if isWordByte(byte), i == 0 || !isWordByte(text[i - 1]) {
        let word = text[i...].prefix(while: isWordByte)
        if word.contains(where: { $0 >= 0x80 }), Self.isName(word, language) {
          tokens.append(.word(Array(word)))
          named = word.endIndex
          continue
        }
      }
      if isDigit(byte) {
        if case .number(let count)? = tokens.last {
          tokens[tokens.count - 1] = .number(count + 1)
        } else {
          tokens.append(.number(1))
        }
      } else if isLetter(byte), case .word(let word)? = tokens.last {
        tokens[tokens.count - 1] = .word(word + [byte])
      } else if !isLetter(byte), case .mark(let mark)? = tokens.last, byte != Ascii.plus,
        !(byte == Ascii.minus && mark.last == Ascii.space)
      {
        tokens[tokens.count - 1] = .mark(
          byte == Ascii.space && mark.last == byte ? mark : mark + [byte])
      } else {
        tokens.append(isLetter(byte) ? .word([byte]) : .mark([byte]))
      }
    }
    self.tokens = tokens
  }

  func token(_ i: Int) -> Token? { i < tokens.count ? tokens[i] : nil }

  func digits(_ i: Int) -> Int? {
    if case .number(let count)? = token(i) { count } else { nil }
  }

  func word(_ i: Int) -> [UInt8]? {
    if case .word(let letters)? = token(i) { letters } else { nil }
  }

  func isWord(_ i: Int, _ text: String) -> Bool {
    word(i).map { String(decoding: $0, as: UTF8.self).uppercased() == text } ?? false
  }

  /// A mark as literal parts, and where it ends; nothing if there is none.
  func mark(_ i: Int) -> (parts: [Part], end: Int) {
    guard case .mark(let bytes)? = token(i) else { return ([], i) }
    return (bytes.map { .literal($0) }, i + 1)
  }

  func literals(_ word: [UInt8]) -> [Part] { word.map { .literal($0) } }

  func style(_ word: [UInt8]) -> TimePattern.NameStyle {
    let isUpper = word.allSatisfy { $0 < 0x60 || $0 >= 0x80 }
    return TimePattern.NameStyle(
      isFull: word.count > 3, letters: isUpper ? .upper : word[0] < 0x60 ? .capitalized : .lower,
      language: language)
  }

  func monthName(_ i: Int) -> Part? {
    let names = TimeNames.months(language)
    guard let word = word(i), let place = TimeNames.place(of: word, among: names) else {
      return nil
    }
    var style = style(word)
    if language != .english { style.isFull = word.count >= names[place].full.count }
    return .monthName(style)
  }

  func dayName(_ i: Int) -> Part? {
    guard let word = word(i), let place = TimeNames.day(word, language) else { return nil }
    var style = style(word)
    if language != .english {
      style.isFull = word.count >= TimeNames.days(language)[place].full.count
    }
    return .dayName(style)
  }

  private static func isName(_ word: ArraySlice<UInt8>, _ language: TimeLanguage) -> Bool {
    TimeNames.place(of: word, among: TimeNames.months(language)) != nil
      || TimeNames.day(word, language) != nil
  }
}
