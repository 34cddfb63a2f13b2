import Recurrent
import TestSupport
import Testing

/// Layers and losses beside the recurrent ones against PyTorch (`generate_pytorch_layers.py`).
@Suite struct LayerFixtureTests {
  private static func cases(_ kind: String) throws -> [FixtureCase] {
    try Fixtures.cases(of: "pytorch_layers") { $0["kind"]?.string == kind }
  }

  private func tensor(_ reference: FixtureCase, _ name: String) throws -> Tensor {
    Tensor(try reference.floats(name))
  }

  private func integers(_ reference: FixtureCase, _ name: String) throws -> [Int] {
    try reference.file.integers(name).values.map { Int($0) }
  }

  private func number(_ reference: FixtureCase, _ name: String) throws -> Double {
    try #require(reference.config[name]?.double)
  }

  /// Expects the tensor that the case holds under that name.
  private func expect(
    _ found: Tensor?, _ name: String, of reference: FixtureCase, within tolerance: Double = 1e-5
  ) throws {
    let found = try #require(found, "no \(name)")
    expectClose(
      found.elements, shape: found.shape, to: try reference.floats(name).values,
      shape: try reference.floats(name).shape, within: tolerance, name)
  }

  // MARK: Embedding

  @Test(arguments: try cases("embedding"))
  func embedding(_ reference: FixtureCase) throws {
    let rate = Float(try number(reference, "lr"))
    switch reference.config["optimizer"]?.string {
    case "SGD": try train(reference, SGD(learningRate: rate))
    case "Adagrad": try train(reference, Adagrad(learningRate: rate))
    case "SparseAdam": try train(reference, Adam(learningRate: rate, lazyRows: true))
    case let name: Issue.record("unknown optimizer \(name ?? "none")")
    }
  }

  private func train(_ reference: FixtureCase, _ optimizer: some Optimizer) throws {
    let targets = try tensor(reference, "targets")
    let ids = try integers(reference, "tokens")
    let time = targets.shape[1]
    let tokens = TokenBatch(
      try integers(reference, "lengths").enumerated().map { row, length in
        Array(ids[row * time..<row * time + length])
      }, time: time)
    var (table, optimizer) = (Embedding(weights: try tensor(reference, "start")), optimizer)
    for _ in 0..<Int(try number(reference, "steps")) {
      let (_, gradients) = valueAndGradients(of: table) { table in
        let vectors = table(tokens)
        return (vectors.validSteps - vectors.with(targets).validSteps).squared().sum()
      }
      optimizer.update(&table, along: gradients)
    }
    try expect(table.weights, "end", of: reference)
  }

  // MARK: Normalization

  @Test(arguments: try cases("layer_norm"))
  func layerNorm(_ reference: FixtureCase) throws {
    let layer = LayerNorm(
      gain: try tensor(reference, "gain"), bias: try tensor(reference, "bias"),
      epsilon: Float(try number(reference, "epsilon")))
    try expect(layer(try tensor(reference, "input")), "output", of: reference)
    let cotangent = try tensor(reference, "cotangent")
    let (_, gradients) = valueAndGradients(
      of: WithInput(input: try tensor(reference, "input"), layer: layer)
    ) { ($0.layer($0.input) * cotangent).sum() }
    for name in gradients.names { try expect(gradients[name], "grad." + name, of: reference) }
  }

  @Test(arguments: try cases("batch_norm"))
  func batchNorm(_ reference: FixtureCase) throws {
    let (input, cotangent) = (
      try tensor(reference, "input"), try tensor(reference, "cotangent")
    )
    var layer = BatchNorm(
      size: input.shape[2], momentum: Float(try number(reference, "momentum")),
      epsilon: Float(try number(reference, "epsilon")))
    layer.gain = try tensor(reference, "gain")
    layer.bias = try tensor(reference, "bias")
    var optimizer = SGD(learningRate: 0)
    var (outputs, inputGradients): ([Tensor], [Tensor]) = ([], [])
    var last: Gradients?
    for step in 0..<input.shape[0] {
      let problem = WithInput(input: input.slice(step..<step + 1, along: 0), layer: layer)
      let (_, gradients) = valueAndGradients(of: problem) { problem in
        let output = problem.layer(
          SequenceBatch(problem.input), mode: .training(RandomKey(seed: 1)))
        outputs.append(output.values.detached)
        return (output.values * cotangent.slice(step..<step + 1, along: 0)).sum()
      }
      inputGradients.append(try #require(gradients["input"]))
      var updated = problem
      optimizer.update(&updated, along: gradients)
      layer = updated.layer
      last = gradients
    }
    try expect(.concatenated(outputs, along: 0), "output", of: reference)
    try expect(.concatenated(inputGradients, along: 0), "grad.input", of: reference)
    try expect(last?["gain"], "grad.gain", of: reference)
    try expect(last?["bias"], "grad.bias", of: reference)
    try expect(layer.runningMean, "running_mean", of: reference)
    try expect(layer.runningVariance, "running_variance", of: reference)
    let final = SequenceBatch(input.slice(input.shape[0] - 1..<input.shape[0], along: 0))
    try expect(
      layer(final).values.reshaped(to: Array(input.shape.dropFirst())), "prediction", of: reference)
  }

  // MARK: Convolution

  @Test(arguments: try cases("conv1d"))
  func convolution(_ reference: FixtureCase) throws {
    // [O, I, K] to [K, I, O] and back.
    func reversed(_ tensor: Tensor) -> Tensor {
      let shape = tensor.shape
      return Tensor(
        PlainArray.indices(of: shape.reversed()).map { tensor[$0[2], $0[1], $0[0]] },
        shape: shape.reversed())
    }
    let paddings: [String: Conv1D.Padding] = ["same": .same, "valid": .valid, "causal": .causal]
    let layer = Conv1D(
      weights: reversed(try tensor(reference, "weight")), bias: try tensor(reference, "bias"),
      stride: Int(try number(reference, "stride")),
      dilation: Int(try number(reference, "dilation")),
      padding: try #require(paddings[reference.config["padding"]?.string ?? ""]))
    let input = try tensor(reference, "input")
    try expect(layer(SequenceBatch(input)).values, "output", of: reference)
    let cotangent = try tensor(reference, "cotangent")
    let (_, gradients) = valueAndGradients(of: WithInput(input: input, layer: layer)) {
      ($0.layer(SequenceBatch($0.input)).values * cotangent).sum()
    }
    try expect(gradients["input"], "grad.input", of: reference)
    try expect(gradients["weights"].map(reversed), "grad.weight", of: reference)
    try expect(gradients["bias"], "grad.bias", of: reference)
  }

  // MARK: CTC

  @Test(arguments: try cases("ctc"))
  func ctc(_ reference: FixtureCase) throws {
    let lengths = try integers(reference, "lengths")
    var rest = try integers(reference, "labels")[...]
    let labels = try integers(reference, "label_lengths").map { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    let logits = try tensor(reference, "logits")
    let blank = Int(try number(reference, "blank"))
    let zeroInfinity = reference.name == "ctc_infinite"
    func loss(_ values: Tensor, _ reduction: CTCReduction) -> Tensor {
      connectionistTemporalClassification(
        logits: SequenceBatch(values, lengths: lengths), labels: labels, blank: blank,
        reduction: reduction, zeroInfinity: zeroInfinity)
    }
    try expect(loss(logits, .none), "losses", of: reference)
    for reduction in [CTCReduction.mean, .sum] {
      let (value, gradients) = valueAndGradients(of: logits) { loss($0, reduction) }
      try expect(Tensor([value]), reduction.rawValue, of: reference)
      try expect(gradients.tensors[0], "grad." + reduction.rawValue, of: reference)
    }
  }
}

/// A layer with its input as a parameter.
private struct WithInput<L: Module>: Module {
  var input: Tensor
  var layer: L

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("input", &input)
    layer.visitParameters(&visitor)
  }
}
