import RecurrentFiles

/// Attention by several heads (Vaswani et al. 2017, arXiv:1706.03762): each looks something up in a part of the features,
/// and what they find is put together.
///
///     head_i = softmax over t of (Q_i·K_i / √d) · V_i        y = [head_1, head_2 …] W + b
///
/// Q, K and V are dense layers of the queries and of the memory, and d the features of a head. The softmax runs
/// over each row's valid steps of the memory.
///
/// ```swift
/// let (found, weights) = attention(decoded, over: encoded)   // [B, S, F], [B, S, T]
/// SkipConnection(around: MultiHeadAttention(size: 64, heads: 4, using: &generator))   // a sequence at itself
/// ```
public struct MultiHeadAttention: Layer {
  /// Q, of the queries.
  public var query: Dense
  /// K, of the memory.
  public var key: Dense
  /// V, of the memory.
  public var value: Dense
  /// W and b, from what all heads found.
  public var output: Dense
  /// The number of heads, which share the features of Q, K and V.
  public let heads: Int

  /// Attention with `heads` heads of size / heads features each.
  ///
  /// - Parameters:
  ///   - size: The features of queries, heads and outputs together.
  ///   - memorySize: The features of the memory; nil: as many.
  public init(
    size: Int, heads: Int, memorySize: Int? = nil, bias: Bool = true,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    func dense(_ inputs: Int) -> Dense {
      Dense(
        inputSize: inputs, outputSize: size, bias: bias, initialization: initialization,
        using: &generator)
    }
    self.init(
      query: dense(size), key: dense(memorySize ?? size), value: dense(memorySize ?? size),
      output: dense(size), heads: heads)
  }

  /// Attention by these layers, which must fit one another.
  public init(query: Dense, key: Dense, value: Dense, output: Dense, heads: Int) {
    let (asked, known, told) = (
      query.weights.shape[1], key.weights.shape[1], value.weights.shape[1]
    )
    require(
      heads >= 1 && asked % heads == 0 && told % heads == 0,
      "\(heads) heads do not share \(asked) and \(told) features equally")
    require(
      asked == known && output.weights.shape[0] == told,
      "queries have \(asked) features and keys \(known); values have \(told) and the output takes \(output.weights.shape[0])"
    )
    (self.query, self.key, self.value, self.output) = (query, key, value, output)
    self.heads = heads
  }

  /// What the queries `[B, S, Q]` find in the memory `[B, T, M]`, `[B, S, F]`, and how much each of its steps counted for
  /// each of them on average over the heads, `[B, S, T]`.
  public func callAsFunction(
    _ queries: SequenceBatch, over memory: SequenceBatch
  ) -> (output: SequenceBatch, weights: Tensor) {
    let (asked, known, told) = (
      query(queries.validSteps), key(memory.validSteps), value(memory.validSteps)
    )
    func part(_ head: Int, of x: Tensor) -> Tensor {
      let size = x.shape[1] / heads
      return x.slice(head * size..<(head + 1) * size, along: 1)
    }
    let attention = MultiplicativeAttention(scaled: true)
    let found = (0..<heads).map { head in
      attention(
        queries.with(validSteps: part(head, of: asked)),
        over: AttentionMemory(
          values: memory.with(validSteps: part(head, of: told)),
          keys: memory.with(validSteps: part(head, of: known))))
    }
    let together = Tensor.concatenated(found.map(\.contexts.validSteps), along: 1)
    let weights = found.dropFirst().reduce(found[0].weights) { $0 + $1.weights }
    return (queries.with(validSteps: output(together)), weights * (1 / Float(heads)))
  }

  /// False: each step looks at all steps.
  public var isCausal: Bool { false }

  /// What a sequence finds in itself.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> SequenceBatch {
    self(input, over: input).output
  }

  /// Visits `query`, `key`, `value` and `output`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("query", &query)
    visitor.visit("key", &key)
    visitor.visit("value", &value)
    visitor.visit("output", &output)
  }
}
