import Foundation
import Recurrent

/// The yardstick of text classification: multinomial naive Bayes over words and pairs of
/// neighbouring words, with add-one smoothing. It knows nothing of order beyond two words.
///
///     log P(c | text) ∝ log P(c) + Σ log P(term | c)
struct BagOfWords: Sendable {
  private var logPriors: [Double]
  private var counts: [[String: Int]]
  private var totals: [Int]
  private var terms: Set<String> = []

  init(tokens: [[String]], classes: [Int], classCount: Int) {
    counts = Array(repeating: [:], count: classCount)
    totals = Array(repeating: 0, count: classCount)
    var sizes = Array(repeating: 0, count: classCount)
    for (tokens, index) in zip(tokens, classes) {
      sizes[index] += 1
      for term in Self.terms(of: tokens) {
        counts[index][term, default: 0] += 1
        totals[index] += 1
        terms.insert(term)
      }
    }
    logPriors = sizes.map { log((Double($0) + 1) / Double(classes.count + classCount)) }
  }

  /// The likeliest class; terms that were never seen do not count.
  func predict(_ tokens: [String]) -> Int {
    var scores = logPriors
    for term in Self.terms(of: tokens) where terms.contains(term) {
      for index in scores.indices {
        let count = counts[index][term] ?? 0
        scores[index] += log(Double(count + 1) / Double(totals[index] + terms.count))
      }
    }
    return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
  }

  private static func terms(of tokens: [String]) -> [String] {
    tokens + zip(tokens, tokens.dropFirst()).map { "\($0)\u{0}\($1)" }
  }
}
