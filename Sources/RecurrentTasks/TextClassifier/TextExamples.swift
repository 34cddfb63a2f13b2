import Recurrent

/// Texts as numbers of tokens, with the numbers of their classes.
struct TextExamples: ExampleSet {
  let tokens: [[Int]]
  let classes: [Int]
  private let buckets: LengthBuckets

  init(tokens: [[Int]], classes: [Int], tokenBudget: Int?) {
    self.tokens = tokens
    self.classes = classes
    buckets = LengthBuckets(lengths: tokens.map(\.count), tokenBudget: tokenBudget)
  }

  var count: Int { tokens.count }

  func batch(_ indices: [Int]) -> (tokens: TokenBatch, classes: [Int]) {
    (TokenBatch(padded: indices.map { tokens[$0] }), indices.map { classes[$0] })
  }

  func batches(of order: [Int], size: Int) -> [[Int]] { buckets.batches(of: order, size: size) }
}

extension TokenBatch {
  /// A batch of at least one step, which recurrent layers need even if every row is empty.
  init(padded rows: [[Int]]) {
    self.init(rows, time: max(1, rows.map(\.count).max() ?? 0))
  }
}
