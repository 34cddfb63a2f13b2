import Recurrent

/// Tags beside the true ones of the same tokens, as the script conlleval scores them.
public struct TagComparison: Sendable, CustomStringConvertible {
  /// The scheme of the true tags.
  public let scheme: TagScheme
  /// The scores.
  public let scores: TaggerEvaluation.Scores
  /// The scheme of the predicted tags, if it is another: they are compared as the true ones are
  /// written.
  public let convertedFrom: TagScheme?
  /// Sentences.
  public let sentences: Int
  /// Tokens that are written differently on the two sides.
  public let differentTokens: Int
  /// Tags that break the scheme, true and predicted.
  public let repairs: (actual: Int, predicted: Int)

  /// Compares sentence by sentence, token by token.
  ///
  /// - Parameter scheme: How the tags are written; nil: as the true ones look.
  /// - Throws: ``DataError`` with file and line if there are other sentences or lengths, or tags that
  ///   are none of the scheme.
  public init(
    _ actual: TaggedSentences, _ predicted: TaggedSentences, scheme: TagScheme? = nil
  ) throws(DataError) {
    let found = scheme ?? TagScheme.detected(in: actual.sentences.lazy.map(\.tags))
    try actual.checkIsNotMixed(found, wasAsked: scheme != nil)
    for part in [actual, predicted] { try part.checkTags(found) }
    guard actual.sentences.count == predicted.sentences.count else {
      throw DataError(
        file: predicted.source,
        problem:
          "found \(predicted.sentences.count) sentences, expected \(actual.sentences.count) as "
          + "in \(actual.source)", advice: "An empty line ends a sentence")
    }
    let other = predicted.schemeOtherThan(found)
    var scores = TaggerEvaluation.Scores()
    var differentTokens = 0
    for (sentence, guess) in zip(actual.sentences, predicted.sentences) {
      guard sentence.tokens.count == guess.tokens.count else {
        throw DataError(
          file: guess.file, line: guess.line,
          problem: "found a sentence of \(guess.tokens.count) tokens, expected "
            + "\(sentence.tokens.count) as in \(sentence.file)"
            + (sentence.line.map { ":\($0)" } ?? ""))
      }
      differentTokens += zip(sentence.tokens, guess.tokens).count { $0 != $1 }
      scores.add(
        sentence.tags, other == nil ? guess.tags : found.normalized(guess.tags),
        isPlain: found == .plain)
    }
    self.scheme = found
    self.scores = scores
    self.differentTokens = differentTokens
    sentences = actual.sentences.count
    convertedFrom = other
    repairs = (actual.violations(of: found), predicted.violations(of: other ?? found))
  }

  /// The scores by type, and what was not as expected.
  public var description: String {
    let isPlain = scheme == .plain
    var text = scores.entities.table(
      isPlain ? "tag" : "type", unit: isPlain ? "tokens" : "entities")
    text += "\n\n\(NumberFormat.grouped(sentences)) sentences, "
    text += "\(NumberFormat.grouped(scores.tokens)) tokens, scheme \(scheme.explanation); token "
    text += "accuracy \(NumberFormat.fixed(scores.accuracy * 100, 2)) %."
    if let convertedFrom {
      text += "\nThe predicted tags are \(convertedFrom.explanation), compared as "
      text += "\(scheme.explanation)."
    }
    if repairs.actual + repairs.predicted > 0 {
      text += "\n\(repairs.actual) of the true tags and \(repairs.predicted) of the predicted ones "
      text += "break the scheme; read by conlleval's rule: a tag that continues nothing begins an "
      text += "entity."
    }
    if differentTokens > 0 {
      text += "\n\(NumberFormat.grouped(differentTokens)) tokens are written differently."
    }
    return text
  }
}
