import RecurrentFiles

/// The tokens that a model knows, each with its number.
///
/// Special tokens come first, the unknown token at 0; the others follow by falling count. A special
/// token is no text: a text in which `<unk>` or `</s>` is written does not reach it.
///
/// ```swift
/// let vocabulary = Vocabulary(counting: texts.map(tokenizer.tokens), minimumCount: 2)
/// let ids = vocabulary.ids(of: tokenizer.tokens(in: "a new sentence"))
/// ```
public struct Vocabulary: Sendable, Equatable {
  /// The special token for what is not in the vocabulary.
  public static let unknownToken = "<unk>"

  /// All tokens, each at its number, special ones first.
  public let tokens: [String]
  /// How many special tokens there are; at least 1.
  public let specialCount: Int
  private let numbers: [String: Int]

  /// The tokens of texts that occur often enough.
  ///
  /// - Parameters:
  ///   - texts: The tokens of each text: of the training part only.
  ///   - minimumCount: How often a token has to occur.
  ///   - maximumSize: The most tokens there may be, special ones included; the rarest are left out.
  ///   - specialTokens: More special tokens, behind the unknown token.
  public init(
    counting texts: some Sequence<[String]>, minimumCount: Int = 1, maximumSize: Int? = nil,
    specialTokens: [String] = []
  ) {
    self.init(
      counts: Self.counts(of: texts), minimumCount: minimumCount, maximumSize: maximumSize,
      specialTokens: specialTokens)
  }

  /// How often each token comes.
  package static func counts(of texts: some Sequence<[String]>) -> [String: Int] {
    var counts: [String: Int] = [:]
    for tokens in texts {
      for token in tokens { counts[token, default: 0] += 1 }
    }
    return counts
  }

  /// Tokens that were counted, as ``init(counting:minimumCount:maximumSize:specialTokens:)``.
  package init(
    counts: [String: Int], minimumCount: Int = 1, maximumSize: Int? = nil,
    specialTokens: [String] = []
  ) {
    let frequent = counts.filter { $0.value >= minimumCount }.sorted {
      $0.value != $1.value
        ? $0.value > $1.value
        : $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars)
    }
    let room = maximumSize.map { max(0, $0 - 1 - specialTokens.count) } ?? frequent.count
    self.init(tokens: frequent.prefix(room).map(\.key), specialTokens: specialTokens)
  }

  /// A vocabulary of these tokens, each once, behind the special ones.
  public init(tokens: [String], specialTokens: [String] = []) {
    let special = [Self.unknownToken] + specialTokens
    require(
      Set(special).count == special.count && Set(tokens).count == tokens.count,
      "every token of a vocabulary is there once")
    self.tokens = special + tokens
    specialCount = special.count
    numbers = Dictionary(
      uniqueKeysWithValues: tokens.enumerated().map { ($1, $0 + special.count) })
  }

  /// V, the number of tokens.
  public var count: Int { tokens.count }

  /// The number of the unknown token, 0.
  public var unknown: Int { 0 }

  /// The number of a token of a text; that of the unknown token if it is not there.
  public func id(of token: String) -> Int { numbers[token] ?? unknown }

  /// The numbers of the tokens of a text.
  public func ids(of tokens: [String]) -> [Int] { tokens.map(id) }

  /// Whether a token of a text is there.
  public func contains(_ token: String) -> Bool { numbers[token] != nil }

  /// The number of a special token.
  public func id(special token: String) -> Int? { tokens[..<specialCount].firstIndex(of: token) }
}

extension Vocabulary: Codable {
  private enum CodingKeys: CodingKey {
    case specialTokens
    case tokens
  }

  /// Reads what ``encode(to:)`` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let special = try container.decode([String].self, forKey: .specialTokens)
    let tokens = try container.decode([String].self, forKey: .tokens)
    guard special.first == Self.unknownToken, Set(special).count == special.count,
      Set(tokens).count == tokens.count
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .tokens, in: container,
        debugDescription:
          "the special tokens do not begin with \(Self.unknownToken), or a token stands there twice"
      )
    }
    self.init(tokens: tokens, specialTokens: Array(special.dropFirst()))
  }

  /// Special tokens and the others, in their order.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Array(tokens[..<specialCount]), forKey: .specialTokens)
    try container.encode(Array(tokens[specialCount...]), forKey: .tokens)
  }
}
