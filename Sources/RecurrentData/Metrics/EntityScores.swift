/// How many chunks were found, exactly: precision, recall and F1 by type and over all, the numbers
/// of the script conlleval of the CoNLL shared tasks.
///
/// A chunk is right if its first token, its last token and its type are.
///
/// ```swift
/// var scores = EntityScores()
/// scores.add(actual: TagScheme.spans(of: gold), predicted: TagScheme.spans(of: guessed))
/// print(scores.overall.f1)
/// ```
public struct EntityScores: Sendable, Codable, Equatable {
  /// The counts of one type, or of all.
  public struct Counts: Sendable, Codable, Equatable {
    /// Chunks that were found as they are.
    public var correct = 0
    /// Chunks that were found, right or wrong.
    public var found = 0
    /// Chunks that there are.
    public var actual = 0

    /// The share of what was found that is right; 0 if nothing was.
    public var precision: Double { found == 0 ? 0 : Double(correct) / Double(found) }
    /// The share of what there is that was found; 0 if there is nothing.
    public var recall: Double { actual == 0 ? 0 : Double(correct) / Double(actual) }
    /// 2·correct / (found + actual), the harmonic mean of both; 0 if nothing is there or found.
    public var f1: Double {
      found + actual == 0 ? 0 : Double(2 * correct) / Double(found + actual)
    }
  }

  /// The counts of each type that there is or was found.
  public private(set) var types: [String: Counts] = [:]

  /// No chunks yet.
  public init() {}

  /// Counts the chunks of a sentence.
  public mutating func add(actual: [TagSpan], predicted: [TagSpan]) {
    let there = Set(actual)
    for span in actual { types[span.type, default: Counts()].actual += 1 }
    for span in predicted {
      types[span.type, default: Counts()].found += 1
      if there.contains(span) { types[span.type, default: Counts()].correct += 1 }
    }
  }

  /// What is wrong with them, as a sentence; nil if they can be told. Those from a file can say
  /// anything.
  package var problem: String? {
    types.values.allSatisfy { $0.correct.isCount && $0.found.isCount && $0.actual.isCount }
      ? nil : "scores of chunks that are not counts"
  }

  /// The counts of all types together, from which conlleval takes its overall (micro) figures.
  public var overall: Counts {
    types.values.reduce(into: Counts()) { sum, counts in
      sum.correct += counts.correct
      sum.found += counts.found
      sum.actual += counts.actual
    }
  }
}
