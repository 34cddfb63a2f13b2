/// A weighted mean of each row's valid steps, the weights learned (Yang et al. 2016, "Hierarchical
/// attention networks"): `[B, T, F]` to `[B, F]`.
///
///     w = softmax over t of  v·tanh(W x_t + b)        y = Σ_t w_t·x_t
public struct AttentionPooling: Layer {
  /// tanh(W x + b), `[N, F]` to `[N, A]`.
  public var projection: Dense
  /// v, the query that all steps are compared with, `[A]`.
  public var query: Tensor

  /// A layer for `inputSize` features that compares steps in `attentionSize` dimensions.
  public init(
    inputSize: Int, attentionSize: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    projection = Dense(
      inputSize: inputSize, outputSize: attentionSize, activation: .tanh,
      initialization: initialization, using: &generator)
    query = Initializer.uniform(1 / Float(attentionSize).squareRoot())(
      [attentionSize], using: &generator)
  }

  /// How much each step counts, `[B, T]`: a row's valid steps sum to 1, the others are 0.
  public func weights(over input: SequenceBatch) -> Tensor {
    let steps = projection(input.validSteps)
    let scores = steps.matrixProduct(query.reshaped(to: [query.count, 1]))
    return input.softmaxOverTime(
      input.with(validSteps: scores).values.reshaped(to: [input.batchSize, input.time]))
  }

  /// False: pooling looks at whole sequences.
  public var isCausal: Bool { false }

  /// The weighted mean of the steps, `[B, F]`; zeros for an empty row.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> Tensor {
    input.weightedSum(weights(over: input))
  }

  /// Visits `projection` and `query`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("projection", &projection)
    visitor.visit("query", &query)
  }
}
