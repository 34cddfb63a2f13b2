import RecurrentFiles

/// A batch of token sequences: ids `[B, T]` and the length of each row.
///
/// Rows come ragged, in any order, and may be empty. There is no id for padding: the lengths say
/// where a row ends, so that every id is a token.
///
/// ```swift
/// let batch = TokenBatch([[4, 2, 7], [], [1]])  // three rows of 3, 0 and 1 tokens
/// ```
public struct TokenBatch: BatchValue, Hashable {
  /// The ids, row by row.
  public let tokens: [[Int]]
  /// The padded length, T.
  public let time: Int

  /// The rows of ids, each at least 0, padded to `time` steps or else to the longest row.
  public init(_ tokens: [[Int]], time: Int? = nil) {
    let longest = tokens.map(\.count).max() ?? 0
    for (row, ids) in tokens.enumerated() {
      for (step, id) in ids.enumerated() where id < 0 {
        trap("a token is at least 0; row \(row), step \(step) has \(id)")
      }
    }
    require(
      time.map { $0 >= longest } ?? true,
      "rows of up to \(longest) tokens do not fit into \(time ?? 0) steps")
    self.tokens = tokens
    self.time = time ?? longest
  }

  /// The number of rows, B.
  public var batchSize: Int { tokens.count }

  /// The number of tokens of each row.
  public var lengths: [Int] { tokens.map(\.count) }

  /// A range of steps, with what remains of each row in it.
  public func steps(_ range: Range<Int>) -> TokenBatch {
    require(
      range.lowerBound >= 0 && range.upperBound <= time,
      "steps \(range) lie outside a batch of \(time) steps")
    return TokenBatch(
      tokens.map { Array($0.prefix(range.upperBound).dropFirst(range.lowerBound)) },
      time: range.count)
  }

  /// The batch rows at `indices`, in that order.
  public func rows(_ indices: [Int]) -> TokenBatch {
    TokenBatch(indices.map { tokens[$0] }, time: time)
  }
}
