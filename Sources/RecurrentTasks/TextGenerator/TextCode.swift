import Recurrent

/// From a text to the numbers of its tokens and back.
public struct TextCode: JSONExtras, Equatable {
  /// The file's name.
  public static let file = "tokenizer.json"

  /// Cuts texts into tokens.
  public let tokenizer: Tokenizer
  /// The tokens that are known.
  public let vocabulary: Vocabulary

  /// The code that a text needs.
  init(learningFrom text: String, options: TextGeneratorOptions) {
    switch options.tokens {
    case .characters:
      tokenizer = Tokenizer(.character)
      vocabulary = Vocabulary(counting: [tokenizer.tokens(in: text)])
    case .bpe:
      tokenizer = Tokenizer(.bpe, learningFrom: [text], partCount: options.partCount)
      // Also the parts that joins use up everywhere: another text may need them. Two joins can
      // make the same part.
      var seen: Set<String> = []
      vocabulary = Vocabulary(
        tokens: (tokenizer.bytePairs?.symbols ?? []).filter { seen.insert($0).inserted })
    }
  }

  /// The numbers of a text's tokens.
  public func ids(of text: String) -> [Int] { vocabulary.ids(of: tokenizer.tokens(in: text)) }

  /// The token that a text without a beginning is taken to follow: a line end, or where there is
  /// none the first token.
  public var start: Int {
    let lineEnd = ["\n", "\r\n"].first(where: vocabulary.contains)
    return lineEnd.map(vocabulary.id) ?? min(1, vocabulary.count - 1)
  }

  /// A text's tokens that are not known, each once, in their order.
  public func unknownTokens(in text: String) -> [String] {
    var seen: Set<String> = []
    return tokenizer.tokens(in: text).filter {
      !vocabulary.contains($0) && seen.insert($0).inserted
    }
  }
}

/// What a network reads of a stretch of tokens, and what it is to foretell: the tokens, each after
/// the one before it.
struct CodedText: Sendable {
  let inputs: [Int]
  let targets: [Int]

  init(_ tokens: [Int], after first: Int) {
    inputs = tokens.isEmpty ? [] : [first] + tokens.dropLast()
    targets = tokens
  }

  /// A text in the direction in which the options have it read.
  init(_ text: String, _ code: TextCode, _ options: TextGeneratorOptions) {
    let tokens = code.ids(of: text)
    self.init(options.readsBackward == true ? tokens.reversed() : tokens, after: code.start)
  }

  /// Several places of the text side by side, cut every `steps` tokens. There are fewer places than
  /// asked for if they would not fill a cut; tokens left over at the end are dropped.
  func streams(_ count: Int, steps: Int) -> StreamExamples<TokenBatch, TokenBatch> {
    let count = max(1, min(count, targets.count / steps))
    let length = targets.count / count
    func rows(_ tokens: [Int]) -> TokenBatch {
      TokenBatch((0..<count).map { Array(tokens[$0 * length..<($0 + 1) * length]) })
    }
    return StreamExamples(
      inputs: rows(inputs), targets: rows(targets), stepsPerUpdate: steps)
  }
}
