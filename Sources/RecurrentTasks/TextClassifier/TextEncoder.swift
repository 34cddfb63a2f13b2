import Recurrent

/// From a text to numbers: tokenizer, vocabulary, what happens to long texts, and what naive Bayes
/// says.
public struct TextEncoder: JSONExtras, Equatable {
  /// The file's name.
  public static let file = "tokenizer.json"

  /// Cuts texts into tokens.
  public let tokenizer: Tokenizer
  /// The tokens that are known.
  public let vocabulary: Vocabulary
  /// Tokens of a text that are read.
  public let maximumLength: Int
  /// Which end of a longer text is read.
  public let keptEnd: TextEnd
  /// What stands beside the network, if anything does.
  var naiveBayes: NaiveBayes?

  /// Learns the tokens of a training part.
  ///
  /// - Parameters:
  ///   - path: a file of vectors; nil: none.
  ///   - vectors: what is read of them.
  /// - Throws: ``DataError`` if the file cannot be read, or its vectors are of another width.
  init(
    learningFrom texts: some Sequence<String>, options: TextClassifierOptions,
    vectors path: String?, reading vectors: inout StartingVectors?
  ) throws(DataError) {
    let tokenizer = Tokenizer(
      options.tokens, normalization: options.normalization, learningFrom: texts,
      partCount: options.partCount)
    self.tokenizer = tokenizer
    let counts = Vocabulary.counts(of: texts.lazy.map { tokenizer.tokens(in: $0) })
    vectors = try path.map { path throws(DataError) in
      try StartingVectors(
        path, counts: counts, size: options.embeddingSize, mostOthers: options.vectorWords
      ) { tokenizer.tokens(in: $0) == [$0] }
    }
    vocabulary = Vocabulary(counts: counts, minimumCount: options.minimumCount, vectors: vectors)
    maximumLength = options.maximumLength
    keptEnd = options.keptEnd
  }

  /// The tokens of a text that are read.
  public func tokens(in text: String) -> [String] { kept(tokenizer.tokens(in: text)) }

  /// The tokens of texts, one after another, cut anew each time.
  func tokens(
    of texts: [LabeledTexts.Example]
  ) -> LazyMapSequence<[LabeledTexts.Example], [String]> {
    texts.lazy.map { tokens(in: $0.text) }
  }

  /// The tokens of a text that are read.
  func kept(_ tokens: [String]) -> [String] {
    guard tokens.count > maximumLength else { return tokens }
    return Array(keptEnd == .start ? tokens.prefix(maximumLength) : tokens.suffix(maximumLength))
  }

  /// Whether the network or naive Bayes has something to say about a token.
  func knows(_ token: String) -> Bool {
    vocabulary.contains(token) || naiveBayes?.contains(token) ?? false
  }

  /// The numbers of tokens that are read.
  func encoded(_ tokens: [String]) -> EncodedText {
    EncodedText(
      tokens: vocabulary.ids(of: tokens), terms: naiveBayes?.terms(in: tokens) ?? [])
  }

  /// Texts as the network reads them.
  func batch(_ texts: [EncodedText]) -> TextBatch {
    let evidence = naiveBayes.map { bayes in
      texts.flatMap { bayes.evidence(in: $0.terms, leavingOut: $0.own) }
    }
    return TextBatch(
      tokens: TokenBatch(padded: texts.map(\.tokens)),
      evidence: evidence.map { Tensor($0, shape: [texts.count, $0.count / max(1, texts.count)]) })
  }
}

/// A text as numbers.
struct EncodedText: Sendable {
  /// The numbers of its tokens.
  var tokens: [Int]
  /// The numbers of the text's terms, as naive Bayes counts them; none without it.
  var terms: [Int]
  /// The number of the text's class, if naive Bayes counted the text.
  var own: Int?
}
