import RecurrentFiles

/// Batches of examples that are about as long: an epoch's random order is cut into pools, and each
/// pool, sorted by length, into batches. The batches come in random order again.
///
/// Padding costs no arithmetic here, but memory; and rows that end together keep the threads busy.
public struct LengthBuckets: Sendable {
  /// The tokens of each example.
  public let lengths: [Int]
  /// The most tokens of a batch, padding included; nil: only the number of rows counts. An example
  /// that is longer makes a batch of its own.
  public let tokenBudget: Int?
  /// The batches' worth of examples in a pool.
  private static let poolBatches = 50

  /// Buckets for examples of these lengths.
  public init(lengths: [Int], tokenBudget: Int? = nil) {
    require(tokenBudget.map { $0 >= 1 } ?? true, "a token budget is at least 1")
    self.lengths = lengths
    self.tokenBudget = tokenBudget
  }

  /// The batches of an epoch that takes the examples in `order`, at most `size` in each.
  public func batches(of order: [Int], size: Int) -> [[Int]] {
    var batches: [(place: Int, rows: [Int])] = []
    for start in stride(from: 0, to: order.count, by: size * Self.poolBatches) {
      let pool = start..<min(start + size * Self.poolBatches, order.count)
      // Places in the order break ties, so that the result is the same everywhere.
      let sorted = pool.sorted { (lengths[order[$0]], $0) < (lengths[order[$1]], $1) }
      var rows: [Int] = []
      var first = 0
      for place in sorted {
        let longest = lengths[order[place]]
        let isFull =
          rows.count == size || tokenBudget.map { (rows.count + 1) * longest > $0 } == true
        if isFull, !rows.isEmpty {
          batches.append((first, rows))
          rows = []
        }
        if rows.isEmpty { first = place }
        rows.append(order[place])
      }
      if !rows.isEmpty { batches.append((first, rows)) }
    }
    return batches.sorted { $0.place < $1.place }.map(\.rows)
  }
}
