/// The order in which what several shards say is added up: a binary tree over their numbers, the same
/// wherever they are computed, so that the sum has the same bits for any number of ranks.
///
/// The left half of a range is the largest power of two below its length.
enum ShardTree {
  /// Where the halves of a range of two shards or more meet.
  static func middle(of range: Range<Int>) -> Int {
    range.lowerBound + 1 << (Int.bitWidth - 1 - (range.count - 1).leadingZeroBitCount)
  }

  /// The shards that a rank computes; some, if there are at least as many shards as ranks.
  static func block(of rank: Int, ranks: Int, shards: Int) -> Range<Int> {
    rank * shards / ranks..<(rank + 1) * shards / ranks
  }

  /// The largest subtrees that lie in a block, from left to right: what a rank can add up alone.
  static func subtrees(in block: Range<Int>, shards: Int) -> [Range<Int>] {
    func within(_ range: Range<Int>) -> [Range<Int>] {
      if block.contains(range.lowerBound), block.contains(range.upperBound - 1) { return [range] }
      guard range.count > 1, range.overlaps(block) else { return [] }
      let middle = middle(of: range)
      return within(range.lowerBound..<middle) + within(middle..<range.upperBound)
    }
    return within(0..<shards)
  }

  /// The subtrees that each rank adds up alone, by rank and so from left to right.
  static func subtrees(ranks: Int, shards: Int) -> [[Range<Int>]] {
    (0..<ranks).map { subtrees(in: block(of: $0, ranks: ranks, shards: shards), shards: shards) }
  }

  /// The sum over all shards of what is known of subtrees that cover them; nil where none says
  /// anything.
  static func sum<Value>(
    _ known: [(range: Range<Int>, value: Value?)], adding: (inout Value, Value) -> Void
  ) -> Value? {
    var rest = known[...]
    func sum(_ range: Range<Int>) -> Value? {
      guard let first = rest.first else { return nil }
      if first.range == range { return rest.removeFirst().value }
      let middle = middle(of: range)
      let left = sum(range.lowerBound..<middle)
      let right = sum(middle..<range.upperBound)
      guard var both = left, let right else { return left ?? right }
      adding(&both, right)
      return both
    }
    return sum(0..<(known.last?.range.upperBound ?? 0))
  }
}
