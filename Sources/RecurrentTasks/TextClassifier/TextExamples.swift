import Recurrent

/// Texts as numbers, with the numbers of their classes.
public struct TextExamples: ExampleSet {
  let encoder: TextEncoder
  let texts: [EncodedText]
  let classes: [Int]
  private let buckets: LengthBuckets

  init(_ texts: [EncodedText], classes: [Int], encoder: TextEncoder, tokenBudget: Int?) {
    self.encoder = encoder
    self.texts = texts
    self.classes = classes
    buckets = LengthBuckets(lengths: texts.map(\.tokens.count), tokenBudget: tokenBudget)
  }
}

/// What the network of a text classifier reads.
public struct TextBatch: BatchValue {
  /// The tokens.
  public let tokens: TokenBatch
  /// What naive Bayes says, `[B, C]`; nil without it.
  public let evidence: Tensor?

  /// B.
  public var batchSize: Int { tokens.batchSize }

  /// The texts at `indices`, in that order.
  public func rows(_ indices: [Int]) -> TextBatch {
    TextBatch(tokens: tokens.rows(indices), evidence: evidence?.rows(indices))
  }
}

extension TokenBatch {
  /// A batch of at least one step, which recurrent layers need even if every row is empty.
  init(padded rows: [[Int]]) {
    self.init(rows, time: max(1, rows.map(\.count).max() ?? 0))
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextExamples {
  public var count: Int { texts.count }

  public func batch(_ indices: [Int]) -> (texts: TextBatch, classes: [Int]) {
    (encoder.batch(indices.map { texts[$0] }), indices.map { classes[$0] })
  }

  public func batches(of order: [Int], size: Int) -> [[Int]] {
    buckets.batches(of: order, size: size)
  }
}
