import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Every case that PyTorch computed: outputs, gradients, training runs and losses are ours too.
///
/// Elements count relative to the largest of their tensor.
@Suite struct FixtureTests {
  @Test(arguments: try Fixtures.cases(of: "pytorch"))
  func matchesPyTorch(_ reference: FixtureCase) throws {
    switch reference.config["kind"]?.string {
    case "layer": try checkLayerCase(reference)
    case "training": try checkTrainingCase(reference)
    case "loss": try checkLossCase(reference)
    case let kind: throw FixtureProblem("unknown kind \(kind ?? "none") of case \(reference.name)")
    }
  }

  // MARK: Layers

  private func checkLayerCase(_ reference: FixtureCase) throws {
    let problem = DifferentiatedLayer(
      try stack(reference, "weight"), input: try reference.tensor("input"),
      states: try reference.pyTorchStates("initial"))
    let (output, states) = try problem.run(reference)
    expectClose(
      output.values, to: try reference.floats("output"), within: reference.tolerance, "output")
    try reference.expect(
      asPyTorch(states, reference, "final"), "final.", within: reference.tolerance)

    let outputCotangent = try reference.tensor("cotangent.output")
    let stateCotangents = try reference.pyTorchStates("cotangent")
    try #require(stateCotangents.count == states.count)
    let gradients = try problem.gradients { problem in
      let (output, states) = try problem.run(reference)
      return zip(states, stateCotangents).reduce((output.values * outputCotangent).sum()) {
        $0 + ($1.0 * $1.1).sum()
      }
    }
    var back = PyTorchWeights()
    try back.add(gradients.layer, as: "grad.weight")
    let ours = try back.tensors.tensors()
      .merging(asPyTorch(gradients.states, reference, "grad.initial")) { $1 }
      .merging(["grad.input": gradients.input]) { $1 }
    try reference.expect(ours, "grad.", within: reference.tolerance)
  }

  private func stack(_ reference: FixtureCase, _ prefix: String) throws -> RecurrentStack {
    var weights = PyTorchWeights(reference.file)
    let (kind, options) = try reference.pyTorchCell()
    return try weights.recurrentStack(prefix, cell: kind, options: options)
  }

  /// The reverse of ``FixtureCase/pyTorchStates(_:)``.
  private func asPyTorch(
    _ states: [Tensor], _ reference: FixtureCase, _ kind: String
  ) -> [String: Tensor] {
    let names = reference.config["cell"]?.string == "lstm" ? ["h", "c"] : ["h"]
    let parts = names.indices.map { part in
      Tensor.stacked(
        stride(from: part, to: states.count, by: names.count).map { states[$0] }, along: 0)
    }
    return Dictionary(uniqueKeysWithValues: zip(names.map { "\(kind).\($0)" }, parts))
  }

  // MARK: Training

  private struct Trained: Module {
    var stack: RecurrentStack
    var head: Dense

    func callAsFunction(_ input: SequenceBatch) -> Tensor { head(stack(input).lastValidSteps) }

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("stack", &stack)
      visitor.visit("head", &head)
    }
  }

  private func checkTrainingCase(_ reference: FixtureCase) throws {
    let config = reference.config
    var weights = PyTorchWeights(reference.file)
    var model = Trained(
      stack: try stack(reference, "start"), head: try weights.dense("start.head"))
    let options = config["options"] ?? .object([:])
    var optimizer = try pyTorchOptimizer(config["optimizer"]?.string ?? "", options)
    let steps = try #require(config["steps"]?.int)
    let sign: Float = options["maximize"]?.bool == true ? -1 : 1

    let input = SequenceBatch(try reference.tensor("input"))
    let target = try reference.tensor("target")
    var losses: [Float] = []
    for _ in 0..<steps {
      var (loss, gradients) = valueAndGradients(of: model) {
        meanSquaredError($0(input), target) * sign
      }
      if let norm = config["clipNorm"]?.double {
        gradients = gradients.clipped(toNorm: Float(norm))
      }
      if let limit = config["clipValue"]?.double {
        gradients = gradients.clipped(toValue: Float(limit))
      }
      optimizer.update(&model, along: gradients)
      losses.append(loss * sign)
    }
    let expected = try reference.floats("losses").values
    try #require(expected.count == steps)
    // A loss that has fallen far is the square of small differences between large numbers:
    // PyTorch's own runs do not agree on it. Below a ten-thousandth of the largest, errors count
    // relative to that.
    let smallest = Double(expected.max() ?? 0) * 1e-4
    for (step, (found, expected)) in paired(losses, expected).enumerated() {
      let error = abs(Double(found) - Double(expected)) / max(Double(expected), smallest)
      #expect(
        error <= (step < 10 ? 1e-5 : 1e-4),
        "loss of step \(step): found \(found), expected \(expected), relative error \(error)")
    }
    var back = PyTorchWeights()
    try back.add(model.stack, as: "end")
    back.add(model.head, as: "end.head")
    try reference.expect(back.tensors.tensors(), "end.", within: 1e-4)
  }

  // MARK: Losses

  private func checkLossCase(_ reference: FixtureCase) throws {
    let options = reference.config["options"]
    func float(_ name: String) -> Float? { options?[name]?.double.map { Float($0) } }
    let name = try #require(reference.config["loss"]?.string)
    let input = try reference.tensor("input")
    let target = name == "cross_entropy" ? Tensor(0) : try reference.tensor("target")
    var terms = Float(input.count)
    let loss: (Tensor) -> Tensor
    switch name {
    case "mse_loss": loss = { meanSquaredError($0, target) }
    case "l1_loss": loss = { meanAbsoluteError($0, target) }
    case "huber_loss": loss = { huberLoss($0, target, delta: float("delta") ?? 1) }
    case "smooth_l1_loss": loss = { smoothL1Loss($0, target, beta: float("beta") ?? 1) }
    case "binary_cross_entropy_with_logits":
      loss = { binaryCrossEntropy(logits: $0, targets: target) }
    case "cross_entropy":
      let classes = try reference.file.integers("target").values.map { Int($0) }
      let ignored = options?["ignore_index"]?.int ?? -100
      let weights = try reference.optional("weight")?.elements
      terms = classes.reduce(0) { $1 == ignored ? $0 : $0 + (weights?[$1] ?? 1) }
      loss = {
        categoricalCrossEntropy(
          logits: $0, classes: classes, labelSmoothing: float("label_smoothing") ?? 0,
          ignoring: ignored, classWeights: weights)
      }
    default: throw FixtureProblem("unknown loss \(name)")
    }
    let scale: Float
    switch options?["reduction"]?.string ?? "mean" {
    case "mean": scale = 1
    case "sum": scale = terms
    case let reduction: throw FixtureProblem("unknown reduction \(reduction)")
    }
    let (value, gradients) = valueAndGradients(of: input) { loss($0) * scale }
    expectClose(Tensor([value]), to: try reference.floats("value"), within: 1e-5, "value")
    expectClose(
      try #require(gradients.tensors[0]), to: try reference.floats("grad.input"), within: 1e-5,
      "grad.input")
  }
}

/// The optimizer of a training case, but for `maximize`.
private func pyTorchOptimizer(_ name: String, _ options: JSONValue) throws -> any Optimizer {
  func double(_ name: String) -> Double? { options[name]?.double }
  func float(_ name: String) -> Float? { double(name).map { Float($0) } }
  func flag(_ name: String) -> Bool { options[name]?.bool ?? false }
  let (rate, epsilon, decay) = (float("lr"), float("eps"), float("weight_decay"))
  let betas = options["betas"]?.array?.compactMap(\.double) ?? [0.9, 0.999]
  switch name {
  case "SGD":
    return SGD(
      learningRate: rate ?? 1e-3, momentum: float("momentum") ?? 0,
      dampening: double("dampening") ?? 0, nesterov: flag("nesterov"), weightDecay: decay ?? 0)
  case "Adam" where !flag("decoupled_weight_decay"):
    return Adam(
      learningRate: rate ?? 1e-3, beta1: betas[0], beta2: betas[1], epsilon: epsilon,
      weightDecay: decay ?? 0, amsgrad: flag("amsgrad"))
  case "Adam", "AdamW":
    return AdamW(
      learningRate: rate ?? 1e-3, beta1: betas[0], beta2: betas[1], epsilon: epsilon,
      weightDecay: decay ?? (name == "Adam" ? 0 : nil), amsgrad: flag("amsgrad"))
  case "NAdam":
    return NAdam(
      learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: epsilon,
      weightDecay: decay ?? 0, isDecoupled: flag("decoupled_weight_decay"),
      momentumDecay: float("momentum_decay"))
  case "RMSprop":
    return RMSprop(
      learningRate: rate, rho: double("alpha"), epsilon: epsilon, momentum: float("momentum") ?? 0,
      centered: flag("centered"), weightDecay: decay ?? 0)
  case "Adagrad":
    return Adagrad(
      learningRate: rate, learningRateDecay: float("lr_decay") ?? 0,
      initialAccumulator: float("initial_accumulator_value"), epsilon: epsilon,
      weightDecay: decay ?? 0)
  default:
    throw FixtureProblem("unknown optimizer \(name) \(options)")
  }
}
