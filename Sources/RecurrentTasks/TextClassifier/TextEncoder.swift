import Recurrent

/// From a text to numbers: tokenizer, vocabulary, what happens to long texts, and what naive Bayes
/// says.
public struct TextEncoder: Sendable, Codable, Equatable {
  /// Cuts texts into tokens.
  public let tokenizer: Tokenizer
  /// The tokens that are known.
  public let vocabulary: Vocabulary
  /// Tokens of a text that are read.
  public let maximumLength: Int
  /// Which end of a longer text is read.
  public let keptEnd: TextEnd
  /// What stands beside the network, if anything does.
  public let naiveBayes: NaiveBayes?

  init(
    learningFrom texts: [String], classes: [Int], classCount: Int, options: TextClassifierOptions
  ) {
    let tokenizer = Tokenizer(
      options.tokens, normalization: options.normalization, learningFrom: texts,
      partCount: options.partCount)
    self.tokenizer = tokenizer
    let tokens = texts.map { tokenizer.tokens(in: $0) }
    vocabulary = Vocabulary(counting: tokens, minimumCount: options.minimumCount)
    maximumLength = options.maximumLength
    keptEnd = options.keptEnd
    let read = tokens.map { Self.cut($0, to: options.maximumLength, options.keptEnd) }
    naiveBayes =
      options.naiveBayes
      ? NaiveBayes(
        tokens: read, classes: classes, classCount: classCount, minimumCount: options.minimumCount)
      : nil
  }

  /// The tokens of a text that are read.
  public func tokens(in text: String) -> [String] {
    Self.cut(tokenizer.tokens(in: text), to: maximumLength, keptEnd)
  }

  /// The numbers of tokens that are read.
  ///
  /// - Parameter own: The class of a text of the training part.
  func encoded(_ tokens: [String], leavingOut own: Int? = nil) -> EncodedText {
    EncodedText(
      tokens: vocabulary.ids(of: tokens),
      evidence: naiveBayes?.evidence(in: tokens, leavingOut: own) ?? [])
  }

  private static func cut(_ tokens: [String], to length: Int, _ end: TextEnd) -> [String] {
    guard tokens.count > length else { return tokens }
    return Array(end == .start ? tokens.prefix(length) : tokens.suffix(length))
  }
}

/// A text as numbers.
struct EncodedText: Sendable {
  /// The numbers of its tokens.
  var tokens: [Int]
  /// What naive Bayes says about each class; empty without it.
  var evidence: [Float]
}
