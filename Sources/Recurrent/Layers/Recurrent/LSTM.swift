import RecurrentKernels

/// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
/// 2000).
///
///     i = σ(W_i x + U_i h + b_i)        f = σ(W_f x + U_f h + b_f)
///     g = tanh(W_g x + U_g h + b_g)     o = σ(W_o x + U_o h + b_o)
///     c' = f·c + i·g                    h' = o·tanh(c')
///
/// `[B, T, I]` to `[B, T, H]`, all steps by one fused kernel.
public struct LSTM: Layer {
  /// The parameters, gates in the order i f g o.
  public var weights: RecurrentWeights

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, bias: Bool = true, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    weights = RecurrentWeights(
      cell: RK_CELL_LSTM, inputSize: inputSize, hiddenSize: hiddenSize, bias: bias,
      initialization: initialization, using: &generator)
  }

  /// A layer with these parameters, of four gates.
  public init(weights: RecurrentWeights) {
    precondition(weights.gates == 4, "an LSTM has 4 gates; these weights have \(weights.gates)")
    self.weights = weights
  }

  /// Hidden state and cell state.
  public struct State: LayerState {
    /// h, `[B, H]`.
    public var hidden: Tensor
    /// c, `[B, H]`.
    public var cell: Tensor

    /// A state with these values.
    public init(hidden: Tensor, cell: Tensor) {
      self.hidden = hidden
      self.cell = cell
    }

    /// Hidden state, cell state.
    public var tensors: [Tensor] {
      get { [hidden, cell] }
      set { (hidden, cell) = (newValue[0], newValue[1]) }
    }
  }

  /// Zeros.
  public func initialState(batchSize: Int) -> State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return State(hidden: zeros, cell: zeros)
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout State, mode: Mode
  ) -> SequenceBatch {
    let result = FusedRecurrence(cell: RK_CELL_LSTM, weights: weights)(
      input, hidden: state.hidden, cellState: state.cell)
    state = State(hidden: result.hidden, cell: result.cellState ?? state.cell)
    return result.output
  }

  /// Visits the weights.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
