/// How much room text takes.
///
/// An SVG file cannot know its reader's fonts, so widths are estimated on the wide
/// side.
enum TextWidth {
  /// The width in pixels of `text` at a font size.
  static func of(_ text: String, size: Double) -> Double {
    text.reduce(0) { $0 + units(of: $1) } * size
  }

  /// `text`, or its beginning with an ellipsis, so that it takes no more than `width`.
  static func fitted(_ text: String, width: Double, size: Double) -> String {
    if of(text, size: size) <= width { return text }
    var kept = ""
    var used = of("…", size: size)
    for character in text {
      used += units(of: character) * size
      if used > width { break }
      kept.append(character)
    }
    while kept.last == " " { kept.removeLast() }
    return kept + "…"
  }

  /// `text` broken between words into at most `lines` lines of at most `width`; what is left over
  /// is cut.
  static func wrapped(
    _ text: String, width: Double, size: Double, lines: Int, isBold: Bool = false
  ) -> [String] {
    let size = isBold ? size * 1.13 : size
    var result: [String] = []
    var current = ""
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    for (index, word) in words.enumerated() {
      let longer = current.isEmpty ? word : current + " " + word
      if of(longer, size: size) <= width || current.isEmpty {
        current = longer
      } else if result.count == lines - 1 {
        current = ([current] + words[index...]).joined(separator: " ")
        break
      } else {
        result.append(current)
        current = word
      }
    }
    if !current.isEmpty { result.append(current) }
    return result.map { fitted($0, width: width, size: size) }
  }

  /// Columns of a terminal.
  static func columns(of text: String) -> Int {
    text.reduce(0) { $0 + (isWide($1) ? 2 : 1) }
  }

  /// `text`, or its beginning with an ellipsis, within so many columns of a terminal.
  static func fitted(_ text: String, columns: Int) -> String {
    if self.columns(of: text) <= columns { return text }
    var kept = ""
    var used = 1
    for character in text {
      used += isWide(character) ? 2 : 1
      if used > columns { break }
      kept.append(character)
    }
    return columns < 1 ? "" : kept + "…"
  }

  /// `text` on one line and without control characters: names come from files, and a terminal
  /// obeys.
  static func printable(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar -> Character in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: " "
        default: Character(scalar)
        }
      })
  }

  private static func isWide(_ character: Character) -> Bool {
    switch character.unicodeScalars.first?.value ?? 0 {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }

  /// Parts of the font size, from a wide sans-serif face.
  private static func units(of character: Character) -> Double {
    switch character {
    case "i", "j", "l", "I", "'", "|", ".", ",", ":", ";", "!", " ": 0.33
    case "f", "t", "r", "(", ")", "[", "]", "-", "/": 0.42
    case "m", "w", "M", "W", "%", "@", "…", "—": 0.96
    case "A"..."Z", "×", "\u{2212}": 0.74
    default: isWide(character) ? 1.05 : 0.63
    }
  }
}
