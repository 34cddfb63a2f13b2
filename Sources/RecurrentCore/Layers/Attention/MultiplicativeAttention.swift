/// Attention by products (Luong, Pham and Manning 2015, arXiv:1508.04025).
public struct MultiplicativeAttention: Attention {
  /// How query q and step m of the memory are compared.
  public enum Score: String, Sendable, Codable, CaseIterable {
    /// q·m, of one size.
    case dot
    /// q·m / √Q (Vaswani et al. 2017, arXiv:1706.03762).
    case scaled
    /// q·(m W).
    case general
  }

  /// How query and memory are compared.
  public let score: Score
  /// W, `[M, Q]`, of the general score.
  public var weights: Tensor?

  /// Attention with the dot or the scaled score, which have no parameters.
  public init(scaled: Bool = false) {
    score = scaled ? .scaled : .dot
  }

  /// Attention with the general score.
  public init(
    querySize: Int, memorySize: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    score = .general
    weights =
      Dense(
        inputSize: memorySize, outputSize: querySize, bias: false, initialization: initialization,
        using: &generator
      ).weights
  }

  /// Keys are the memory itself, or m W.
  public func prepare(_ memory: SequenceBatch) -> AttentionMemory {
    AttentionMemory(
      values: memory,
      keys: weights.map { memory.with(validSteps: memory.validSteps.matrixProduct($0)) } ?? memory)
  }

  /// `[B, S, T]`; zeros in the padding.
  public func scores(of queries: SequenceBatch, over memory: AttentionMemory) -> Tensor {
    let (query, counts) = queries.leadingSteps
    let (keys, steps) = memory.keys.leadingSteps
    return RowProducts(queries: counts, steps: steps).scores(
      score == .scaled ? query * (1 / Float(memory.keys.features).squareRoot()) : query, keys)
  }

  /// Visits `weights`, if there are any.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("weights", &weights)
  }
}
