import RecurrentKernels

/// Which recurrent layer.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  /// ``LSTM``.
  case lstm
  /// ``GRU``, the reset after the product.
  case gru
  /// ``SimpleRNN`` with tanh.
  case rnn

  /// G: 4 for the LSTM, 3 for the GRU, 1 for the simple RNN.
  public var gates: Int { Int(rk_cell_gates(cell)) }

  var cell: rk_cell {
    switch self {
    case .lstm: RK_CELL_LSTM
    case .gru: RK_CELL_GRU_RESET_AFTER
    case .rnn: RK_CELL_RNN_TANH
    }
  }
}

/// Recurrent layers of one kind, chosen when the program runs, each on the outputs of the one
/// before: `[B, T, I]` to `[B, T, H]`.
public struct RecurrentStack: Layer {
  /// The layers, from the input up.
  public var layers: [RecurrentLayer]
  /// The dropout between layers, drawn anew for each step; not behind the last.
  public let dropout: Float

  /// `layerCount` layers with `hiddenSize` units each.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, layerCount: Int = 1, dropout: Float = 0,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    precondition(layerCount >= 1, "a stack has at least one layer, not \(layerCount)")
    precondition(dropout >= 0 && dropout < 1, "a dropout rate lies in 0..<1, not \(dropout)")
    layers = (0..<layerCount).map { index in
      RecurrentLayer(
        kind, inputSize: index == 0 ? inputSize : hiddenSize, hiddenSize: hiddenSize,
        initialization: initialization, using: &generator)
    }
    self.dropout = dropout
  }

  /// The states of the layers.
  public struct State: LayerState {
    /// One state a layer.
    public var layers: [RecurrentLayer.State]

    /// All tensors, in the order of the layers.
    public var tensors: [Tensor] {
      get { layers.flatMap(\.tensors) }
      set {
        var rest = newValue[...]
        for index in layers.indices {
          let count = layers[index].tensors.count
          layers[index].tensors = Array(rest.prefix(count))
          rest = rest.dropFirst(count)
        }
      }
    }
  }

  /// Zeros.
  public func initialState(batchSize: Int) -> State {
    State(layers: layers.map { $0.initialState(batchSize: batchSize) })
  }

  /// The outputs of the last layer.
  public func forward(
    _ input: SequenceBatch, state: inout State, mode: Mode
  ) -> SequenceBatch {
    let between = EachStep(Dropout(rate: dropout))
    var values = input
    for (index, layer) in layers.enumerated() {
      if index > 0, dropout > 0 { values = between(values, mode: mode.child(index)) }
      values = layer.forward(values, state: &state.layers[index], mode: mode)
    }
    return values
  }

  /// Visits the layers by position.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layers.visitParameters(&visitor)
  }
}

/// One recurrent layer of a kind chosen when the program runs.
public struct RecurrentLayer: Layer {
  /// Which layer it is.
  public let kind: CellKind
  /// The parameters, as in the layer of that kind.
  public var weights: RecurrentWeights

  /// A layer with `hiddenSize` units.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    self.kind = kind
    weights = RecurrentWeights(
      cell: kind.cell, inputSize: inputSize, hiddenSize: hiddenSize, bias: true,
      initialization: initialization, using: &generator)
  }

  /// Hidden state, and for the LSTM cell state.
  public struct State: LayerState {
    /// h, `[B, H]`.
    public var hidden: Tensor
    /// c, `[B, H]`.
    public var cell: Tensor?

    /// Hidden state, and cell state if there is one.
    public var tensors: [Tensor] {
      get { [hidden] + (cell.map { [$0] } ?? []) }
      set { (hidden, cell) = (newValue[0], newValue.count > 1 ? newValue[1] : nil) }
    }
  }

  /// Zeros.
  public func initialState(batchSize: Int) -> State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return State(hidden: zeros, cell: kind == .lstm ? zeros : nil)
  }

  /// The hidden states of all steps.
  public func forward(
    _ input: SequenceBatch, state: inout State, mode: Mode
  ) -> SequenceBatch {
    let result = FusedRecurrence(cell: kind.cell, weights: weights)(
      input, hidden: state.hidden, cellState: state.cell)
    state = State(hidden: result.hidden, cell: result.cellState)
    return result.output
  }

  /// Visits the weights.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
