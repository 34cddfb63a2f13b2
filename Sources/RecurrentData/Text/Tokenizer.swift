import RecurrentFiles

/// How a text becomes tokens: normalized, then cut. It is part of a model and is saved with it.
///
/// ```swift
/// let tokenizer = Tokenizer(.word, normalization: TextNormalization(lowercases: true))
/// tokenizer.tokens(in: "It's 3.5 stars!")      // it's, 3.5, stars, !
/// ```
public struct Tokenizer: Sendable, Codable, Equatable {
  /// A kind of token.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A word, a number or a mark (``WordSegmentation``).
    case word
    /// What stands between spaces, tabs and line ends.
    case whitespace
    /// A character as readers see it, spaces included.
    case character
    /// A part of a word, learned (``BytePairEncoding``).
    case bpe
  }

  /// The kind of token that a text is cut into.
  public let kind: Kind
  /// What is done to a text before it is cut.
  public let normalization: TextNormalization
  /// The learned parts, for `bpe`.
  public let bytePairs: BytePairEncoding?

  /// A tokenizer that learns nothing: any kind but `bpe`.
  public init(_ kind: Kind, normalization: TextNormalization = TextNormalization()) {
    require(kind != .bpe, "byte pairs are learned: use init(bytePairs:normalization:)")
    self.kind = kind
    self.normalization = normalization
    bytePairs = nil
  }

  /// A tokenizer into learned parts of words, which were learned from texts normalized likewise.
  public init(
    bytePairs: BytePairEncoding, normalization: TextNormalization = TextNormalization()
  ) {
    kind = .bpe
    self.normalization = normalization
    self.bytePairs = bytePairs
  }

  /// A tokenizer that learns from the texts what it needs: `partCount` parts, for `bpe`.
  public init(
    _ kind: Kind, normalization: TextNormalization = TextNormalization(),
    learningFrom texts: some Sequence<String>, partCount: Int
  ) {
    if kind == .bpe {
      self.init(
        bytePairs: BytePairEncoding(
          learnedFrom: texts.lazy.map { normalization($0) }, size: partCount),
        normalization: normalization)
    } else {
      self.init(kind, normalization: normalization)
    }
  }

  /// The tokens of a text, from left to right.
  public func tokens(in text: String) -> [String] { tokens(in: text, isStart: true) }

  /// - Parameter isStart: whether nothing of the text stands before it; else a line end does.
  package func tokens(in text: String, isStart: Bool) -> [String] {
    let text = normalization(text)
    switch kind {
    case .word: return WordSegmentation.tokens(in: text)
    case .character: return text.map(String.init)
    case .whitespace:
      return text.unicodeScalars.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        .map { String($0) }
    case .bpe: return bytePairs?.tokens(in: text, isStart: isStart) ?? []
    }
  }

  private enum CodingKeys: CodingKey {
    case kind
    case normalization
    case bytePairs
  }

  /// Reads what was encoded.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(Kind.self, forKey: .kind)
    normalization = try container.decode(TextNormalization.self, forKey: .normalization)
    bytePairs = try container.decodeIfPresent(BytePairEncoding.self, forKey: .bytePairs)
    guard (kind == .bpe) == (bytePairs != nil) else {
      throw DecodingError.dataCorruptedError(
        forKey: .bytePairs, in: container,
        debugDescription: "byte pairs belong to a tokenizer of that kind, and only to it")
    }
  }
}
