import RecurrentFiles

extension PyTorchWeights {
  /// The `nn.Linear` at `prefix`: `weight` `[O, I]` and, if it is there, `bias` `[O]`.
  public mutating func dense(
    _ prefix: String, activation: Activation = .identity
  ) throws(DataError) -> Dense {
    let module = try module(prefix)
    let weight = try tensors.take(module.start + "weight", shape: [nil, nil])
    var bias: Tensor?
    if module.names.contains("bias") {
      bias = try tensors.take(module.start + "bias", shape: [weight.shape[0]])
    }
    try finish(module, "nn.Linear")
    return Dense(weights: weight.transposed(), bias: bias, activation: activation)
  }

  /// Adds an `nn.Linear` at `prefix`. Its activation is a module of its own in PyTorch.
  public mutating func add(_ dense: Dense, as prefix: String) {
    let start = Self.start(prefix)
    tensors.put(start + "weight", dense.weights.transposed())
    if let bias = dense.bias { tensors.put(start + "bias", bias) }
  }

  /// The `nn.Embedding` at `prefix`: `weight` `[V, D]`.
  public mutating func embedding(_ prefix: String) throws(DataError) -> Embedding {
    let module = try module(prefix)
    let weight = try tensors.take(module.start + "weight", shape: [nil, nil])
    try finish(module, "nn.Embedding")
    return Embedding(weights: weight)
  }

  /// Adds an `nn.Embedding` at `prefix`.
  public mutating func add(_ embedding: Embedding, as prefix: String) {
    tensors.put(Self.start(prefix) + "weight", embedding.weights)
  }

  /// The `nn.LayerNorm` over one dimension at `prefix`: `weight` and `bias`, `[F]` both.
  public mutating func layerNorm(
    _ prefix: String, epsilon: Float = 1e-5
  ) throws(DataError) -> LayerNorm {
    let module = try module(prefix)
    let gain = try tensors.take(module.start + "weight", shape: [nil])
    let bias = try tensors.take(module.start + "bias", shape: [gain.shape[0]])
    try finish(module, "nn.LayerNorm")
    return LayerNorm(gain: gain, bias: bias, epsilon: epsilon)
  }

  /// Adds an `nn.LayerNorm` at `prefix`. Its ε is a setting of the module in PyTorch.
  public mutating func add(_ norm: LayerNorm, as prefix: String) {
    let start = Self.start(prefix)
    tensors.put(start + "weight", norm.gain)
    tensors.put(start + "bias", norm.bias)
  }
}
