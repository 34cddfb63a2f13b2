/// Words cut into frequent parts (Sennrich et al. 2016, arXiv:1508.07909): from single characters,
/// the most frequent pair of neighbours is joined again and again, and later texts are cut by the
/// same joins.
///
/// A part keeps the space before its word, and every text counts as if a space stood before it, so
/// that putting parts together gives back the text to the character (``text(of:)``). No join crosses
/// a word boundary (``WordSegmentation``).
public struct BytePairEncoding: Sendable, Equatable {
  /// All parts: single characters, then what each join made.
  public let symbols: [String]
  /// The two symbols of each join.
  let joins: [Pair]
  private let characters: [UnicodeScalar: Int]
  /// The symbol that a pair becomes.
  private let joined: [Pair: Int]

  struct Pair: Hashable, Sendable {
    let left: Int
    let right: Int
  }

  /// Learns from texts, those of the training part only, until there are `size` parts or no pair
  /// occurs twice.
  ///
  /// - Parameter characterCoverage: The share of all characters whose own symbols are kept; rarer
  ///   ones are unknown.
  public init(learnedFrom texts: some Sequence<String>, size: Int, characterCoverage: Double = 1) {
    var counts: [String: Int] = [:]
    for text in texts {
      for piece in Self.pieces(of: text) { counts[piece, default: 0] += 1 }
    }
    var learner = PairLearner(counts, characterCoverage: characterCoverage)
    while learner.symbols.count < size, learner.joinMostFrequent() {}
    self.init(
      characterCount: learner.characterCount, symbols: learner.symbols, joins: learner.joins)
  }

  private init(characterCount: Int, symbols: [String], joins: [Pair]) {
    self.symbols = symbols
    self.joins = joins
    characters = Dictionary(
      symbols[..<characterCount].enumerated().compactMap { number, symbol in
        symbol.unicodeScalars.first.map { ($0, number) }
      }, uniquingKeysWith: { first, _ in first })
    joined = Dictionary(
      uniqueKeysWithValues: joins.enumerated().map { ($1, characterCount + $0) })
  }

  /// The parts of a text; a character without a symbol is a part of its own.
  public func tokens(in text: String) -> [String] { Self.pieces(of: text).flatMap(parts) }

  /// The text that these parts make, without the space that was put before it.
  public func text(of tokens: [String]) -> String {
    let text = tokens.joined()
    let scalars = text.unicodeScalars
    return scalars.first == " " ? String(scalars.dropFirst()) : text
  }

  private func parts(of piece: String) -> [String] {
    var ids = piece.unicodeScalars.map { characters[$0] ?? -1 }
    var texts = piece.unicodeScalars.map { String($0) }
    // The earliest learned join first, everywhere from left to right.
    while true {
      var best: Int?
      for (left, right) in zip(ids, ids.dropFirst()) {
        guard let symbol = joined[Pair(left: left, right: right)] else { continue }
        best = min(best ?? symbol, symbol)
      }
      guard let best else { return texts }
      let pair = joins[best - characters.count]
      var next: (ids: [Int], texts: [String]) = ([], [])
      var index = 0
      while index < ids.count {
        if index + 1 < ids.count, ids[index] == pair.left, ids[index + 1] == pair.right {
          next.ids.append(best)
          next.texts.append(texts[index] + texts[index + 1])
          index += 2
        } else {
          next.ids.append(ids[index])
          next.texts.append(texts[index])
          index += 1
        }
      }
      (ids, texts) = next
    }
  }

  /// A text with a space before it, cut at word boundaries: each word with the one space before it,
  /// any other space alone.
  static func pieces(of text: String) -> [String] {
    let text = " " + text
    let scalars = text.unicodeScalars
    var pieces: [String] = []
    var end = text.startIndex
    func gap(upTo start: String.Index, hasWord: Bool) -> Bool {
      var spaces = scalars[end..<start].map { String($0) }
      let takesLast = hasWord && spaces.last == " "
      if takesLast { spaces.removeLast() }
      pieces += spaces
      return takesLast
    }
    for range in WordSegmentation.ranges(in: text) {
      let hasSpace = gap(upTo: range.lowerBound, hasWord: true)
      pieces.append((hasSpace ? " " : "") + text[range])
      end = range.upperBound
    }
    _ = gap(upTo: text.endIndex, hasWord: false)
    return pieces
  }
}

extension BytePairEncoding: Codable {
  private enum CodingKeys: CodingKey {
    case characters
    case joins
  }

  /// Reads what ``encode(to:)`` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let characters = try container.decode([String].self, forKey: .characters)
    let numbers = try container.decode([Int].self, forKey: .joins)
    var symbols = characters
    var joins: [Pair] = []
    var isValid =
      numbers.count % 2 == 0 && characters.allSatisfy { $0.unicodeScalars.count == 1 }
      && Set(characters.map { Array($0.unicodeScalars) }).count == characters.count
    for place in stride(from: 0, to: numbers.count - 1, by: 2) where isValid {
      let (left, right) = (numbers[place], numbers[place + 1])
      isValid = symbols.indices.contains(left) && symbols.indices.contains(right)
      guard isValid else { break }
      symbols.append(symbols[left] + symbols[right])
      joins.append(Pair(left: left, right: right))
    }
    guard isValid, Set(joins).count == joins.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .joins, in: container,
        debugDescription: "the joins are not pairs of earlier symbols, each once")
    }
    self.init(characterCount: characters.count, symbols: symbols, joins: joins)
  }

  /// The characters, and the numbers of the two symbols of each join one after the other.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Array(symbols.dropLast(joins.count)), forKey: .characters)
    try container.encode(joins.flatMap { [$0.left, $0.right] }, forKey: .joins)
  }
}
