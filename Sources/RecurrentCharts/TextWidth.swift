/// How much room text takes.
///
/// An SVG file cannot know its reader's fonts, so widths are estimated on the wide
/// side.
package enum TextWidth {
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
  package static func columns(of text: String) -> Int {
    text.reduce(0) { $0 + (isWide($1) ? 2 : 1) }
  }

  /// Lines for a terminal of so many columns, broken between words.
  ///
  /// A line goes on below the place where it began after its label, if it has one in its first columns
  /// or is itself the continuation of one; a row of a table goes on a little to the right. Words that
  /// are longer, and lines with colour, stay as they are.
  package static func wrapped(_ text: String, columns: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map {
      wrappedLine(String($0), columns: columns)
    }.joined(separator: "\n")
  }

  private static func wrappedLine(_ line: String, columns: Int) -> String {
    guard self.columns(of: line) > columns, !line.contains("\u{1B}") else { return line }
    let indent = min(indent(of: line), columns / 3)
    var lines: [String] = []
    var rest = Substring(line)
    while true {
      // The widest beginning that ends before a blank and is more than blanks.
      var used = lines.isEmpty ? 0 : indent
      var end: Substring.Index?
      var hasWord = false
      for place in rest.indices {
        if rest[place] == " ", hasWord {
          (end, hasWord) = (used <= columns ? place : end ?? place, false)
        } else if rest[place] != " " {
          hasWord = true
        }
        used += isWide(rest[place]) ? 2 : 1
        if used > columns, end != nil { break }
      }
      let isLast = used <= columns || end == nil
      let part = isLast ? rest : rest[..<(end ?? rest.endIndex)]
      lines.append((lines.isEmpty ? "" : String(repeating: " ", count: indent)) + part)
      rest = rest[part.endIndex...].drop { $0 == " " }
      if isLast || rest.isEmpty { return lines.joined(separator: "\n") }
    }
  }

  /// The indent with which the next line of a paragraph begins.
  private static func indent(of line: String) -> Int {
    let label = 12
    let start = line.prefix { $0 == " " }.count
    if start >= label { return start }
    let head = line.prefix(label)
    let word = head.prefix { $0 != " " }
    let isLabel =
      head.count == label && head.first?.isLowercase == true && word.count < label
      && head.dropFirst(word.count).allSatisfy { $0 == " " } && line.dropFirst(label).first != " "
    if isLabel, !line.dropFirst(label).contains("  ") { return label }
    return line.dropFirst(start).contains("  ") ? start + 4 : start
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
