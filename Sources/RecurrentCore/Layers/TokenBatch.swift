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
  public var tokens: [[Int]] {
    read.map { read in (0..<rowCount).map { read($0, 0..<time) } } ?? held
  }
  private let held: [[Int]]
  private let rowCount: Int
  /// Gives some steps of a row, of rows that lie elsewhere, all equally long.
  private let read: (@Sendable (_ row: Int, _ steps: Range<Int>) -> [Int])?
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
    held = tokens
    rowCount = tokens.count
    read = nil
    self.time = time ?? longest
  }

  /// Rows of `time` tokens that lie elsewhere and are read when their steps are asked for.
  package init(
    rows: Int, time: Int, _ read: @escaping @Sendable (_ row: Int, _ steps: Range<Int>) -> [Int]
  ) {
    (held, rowCount, self.time, self.read) = ([], rows, time, read)
  }

  /// Whether tokens, lengths and time are the same.
  public static func == (one: Self, other: Self) -> Bool {
    one.time == other.time && one.tokens == other.tokens
  }

  /// Takes in tokens and time.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(tokens)
    hasher.combine(time)
  }

  /// The number of rows, B.
  public var batchSize: Int { rowCount }

  /// The number of tokens of each row.
  public var lengths: [Int] {
    read == nil ? held.map(\.count) : [Int](repeating: time, count: rowCount)
  }

  /// A range of steps, with what remains of each row in it.
  public func steps(_ range: Range<Int>) -> TokenBatch {
    require(
      range.lowerBound >= 0 && range.upperBound <= time,
      "steps \(range) lie outside a batch of \(time) steps")
    if let read { return TokenBatch((0..<rowCount).map { read($0, range) }, time: range.count) }
    return TokenBatch(
      held.map { Array($0.prefix(range.upperBound).dropFirst(range.lowerBound)) },
      time: range.count)
  }

  /// The batch rows at `indices`, in that order.
  public func rows(_ indices: [Int]) -> TokenBatch {
    TokenBatch(indices.map { tokens[$0] }, time: time)
  }
}
