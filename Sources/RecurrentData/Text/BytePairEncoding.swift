/// Words cut into frequent parts (Sennrich et al. 2016, arXiv:1508.07909): from single characters,
/// the most frequent pair of neighbours is joined again and again, and later texts are cut by the
/// same joins.
///
/// A part keeps the space before its word, and every text counts as if a space stood before it, so
/// that putting parts together gives back the text to the character (``text(of:)``). No join crosses
/// a word boundary (``WordSegmentation``), and none makes a part of more than 256 Unicode scalars.
public struct BytePairEncoding: Sendable, Equatable {
  /// All parts of words: single characters, then what each join made.
  public let symbols: [String]
  /// The two symbols of each join.
  let joins: [Pair]
  private let characters: [UnicodeScalar: Int]
  /// The symbol that a pair becomes.
  private let joined: [Pair: Int]

  /// Unicode scalars of a part at most. A join can double a part, so that without a limit some dozen
  /// numbers in a file would stand for more text than any memory holds.
  static let longestPart = 256

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
    for text in texts { Self.count(text, into: &counts) }
    self.init(counts: counts, size: size, characterCoverage: characterCoverage)
  }

  /// Takes note of the words of a text.
  ///
  /// - Parameter isStart: whether nothing of the text stands before it; else a line end does.
  package static func count(
    _ text: String, isStart: Bool = true, into counts: inout [String: Int]
  ) {
    for piece in pieces(of: text, isStart: isStart) { counts[piece, default: 0] += 1 }
  }

  /// Learns from words and how often they come.
  package init(counts: [String: Int], size: Int, characterCoverage: Double = 1) {
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
  public func tokens(in text: String) -> [String] { tokens(in: text, isStart: true) }

  /// - Parameter isStart: whether nothing of the text stands before it; else a line end does.
  func tokens(in text: String, isStart: Bool) -> [String] {
    Self.pieces(of: text, isStart: isStart).flatMap(parts)
  }

  /// The text that these parts make, without the space that was put before it.
  public func text(of tokens: [String]) -> String {
    let text = tokens.joined()
    let scalars = text.unicodeScalars
    return scalars.first == " " ? String(scalars.dropFirst()) : text
  }

  private func parts(of piece: String) -> [String] {
    var unknown = piece.unicodeScalars.lazy.filter { characters[$0] == nil }.makeIterator()
    return joined(characters(of: piece)).compactMap { symbol in
      symbol >= 0 ? symbols[symbol] : unknown.next().map { String($0) }
    }
  }

  private func characters(of piece: String) -> [Int] {
    piece.unicodeScalars.map { characters[$0] ?? -1 }
  }

  /// The words of a text, each as the numbers of its characters' symbols; -1 for a character without one.
  package func words(in text: String) -> [[Int]] { Self.pieces(of: text).map(characters(of:)) }

  /// The symbols that the characters of a word become: the earliest learned join first, everywhere from
  /// left to right.
  ///
  /// - Parameter isLeftOut: asked anew, round by round, of each place where two symbols could be joined;
  ///   true leaves them apart for this round. By chance, this is BPE-dropout (Provilkov et al. 2020,
  ///   arXiv:1910.13267).
  package func joined(_ word: [Int], isLeftOut: () -> Bool = { false }) -> [Int] {
    var word = word
    var next: [Int] = []
    while true {
      var best = Int.max
      var places: [Int] = []
      for place in word.indices.dropLast() {
        guard let symbol = joined[Pair(left: word[place], right: word[place + 1])], symbol <= best,
          !isLeftOut()
        else { continue }
        if symbol < best { (best, places) = (symbol, []) }
        places.append(place)
      }
      if places.isEmpty { return word }
      next.removeAll(keepingCapacity: true)
      var index = 0
      for place in places where place >= index {
        next += word[index..<place]
        next.append(best)
        index = place + 2
      }
      next += word[index...]
      swap(&word, &next)
    }
  }

  /// How often each part stands in texts, as it is and in what later joins make of it: as often as it can
  /// appear where joins are left out.
  package func counts(in texts: some Sequence<String>) -> [String: Int] {
    var counts = [Int](repeating: 0, count: symbols.count)
    for text in texts {
      for word in words(in: text) {
        for symbol in joined(word) where symbol >= 0 { counts[symbol] += 1 }
      }
    }
    for (join, pair) in joins.enumerated().reversed() {
      let made = counts[characters.count + join]
      counts[pair.left] += made
      counts[pair.right] += made
    }
    return Dictionary(zip(symbols, counts), uniquingKeysWith: +)
  }

  /// A text with a space before it, cut at word boundaries: each word with the one space before it,
  /// any other space alone.
  static func pieces(of text: String, isStart: Bool = true) -> [String] {
    let text = isStart ? " " + text : text
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
    func damaged(_ key: CodingKeys, _ problem: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: container, debugDescription: problem)
    }
    let characters = try container.decode([String].self, forKey: .characters)
    guard characters.allSatisfy({ $0.unicodeScalars.count == 1 }),
      Set(characters.map { Array($0.unicodeScalars) }).count == characters.count
    else { throw damaged(.characters, "the characters are not single ones, each once") }
    let numbers = try container.decode([Int].self, forKey: .joins)
    guard numbers.count % 2 == 0 else { throw damaged(.joins, "the last join has no right side") }
    var symbols = characters
    var lengths = [Int](repeating: 1, count: characters.count)
    var joins: [Pair] = []
    var known: Set<Pair> = []
    for place in stride(from: 0, to: numbers.count, by: 2) {
      let pair = Pair(left: numbers[place], right: numbers[place + 1])
      let name = "join \(place / 2) of \(pair.left) and \(pair.right)"
      guard symbols.indices.contains(pair.left), symbols.indices.contains(pair.right),
        known.insert(pair).inserted
      else { throw damaged(.joins, "\(name): expected a pair of earlier symbols, each pair once") }
      let length = lengths[pair.left] + lengths[pair.right]
      guard length <= Self.longestPart else {
        throw damaged(
          .joins,
          "\(name): makes a part of \(length) characters, expected at most \(Self.longestPart)")
      }
      symbols.append(symbols[pair.left] + symbols[pair.right])
      lengths.append(length)
      joins.append(pair)
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
