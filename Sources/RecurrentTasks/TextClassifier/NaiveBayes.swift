import Foundation
import Recurrent

/// Multinomial naive Bayes over words and pairs of neighbouring words, with add-one smoothing
/// (Manning, Raghavan and Schütze 2008, chapter 13). It knows nothing of order beyond two words.
///
///     log P(c | text) = log P(c) + Σ log P(term | c) + a constant
///
/// It is the yardstick of text classification, and beside a network what that adds to.
public struct NaiveBayes: Sendable, Equatable, Codable {
  private let terms: Vocabulary
  /// How often each term stands in the texts of each class, `[V][C]`.
  private let counts: [Int]
  /// The terms of all texts of each class.
  private let totals: [Int]
  private let logPriors: [Double]

  /// Counts the terms of texts.
  init(tokens: [[String]], classes: [Int], classCount: Int) {
    let terms = Vocabulary(counting: tokens.lazy.map(Self.terms))
    var counts = [Int](repeating: 0, count: terms.count * classCount)
    var totals = [Int](repeating: 0, count: classCount)
    var sizes = totals
    for (tokens, index) in zip(tokens, classes) {
      sizes[index] += 1
      for term in terms.ids(of: Self.terms(of: tokens)) where term != terms.unknown {
        counts[term * classCount + index] += 1
        totals[index] += 1
      }
    }
    self.terms = terms
    self.counts = counts
    self.totals = totals
    logPriors = sizes.map { log((Double($0) + 1) / Double(classes.count + classCount)) }
  }

  /// Counts the terms of parts of labelled texts, as far as they are read.
  init(of parts: [LabeledTexts], labels: [String], encoder: TextEncoder) {
    self.init(
      tokens: parts.flatMap(\.examples).map { encoder.tokens(in: $0.text) },
      classes: parts.flatMap { $0.classes(labels) }, classCount: labels.count)
  }

  /// Whether a text had this token.
  func contains(_ token: String) -> Bool { terms.contains(token) }

  /// The likeliest class of a text.
  func predict(_ tokens: [String]) -> Int {
    let scores = zip(logPriors, logLikelihoods(of: tokens).sums).map { $0 + $1 }
    return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
  }

  /// What a text's terms say about its class: by how much the log-likelihood of each is above their
  /// mean, divided by the root of the number of terms, since neighbouring words say the same thing
  /// several times.
  ///
  /// - Parameter own: The class of a text that was counted; it is then left out of the counts. A
  ///   text that was counted otherwise speaks for its own class in a way that no new text does.
  func evidence(in tokens: [String], leavingOut own: Int? = nil) -> [Float] {
    let (sums, count) = logLikelihoods(of: tokens, leavingOut: own)
    let mean = sums.reduce(0, +) / Double(sums.count)
    return sums.map { Float(($0 - mean) / Double(max(1, count)).squareRoot()) }
  }

  /// Σ log P(term | c) of each class, and the number of terms; those that no (other) text has do
  /// not count.
  private func logLikelihoods(
    of tokens: [String], leavingOut own: Int? = nil
  ) -> (sums: [Double], count: Int) {
    let ids = terms.ids(of: Self.terms(of: tokens)).filter { $0 != terms.unknown }
    let inText = own == nil ? [:] : Dictionary(ids.map { ($0, 1) }, uniquingKeysWith: +)
    var sums = [Double](repeating: 0, count: totals.count)
    var count = 0
    for id in ids {
      let row = counts[id * totals.count..<(id + 1) * totals.count]
      let mine = inText[id] ?? 0
      guard row.reduce(0, +) > mine else { continue }
      count += 1
      for (index, (term, total)) in zip(row, totals).enumerated() {
        let (mine, all) = index == own ? (mine, ids.count) : (0, 0)
        sums[index] += log(Double(term - mine + 1) / Double(total - all + terms.count - 1))
      }
    }
    return (sums, count)
  }

  private static func terms(of tokens: [String]) -> [String] {
    tokens + zip(tokens, tokens.dropFirst()).map { "\($0)\u{0}\($1)" }
  }

  /// What does not fit a model of so many classes, as a sentence; nil if all fits. Counts read from
  /// a file can say anything.
  func problem(classCount: Int) -> String? {
    guard totals.count == classCount, logPriors.count == classCount,
      counts.count == terms.count * classCount
    else { return "word counts of another number of classes or words" }
    // So large that no sum of them runs over.
    guard counts.allSatisfy((0..<1 << 32).contains), logPriors.allSatisfy(\.isFinite),
      totals.indices.allSatisfy({ index in
        totals[index]
          == stride(from: index, to: counts.count, by: classCount)
          .reduce(0) { $0 + counts[$1] }
      })
    else { return "word counts that are not counts, or do not sum to their totals" }
    return nil
  }
}
