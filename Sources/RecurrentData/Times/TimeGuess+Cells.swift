import RecurrentFiles

extension TimeGuess {
  /// A beginning that was read, and where it ends.
  struct Head {
    var parts: [Part]
    var end: Int
    init(_ parts: [Part], _ end: Int) { (self.parts, self.end) = (parts, end) }
  }

  /// The patterns that the whole cell may have.
  func whole() -> [[Part]] {
    var start = Head([], 0)
    // Brackets and quotes around it.
    let opening = mark(0)
    if opening.parts.count == 1,
      ["[", "(", "'", "\""].contains(where: { opening.parts == [.literal(UInt8(ascii: $0))] })
    {
      start = Head(opening.parts, opening.end)
    }
    if let name = dayName(start.end) {
      let mark = mark(start.end + 1)
      start = Head(start.parts + [name] + mark.parts, mark.end)
    }
    return dates(start.end).flatMap { date in
      rest(date).map { start.parts + $0 }
    }
  }

  /// The forms of what may follow a date.
  private func rest(_ date: Head) -> [[Part]] {
    var results: [[Part]] = []
    var (parts, i) = (date.parts, date.end)
    let hasYear = parts.contains { [.year, .shortYear, .weekYear].contains($0) }
    if hasYear, i == tokens.count { return [parts] }
    var separator = mark(i)
    if hasYear, separator.end == tokens.count { return [parts + separator.parts] }
    if let name = dayName(separator.end) {
      (parts, i) = (parts + separator.parts + [name], separator.end + 1)
      if hasYear, i == tokens.count { return [parts] }
      separator = mark(i)
    }
    if isWord(separator.end, "T"), let letter = word(separator.end) {
      separator = (separator.parts + literals(letter), separator.end + 1)
    }
    guard parts.contains(where: { [.day, .dayOfYear, .weekday].contains($0) }) else {
      return results
    }
    // An hour alone is no further part of the date.
    let needsMinutes = [Ascii.minus, Ascii.slash, Ascii.point].contains {
      separator.parts.last == .literal($0)
    }
    for clock in clocks(separator.end) where !needsMinutes || clock.parts.count > 1 {
      let head = parts + separator.parts + clock.parts
      if hasYear {
        let closing = mark(clock.end)
        let isClosed = ["]", ")", "'", "\""].contains {
          closing.parts == [.literal(UInt8(ascii: $0))]
        }
        if clock.end == tokens.count {
          results.append(head)
        } else if isClosed, closing.end == tokens.count {
          results.append(head + closing.parts)
        }
        continue
      }
      // As C and Unix write times: the year comes last.
      let year = mark(clock.end)
      if digits(year.end) == 4, year.end + 1 == tokens.count {
        results.append(head + year.parts + [.year])
      }
    }
    return results
  }

  private func clocks(_ i: Int) -> [Head] {
    guard let count = digits(i) else { return [] }
    var head: Head
    switch count {
    case 1, 2: head = Head([.hour], i + 1)
    case 3, 4: head = Head([.hour, .minute], i + 1)
    case 6: head = Head([.hour, .minute, .second], i + 1)
    default: return []
    }
    if count <= 2 {
      for part in [Part.minute, .second] {
        let mark = mark(head.end)
        guard digits(mark.end) == 2, mark.parts.count == 1,
          [Ascii.colon, Ascii.point, Ascii.minus].contains(where: { mark.parts == [.literal($0)] })
        else { break }
        head = Head(head.parts + mark.parts + [part], mark.end + 1)
      }
    }
    if head.parts.last == .second {
      let mark = mark(head.end)
      if mark.parts == [.literal(Ascii.point)] || mark.parts == [.literal(Ascii.comma)],
        let count = digits(mark.end)
      {
        head = Head(head.parts + mark.parts + [.fraction(Swift.min(count, 9))], mark.end + 1)
      }
    }
    return withZone(withHalf(head))
  }

  private func withHalf(_ head: Head) -> Head {
    let space = mark(head.end)
    guard let letters = word(space.end),
      TimeNames.place(of: letters, among: TimeNames.halves, least: 2) != nil
    else { return head }
    let parts = head.parts.map { $0 == .hour ? Part.hour12 : $0 }
    let style = TimePattern.NameStyle(letters: letters[0] < 0x60 ? .upper : .lower)
    return Head(parts + space.parts + [.half(style)], space.end + 1)
  }

  private func withZone(_ head: Head) -> [Head] {
    var space = mark(head.end)
    var results = [head]
    if let letters = word(space.end) {
      let style: TimePattern.ZoneStyle? =
        switch String(decoding: letters, as: UTF8.self).uppercased() {
        case "Z": .letter
        case "UTC": .utc
        case "GMT": .gmt
        default: TimeNames.zone(letters) == nil ? nil : .colon
        }
      if let style {
        results.append(Head(head.parts + space.parts + [.zone(style)], space.end + 1))
      }
      return results
    }
    // "+" and "-" are marks of their own behind a space.
    var sign = space.parts.last
    if space.parts == [.literal(Ascii.space)] {
      let second = mark(space.end)
      if second.parts.count == 1 { (sign, space.end) = (second.parts[0], second.end) }
    } else {
      space.parts = []
    }
    guard sign == .literal(Ascii.plus) || sign == .literal(Ascii.minus) else { return results }
    var parts = head.parts + space.parts
    if digits(space.end) == 4 {
      parts.append(.zone(.plain))
      results.append(Head(parts, space.end + 1))
    } else if digits(space.end) == 2 {
      if token(space.end + 1) == .mark([Ascii.colon]), digits(space.end + 2) == 2 {
        results.append(Head(parts + [.zone(.colon)], space.end + 3))
      } else {
        results.append(Head(parts + [.zone(.hours)], space.end + 1))
      }
    }
    return results
  }

  /// How dates are written: directives of strptime for numbers and names, `-` for a mark, `?` for one
  /// that may be left out, other capitals for themselves.
  private static let shapes = [
    "Y-m-d", "m-d-Y", "d-m-Y", "m-d-y", "d-m-y", "y-m-d",
    "d?b?Y", "d?b?y", "Y?b?d", "y?b?d", "b?d-Y", "b?d-y", "b?Y", "b?y", "Y?b", "y?b",
    "Y-n", "Y-m", "m-Y", "G-V", "Y-q", "Y-j",
    "Y?Q?q", "Q?q-Y", "Y?M?m", "G?W?V-u", "G?W?V", "W?V-G", "b?d",
  ]

  /// Dates that begin at token `i`.
  private func dates(_ i: Int) -> [Head] {
    var heads: [Head] = []
    switch digits(i) {
    case 8: heads = [Head([.year, .month, .day], i + 1)]
    case 6: heads = [Head([.shortYear, .month, .day], i + 1)]
    case 12: heads = [Head([.year, .month, .day, .hour, .minute], i + 1)]
    case 14: heads = [Head([.year, .month, .day, .hour, .minute, .second], i + 1)]
    default: break
    }
    heads = heads.flatMap { $0.parts.contains(.hour) ? withZone($0) : [$0] }
    var shapes = Self.shapes
    if token(i + 1) != .mark([Ascii.slash]) {
      shapes.swapAt(1, 2)
      shapes.swapAt(3, 4)
    }
    return heads + shapes.compactMap { date($0, i) }
  }

  private func date(_ shape: String, _ start: Int) -> Head? {
    var head = Head([], start)
    for character in shape {
      let i = head.end
      switch character {
      case "-", "?":
        let mark = gap(i)
        guard character == "?" || mark.end > i else { return nil }
        head = Head(head.parts + mark.parts, mark.end)
        continue
      case "b":
        guard let name = monthName(i) else { return nil }
        head.parts.append(name)
      case "Q", "W", "M":
        let words = character == "W" ? ["W", "KW", "CW", "WK", "WEEK"] : [String(character)]
        guard words.contains(where: { isWord(i, $0) }), let word = word(i) else { return nil }
        head.parts += literals(word)
      case "n":
        guard let count = digits(i), count == 2 || count == 4 else { return nil }
        head.parts.append(.nextYear(count))
      default:
        guard let part = Self.numbers[character], let count = digits(i),
          part.digits.contains(count)
        else { return nil }
        head.parts.append(part.part)
      }
      head.end += 1
    }
    return head
  }

  /// A mark, or one with the word between that dates of Spain and Portugal have: `12 de enero de 2018`.
  private func gap(_ i: Int) -> (parts: [Part], end: Int) {
    let mark = mark(i)
    guard let word = word(mark.end), isWord(mark.end, "DE") || isWord(mark.end, "DEL") else {
      return mark
    }
    let second = self.mark(mark.end + 1)
    return (mark.parts + literals(word) + second.parts, second.end)
  }

  private static let numbers: [Character: (part: Part, digits: ClosedRange<Int>)] = [
    "Y": (.year, 4...4), "y": (.shortYear, 2...2), "G": (.weekYear, 4...4), "m": (.month, 1...2),
    "d": (.day, 1...2), "V": (.week, 1...2), "u": (.weekday, 1...1), "q": (.quarter, 1...1),
    "j": (.dayOfYear, 3...3),
  ]
}
