/// Which recurrent layer.
public enum CellKind: String, Sendable, Codable, CaseIterable {
  /// ``LSTM``.
  case lstm
  /// ``GRU``, the reset after the product.
  case gru
  /// ``SimpleRNN`` with tanh.
  case rnn
}

/// Recurrent layers of one kind, chosen when the program runs, each on the outputs of the one before:
/// `[B, T, I]` to `[B, T, H]`.
public struct RecurrentStack: Layer {
  /// The layers, from the input up.
  public var layers: [AnyRecurrentLayer]
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
      AnyRecurrentLayer(
        kind, inputSize: index == 0 ? inputSize : hiddenSize, hiddenSize: hiddenSize,
        initialization: initialization, using: &generator)
    }
    self.dropout = dropout
  }

  /// The states of the layers.
  public struct State: LayerState {
    /// One state a layer.
    public var layers: [AnyRecurrentLayer.State]

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
public enum AnyRecurrentLayer: Layer {
  /// An LSTM.
  case lstm(LSTM)
  /// A GRU.
  case gru(GRU)
  /// A simple RNN.
  case rnn(SimpleRNN)

  /// A layer with `hiddenSize` units.
  public init(
    _ kind: CellKind, inputSize: Int, hiddenSize: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    switch kind {
    case .lstm:
      self = .lstm(
        LSTM(
          inputSize: inputSize, hiddenSize: hiddenSize, initialization: initialization,
          using: &generator))
    case .gru:
      self = .gru(
        GRU(
          inputSize: inputSize, hiddenSize: hiddenSize, initialization: initialization,
          using: &generator))
    case .rnn:
      self = .rnn(
        SimpleRNN(
          inputSize: inputSize, hiddenSize: hiddenSize, initialization: initialization,
          using: &generator))
    }
  }

  /// The state of whichever layer it is.
  public enum State: LayerState {
    /// An LSTM's.
    case lstm(LSTM.State)
    /// A GRU's or simple RNN's.
    case hidden(HiddenState)

    /// The tensors of the state.
    public var tensors: [Tensor] {
      get {
        switch self {
        case .lstm(let state): state.tensors
        case .hidden(let state): state.tensors
        }
      }
      set {
        switch self {
        case .lstm: self = .lstm(LSTM.State(hidden: newValue[0], cell: newValue[1]))
        case .hidden: self = .hidden(HiddenState(hidden: newValue[0]))
        }
      }
    }
  }

  /// Zeros.
  public func initialState(batchSize: Int) -> State {
    switch self {
    case .lstm(let layer): .lstm(layer.initialState(batchSize: batchSize))
    case .gru(let layer): .hidden(layer.initialState(batchSize: batchSize))
    case .rnn(let layer): .hidden(layer.initialState(batchSize: batchSize))
    }
  }

  /// The hidden states of all steps.
  public func forward(
    _ input: SequenceBatch, state: inout State, mode: Mode
  ) -> SequenceBatch {
    switch (self, state) {
    case (.lstm(let layer), .lstm(var inner)):
      defer { state = .lstm(inner) }
      return layer.forward(input, state: &inner, mode: mode)
    case (.gru(let layer), .hidden(var inner)):
      defer { state = .hidden(inner) }
      return layer.forward(input, state: &inner, mode: mode)
    case (.rnn(let layer), .hidden(var inner)):
      defer { state = .hidden(inner) }
      return layer.forward(input, state: &inner, mode: mode)
    case (.lstm, .hidden), (.gru, .lstm), (.rnn, .lstm):
      preconditionFailure("the state given belongs to another kind of recurrent layer")
    }
  }

  /// Visits the parameters of the layer under their own names.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    switch self {
    case .lstm(var layer):
      self = .lstm(layer.visiting(&visitor))
    case .gru(var layer):
      self = .gru(layer.visiting(&visitor))
    case .rnn(var layer):
      self = .rnn(layer.visiting(&visitor))
    }
  }
}

extension Module {
  fileprivate mutating func visiting(_ visitor: inout ParameterVisitor) -> Self {
    visitParameters(&visitor)
    return self
  }
}
