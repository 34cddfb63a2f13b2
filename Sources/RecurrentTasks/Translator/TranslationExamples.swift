import Recurrent

/// Pairs of sentences as numbers of tokens.
public struct TranslationExamples: ExampleSet {
  let sources: [[Int]]
  let targets: [[Int]]
  private let buckets: LengthBuckets

  init(sources: [[Int]], targets: [[Int]], tokenBudget: Int?) {
    self.sources = sources
    self.targets = targets
    // The target's end is a token too.
    buckets = LengthBuckets(
      lengths: zip(sources, targets).map { max($0.count, $1.count + 1) },
      tokenBudget: tokenBudget)
  }
}

/// Some pairs.
public struct TranslationBatch: Sendable {
  let sources: TokenBatch
  let targets: [[Int]]

  /// What the decoder is told: the start, and the tokens.
  var given: TokenBatch { TokenBatch(targets.map { [SentenceEncoder.start] + $0 }) }
  /// The tokens that the decoder has to say, and the end.
  var wanted: [[Int]] { targets.map { $0 + [SentenceEncoder.end] } }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TranslationExamples {
  public var count: Int { sources.count }

  public func batch(_ indices: [Int]) -> TranslationBatch {
    TranslationBatch(
      sources: TokenBatch(padded: indices.map { sources[$0] }),
      targets: indices.map { targets[$0] })
  }

  public func batches(of order: [Int], size: Int) -> [[Int]] {
    buckets.batches(of: order, size: size)
  }
}
