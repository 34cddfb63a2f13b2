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

  /// The `nn.Conv1d` of one group at `prefix`: `weight` `[O, I, K]` and, if it is there, `bias` `[O]`.
  /// What its shapes do not tell is declared; PyTorch's `padding=2` is `.explicit(left: 2, right: 2)`.
  public mutating func conv1D(
    _ prefix: String, stride: Int = 1, dilation: Int = 1, padding: Conv1D.Padding = .same,
    paddingMode: PaddingMode = .zeros
  ) throws(DataError) -> Conv1D {
    let module = try module(prefix)
    let weight = try tensors.take(module.start + "weight", shape: [nil, nil, nil])
    var bias: Tensor?
    if module.names.contains("bias") {
      bias = try tensors.take(module.start + "bias", shape: [weight.shape[0]])
    }
    try finish(module, "nn.Conv1d")
    return Conv1D(
      weights: weight.permuted([2, 1, 0]), bias: bias, stride: stride, dilation: dilation,
      padding: padding, paddingMode: paddingMode)
  }

  /// Adds an `nn.Conv1d` at `prefix`. Stride, dilation and padding are settings of the module in PyTorch.
  public mutating func add(_ convolution: Conv1D, as prefix: String) {
    let start = Self.start(prefix)
    tensors.put(start + "weight", convolution.weights.permuted([2, 1, 0]))
    if let bias = convolution.bias { tensors.put(start + "bias", bias) }
  }

  /// The `nn.BatchNorm1d` at `prefix`: `weight`, `bias`, `running_mean` and `running_var`, `[F]` each.
  /// The number of batches it has seen is not needed.
  public mutating func batchNorm(
    _ prefix: String, momentum: Float = 0.1, epsilon: Float = 1e-5
  ) throws(DataError) -> BatchNorm {
    let module = try module(prefix)
    let gain = try tensors.take(module.start + "weight", shape: [nil])
    let size = gain.shape[0]
    var norm = BatchNorm(size: size, momentum: momentum, epsilon: epsilon)
    norm.gain = gain
    norm.bias = try tensors.take(module.start + "bias", shape: [size])
    norm.runningMean = try tensors.take(module.start + "running_mean", shape: [size])
    norm.runningVariance = try tensors.take(module.start + "running_var", shape: [size])
    skip([module.start + "num_batches_tracked"])
    try finish(module, "nn.BatchNorm1d")
    return norm
  }

  /// Additive attention whose query, memory and score are `nn.Linear` modules with these prefixes: the
  /// first two map to the same size, the biases of both are added, the last maps to one number and
  /// has none that matters.
  public mutating func additiveAttention(
    query: String, memory: String, score: String
  ) throws(DataError) -> AdditiveAttention {
    let (q, m, v) = (try dense(query), try dense(memory), try dense(score))
    let size = q.weights.shape[1]
    guard m.weights.shape[1] == size, v.weights.shape == [size, 1] else {
      throw tensors.problem(
        Self.start(score) + "weight",
        "found shape \(described(v.weights.shape.reversed())) beside \(size) and "
          + "\(m.weights.shape[1]) rows of query and memory, expected [1, A] and A of both")
    }
    var nothingToDraw = SystemRandomNumberGenerator()
    var attention = AdditiveAttention(
      querySize: q.weights.shape[0], memorySize: m.weights.shape[0], size: size,
      using: &nothingToDraw)
    attention.queryWeights = q.weights
    attention.memoryWeights = m.weights
    attention.bias = (q.bias ?? .zeros([size])) + (m.bias ?? .zeros([size]))
    attention.vector = v.weights.reshaped(to: [size])
    return attention
  }

  /// The `nn.MultiheadAttention` at `prefix`. How many heads it has, the file does not tell.
  ///
  /// - Throws: ``DataError`` if tensors are missing or do not fit, or the heads do not share the features equally.
  public mutating func multiHeadAttention(
    _ prefix: String, heads: Int
  ) throws(DataError) -> MultiHeadAttention {
    let module = try module(prefix)
    let start = module.start
    let names = ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
    let output = try dense(start + "out_proj")
    let size = output.weights.shape[0]
    guard heads >= 1, size % heads == 0 else {
      throw tensors.problem(
        start + "out_proj.weight", "has \(size) features, which \(heads) heads do not share equally"
      )
    }
    var parts: [Tensor] = []
    if module.names.contains("in_proj_weight") {
      let all = try tensors.take(start + "in_proj_weight", shape: [3 * size, size])
      parts = (0..<3).map { all.slice($0 * size..<($0 + 1) * size, along: 0) }
    } else {
      for name in names { parts.append(try tensors.take(start + name, shape: [size, nil])) }
    }
    var biases: [Tensor?] = [nil, nil, nil]
    if module.names.contains("in_proj_bias") {
      let all = try tensors.take(start + "in_proj_bias", shape: [3 * size])
      biases = (0..<3).map { all.slice($0 * size..<($0 + 1) * size, along: 0) }
    }
    try finish(module, "nn.MultiheadAttention")
    let layers = zip(parts, biases).map { Dense(weights: $0.transposed(), bias: $1) }
    return MultiHeadAttention(
      query: layers[0], key: layers[1], value: layers[2], output: output, heads: heads)
  }

  // MARK: Single tensors

  /// The tensor `name` as it stands in the file.
  ///
  /// - Parameter shape: What it must be; nil in it for any size. Nil: any shape.
  public mutating func tensor(
    _ name: String, shape: [Int?]? = nil
  ) throws(DataError) -> Tensor {
    try tensors.take(name, shape: shape ?? tensors.shape(of: name).map { $0.map { $0 } } ?? [])
  }

  /// Adds a tensor as it stands.
  public mutating func add(_ tensor: Tensor, as name: String) { tensors.put(name, tensor) }

  /// Declares that tensors are not needed, so that ``finish()`` does not miss them; those that are not
  /// there do not matter.
  public mutating func skip(_ names: [String]) { tensors.skip(names) }

  /// Declares that all tensors under a prefix are not needed.
  public mutating func skip(under prefix: String) {
    tensors.skip(tensors.names.filter { $0.hasPrefix(Self.start(prefix)) })
  }
}
