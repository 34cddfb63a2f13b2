import Foundation
import Recurrent

/// From a text to the numbers of its tokens and back.
public struct TextCode: JSONExtras, Equatable {
  /// The file's name.
  public static let file = "tokenizer.json"

  /// Cuts texts into tokens, unless these are words.
  public let tokenizer: Tokenizer
  /// Whether tokens are words and marks with the blank before them (``GeneratorTokens/words``); nil: no.
  public let words: Bool?
  /// The tokens that are known.
  public let vocabulary: Vocabulary

  /// The code that a text needs.
  init(learningFrom text: String, options: TextGeneratorOptions) {
    words = options.tokens == .words ? true : nil
    switch options.tokens {
    case .words:
      tokenizer = Tokenizer(.character)
      // Of words that come once, the network learns how often a new one comes.
      vocabulary = Vocabulary(
        counting: [Self.words(in: text)], minimumCount: 2,
        maximumSize: (options.wordCount ?? 10_000) + 1)
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

  /// The tokens of a text: one after the other, they are the text.
  public func tokens(in text: String) -> [String] {
    words == true ? Self.words(in: text) : tokenizer.tokens(in: text)
  }

  /// Words and marks, each with the blank before it; what else stands between them, by characters.
  private static func words(in text: String) -> [String] {
    var tokens: [String] = []
    var end = text.startIndex
    func addBlanks(before next: String.Index) -> String.Index {
      var blanks = text[end..<next]
      let own = blanks.unicodeScalars.last == " "
      if own { blanks.unicodeScalars.removeLast() }
      tokens += blanks.map(String.init)
      return own ? text.unicodeScalars.index(before: next) : next
    }
    for range in WordSegmentation.ranges(in: text) {
      let start = addBlanks(before: range.lowerBound)
      tokens.append(String(text[start..<range.upperBound]))
      end = range.upperBound
    }
    tokens += text[end...].map(String.init)
    return tokens
  }

  /// What writing out the unknown words of a text takes at most, in nats: each of their characters, and
  /// the end of each, one of those that the known words have, all alike. 0 where tokens are no words.
  func spelling(of text: String) -> Double {
    guard words == true else { return 0 }
    let unknown = tokens(in: text).filter { !vocabulary.contains($0) }
    let kinds = Set(vocabulary.tokens[vocabulary.specialCount...].joined())
    return Double(unknown.reduce(0) { $0 + $1.count + 1 }) * log(Double(kinds.count + 1))
  }

  /// The numbers of a text's tokens.
  public func ids(of text: String) -> [Int] { vocabulary.ids(of: tokens(in: text)) }

  /// The token that a text without a beginning is taken to follow: a line end, or where there is
  /// none the first token.
  public var start: Int {
    let lineEnd = ["\n", "\r\n"].first(where: vocabulary.contains)
    return lineEnd.map(vocabulary.id) ?? min(1, vocabulary.count - 1)
  }

  /// A text's tokens that are not known, each once, in their order.
  public func unknownTokens(in text: String) -> [String] {
    var seen: Set<String> = []
    return tokens(in: text).filter {
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
