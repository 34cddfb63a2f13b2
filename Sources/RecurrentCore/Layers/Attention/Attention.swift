import RecurrentFiles

/// Looks something up in a sequence: of a query `[B, Q]` and a memory `[B, T, M]` it gives, for each
/// row, a weighted mean of the memory's steps.
///
///     w = softmax over t of  score(query, memory_t)        context = Σ_t w_t·memory_t
///
/// The softmax runs over each row's valid steps; a row without any gives zeros. What the score needs
/// of the memory alone is computed once:
///
/// ```swift
/// let memory = attention.prepare(encoded)             // before the first step of a decoder
/// let (context, weights) = attention(hidden, over: memory)  // at each of its steps
/// let (contexts, weights) = attention(outputs, over: memory)  // or at all of them at once
/// ```
///
/// A query has the same bits alone and among others.
public protocol Attention: Module {
  /// The memory, ready for any number of queries.
  func prepare(_ memory: SequenceBatch) -> AttentionMemory

  /// How well each step of the memory fits each of the queries `[B, S, Q]`: `[B, S, T]`, zeros where
  /// one of the two is padding.
  func scores(of queries: SequenceBatch, over memory: AttentionMemory) -> Tensor
}

/// A memory with its keys, made by ``Attention/prepare(_:)``.
public struct AttentionMemory: Sendable {
  /// The memory that is looked up, `[B, T, M]`.
  public let values: SequenceBatch
  /// What queries are compared with, `[B, T, A]`.
  public let keys: SequenceBatch

  /// Values and keys of the same steps.
  public init(values: SequenceBatch, keys: SequenceBatch) {
    require(
      values.lengths == keys.lengths && values.time == keys.time,
      "keys stand at the steps of the values")
    self.values = values
    self.keys = keys
  }

  /// The batch rows at `indices`, in that order: for beams.
  public func rows(_ indices: [Int]) -> AttentionMemory {
    AttentionMemory(values: values.rows(indices), keys: keys.rows(indices))
  }

  /// The weighted means that these scores `[B, S, T]` of queries give, and the weights.
  func read(
    _ scores: Tensor, by queries: SequenceBatch
  ) -> (contexts: SequenceBatch, weights: Tensor) {
    let weights = values.softmaxOverTime(
      scores, queries: queries.lengths.indices.map { queries.validPositions(row: $0) })
    let (leading, steps) = values.leadingSteps
    let contexts = RowProducts(queries: queries.leadingSteps.counts, steps: steps).sums(
      weights, leading)
    return (queries.with(contexts), weights)
  }
}

extension Attention {
  /// The contexts `[B, S, M]` of queries `[B, S, Q]`, and the weights `[B, S, T]`, which sum to 1 over
  /// a row's valid steps and are 0 elsewhere.
  public func callAsFunction(
    _ queries: SequenceBatch, over memory: AttentionMemory
  ) -> (contexts: SequenceBatch, weights: Tensor) {
    memory.read(scores(of: queries, over: memory), by: queries)
  }

  /// The context `[B, M]` of one query a row, `[B, Q]`, and its weights `[B, T]`.
  public func callAsFunction(
    _ query: Tensor, over memory: AttentionMemory
  ) -> (context: Tensor, weights: Tensor) {
    let (contexts, weights) = self(query.asQueries, over: memory)
    return Self.ofOneQuery(contexts, weights)
  }
}

extension Attention {
  /// Contexts `[B, 1, M]` and weights `[B, 1, T]` without the dimension of queries.
  static func ofOneQuery(
    _ contexts: SequenceBatch, _ weights: Tensor
  ) -> (context: Tensor, weights: Tensor) {
    (
      contexts.values.reshaped(to: [contexts.batchSize, contexts.features]),
      weights.reshaped(to: [weights.shape[0], weights.shape[2]])
    )
  }
}

extension Tensor {
  /// `[B, Q]` as one query a row, `[B, 1, Q]`.
  var asQueries: SequenceBatch {
    require(rank == 2, "one query a row has shape [B, Q], not \(shape)")
    return SequenceBatch(reshaped(to: [shape[0], 1, shape[1]]))
  }
}
