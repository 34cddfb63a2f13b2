import RecurrentFiles

extension PyTorchWeights {
  /// The `nn.LSTM`, `nn.GRU` or `nn.RNN` at `prefix`, whatever its layers, directions, biases and
  /// projection; or the `nn.LSTMCell`, `nn.GRUCell` or `nn.RNNCell` there as a stack of one layer.
  ///
  /// - Parameters:
  ///   - cell: Which of the three it is; PyTorch has no Mogrifier LSTM.
  ///   - options: `RecurrentOptions(activation: .relu)` for an `nn.RNN` with that nonlinearity;
  ///     dropout as the layers here have it.
  ///   - dropout: Between the layers, in training.
  public mutating func recurrentStack(
    _ prefix: String, cell: CellKind, options: RecurrentOptions = RecurrentOptions(),
    dropout: Float = 0
  ) throws(DataError) -> RecurrentStack {
    let kind = try format(of: cell)
    func layer(_ weights: RecurrentWeights) -> AnyLayer {
      switch kind {
      case .lstm: AnyLayer(LSTM(weights: weights, options: options))
      case .gru: AnyLayer(GRU(weights: weights, options: options))
      case .simpleRNN: AnyLayer(SimpleRNN(weights: weights, options: options))
      }
    }
    let layers = try recurrentLayers(prefix, kind)
    return RecurrentStack(
      layers.map { found in
        let forward = layer(found.forward)
        return found.backward.map { AnyLayer(Bidirectional(forward, layer($0))) } ?? forward
      }, dropout: dropout)
  }

  /// What PyTorch's modules of a kind are.
  private func format(of cell: CellKind) throws(DataError) -> WeightFormat.Cell {
    switch cell {
    case .lstm: return .lstm
    case .gru: return .gru(.afterProduct)
    case .rnn: return .simpleRNN
    case .mogrifier:
      throw DataError(
        file: tensors.source, problem: "PyTorch has no module of the cell \(cell.rawValue)",
        advice: "Declare an lstm, gru or rnn")
    }
  }

  /// The weights of one layer of an `nn.LSTM`, `nn.GRU` or `nn.RNN`.
  struct RecurrentModuleLayer {
    var forward: RecurrentWeights
    var backward: RecurrentWeights?
  }

  /// All layers of the recurrent module at `prefix`: `weight_ih_l0` `[G·H, I]`, `weight_hh_l0`
  /// `[G·H, H]`, `bias_ih_l0` and `bias_hh_l0` `[G·H]`, `weight_hr_l0` `[P, H]`, and the same with
  /// `_reverse` behind and for the layers after it.
  mutating func recurrentLayers(
    _ prefix: String, _ cell: WeightFormat.Cell
  ) throws(DataError) -> [RecurrentModuleLayer] {
    let module = try module(prefix)
    if module.names.contains("weight_ih") { return [try recurrentCell(module, cell)] }
    let isBidirectional = module.names.contains { $0.hasSuffix("_reverse") }
    let hasBias = module.names.contains { $0.hasPrefix("bias_") }
    let isProjected = module.names.contains { $0.hasPrefix("weight_hr_") }
    if isProjected, cell != .lstm {
      throw tensors.problem(
        module.start + "weight_hr_l0", "found a projection, which only an nn.LSTM can have")
    }
    // A number beyond the number of tensors cannot be a layer's; it is left over, and told.
    let kinds = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l", "weight_hr_l"]
    let indices = module.names.compactMap { name in
      kinds.first { name.hasPrefix($0) }.flatMap {
        Int(name.dropFirst($0.count).prefix { $0.isNumber })
      }
    }.filter { $0 < module.names.count }
    let count = (indices.max() ?? 0) + 1
    let (hiddenSize, outputSize) = try sizes(
      module.start + "weight_hh_l0", cell, isProjected: isProjected)

    var layers: [RecurrentModuleLayer] = []
    for index in 0..<count {
      let name = module.start + "weight_ih_l\(index)"
      // The first layer's input may have any size, which its tensor tells.
      let inputSize =
        index == 0
        ? max(tensors.shape(of: name)?.last ?? 1, 1) : outputSize * (isBidirectional ? 2 : 1)
      let shapes = WeightFormat.pytorch.shapes(
        cell, inputSize: inputSize, hiddenSize: hiddenSize, outputSize: outputSize)
      func direction(
        _ suffix: String, _ tensors: inout TensorBag
      ) throws(DataError) -> RecurrentWeights {
        func name(_ kind: String) -> String { module.start + kind + "_l\(index)" + suffix }
        let input = try tensors.take(name("weight_ih"), shape: shapes.input)
        let recurrent = try tensors.take(name("weight_hh"), shape: shapes.recurrent)
        var biases: [Tensor] = []
        if hasBias {
          biases = [
            try tensors.take(name("bias_ih"), shape: shapes.biases[0]),
            try tensors.take(name("bias_hh"), shape: shapes.biases[1]),
          ]
        }
        var projection: Tensor?
        if isProjected {
          projection = try tensors.take(name("weight_hr"), shape: [outputSize, hiddenSize])
        }
        return WeightFormat.pytorch.weights(
          cell, .init(input: input, recurrent: recurrent, biases: biases, projection: projection))
      }
      layers.append(
        RecurrentModuleLayer(
          forward: try direction("", &tensors),
          backward: isBidirectional ? try direction("_reverse", &tensors) : nil))
    }
    try finish(module, cell.pytorchName)
    return layers
  }

  /// The one layer of an `nn.LSTMCell`, `nn.GRUCell` or `nn.RNNCell`, whose names have no number.
  private mutating func recurrentCell(
    _ module: Module, _ cell: WeightFormat.Cell
  ) throws(DataError) -> RecurrentModuleLayer {
    let hasBias = module.names.contains("bias_ih")
    let names = ["weight_ih", "weight_hh"] + (hasBias ? ["bias_ih", "bias_hh"] : [])
    let weights = try recurrentWeights(names.map { module.start + $0 }, cell)
    try finish(module, cell.pytorchName + "Cell")
    return RecurrentModuleLayer(forward: weights)
  }

  /// The weights of a recurrent layer whose tensors have names of their own, arranged as PyTorch
  /// arranges them: input weights `[G·H, I]`, recurrent weights `[G·H, H]` and, if there are any, two
  /// biases `[G·H]`.
  ///
  /// ```swift
  /// // An archive of np.savez with enc_w_ih, enc_w_hh, enc_b_ih, enc_b_hh:
  /// let encoder = GRU(weights: try weights.recurrent(
  ///   .gru, names: ["enc_w_ih", "enc_w_hh", "enc_b_ih", "enc_b_hh"]))
  /// ```
  public mutating func recurrent(
    _ cell: CellKind, names: [String]
  ) throws(DataError) -> RecurrentWeights {
    require(
      names.count == 2 || names.count == 4,
      "recurrent weights have names of 2 matrices, or of 2 matrices and 2 biases, not \(names.count)"
    )
    return try recurrentWeights(names, try format(of: cell))
  }

  private mutating func recurrentWeights(
    _ names: [String], _ cell: WeightFormat.Cell
  ) throws(DataError) -> RecurrentWeights {
    let (hiddenSize, _) = try sizes(names[1], cell, isProjected: false)
    let shapes = WeightFormat.pytorch.shapes(
      cell, inputSize: max(tensors.shape(of: names[0])?.last ?? 1, 1), hiddenSize: hiddenSize,
      outputSize: hiddenSize)
    let input = try tensors.take(names[0], shape: shapes.input)
    let recurrent = try tensors.take(names[1], shape: shapes.recurrent)
    var biases: [Tensor] = []
    for (name, shape) in zip(names.dropFirst(2), shapes.biases) {
      biases.append(try tensors.take(name, shape: shape))
    }
    return WeightFormat.pytorch.weights(
      cell, .init(input: input, recurrent: recurrent, biases: biases))
  }

  /// H and the size of the hidden state, from the first layer's recurrent weights.
  private func sizes(
    _ name: String, _ cell: WeightFormat.Cell, isProjected: Bool
  ) throws(DataError) -> (hidden: Int, output: Int) {
    guard let shape = tensors.shape(of: name) else {
      throw tensors.problem(
        name, "is missing, expected recurrent weights of an \(cell.pytorchName)",
        advice: "There are \(listed(tensors.names.map(quoted)))")
    }
    // Only a matrix that has elements has extents within the file's size.
    let isMatrix = shape.count == 2 && shape.allSatisfy { $0 > 0 }
    guard isMatrix, shape[0] % cell.gates == 0, isProjected || shape[0] == cell.gates * shape[1]
    else {
      let known: [(gates: Int, name: String)] = [(1, "nn.RNN"), (3, "nn.GRU"), (4, "nn.LSTM")]
      let fitting = known.first { isMatrix && shape[0] == $0.gates * shape[1] }
      throw tensors.problem(
        name,
        "found shape \(described(shape)), expected \(cell.gates)·H rows and H columns for an "
          + cell.pytorchName,
        advice: fitting.map { "These are the weights of an \($0.name); declare that" })
    }
    return (shape[0] / cell.gates, shape[1])
  }

  // MARK: Writing

  /// Adds an `nn.LSTM`, `nn.GRU` or `nn.RNN` at `prefix`: a recurrent layer, or a stack of them
  /// that are alike.
  ///
  /// - Throws: ``DataError`` if PyTorch has no such layer: one with peepholes, coupled gates,
  ///   zoneout, a clip, other activations, a reset before the product, directions that are not
  ///   concatenated, or one that is not recurrent.
  public mutating func add(
    _ layer: any Layer<SequenceBatch, SequenceBatch>, as prefix: String
  ) throws(DataError) {
    func refused(_ problem: String, _ advice: String? = nil) -> DataError {
      DataError(
        .unwritable, file: tensors.source, place: "module \(quoted(prefix))", problem: problem,
        advice: advice)
    }
    guard let layers = WeightFormat.layers(of: layer) else {
      throw refused("is a \(type(of: layer)), expected LSTM, GRU, SimpleRNN or made of them")
    }
    let directions = layers.flatMap { [$0.forward] + ($0.backward.map { [$0] } ?? []) }
    guard layers.allSatisfy({ ($0.backward == nil) == (layers[0].backward == nil) }),
      directions.allSatisfy({ $0.isAlike(directions[0]) })
    else {
      throw refused(
        "has layers of different kinds, sizes or activations, which PyTorch keeps in modules of "
          + "their own", "Add each layer under a prefix of its own")
    }
    guard layers.allSatisfy({ $0.merge == .concatenate }) else {
      throw refused("merges its directions by another rule than concatenation")
    }
    let hasBias = directions.contains { $0.weights.bias != nil || $0.weights.recurrentBias != nil }
    let start = Self.start(prefix)
    for (index, layer) in layers.enumerated() {
      for (suffix, direction) in [("", layer.forward), ("_reverse", layer.backward)] {
        guard var direction else { continue }
        if hasBias, direction.weights.bias == nil {
          direction.weights.bias = .zeros([direction.weights.input.shape[1]])
        }
        let theirs: WeightFormat.Tensors
        do throws(WeightFormat.Refusal) {
          theirs = try WeightFormat.pytorch.tensors(direction)
        } catch {
          throw refused(error.problem, error.advice)
        }
        func put(_ kind: String, _ tensor: Tensor) {
          tensors.put(start + kind + "_l\(index)" + suffix, tensor)
        }
        put("weight_ih", theirs.input)
        put("weight_hh", theirs.recurrent)
        for (kind, bias) in zip(["bias_ih", "bias_hh"], theirs.biases) { put(kind, bias) }
        if let projection = theirs.projection { put("weight_hr", projection) }
      }
    }
  }
}

extension WeightFormat.Cell {
  var pytorchName: String {
    switch self {
    case .simpleRNN: "nn.RNN"
    case .gru: "nn.GRU"
    case .lstm: "nn.LSTM"
    }
  }
}
