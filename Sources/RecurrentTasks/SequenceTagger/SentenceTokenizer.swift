import Recurrent

/// Cuts raw text into tokens as those of the training part look.
///
/// A text is cut at spaces, and what stands between them:
///
/// - stays whole if it is a word of the training part (`:)`, `U.S.`);
/// - if the training part has them whole, so do names and topics (`@name`, `#topic`) and addresses
///   (`https://…`), without the marks behind them;
/// - is else cut at word boundaries (``WordSegmentation``), but for hyphens inside words if the
///   training part has such words, and before endings (`'s`, `n't`) that it has as tokens.
public struct SentenceTokenizer: Sendable, Codable, Equatable {
  /// Whether `@name` and `#topic` are one token.
  let keepsNames: Bool
  /// Whether addresses are one token.
  let keepsAddresses: Bool
  /// Whether words may have hyphens inside.
  let keepsHyphens: Bool
  /// Endings that are tokens of their own, in small letters.
  let endings: [String]

  /// A token in a text.
  struct Token: Sendable, Equatable {
    let text: String
    /// Its Unicode scalars in the text.
    var range: Range<Int>
  }

  init(learningFrom sentences: [[String]]) {
    var (names, addresses, hyphens, cuts) = (0, 0, 0, 0)
    var counts: [String: Int] = [:]
    for token in sentences.joined() {
      if Self.isName(token) { names += 1 }
      if Self.isAddress(token) { addresses += 1 }
      if token == "-" { cuts += 1 }
      if Self.hasHyphen(token) { hyphens += 1 }
      if token.hasPrefix("'") || token.hasPrefix("’") || token.lowercased() == "n't",
        (2...4).contains(token.count), token.last?.isLetter == true,
        token.dropFirst().utf8.allSatisfy({ $0 < 0x80 })
      {
        counts[token.lowercased(), default: 0] += 1
      }
    }
    keepsNames = names >= 2
    keepsAddresses = addresses >= 2
    keepsHyphens = hyphens > cuts
    // Longer ones first: n't is not cut before 't.
    endings = counts.filter { $0.value >= 2 }.keys.sorted {
      ($1.count, $0) < ($0.count, $1)
    }
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first == "@" || first == "#" else { return false }
    return text.unicodeScalars.dropFirst().first.map { $0.properties.isAlphabetic || $0 == "_" }
      ?? false
  }

  private static func isAddress(_ text: String) -> Bool {
    guard text.utf8.contains(UInt8(ascii: ".")) || text.utf8.contains(UInt8(ascii: ":")) else {
      return false
    }
    let start = text.prefix(8).lowercased()
    return start.hasPrefix("http://") || start.hasPrefix("https://") || start.hasPrefix("www.")
  }

  private static func hasHyphen(_ text: String) -> Bool {
    text.utf8.contains(UInt8(ascii: "-")) && text.first != "-" && text.last != "-"
      && text.first?.isLetter == true
  }

  /// What stands between spaces, and its first Unicode scalar.
  static func chunks(of text: String) -> [(text: ExactText, start: Int)] {
    var chunks: [(ExactText, Int)] = []
    let scalars = text.unicodeScalars
    var (start, startNumber, number) = (scalars.startIndex, 0, 0)
    func end(_ index: String.Index) {
      if start < index { chunks.append((ExactText(String(scalars[start..<index])), startNumber)) }
    }
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let next = scalars.index(after: index)
      let isSpace =
        scalar.value < 0x80
        ? scalar.value <= 0x20 || scalar.value == 0x7F : scalar.properties.isWhitespace
      number += 1
      if isSpace {
        end(index)
        (start, startNumber) = (next, number)
      }
      index = next
    }
    end(scalars.endIndex)
    return chunks
  }

  /// The tokens of a chunk.
  func tokens(ofChunk chunk: String, isKnown: (String) -> Bool) -> [Token] {
    var tokens: [Token] = []
    var rest = Substring(chunk)
    var place = 0
    func take(upTo end: String.Index) {
      let text = String(rest.unicodeScalars[rest.startIndex..<end])
      let count = text.unicodeScalars.count
      tokens.append(Token(text: text, range: place..<place + count))
      place += count
      rest = rest[end...]
    }
    while !rest.isEmpty {
      let text = String(rest)
      if isKnown(text) {
        take(upTo: rest.endIndex)
      } else if keepsAddresses, Self.isAddress(text) {
        let marks: Set<UnicodeScalar> = [
          ".", ",", "!", "?", ";", ":", ")", "]", "\"", "'", "…", "”", "’",
        ]
        let scalars = rest.unicodeScalars
        var end = scalars.endIndex
        while marks.contains(scalars[scalars.index(before: end)]) {
          end = scalars.index(before: end)
        }
        take(upTo: end)
      } else if keepsNames, Self.isName(text) {
        let scalars = rest.unicodeScalars
        let end = scalars.dropFirst().firstIndex {
          !($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_")
        }
        take(upTo: end ?? scalars.endIndex)
      } else {
        takeWord(text, isKnown, take: { take(upTo: $0) }, from: rest)
      }
    }
    return tokens
  }

  /// Takes the first word.
  private func takeWord(
    _ text: String, _ isKnown: (String) -> Bool, take: (String.Index) -> Void, from rest: Substring
  ) {
    let ranges = WordSegmentation.ranges(in: text)
    guard let first = ranges.first else { return take(rest.endIndex) }
    var last = 0
    // A-B-C: words on both sides of each hyphen.
    while keepsHyphens, last + 2 < ranges.count, text[ranges[last + 1]] == "-",
      Self.isWord(text[ranges[last]]), Self.isWord(text[ranges[last + 2]])
    {
      last += 2
    }
    let scalars = text.unicodeScalars
    // What no word begins with, as a joiner alone, goes with the first word.
    let range = scalars.startIndex..<ranges[last].upperBound
    let word = String(scalars[range])
    let small = word.lowercased()
    let count = word.unicodeScalars.count
    var taken = count
    if first.lowerBound == scalars.startIndex, !isKnown(word),
      let ending = endings.first(where: { small.hasSuffix($0) }),
      small.unicodeScalars.count == count, count > ending.unicodeScalars.count
    {
      taken = count - ending.unicodeScalars.count
    }
    take(rest.unicodeScalars.index(rest.startIndex, offsetBy: taken))
  }

  private static func isWord(_ text: Substring) -> Bool {
    text.unicodeScalars.first.map { $0.properties.isAlphabetic || $0.properties.numericType != nil }
      ?? false
  }
}

/// A text that equals another only scalar by scalar: é is not e with an accent, which takes two.
struct ExactText: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: Self, b: Self) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
