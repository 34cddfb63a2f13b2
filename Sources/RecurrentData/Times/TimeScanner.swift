import RecurrentFiles

/// A position in the bytes of one cell.
struct TimeScanner {
  let text: UnsafeBufferPointer<UInt8>
  var position = 0

  var isAtEnd: Bool { position == text.count }
  var peek: UInt8? { isAtEnd ? nil : text[position] }

  init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

  /// Whether a literal part is what comes next.
  func isAt(_ part: TimePattern.Part) -> Bool {
    guard case .literal(let byte) = part else { return false }
    return peek == byte
  }

  /// Whether a point and a digit come next.
  var isAtFraction: Bool {
    position + 1 < text.count && text[position] == Ascii.point && isDigit(text[position + 1])
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  /// Passes over a byte of the pattern; over any number of spaces for a space.
  mutating func takeLiteral(_ byte: UInt8) -> Bool {
    guard take(byte) else { return false }
    if byte == Ascii.space { while take(Ascii.space) {} }
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

  /// A number of one or two digits; what the first such number below ten says about padding goes
  /// into `padding`.
  mutating func digits(_ count: ClosedRange<Int>, padding: inout Bool?) -> Int64? {
    let start = position
    guard let number = digits(count) else { return nil }
    if number < 10, padding == nil { padding = position - start == 2 }
    return number
  }

  /// The digits behind a decimal point as billionths; what is finer is dropped.
  mutating func nanoseconds() -> Int64 {
    var (number, unit): (Int64, Int64) = (0, 100_000_000)
    while let byte = peek, isDigit(byte) {
      number += Int64(byte - Ascii.zero) * unit
      unit /= 10
      position += 1
    }
    return number
  }

  /// Passes over `.0…`, if it is there and nothing but zeros follow.
  mutating func skipZeroFraction() {
    let start = position
    guard take(Ascii.point) else { return }
    while take(Ascii.zero) {}
    if !isAtEnd { position = start }
  }

  /// Which of `names` comes next; whether only its first letters do goes into `isShort`.
  mutating func name(
    among names: [TimeName], least: Int = 3, isShort: inout Bool
  ) -> Int? {
    let end = endOfWord
    let word = text[position..<end]
    guard let place = TimeNames.place(of: word, among: names, least: least) else { return nil }
    if word.count < names[place].full.count { isShort = true }
    position = end
    return place
  }

  mutating func name(among names: [TimeName], least: Int = 3) -> Int? {
    var isShort = false
    return name(among: names, least: least, isShort: &isShort)
  }

  private var endOfWord: Int {
    var end = position
    while end < text.count, isWordByte(text[end]) { end += 1 }
    return end
  }

  /// Minutes east of UTC, of `Z`, a zone's name such as `CET`, `+02:00`, `+0200` or `+02`.
  mutating func zone() -> Int? {
    while take(Ascii.space) {}
    let end = endOfWord
    if end > position, let minutes = TimeNames.zone(text[position..<end]) {
      position = end
      return minutes
    }
    if take(UInt8(ascii: "Z")) { return 0 }
    let isWest = take(Ascii.minus)
    guard isWest || take(Ascii.plus), let hours = digits(2...2), hours <= 18 else { return nil }
    var minutes: Int64 = 0
    if take(Ascii.colon) || peek.map(isDigit) ?? false {
      guard let digits = digits(2...2), digits < 60 else { return nil }
      minutes = digits
    }
    let offset = Int(hours * 60 + minutes)
    return isWest ? -offset : offset
  }
}

@inline(__always)
func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
