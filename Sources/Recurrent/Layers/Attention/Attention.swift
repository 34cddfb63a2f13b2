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
/// ```
public protocol Attention: Module {
  /// The memory, ready for any number of queries.
  func prepare(_ memory: SequenceBatch) -> AttentionMemory

  /// How well each step of the memory fits the query `[B, Q]`: `[B, T]`.
  func scores(of query: Tensor, over memory: AttentionMemory) -> Tensor
}

/// A memory with its keys, made by ``Attention/prepare(_:)``.
public struct AttentionMemory: Sendable {
  /// What is looked up, `[B, T, M]`.
  public let values: SequenceBatch
  /// What queries are compared with, `[B, T, A]`.
  public let keys: SequenceBatch

  /// Values and keys of the same steps.
  public init(values: SequenceBatch, keys: SequenceBatch) {
    precondition(
      values.lengths == keys.lengths && values.time == keys.time,
      "keys stand at the steps of the values")
    self.values = values
    self.keys = keys
  }

  /// The batch rows at `indices`, in that order: for beams.
  public func rows(_ indices: [Int]) -> AttentionMemory {
    AttentionMemory(values: values.rows(indices), keys: keys.rows(indices))
  }

  /// The weighted mean that these scores `[B, T]` give, and its weights.
  func read(_ scores: Tensor) -> (context: Tensor, weights: Tensor) {
    let weights = values.softmaxOverTime(scores)
    return (values.weightedSum(weights), weights)
  }
}

extension Attention {
  /// The context `[B, M]` of a query `[B, Q]`, and the weights `[B, T]`, which sum to 1 over a row's
  /// valid steps and are 0 elsewhere.
  public func callAsFunction(
    _ query: Tensor, over memory: AttentionMemory
  ) -> (context: Tensor, weights: Tensor) {
    memory.read(scores(of: query, over: memory))
  }

  /// The contexts `[B, S, M]` of queries `[B, S, Q]`, and the weights `[B, S, T]`: all steps of a
  /// decoder at once.
  public func callAsFunction(
    _ queries: SequenceBatch, over memory: AttentionMemory
  ) -> (contexts: SequenceBatch, weights: Tensor) {
    precondition(queries.time > 0, "queries have at least one step")
    let valid = queries.with(validSteps: queries.validSteps).values  // zeros in the padding
    let steps = (0..<queries.time).map { step in
      let query = valid.slice(step..<step + 1, along: 1)
      return self(query.reshaped(to: [queries.batchSize, queries.features]), over: memory)
    }
    let contexts = queries.with(.stacked(steps.map(\.context), along: 1))
    let weights = queries.with(.stacked(steps.map(\.weights), along: 1))
    return (
      contexts.with(validSteps: contexts.validSteps),
      weights.with(validSteps: weights.validSteps).values
    )
  }
}
