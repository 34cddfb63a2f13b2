import Recurrent
import TestSupport
import Testing

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

  /// A stack with its input and initial states as parameters, so that all of them get gradients.
  private struct Problem: Module {
    var stack: PyTorchStack
    var input: Tensor
    var hidden: Tensor?
    var cellState: Tensor?

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("weight", &stack)
      visitor.visit("input", &input)
      visitor.visit("initial.h", &hidden)
      visitor.visit("initial.c", &cellState)
    }
  }

  private func checkLayerCase(_ reference: FixtureCase) throws {
    var options = FixtureOptions(reference.config)
    let stack = try self.stack(&options, tensors: reference.tensors("weight."))
    let time = try options.int("time") ?? 0
    options.skip("initialState", "lengths")
    try options.finish(reference.name)
    let tolerance = time >= 300 ? 1e-4 : 1e-5

    let names = Set(reference.file.names)
    func optional(_ name: String) throws -> Tensor? {
      names.contains(name) ? Tensor(try reference.floats(name)) : nil
    }
    let lengths =
      names.contains("lengths")
      ? try reference.file.integers("lengths").values.map { Int($0) } : nil
    let problem = Problem(
      stack: stack, input: Tensor(try reference.floats("input")),
      hidden: try optional("initial.h"), cellState: try optional("initial.c"))
    let outputCotangent = Tensor(try reference.floats("cotangent.output"))
    let hiddenCotangent = Tensor(try reference.floats("cotangent.h"))
    let cellCotangent = try optional("cotangent.c")

    func run(_ problem: Problem) -> (output: SequenceBatch, hidden: Tensor, cellState: Tensor?) {
      problem.stack(
        SequenceBatch(problem.input, lengths: lengths), hidden: problem.hidden,
        cellState: problem.cellState)
    }
    let result = run(problem)
    expectClose(
      result.output.values, to: try reference.floats("output"), within: tolerance, "output")
    expectClose(result.hidden, to: try reference.floats("final.h"), within: tolerance, "final.h")
    if let cell = result.cellState {
      expectClose(cell, to: try reference.floats("final.c"), within: tolerance, "final.c")
    }

    let (_, gradients) = valueAndGradients(of: problem) { problem in
      let (output, hidden, cell) = run(problem)
      var value = (output.values * outputCotangent).sum() + (hidden * hiddenCotangent).sum()
      if let cell, let cellCotangent { value = value + (cell * cellCotangent).sum() }
      return value
    }
    var remaining = names.filter { $0.hasPrefix("grad.") }
    for (name, gradient) in zip(gradients.names, gradients.tensors) {
      var (theirs, tensor) = (name, try #require(gradient, "no gradient of \(name)"))
      if name.hasPrefix("weight.") {
        (theirs, tensor) = try PyTorchStack.asPyTorch(
          String(name.dropFirst("weight.".count)), tensor)
        theirs = "weight.\(theirs)"
      }
      #expect(remaining.remove("grad.\(theirs)") != nil)
      expectClose(
        tensor, to: try reference.floats("grad.\(theirs)"), within: tolerance, "grad.\(theirs)")
    }
    #expect(remaining.isEmpty, "gradients that were not compared: \(remaining.sorted())")
  }

  /// The layers of a case with all settings that they have; reads the sizes too.
  private func stack(
    _ options: inout FixtureOptions, tensors: [String: StoredTensor]
  ) throws -> PyTorchStack {
    let activation = try options.string("activation")
    let cell: PyTorchStack.Cell
    switch (try options.string("cell"), activation) {
    case ("lstm", nil): cell = .lstm
    case ("gru", nil): cell = .gru
    case ("rnn", nil), ("rnn", "tanh"): cell = .rnn(.tanh)
    case ("rnn", "relu"): cell = .rnn(.relu)
    case (let cell, let activation):
      throw FixtureProblem("unknown cell \(cell ?? "none") with activation \(activation ?? "none")")
    }
    let layerCount = try options.int("layers") ?? 1
    let hasBias = try options.bool("bias") ?? true
    options.skip("kind", "name", "seed", "batch", "input", "hidden")
    guard tensors.keys.contains(where: { $0.hasPrefix("bias") }) == hasBias else {
      throw FixtureProblem("biases do not agree with the settings")
    }
    let directions = try options.bool("bidirectional") == true ? 2 : 1
    let projections = try options.int("projection") ?? 0 > 0 ? 1 : 0
    let expected = layerCount * directions * ((hasBias ? 4 : 2) + projections)
    let found = tensors.keys.filter { !$0.hasPrefix("head.") }
    guard found.count == expected else {
      throw FixtureProblem("\(expected) weights expected, found \(found.sorted())")
    }
    return try PyTorchStack(cell: cell, tensors: tensors, layerCount: layerCount)
  }

  // MARK: Training

  private struct Trained: Module {
    var stack: PyTorchStack
    var head: Dense

    func callAsFunction(_ input: SequenceBatch) -> Tensor {
      head(stack(input, hidden: nil, cellState: nil).output.lastValidSteps)
    }

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      stack.visitParameters(&visitor)
      visitor.visit("head", &head)
    }
  }

  private func checkTrainingCase(_ reference: FixtureCase) throws {
    var options = FixtureOptions(reference.config)
    let start = try reference.tensors("start.")
    let headWeights = try #require(start["head.weight"])
    let headBias = try #require(start["head.bias"])
    var model = Trained(
      stack: try self.stack(&options, tensors: start),
      head: Dense(weights: Tensor(headWeights).transposed(), bias: Tensor(headBias)))
    let steps = try #require(try options.int("steps"))
    let optimizerName = try #require(try options.string("optimizer"))
    let clipNorm = try options.float("clipNorm")
    let clipValue = try options.float("clipValue")
    options.skip("outputs", "options", "time")
    try options.finish(reference.name)
    var optimizerOptions: [String: JSONValue] = [:]
    if case .object(let members)? = reference.config["options"] { optimizerOptions = members }
    var optimizer = try optimizer(optimizerName, optimizerOptions)

    let input = SequenceBatch(Tensor(try reference.floats("input")))
    let target = Tensor(try reference.floats("target"))
    var losses: [Float] = []
    for _ in 0..<steps {
      var (loss, gradients) = valueAndGradients(of: model) { meanSquaredError($0(input), target) }
      if let clipNorm { gradients = gradients.clipped(toNorm: clipNorm) }
      if let clipValue { gradients = gradients.clipped(toValue: clipValue) }
      optimizer.update(&model, along: gradients)
      losses.append(loss)
    }
    let expected = try reference.floats("losses").values
    try #require(expected.count == steps)
    // A loss that has fallen far is the square of small differences between large numbers:
    // PyTorch's own runs do not agree on it. Below a ten-thousandth of the largest, errors count
    // relative to that.
    let smallest = Double(expected.max() ?? 0) * 1e-4
    for (step, (found, expected)) in zip(losses, expected).enumerated() {
      let error = abs(Double(found) - Double(expected)) / max(Double(expected), smallest)
      #expect(
        error <= (step < 10 ? 1e-5 : 1e-4),
        "loss of step \(step): found \(found), expected \(expected), relative error \(error)")
    }
    for (name, parameter) in model.parameters {
      let (theirs, tensor) =
        switch name {
        case "head.weights": ("head.weight", parameter.transposed())
        case "head.bias": ("head.bias", parameter)
        default: try PyTorchStack.asPyTorch(name, parameter)
        }
      expectClose(tensor, to: try reference.floats("end.\(theirs)"), within: 1e-4, "end.\(theirs)")
    }
  }

  // MARK: Losses

  private func checkLossCase(_ reference: FixtureCase) throws {
    var settings = FixtureOptions(reference.config)
    settings.skip("kind", "name", "seed", "shape", "options")
    let name = try #require(try settings.string("loss"))
    try settings.finish(reference.name)
    var members: [String: JSONValue] = [:]
    if case .object(let found)? = reference.config["options"] { members = found }
    var options = FixtureOptions(members)
    let reduction = try options.string("reduction") ?? "mean"
    guard ["mean", "sum"].contains(reduction) else {
      throw FixtureProblem("unknown reduction \(reduction)")
    }
    guard !reference.file.names.contains("weight") || name == "cross_entropy" else {
      throw FixtureProblem("\(name) with weights")
    }

    let input = Tensor(try reference.floats("input"))
    let target = name == "cross_entropy" ? Tensor(0) : Tensor(try reference.floats("target"))
    var terms = Float(input.count)
    let loss: (Tensor) -> Tensor
    switch name {
    case "mse_loss": loss = { meanSquaredError($0, target) }
    case "l1_loss": loss = { meanAbsoluteError($0, target) }
    case "huber_loss":
      let delta = try options.float("delta") ?? 1
      loss = { huberLoss($0, target, delta: delta) }
    case "smooth_l1_loss":
      let beta = try options.float("beta") ?? 1
      loss = { smoothL1Loss($0, target, beta: beta) }
    case "binary_cross_entropy_with_logits":
      loss = { binaryCrossEntropy(logits: $0, targets: target) }
    case "cross_entropy":
      let classes = try reference.file.integers("target").values.map { Int($0) }
      let smoothing = try options.float("label_smoothing") ?? 0
      let ignored = try options.int("ignore_index") ?? -100
      let weights =
        reference.file.names.contains("weight") ? try reference.floats("weight").values : nil
      options.skip("weight")
      terms = classes.reduce(0) { $1 == ignored ? $0 : $0 + (weights?[$1] ?? 1) }
      loss = {
        categoricalCrossEntropy(
          logits: $0, classes: classes, labelSmoothing: smoothing, ignoring: ignored,
          classWeights: weights)
      }
    default: throw FixtureProblem("unknown loss \(name)")
    }
    try options.finish(name)

    let scale = reduction == "sum" ? terms : 1
    let (value, gradients) = valueAndGradients(of: input) { loss($0) * scale }
    expectClose(Tensor([value]), to: try reference.floats("value"), within: 1e-5, "value")
    expectClose(
      try #require(gradients.tensors[0]), to: try reference.floats("grad.input"), within: 1e-5,
      "grad.input")
  }
}
