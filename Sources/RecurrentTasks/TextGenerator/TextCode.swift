import Foundation
import Recurrent

/// The code of texts: from a text to the numbers of its tokens and back.
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
  init(learningFrom text: TextPart, options: TextGeneratorOptions) throws(DataError) {
    words = options.tokens == .words ? true : nil
    let characters = Tokenizer(.character)
    var counts: [String: Int] = [:]
    try text.forEachPiece { piece, isStart in
      switch options.tokens {
      case .words: for token in Self.words(in: piece) { counts[token, default: 0] += 1 }
      case .characters:
        for token in characters.tokens(in: piece) { counts[token, default: 0] += 1 }
      case .bpe:
        BytePairEncoding.count(
          characters.normalization(piece), isStart: isStart, into: &counts)
      }
    }
    switch options.tokens {
    case .words:
      tokenizer = characters
      // Of words that come once, the network learns how often a new one comes.
      vocabulary = Vocabulary(
        counts: counts, minimumCount: 2, maximumSize: (options.wordCount ?? 10_000) + 1)
    case .characters:
      tokenizer = characters
      vocabulary = Vocabulary(counts: counts)
    case .bpe:
      tokenizer = Tokenizer(
        bytePairs: BytePairEncoding(counts: counts, size: options.partCount),
        normalization: characters.normalization)
      // Also the parts that joins use up everywhere: another text may need them. Two joins can
      // make the same part.
      var seen: Set<String> = []
      vocabulary = Vocabulary(
        tokens: (tokenizer.bytePairs?.symbols ?? []).filter { seen.insert($0).inserted })
    }
  }

  /// The tokens of a text: one after the other, they are the text.
  public func tokens(in text: String) -> [String] { tokens(in: text, isStart: true) }

  /// - Parameter isStart: whether nothing of the text stands before it; else a line end does.
  private func tokens(in text: String, isStart: Bool) -> [String] {
    words == true ? Self.words(in: text) : tokenizer.tokens(in: text, isStart: isStart)
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
  func spelling(of text: TextPart) throws(DataError) -> Double {
    guard words == true else { return 0 }
    var letters = 0
    try text.forEachPiece { piece, _ in
      for token in tokens(in: piece) where !vocabulary.contains(token) {
        letters += token.count + 1
      }
    }
    let kinds = Set(vocabulary.tokens[vocabulary.specialCount...].joined())
    return Double(letters) * log(Double(kinds.count + 1))
  }

  /// The numbers of a text's tokens.
  public func ids(of text: String) -> [Int] { ids(of: text, isStart: true) }

  /// - Parameter isStart: whether nothing of the text stands before it; else a line end does.
  func ids(of text: String, isStart: Bool) -> [Int] {
    vocabulary.ids(of: tokens(in: text, isStart: isStart))
  }

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
