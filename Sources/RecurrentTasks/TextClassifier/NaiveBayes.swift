import Foundation
import Recurrent

/// Multinomial naive Bayes over words and pairs of neighbouring words, with add-one smoothing
/// (Manning, Raghavan and Schütze 2008, chapter 13). It knows nothing of order beyond two words.
///
///     log P(c | text) = log P(c) + Σ log P(term | c) + a constant
///
/// It is the yardstick of text classification, and beside a network what that adds to.
struct NaiveBayes: Sendable, Equatable, Codable {
  private let terms: Vocabulary
  /// Terms that are counted.
  var size: Int { terms.count }
  /// `[V + 1]` where the entries of each term begin.
  private let starts: [Int]
  /// A class in which a term occurs, ascending for each term, and how often it does.
  private let classes: [Int]
  private let counts: [Int]
  /// The terms of all texts of each class.
  private let totals: [Int]
  private let logPriors: [Double]

  /// Terms that are counted at most; of more, the rarest are forgotten.
  static let mostTerms = 1 << 21

  /// Counts the terms of texts, which are read once.
  ///
  /// - Parameter mostTerms: where there are more, those that came once so far are forgotten, then those
  ///   that came twice, and so on.
  init(
    tokens: some Sequence<[String]>, classes: [Int], classCount: Int,
    mostTerms: Int = NaiveBayes.mostTerms
  ) {
    var sizes = [Int](repeating: 0, count: classCount)
    var numbers: [String: Int] = [:]
    // How often a term occurs in texts of a class, by number of the term times classes plus class.
    var occurrences: [Int: Int] = [:]
    var rarest = 1
    for (tokens, index) in zip(tokens, classes) {
      sizes[index] += 1
      for term in Self.terms(of: tokens) {
        let number = numbers[term] ?? numbers.count
        numbers[term] = number
        occurrences[number * classCount + index, default: 0] += 1
      }
      while numbers.count > mostTerms {
        Self.forget(upTo: rarest, &numbers, &occurrences, classCount: classCount)
        rarest += 1
      }
    }
    let counts = Self.counts(occurrences, of: numbers.count, classCount: classCount)
    terms = Vocabulary(counts: numbers.mapValues { counts[$0] })
    var places = [Int](repeating: 0, count: numbers.count)
    for (term, number) in numbers { places[number] = terms.id(of: term) }
    var totals = [Int](repeating: 0, count: classCount)
    let entries = occurrences.map { key, count in
      (key: places[key / classCount] * classCount + key % classCount, count: count)
    }.sorted { $0.key < $1.key }
    var starts = [Int](repeating: 0, count: terms.count + 1)
    for (key, count) in entries {
      totals[key % classCount] += count
      starts[key / classCount + 1] += 1
    }
    for term in 0..<terms.count { starts[term + 1] += starts[term] }
    (self.starts, self.totals) = (starts, totals)
    self.classes = entries.map { $0.key % classCount }
    self.counts = entries.map(\.count)
    logPriors = sizes.map { log((Double($0) + 1) / Double(classes.count + classCount)) }
  }

  /// How often each term came, in all classes together.
  private static func counts(
    _ occurrences: [Int: Int], of terms: Int, classCount: Int
  ) -> [Int] {
    var counts = [Int](repeating: 0, count: terms)
    for (key, count) in occurrences { counts[key / classCount] += count }
    return counts
  }

  /// Forgets terms that came at most so often, and numbers the others anew.
  private static func forget(
    upTo most: Int, _ numbers: inout [String: Int], _ occurrences: inout [Int: Int], classCount: Int
  ) {
    let counts = counts(occurrences, of: numbers.count, classCount: classCount)
    var places = [Int?](repeating: nil, count: counts.count)
    var next = 0
    for number in counts.indices where counts[number] > most {
      places[number] = next
      next += 1
    }
    numbers = numbers.compactMapValues { places[$0] }
    occurrences = Dictionary(
      uniqueKeysWithValues: occurrences.compactMap { key, count in
        places[key / classCount].map { ($0 * classCount + key % classCount, count) }
      })
  }

  /// Whether a text had this token.
  func contains(_ token: String) -> Bool { terms.contains(token) }

  /// The likeliest class of a text.
  func predict(_ tokens: [String]) -> Int {
    let scores = zip(logPriors, logLikelihoods(of: terms(in: tokens)).sums).map { $0 + $1 }
    return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
  }

  /// The numbers of a text's terms, as far as they were counted.
  func terms(in tokens: [String]) -> [Int] {
    terms.ids(of: Self.terms(of: tokens)).filter { $0 != terms.unknown }
  }

  /// What a text's terms say about its class: by how much the log-likelihood of each is above their
  /// mean, divided by the root of the number of terms, since neighbouring words say the same thing
  /// several times.
  ///
  /// - Parameter own: The class of a text that was counted; it is then left out of the counts. A
  ///   text that was counted otherwise speaks for its own class in a way that no new text does.
  func evidence(in terms: [Int], leavingOut own: Int? = nil) -> [Float] {
    let (sums, count) = logLikelihoods(of: terms, leavingOut: own)
    let mean = sums.reduce(0, +) / Double(sums.count)
    return sums.map { Float(($0 - mean) / Double(max(1, count)).squareRoot()) }
  }

  /// Σ log P(term | c) of each class, and the number of terms; those that no (other) text has do
  /// not count.
  private func logLikelihoods(
    of terms: [Int], leavingOut own: Int? = nil
  ) -> (sums: [Double], count: Int) {
    let inText = own == nil ? [:] : Dictionary(terms.map { ($0, 1) }, uniquingKeysWith: +)
    func entries(_ term: Int) -> Range<Int> { starts[term]..<starts[term + 1] }
    func isElsewhere(_ term: Int) -> Bool {
      counts[entries(term)].reduce(0, +) > inText[term] ?? 0
    }
    let size = self.terms.count - 1 - inText.keys.count { !isElsewhere($0) }
    var sums = [Double](repeating: 0, count: totals.count)
    var count = 0
    for term in terms where isElsewhere(term) {
      count += 1
      // A class without the term has log 1.
      for entry in entries(term) {
        // Of a term that was forgotten for a while, less was counted than the text may have.
        let others = max(0, counts[entry] - (classes[entry] == own ? inText[term] ?? 0 : 0))
        sums[classes[entry]] += log(Double(others + 1))
      }
    }
    for (index, total) in totals.enumerated() where count > 0 {
      let others = max(0, total - (index == own ? terms.count : 0))
      sums[index] -= Double(count) * log(Double(others + size))
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
      starts.count == terms.count + 1, starts.first == 0, starts.last == counts.count,
      classes.count == counts.count, zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }),
      classes.allSatisfy((0..<classCount).contains)
    else { return "word counts of another number of classes or words" }
    // So small that no sum of them runs over.
    guard counts.allSatisfy((1..<1 << 32).contains), logPriors.allSatisfy(\.isFinite) else {
      return "word counts that are not counts"
    }
    var sums = [Int](repeating: 0, count: classCount)
    for (index, count) in zip(classes, counts) { sums[index] += count }
    return sums == totals ? nil : "word counts that do not sum to their totals"
  }
}
