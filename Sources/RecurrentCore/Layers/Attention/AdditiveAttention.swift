import RecurrentFiles

/// Attention by a small network (Bahdanau, Cho and Bengio 2015, arXiv:1409.0473), with coverage by
/// choice (Tu et al. 2016, arXiv:1601.04811; See, Liu and Manning 2017, arXiv:1704.04368).
///
///     score = v·tanh(W q + U m_t + b [+ c_t·w])        c_t: the weights that step t got so far
///
/// ```swift
/// var coverage = Tensor.zeros([batch, memory.values.time])
/// for query in queries {
///   let (context, weights) = attention(query, over: memory, coverage: coverage)
///   loss = loss + coverageLoss(weights, coverage)
///   coverage = coverage + weights
/// }
/// ```
public struct AdditiveAttention: Attention {
  /// W, `[Q, A]`.
  public var queryWeights: Tensor
  /// U, `[M, A]`.
  public var memoryWeights: Tensor
  /// b, the bias, `[A]`.
  public var bias: Tensor
  /// v, the vector that weighs the A hidden sums, `[A]`.
  public var vector: Tensor
  /// w, `[A]`; nil without coverage.
  public var coverageWeights: Tensor?

  /// Attention that compares in `size` dimensions.
  public init(
    querySize: Int, memorySize: Int, size: Int, coverage: Bool = false,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    let query = Dense(
      inputSize: querySize, outputSize: size, initialization: initialization, using: &generator)
    queryWeights = query.weights
    bias = query.bias ?? Initializer.zeros([size], using: &generator)
    memoryWeights =
      Dense(
        inputSize: memorySize, outputSize: size, bias: false, initialization: initialization,
        using: &generator
      ).weights
    let draw = Initializer.uniform(1 / Float(size).squareRoot())
    vector = draw([size], using: &generator)
    coverageWeights = coverage ? draw([size], using: &generator) : nil
  }

  /// Keys are U m.
  public func prepare(_ memory: SequenceBatch) -> AttentionMemory {
    AttentionMemory(
      values: memory,
      keys: memory.with(validSteps: memory.validSteps.matrixProduct(memoryWeights)))
  }

  /// `[B, S, T]`; zeros in the padding. With coverage, that of a first step, where nothing is
  /// covered.
  public func scores(of queries: SequenceBatch, over memory: AttentionMemory) -> Tensor {
    scores(of: queries, over: memory, coverage: nil)
  }

  private func scores(
    of queries: SequenceBatch, over memory: AttentionMemory,
    coverage: (steps: Tensor, weights: Tensor)?
  ) -> Tensor {
    let projected = queries.with(
      validSteps: queries.validSteps.matrixProduct(queryWeights, bias: bias))
    return AdditiveScores(
      keys: memory.keys, queries: queries.lengths.indices.map { queries.validPositions(row: $0) }
    )(projected.values, vector: vector, coverage: coverage)
  }

  /// Context `[B, M]` and weights `[B, T]`, where `coverage` `[B, T]` is the sum of the weights of
  /// all steps before.
  public func callAsFunction(
    _ query: Tensor, over memory: AttentionMemory, coverage: Tensor
  ) -> (context: Tensor, weights: Tensor) {
    guard let coverageWeights else {
      trap("coverage needs an attention that was made with coverage: true")
    }
    let queries = query.asQueries
    let (contexts, weights) = memory.read(
      scores(of: queries, over: memory, coverage: (coverage, coverageWeights)), by: queries)
    return Self.ofOneQuery(contexts, weights)
  }

  /// Visits `query_weights`, `memory_weights`, `bias`, `vector` and `coverage_weights`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("query_weights", &queryWeights)
    visitor.visit("memory_weights", &memoryWeights)
    visitor.visit("bias", &bias)
    visitor.visit("vector", &vector)
    visitor.visit("coverage_weights", &coverageWeights)
  }
}

/// Σ_t min(w_t, c_t), the mean over the rows: what looking at the same steps again costs (See, Liu
/// and Manning 2017). Weights and coverage are `[B, T]`.
public func coverageLoss(_ weights: Tensor, _ coverage: Tensor) -> Tensor {
  require(
    weights.shape == coverage.shape && weights.rank == 2 && weights.shape[0] > 0,
    "weights and coverage have one shape [B, T], not \(weights.shape) and \(coverage.shape)")
  return Tensor.minimum(weights, coverage).sum() / Float(weights.shape[0])
}
