import RecurrentFiles
internal import RecurrentKernels

/// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.
/// 2000).
///
///     i = σ(W_i x + U_i h + b_i)        f = σ(W_f x + U_f h + b_f)
///     g = tanh(W_g x + U_g h + b_g)     o = σ(W_o x + U_o h + b_o)
///     c' = f·c + i·g                    h' = o·tanh(c')
///
/// With peepholes (Gers and Schmidhuber 2000) i and f also see p·c, and o sees p·c'. With coupled
/// gates (Greff et al. 2017, arXiv:1503.04069) f = 1 - i. With a projection (Sak et al. 2014,
/// arXiv:1402.1128) h' = (o·tanh(c'))·P.
///
/// `[B, T, I]` to `[B, T, H]` (`[B, T, P]` with a projection), all steps by one fused kernel.
public struct LSTM: Layer {
  /// The parameters, gates in the order i f g o; three, i g o, are coupled.
  public var weights: RecurrentWeights
  /// Activations, limits and dropout.
  public var options: RecurrentOptions {
    didSet { options.check(for: cell) }
  }

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, peepholes: Bool = false, coupledGates: Bool = false,
    projectionSize: Int? = nil, options: RecurrentOptions = RecurrentOptions(), bias: Bool = true,
    initialization: RecurrentInitialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(
      weights: RecurrentWeights(
        cell: coupledGates ? RK_CELL_LSTM_COUPLED : RK_CELL_LSTM, inputSize: inputSize,
        hiddenSize: hiddenSize, bias: bias, peepholes: peepholes, projectionSize: projectionSize,
        initialization: initialization, using: &generator),
      options: options)
  }

  /// A layer with these parameters, of four gates, or three if they are coupled.
  public init(weights: RecurrentWeights, options: RecurrentOptions = RecurrentOptions()) {
    require(
      weights.gates == 4 || weights.gates == 3,
      "an LSTM has 4 gates, or 3 if they are coupled; these weights have \(weights.gates)")
    self.weights = weights
    self.options = options
    options.check(for: cell)
  }

  /// Whether f = 1 - i.
  public var hasCoupledGates: Bool { weights.gates == 3 }

  private var cell: rk_cell { hasCoupledGates ? RK_CELL_LSTM_COUPLED : RK_CELL_LSTM }

  /// Hidden state and cell state.
  public struct State: LayerState {
    /// h, `[B, H]` (`[B, P]` with a projection).
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

  /// How the layer runs: by one fused kernel.
  public var paths: [LayerPath] { [fused.path("LSTM")] }

  /// Whether the kernel keeps one thread busy only: for few units and rows.
  public func keepsOneThread(batchSize: Int) -> Bool { fused.keepsOneThread(batchSize: batchSize) }

  var fused: FusedRecurrence {
    FusedRecurrence(cell: cell, weights: weights, options: options)
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> State {
    State(
      hidden: .zeros([batchSize, weights.outputSize]),
      cell: .zeros([batchSize, weights.hiddenSize]))
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout State, mode: Mode
  ) -> SequenceBatch {
    let result = fused(
      input, hidden: state.hidden, cellState: state.cell, mode: mode)
    state = State(hidden: result.hidden, cell: result.cellState ?? state.cell)
    return result.output
  }

  /// Visits the weights.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
