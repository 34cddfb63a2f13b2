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
    /// The token's Unicode scalars in the text.
    var range: Range<Int>
  }

  init(learningFrom sentences: [[String]]) {
    var (names, addresses, hyphens, cuts) = (0, 0, 0, 0)
    var counts: [String: Int] = [:]
    for token in sentences.joined() {
      if Self.isName(token.unicodeScalars) { names += 1 }
      if Self.isAddress(token.unicodeScalars) { addresses += 1 }
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

  private static func isName(_ text: some Collection<UnicodeScalar>) -> Bool {
    guard let first = text.first, first == "@" || first == "#" else { return false }
    return text.dropFirst().first.map { isLetter($0) || $0 == "_" } ?? false
  }

  private static func isAddress(_ text: some Collection<UnicodeScalar>) -> Bool {
    guard let first = text.first, ["h", "H", "w", "W"].contains(first) else { return false }
    let start = String(String.UnicodeScalarView(text.prefix(8))).lowercased()
    return start.hasPrefix("http://") || start.hasPrefix("https://") || start.hasPrefix("www.")
  }

  private static func isLetter(_ scalar: UnicodeScalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil
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
    let scalars = Array(chunk.unicodeScalars)
    if isKnown(chunk) { return [Token(text: chunk, range: 0..<scalars.count)] }
    let words = Self.words(in: chunk)
    var tokens: [Token] = []
    var (place, word) = (0, 0)
    while place < scalars.count {
      while word < words.count, words[word].upperBound <= place { word += 1 }
      let rest = scalars[place...]
      let end: Int
      if rest.count <= Self.longestKnown, isKnown(Self.text(rest)) {
        end = scalars.count
      } else if keepsAddresses, Self.isAddress(rest) {
        end = (rest.lastIndex { !Self.marks.contains($0) } ?? place) + 1
      } else if keepsNames, Self.isName(rest) {
        end = rest.dropFirst().firstIndex { !Self.isLetter($0) && $0 != "_" } ?? scalars.count
      } else if word == words.count {
        end = scalars.count
      } else {
        end = endOfWord(from: place, words[word...], scalars, isKnown)
      }
      tokens.append(Token(text: Self.text(scalars[place..<end]), range: place..<end))
      place = end
    }
    return tokens
  }

  /// The ends of a chunk that are looked up as a word have at most so many characters.
  private static let longestKnown = 16
  /// What stands behind an address and is none of it.
  private static let marks = Set(".,!?;:)]\"'…”’".unicodeScalars)

  private static func text(_ scalars: ArraySlice<UnicodeScalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }

  /// The words of a chunk as places of its Unicode scalars.
  private static func words(in chunk: String) -> [Range<Int>] {
    let view = chunk.unicodeScalars
    var (index, number) = (view.startIndex, 0)
    func place(of wanted: String.Index) -> Int {
      while index < wanted {
        index = view.index(after: index)
        number += 1
      }
      return number
    }
    return WordSegmentation.ranges(in: chunk).map {
      let start = place(of: $0.lowerBound)
      return start..<place(of: $0.upperBound)
    }
  }

  /// Where the token ends that begins at `place`, in or before the first of the words.
  private func endOfWord(
    from place: Int, _ words: ArraySlice<Range<Int>>, _ scalars: [UnicodeScalar],
    _ isKnown: (String) -> Bool
  ) -> Int {
    var last = words.startIndex
    func isWord(_ index: Int) -> Bool { Self.isLetter(scalars[words[index].lowerBound]) }
    // up-to-date: words on both sides of each hyphen.
    while keepsHyphens, last + 2 < words.endIndex, words[last + 1].count == 1,
      scalars[words[last + 1].lowerBound] == "-", isWord(last), isWord(last + 2)
    {
      last += 2
    }
    let end = words[last].upperBound
    let word = Self.text(scalars[place..<end])
    let small = word.lowercased()
    guard place == words[words.startIndex].lowerBound, !isKnown(word),
      let ending = endings.first(where: { small.hasSuffix($0) })
    else { return end }
    let count = ending.unicodeScalars.count
    return count < end - place ? end - count : end
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
