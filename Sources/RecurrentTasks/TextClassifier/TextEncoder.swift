import Recurrent

/// From a text to the numbers of its tokens: tokenizer, vocabulary, and what happens to long texts.
public struct TextEncoder: Sendable, Codable, Equatable {
  /// Cuts texts into tokens.
  public let tokenizer: Tokenizer
  /// The tokens that are known.
  public let vocabulary: Vocabulary
  /// Tokens of a text that are read.
  public let maximumLength: Int
  /// Which end of a longer text is read.
  public let keptEnd: TextEnd

  init(learningFrom texts: [String], options: TextClassifierOptions) {
    let tokenizer = Tokenizer(
      options.tokens, normalization: options.normalization, learningFrom: texts,
      partCount: options.partCount)
    self.tokenizer = tokenizer
    vocabulary = Vocabulary(
      counting: texts.lazy.map { tokenizer.tokens(in: $0) }, minimumCount: options.minimumCount)
    maximumLength = options.maximumLength
    keptEnd = options.keptEnd
  }

  /// The tokens of a text that are read.
  public func tokens(in text: String) -> [String] { cut(tokenizer.tokens(in: text)) }

  /// Their numbers.
  public func ids(of text: String) -> [Int] { vocabulary.ids(of: tokens(in: text)) }

  private func cut(_ tokens: [String]) -> [String] {
    guard tokens.count > maximumLength else { return tokens }
    return Array(keptEnd == .start ? tokens.prefix(maximumLength) : tokens.suffix(maximumLength))
  }
}
