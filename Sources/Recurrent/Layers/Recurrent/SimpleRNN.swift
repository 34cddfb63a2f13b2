import RecurrentKernels

/// The simple recurrent network (Elman 1990): h' = f(W x + U h + b), with f = tanh or ReLU.
///
/// `[B, T, I]` to `[B, T, H]`, all steps by one fused kernel.
public struct SimpleRNN: Layer {
  /// f.
  public enum Nonlinearity: String, Sendable, Codable, CaseIterable {
    /// The hyperbolic tangent.
    case tanh
    /// max(0, x).
    case relu

    var cell: rk_cell { self == .tanh ? RK_CELL_RNN_TANH : RK_CELL_RNN_RELU }
  }

  /// The parameters, of one gate.
  public var weights: RecurrentWeights
  /// f.
  public let nonlinearity: Nonlinearity

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, nonlinearity: Nonlinearity = .tanh, bias: Bool = true,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    weights = RecurrentWeights(
      cell: nonlinearity.cell, inputSize: inputSize, hiddenSize: hiddenSize, bias: bias,
      initialization: initialization, using: &generator)
    self.nonlinearity = nonlinearity
  }

  /// A layer with these parameters, of one gate.
  public init(weights: RecurrentWeights, nonlinearity: Nonlinearity = .tanh) {
    precondition(weights.gates == 1, "a simple RNN has 1 gate; these weights have \(weights.gates)")
    self.weights = weights
    self.nonlinearity = nonlinearity
  }

  /// Zeros.
  public func initialState(batchSize: Int) -> HiddenState {
    HiddenState(hidden: .zeros([batchSize, weights.hiddenSize]))
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout HiddenState, mode: Mode
  ) -> SequenceBatch {
    let result = FusedRecurrence(cell: nonlinearity.cell, weights: weights)(
      input, hidden: state.hidden)
    state.hidden = result.hidden
    return result.output
  }

  /// Visits the weights.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
