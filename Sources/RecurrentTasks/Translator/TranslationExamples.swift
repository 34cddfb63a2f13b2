import Recurrent

/// Pairs of sentences as numbers of tokens.
public struct TranslationExamples: ExampleSet {
  let sources: [[Int]]
  let targets: [[Int]]
  /// How they are cut anew; nil: they are not.
  private let sampled: (sources: SampledSentences, targets: SampledSentences)?
  private let buckets: LengthBuckets

  init(
    sources: [[Int]], targets: [[Int]], tokenBudget: Int?,
    sampled: (sources: SampledSentences, targets: SampledSentences)? = nil
  ) {
    self.sources = sources
    self.targets = targets
    self.sampled = sampled
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
  /// The same pairs, each cut as its key says; nil: they are cut in one way.
  var sampled: (@Sendable ([RandomKey]) -> TranslationBatch)?

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
    let batch = TranslationBatch(
      sources: TokenBatch(padded: indices.map { sources[$0] }),
      targets: indices.map { targets[$0] })
    guard let sampled else { return batch }
    return TranslationBatch(sources: batch.sources, targets: batch.targets) { keys in
      TranslationBatch(
        sources: TokenBatch(
          padded: zip(indices, keys).map { index, key in
            let mark = sources[index].prefix { $0 == SentenceEncoder.mark }
            return sampled.sources.tokens(of: index, key.child(0)).map { mark + $0 }
              ?? sources[index]
          }),
        targets: zip(indices, keys).map { index, key in
          sampled.targets.tokens(of: index, key.child(1)) ?? targets[index]
        })
    }
  }

  public func batches(of order: [Int], size: Int) -> [[Int]] {
    buckets.batches(of: order, size: size)
  }
}
