import RecurrentFiles

extension KerasWeights {
  /// The next layer, a `Dense`, also inside `TimeDistributed`.
  public mutating func dense(
    activation: Activation = .identity, bias: Bool = true
  ) throws(DataError) -> Dense {
    try settings.check("Dense", at: position, tensors) { settings in
      [("activation", settings.activation, activation.kerasName)]
    }
    let weights = try next("kernel", shape: [nil, nil])
    return Dense(
      weights: weights, bias: bias ? try next("bias", shape: [weights.shape[1]]) : nil,
      activation: activation)
  }

  /// Adds a `Dense`.
  public mutating func add(_ layer: Dense) {
    append("kernel", layer.weights)
    if let bias = layer.bias { append("bias", bias) }
  }

  /// The next layer, an `Embedding`.
  public mutating func embedding() throws(DataError) -> Embedding {
    try settings.check("Embedding", at: position, tensors) { _ in [] }
    return Embedding(weights: try next("embeddings", shape: [nil, nil]))
  }

  /// Adds an `Embedding`.
  public mutating func add(_ layer: Embedding) {
    append("embeddings", layer.weights)
  }

  /// The next layer, a `LayerNormalization` over the last dimension, with gamma and beta.
  public mutating func layerNorm(epsilon: Float = 1e-3) throws(DataError) -> LayerNorm {
    try settings.check("LayerNormalization", at: position, tensors) { settings in
      [("epsilon", settings.epsilon.map { "\(Float($0))" }, "\(epsilon)")]
    }
    let gain = try next("gamma", shape: [nil])
    return LayerNorm(
      gain: gain, bias: try next("beta", shape: [gain.shape[0]]), epsilon: epsilon)
  }

  /// Adds a `LayerNormalization`.
  public mutating func add(_ layer: LayerNorm) {
    append("gamma", layer.gain)
    append("beta", layer.bias)
  }
}
