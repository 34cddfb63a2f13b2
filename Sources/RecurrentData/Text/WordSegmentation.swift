/// Words, numbers and marks of a text: the word boundaries of Unicode (UAX #29), without the spaces
/// between them.
///
/// A word holds its combining marks and joiners, so that words of Indic scripts stay whole (क्‍ष,
/// ക്ക), and an apostrophe or middle dot between letters (don't, l'eau); a number holds the point or
/// comma between digits (3,141.5). A colon stands apart, which for UAX #29 joins letters, as Swedish
/// has it. Every other mark is a token of its own, an emoji with its modifiers, or a flag, one too.
/// Of what is written without spaces, each ideograph, each kana of Hiragana and each cluster of
/// Thai, Lao, Khmer and Burmese is a token.
///
/// The rules are written out here and not asked of the system, so that a model cuts a text in the
/// same way on every platform.
public enum WordSegmentation {
  /// The places of the tokens, from left to right.
  public static func ranges(in text: String) -> [Range<String.Index>] {
    var scanner = WordScanner(text.unicodeScalars)
    var ranges: [Range<String.Index>] = []
    while let range = scanner.next() { ranges.append(range) }
    return ranges
  }

  /// The tokens, from left to right.
  public static func tokens(in text: String) -> [String] {
    ranges(in: text).map { String(text[$0]) }
  }
}

/// The classes of characters that the rules tell apart.
private enum WordClass {
  case space
  case letter
  case katakana
  case digit
  /// Combining marks, joiners, format characters: part of what stands before (WB4).
  case extend
  case joiner
  /// _ and its like, which join words and numbers.
  case connector
  /// Between letters only: the middle dot and its like.
  case midLetter
  /// Between digits only: comma, semicolon and their like.
  case midNumber
  /// Between either: full stop and apostrophes.
  case midBoth
  case regional
  case pictograph
  /// A token of its own.
  case single

  init(_ scalar: UnicodeScalar) {
    let value = scalar.value
    if value < 0x80 {
      self = Self.ascii[Int(value)]
      return
    }
    switch value {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
      self = .space
    case 0x200D: self = .joiner
    case 0xB7, 0x387, 0x55F, 0x5F4, 0x2027: self = .midLetter
    case 0x37E, 0x589, 0x60C, 0x60D, 0x66C, 0x7F8, 0x2044: self = .midNumber
    case 0x2018, 0x2019, 0x2024: self = .midBoth
    case 0x203F, 0x2040, 0x2054: self = .connector
    case 0x1F1E6...0x1F1FF: self = .regional
    case 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F: self = .katakana
    default: self = Self.byProperties(scalar)
    }
  }

  private static func byProperties(_ scalar: UnicodeScalar) -> WordClass {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .format: return .extend
    case .decimalNumber: return .digit
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .letterNumber:
      return isWrittenWithoutSpaces(scalar) ? .single : .letter
    case .spaceSeparator, .lineSeparator, .paragraphSeparator: return .space
    default:
      if (0x1F3FB...0x1F3FF).contains(scalar.value) { return .extend }
      return scalar.properties.isEmoji ? .pictograph : .single
    }
  }

  private static func isWrittenWithoutSpaces(_ scalar: UnicodeScalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3041...0x309F: true
    default: scalar.properties.isIdeographic
    }
  }

  private static let ascii: [WordClass] = (0..<128).map { value in
    switch UInt8(value) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
    case UInt8(ascii: "_"): .connector
    case UInt8(ascii: "'"), UInt8(ascii: "."): .midBoth
    case UInt8(ascii: ":"): .single
    case UInt8(ascii: ","), UInt8(ascii: ";"): .midNumber
    case 0x00...0x20, 0x7F: .space
    default: .single
    }
  }

  var isWord: Bool { self == .letter || self == .digit || self == .katakana || self == .connector }
}

/// Goes through a text token by token.
private struct WordScanner {
  private typealias Index = String.UnicodeScalarView.Index

  private let scalars: String.UnicodeScalarView
  private var position: Index

  init(_ scalars: String.UnicodeScalarView) {
    self.scalars = scalars
    position = scalars.startIndex
  }

  mutating func next() -> Range<String.Index>? {
    while position < scalars.endIndex, WordClass(scalars[position]) == .space {
      position = scalars.index(after: position)
    }
    guard position < scalars.endIndex else { return nil }
    let start = position
    let first = take()
    switch first {
    case .letter, .digit, .katakana, .connector: takeWord(after: first)
    case .regional:
      if position < scalars.endIndex, WordClass(scalars[position]) == .regional { _ = take() }
    case .pictograph:
      // WB3c: what a joiner joins to a pictograph is one with it.
      while position > start, scalars[scalars.index(before: position)].value == 0x200D,
        position < scalars.endIndex, WordClass(scalars[position]) == .pictograph
      {
        _ = take()
      }
    default: break
    }
    return start..<position
  }

  /// Passes a character and what extends it.
  private mutating func take() -> WordClass {
    let found = WordClass(scalars[position])
    position = end(ofCharacterAt: position)
    return found
  }

  private func end(ofCharacterAt start: Index) -> Index {
    var end = scalars.index(after: start)
    while end < scalars.endIndex {
      let next = WordClass(scalars[end])
      guard next == .extend || next == .joiner else { break }
      end = scalars.index(after: end)
    }
    return end
  }

  private mutating func takeWord(after first: WordClass) {
    var last = first
    while position < scalars.endIndex {
      let next = WordClass(scalars[position])
      if next.isWord {
        // WB5, 8-10, 13: letters and digits run on; Katakana only with itself and connectors.
        let isKana = last == .katakana || next == .katakana
        if isKana, last != next, last != .connector, next != .connector { return }
        last = take()
        continue
      }
      // WB6, 7, 11, 12: a mark between two letters or two digits.
      let joins =
        switch next {
        case .midBoth: last == .letter || last == .digit
        case .midLetter: last == .letter
        case .midNumber: last == .digit
        default: false
        }
      let after = end(ofCharacterAt: position)
      guard joins, after < scalars.endIndex, WordClass(scalars[after]) == last else { return }
      position = after
      last = take()
    }
  }
}
