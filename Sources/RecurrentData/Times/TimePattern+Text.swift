import RecurrentFiles

extension TimePattern: CustomStringConvertible {
  /// The directives of strptime.
  var description: String {
    var bytes: [UInt8] = []
    for part in parts {
      if case .literal(let byte) = part {
        bytes += byte == UInt8(ascii: "%") ? [byte, byte] : [byte]
      } else {
        bytes += Array(directive(part).utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func directive(_ part: Part) -> String {
    let date = padsDates ? "%" : "%-"
    let hour = padsHours ? "%" : "%-"
    switch part {
    case .literal: return ""
    case .year: return "%Y"
    case .shortYear: return firstShortYear == 69 ? "%y" : "%\(firstShortYear)y"
    case .weekYear: return "%G"
    case .month: return date + "m"
    case .day: return date + "d"
    case .quarter: return "%q"
    case .week: return date + "V"
    case .weekday: return "%u"
    case .dayOfYear: return "%j"
    case .monthName(let style): return style.directive + (style.isFull ? "B" : "b")
    case .dayName(let style): return style.directive + (style.isFull ? "A" : "a")
    case .nextYear(let count): return count == 2 ? "%+y" : "%+Y"
    case .rest: return "%*"
    case .hour: return hour + "H"
    case .hour12: return hour + "I"
    case .minute: return "%M"
    case .second: return "%S"
    case .half(let style): return style.letters == .upper ? "%p" : "%\(style.letters.rawValue)p"
    case .fraction(let digits): return "%\(digits)f"
    case .zone(let style): return style.rawValue
    }
  }

  /// Why a text is no pattern, as a sentence.
  struct Problem: Error { let text: String }

  /// Reads the directives of strptime; `%T`, `%D`, `%F` and `%R` stand for several.
  init(_ text: String) throws(Problem) {
    var parts: [Part] = []
    var (padsDates, padsHours, firstShortYear) = (true, true, 69)
    let bytes = Array(text.utf8)
    var i = 0
    while i < bytes.count {
      guard bytes[i] == UInt8(ascii: "%") else {
        parts.append(.literal(bytes[i]))
        i += 1
        continue
      }
      i += 1
      var flag: UInt8?
      var digits = 0
      var language = TimeLanguage.english
      while i < bytes.count,
        let byte = [bytes[i]].first(where: { "-^#:+{".utf8.contains($0) || isDigit($0) })
      {
        if byte == UInt8(ascii: "{") {
          let name = bytes[(i + 1)...].prefix(2)
          guard let known = TimeLanguage(rawValue: String(decoding: name, as: UTF8.self)),
            i + 3 < bytes.count, bytes[i + 3] == UInt8(ascii: "}")
          else {
            let all = TimeLanguage.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(text: "a language in braces, as in %{de}B, is one of \(all)")
          }
          language = known
          i += 4
          continue
        }
        if isDigit(byte) {
          digits = Swift.min(digits * 10 + Int(byte - Ascii.zero), 99)
        } else {
          flag = byte
        }
        i += 1
      }
      guard i < bytes.count else { throw Problem(text: "a pattern does not end in %") }
      let letter = Character(UnicodeScalar(bytes[i]))
      i += 1
      let letters =
        flag.flatMap { NameStyle.Letters(rawValue: String(UnicodeScalar($0))) } ?? .capitalized
      if flag == Ascii.minus {
        if letter == "H" || letter == "I" { padsHours = false } else { padsDates = false }
      }
      switch letter {
      case "%": parts.append(.literal(UInt8(ascii: "%")))
      case "Y", "y":
        guard flag != Ascii.plus else {
          parts.append(.nextYear(letter == "Y" ? 4 : 2))
          break
        }
        parts.append(letter == "Y" ? .year : .shortYear)
        if letter == "y", digits > 0 { firstShortYear = digits }
      case "*": parts.append(.rest)
      case "G": parts.append(.weekYear)
      case "m": parts.append(.month)
      case "d", "e": parts.append(.day)
      case "q": parts.append(.quarter)
      case "V": parts.append(.week)
      case "u": parts.append(.weekday)
      case "j": parts.append(.dayOfYear)
      case "b", "h", "B":
        parts.append(
          .monthName(NameStyle(isFull: letter == "B", letters: letters, language: language)))
      case "a", "A":
        parts.append(
          .dayName(NameStyle(isFull: letter == "A", letters: letters, language: language)))
      case "H": parts.append(.hour)
      case "I": parts.append(.hour12)
      case "M": parts.append(.minute)
      case "S": parts.append(.second)
      case "p": parts.append(.half(NameStyle(letters: letters == .capitalized ? .upper : letters)))
      case "f": parts.append(.fraction(digits == 0 ? 6 : Swift.min(digits, 9)))
      case "z":
        parts.append(.zone(flag == Ascii.colon ? .colon : letters == .lower ? .hours : .plain))
      case "Z":
        parts.append(.zone(letters == .upper ? .utc : letters == .lower ? .gmt : .letter))
      case "T": parts += [.hour, .literal(Ascii.colon), .minute, .literal(Ascii.colon), .second]
      case "R": parts += [.hour, .literal(Ascii.colon), .minute]
      case "F": parts += [.year, .literal(Ascii.minus), .month, .literal(Ascii.minus), .day]
      case "D": parts += [.month, .literal(Ascii.slash), .day, .literal(Ascii.slash), .shortYear]
      default: throw Problem(text: "%\(letter) is not read; " + Self.directives)
      }
    }
    // "2015-W01" written as %Y-W%V: the year that an ISO week belongs to is meant.
    if parts.contains(.week), !parts.contains(.month) {
      parts = parts.map { $0 == .year ? .weekYear : $0 }
    }
    self.init(parts)
    (self.padsDates, self.padsHours) = (padsDates, padsHours)
    self.firstShortYear = firstShortYear
    guard parts.contains(where: { [.year, .shortYear, .weekYear].contains($0) }) else {
      throw Problem(text: "a pattern has a year (%Y, %y or %G)")
    }
    let isTwice = parts.indices.contains {
      !parts[$0].isLiteral && parts[..<$0].contains(parts[$0])
    }
    guard !isTwice else { throw Problem(text: "a pattern has no part twice") }
    if let rest = parts.firstIndex(of: .rest), rest < parts.count - 1 {
      throw Problem(text: "%* stands at the end of a pattern")
    }
  }

  /// The directives that are read, for messages.
  static let directives =
    "directives are %Y %y %m %b %B %d %j %q, %G %V %u of weeks, %a %A, %H %I %p %M %S %f and %z, %{de}B for a "
    + "German name, and %* for a rest that is left out"
}

extension TimePattern.NameStyle {
  /// What stands before the letter of the directive.
  fileprivate var directive: String {
    "%" + letters.rawValue + (language == .english ? "" : "{\(language.rawValue)}")
  }
}
