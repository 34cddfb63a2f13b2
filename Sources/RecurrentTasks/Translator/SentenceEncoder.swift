import Recurrent

/// The code of one language: from a sentence to the numbers of its tokens and back.
public struct SentenceEncoder: Sendable, Codable, Equatable {
  /// Cuts sentences into tokens.
  public let tokenizer: Tokenizer
  /// The tokens that are known, behind unknown token, start and end.
  public let vocabulary: Vocabulary

  private static let startToken = "<s>"
  static let endToken = "</s>"

  /// Learns parts and vocabulary from the training part.
  init(learningFrom sentences: [String], options: TranslatorOptions) {
    let tokenizer = Tokenizer(
      .bpe, normalization: options.normalization, learningFrom: sentences,
      partCount: options.partCount)
    self.tokenizer = tokenizer
    let special = [Self.startToken, Self.endToken]
    if let bytePairs = tokenizer.bytePairs, options.bpeDropout ?? 0 > 0 {
      // What is otherwise always joined on is then a token too.
      vocabulary = Vocabulary(
        counts: bytePairs.counts(in: sentences.lazy.map { options.normalization($0) }),
        minimumCount: options.minimumCount, specialTokens: special)
    } else {
      vocabulary = Vocabulary(
        counting: sentences.lazy.map { tokenizer.tokens(in: $0) },
        minimumCount: options.minimumCount, specialTokens: special)
    }
  }

  /// The number of the token before a translation.
  static let start = 1
  /// The number of the token before a sentence that a model wrote; no other sentence that is read has it.
  static let mark = start
  /// The number of the token behind a translation.
  static let end = 2

  /// The numbers of the tokens of a sentence.
  func ids(of sentence: String) -> [Int] { vocabulary.ids(of: tokenizer.tokens(in: sentence)) }

  /// The sentence that the tokens with these numbers make.
  func text(of ids: [Int]) -> String {
    let tokens = ids.map { vocabulary.tokens[$0] }
    return tokenizer.bytePairs?.text(of: tokens) ?? tokens.joined()
  }

  /// Whether the special tokens stand where they are looked for.
  var isValid: Bool {
    tokenizer.kind == .bpe && vocabulary.specialCount == 3
      && vocabulary.id(special: Self.startToken) == Self.start
      && vocabulary.id(special: Self.endToken) == Self.end
  }
}
