import RecurrentFiles
internal import RecurrentKernels

/// A kind of recurrent layer that every job may choose.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  /// ``LSTM``.
  case lstm
  /// ``GRU``, the reset after the product.
  case gru
  /// ``SimpleRNN``.
  case rnn
  /// ``MogrifierLSTM``.
  case mogrifier

  /// G: 4 for the LSTMs, 3 for the GRU, 1 for the simple RNN.
  public var gates: Int {
    switch self {
    case .lstm, .mogrifier: 4
    case .gru: 3
    case .rnn: 1
    }
  }

  /// A layer of this kind.
  public func layer(
    inputSize: Int, hiddenSize: Int, options: RecurrentOptions = RecurrentOptions(),
    initialization: RecurrentInitialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) -> AnyLayer {
    switch self {
    case .lstm:
      AnyLayer(
        LSTM(
          inputSize: inputSize, hiddenSize: hiddenSize, options: options,
          initialization: initialization, using: &generator))
    case .gru:
      AnyLayer(
        GRU(
          inputSize: inputSize, hiddenSize: hiddenSize, options: options,
          initialization: initialization, using: &generator))
    case .rnn:
      AnyLayer(
        SimpleRNN(
          inputSize: inputSize, hiddenSize: hiddenSize, options: options,
          initialization: initialization, using: &generator))
    case .mogrifier:
      AnyLayer(
        MogrifierLSTM(
          inputSize: inputSize, hiddenSize: hiddenSize, rounds: options.rounds ?? 4,
          rank: options.rank, options: options, initialization: initialization,
          using: &generator))
    }
  }
}

/// Layers over sequences chosen when the program runs, each on the outputs of the one before:
/// `[B, T, I]` to `[B, T, H]`.
public struct RecurrentStack: Layer {
  /// The layers, from the input up.
  public var layers: [AnyLayer]
  /// The dropout between layers, drawn anew for each step; not behind the last.
  public let dropout: Float

  /// A stack of these layers, the first of which reads the input.
  public init(_ layers: [AnyLayer], dropout: Float = 0) {
    require(!layers.isEmpty, "a stack has at least one layer")
    require(dropout >= 0 && dropout < 1, "a dropout rate lies in 0..<1, not \(dropout)")
    self.layers = layers
    self.dropout = dropout
  }

  /// `layerCount` layers with `hiddenSize` units each; a bidirectional one has as many in each
  /// direction, side by side.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, layerCount: Int = 1,
    isBidirectional: Bool = false, options: RecurrentOptions = RecurrentOptions(),
    dropout: Float = 0, initialization: RecurrentInitialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    require(layerCount >= 1, "a stack has at least one layer, not \(layerCount)")
    var layers: [AnyLayer] = []
    for index in 0..<layerCount {
      let width = index == 0 ? inputSize : isBidirectional ? 2 * hiddenSize : hiddenSize
      func layer() -> AnyLayer {
        kind.layer(
          inputSize: width, hiddenSize: hiddenSize, options: options,
          initialization: initialization, using: &generator)
      }
      layers.append(isBidirectional ? AnyLayer(Bidirectional(layer(), layer())) : layer())
    }
    self.init(layers, dropout: dropout)
  }

  /// The states of the layers.
  public struct State: LayerState {
    /// The states of the layers, in their order.
    public var layers: [AnyLayer.State]

    /// All tensors of the states, in the order of the layers.
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

  /// Whether all layers are.
  public var isCausal: Bool { layers.allSatisfy(\.isCausal) }

  /// Whether all layers do.
  public func keepsOneThread(batchSize: Int) -> Bool {
    layers.allSatisfy { $0.keepsOneThread(batchSize: batchSize) }
  }

  /// How the layers run, named by position.
  public var paths: [LayerPath] {
    layers.enumerated().flatMap { index, layer in
      layer.paths.map { path in
        let path = path.under(stack: index)
        // The mask of the dropout before it, and the input under that mask.
        return index > 0 && dropout > 0 ? path.masked(by: 2 * path.inputSize) : path
      }
    }
  }

  /// The layers' states before the first step.
  public func initialState(batchSize: Int) -> State {
    State(layers: layers.map { $0.initialState(batchSize: batchSize) })
  }

  /// The outputs of the last layer.
  public func forward(
    _ input: SequenceBatch, state: inout State, mode: Mode
  ) -> SequenceBatch {
    if runsAsWave(input, mode: mode) { return wave(input, state: &state) }
    let between = EachStep(Dropout(rate: dropout))
    var values = input
    for (index, layer) in layers.enumerated() {
      let mode = mode.child(index)
      if index > 0, dropout > 0 { values = between(values, mode: mode.child(0)) }
      values = layer.forward(values, state: &state.layers[index], mode: mode.child(1))
    }
    return values
  }

  /// Visits the layers by position.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layers.visitParameters(&visitor)
  }
}
