import RecurrentFiles

/// From the state of one layer to that of another of any kind and size, as between encoder and
/// decoder: tanh(W s + b) for each tensor of the other state, s all tensors of the first side by
/// side (as the decoder of Bahdanau et al. 2015, arXiv:1409.0473, starts).
///
/// Where the states are alike, none is needed: pass the encoder's state to the decoder.
///
/// ```swift
/// let bridge = StateBridge(from: encoder, to: decoder, using: &generator)
/// var state = encoder.initialState(batchSize: source.batchSize)
/// let memory = encoder(source, state: &state)
/// var decoding = bridge(state, for: decoder)
/// let outputs = decoder(target, state: &decoding)
/// ```
public struct StateBridge: Module {
  /// The dense layers, one for each tensor of the state that the bridge gives.
  public var layers: [Dense]

  /// A bridge between the states of two layers.
  public init(
    from encoder: some Layer, to decoder: some Layer, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    let width = encoder.initialState(batchSize: 1).tensors.reduce(0) { $0 + $1.count }
    layers = decoder.initialState(batchSize: 1).tensors.map { tensor in
      Dense(
        inputSize: width, outputSize: tensor.count, activation: .tanh,
        initialization: initialization, using: &generator)
    }
  }

  /// The decoder's state that follows from `state`.
  public func callAsFunction<Decoder: Layer>(
    _ state: some LayerState, for decoder: Decoder
  ) -> Decoder.State {
    let rows = state.tensors.map { $0.reshaped(to: [$0.shape[0], -1]) }
    let all = Tensor.concatenated(rows, along: 1)
    var result = decoder.initialState(batchSize: all.shape[0])
    require(
      result.tensors.count == layers.count,
      "a bridge to a state of \(layers.count) tensors cannot make one of \(result.tensors.count)")
    result.tensors = zip(layers, result.tensors).map { $0(all).reshaped(to: $1.shape) }
    return result
  }

  /// Visits the layers by position.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layers.visitParameters(&visitor)
  }
}
