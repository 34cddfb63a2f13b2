import Recurrent
import TestSupport
import Testing

/// Every case that Keras computed: outputs, final states and gradients are ours too.
@Suite struct KerasFixtureTests {
  /// A layer, or two with their outputs merged, and the input, so that all get gradients.
  private struct Problem: Module {
    var layer: AnyLayer
    var input: Tensor

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("layer", &layer)
      visitor.visit("input", &input)
    }
  }

  @Test(arguments: try Fixtures.cases(of: "keras"))
  func matchesKeras(_ reference: FixtureCase) throws {
    var options = FixtureOptions(reference.config)
    let kind = try #require(try options.string("cell"))
    let returnsSequences = try options.bool("returnSequences") ?? true
    let merge = try options.string("merge")
    let time = try options.int("time") ?? 0
    options.skip("name", "seed", "batch", "input", "hidden", "mask", "returnState", "options")
    try options.finish(reference.name)
    var members: [String: JSONValue] = [:]
    if case .object(let found)? = reference.config["options"] { members = found }
    let layer = try KerasLayer(cell: kind, options: members, merge: merge, weights: reference)
    let tolerance = time >= 300 ? 1e-4 : 1e-5

    let names = Set(reference.file.names)
    let problem = Problem(layer: layer.layer, input: Tensor(try reference.floats("input")))
    let mask: [[Bool]]? = try {
      guard names.contains("mask") else { return nil }
      let steps = problem.input.shape[1]
      let bits = try reference.file.integers("mask").values.map { $0 != 0 }
      return stride(from: 0, to: bits.count, by: steps).map { Array(bits[$0..<$0 + steps]) }
    }()
    func run(_ problem: Problem) -> (output: Tensor, state: [Tensor]) {
      let batch =
        mask.map { SequenceBatch(problem.input, mask: $0) } ?? SequenceBatch(problem.input)
      var state = problem.layer.initialState(batchSize: batch.batchSize)
      let output = problem.layer(batch, state: &state)
      return (
        layer.asKeras(output, state: state, returnsSequences: returnsSequences), state.tensors
      )
    }
    let (output, state) = run(problem)
    expectClose(output, to: try reference.floats("output"), within: tolerance, "output")
    for (index, state) in state.enumerated() where names.contains("state.\(index)") {
      expectClose(
        state, to: try reference.floats("state.\(index)"), within: tolerance, "state.\(index)")
    }

    let cotangent = Tensor(try reference.floats("cotangent.output"))
    let (_, gradients) = valueAndGradients(of: problem) { (run($0).output * cotangent).sum() }
    expectClose(
      try #require(gradients["input"]), to: try reference.floats("grad.input"), within: tolerance,
      "grad.input")
    var remaining = names.filter { $0.hasPrefix("grad.weight.") }
    for (name, tensor) in try layer.kerasGradients(gradients) {
      #expect(remaining.remove("grad." + name) != nil, "\(name)")
      expectClose(tensor, to: try reference.floats("grad." + name), within: tolerance, name)
    }
    #expect(remaining.isEmpty, "gradients that were not compared: \(remaining.sorted())")
  }
}

/// One of our layers with the weights of a Keras layer.
///
/// Keras keeps gates in the order i f c o and z r h, and both biases of a reset-after GRU in one
/// tensor `[2, 3H]`.
private struct KerasLayer {
  let layer: AnyLayer
  private let gateOrder: [Int]
  private let goesBackwards: Bool
  private let merge: Merge?
  private let weightNames: [[String]]

  init(
    cell: String, options: [String: JSONValue], merge: String?, weights reference: FixtureCase
  ) throws {
    var options = FixtureOptions(options)
    let recurrentOptions = RecurrentOptions(
      activation: try Self.activation(try options.string("activation")),
      gateActivation: try Self.activation(try options.string("recurrent_activation")))
    goesBackwards = try options.bool("go_backwards") ?? false
    let hasBias = try options.bool("use_bias") ?? true
    let resetAfter = try options.bool("reset_after") ?? true
    try options.finish(reference.name)
    let order = cell == "gru" ? [1, 0, 2] : cell == "lstm" ? [0, 1, 2, 3] : [0]
    gateOrder = order
    let names = reference.file.names.filter { $0.hasPrefix("weight.") }
      .sorted {
        (Int($0.split(separator: ".")[1]) ?? 0) < (Int($1.split(separator: ".")[1]) ?? 0)
      }
    let each = hasBias ? 3 : 2
    guard names.count == each * (merge == nil ? 1 : 2) else {
      throw FixtureProblem("\(each) weights a layer expected, found \(names)")
    }
    weightNames = stride(from: 0, to: names.count, by: each).map { Array(names[$0..<$0 + each]) }

    func layer(_ names: [String]) throws -> AnyLayer {
      let tensors = try names.map { Tensor(try reference.floats($0)) }
      let (input, recurrent) = (
        tensors[0].gates(order, along: 1), tensors[1].gates(order, along: 1)
      )
      var biases: [Tensor?] = [nil, nil]
      if hasBias {
        let bias = tensors[2]
        biases =
          bias.rank == 2
          ? (0..<2).map {
            bias.slice($0..<$0 + 1, along: 0).reshaped(to: [-1]).gates(order, along: 0)
          } : [bias.gates(order, along: 0), nil]
      }
      let weights = RecurrentWeights(
        input: input, recurrent: recurrent, bias: biases[0], recurrentBias: biases[1])
      return switch cell {
      case "lstm": AnyLayer(LSTM(weights: weights, options: recurrentOptions))
      case "gru":
        AnyLayer(
          GRU(
            weights: weights, reset: resetAfter ? .afterProduct : .beforeProduct,
            options: recurrentOptions))
      case "simple_rnn": AnyLayer(SimpleRNN(weights: weights, options: recurrentOptions))
      default: throw FixtureProblem("unknown cell \(cell)")
      }
    }
    let forward = try layer(weightNames[0])
    guard let merge else {
      self.merge = nil
      self.layer = goesBackwards ? AnyLayer(Reversed(forward)) : forward
      return
    }
    let merges: [String: Merge] = [
      "concat": .concatenate, "sum": .sum, "ave": .average, "mul": .multiply,
    ]
    guard let ours = merges[merge], !goesBackwards else { throw FixtureProblem("merge \(merge)") }
    self.merge = ours
    self.layer = AnyLayer(Bidirectional(forward, try layer(weightNames[1]), merge: ours))
  }

  private static func activation(_ name: String?) throws -> Activation? {
    guard let name else { return nil }
    let names: [String: Activation] = [
      "relu": .relu, "tanh": .tanh, "sigmoid": .sigmoid, "hard_sigmoid": .hardSigmoid,
      "softsign": .softsign, "linear": .identity, "elu": .elu, "silu": .silu, "swish": .silu,
      "gelu": .gelu, "softplus": .softplus,
    ]
    guard let activation = names[name] else { throw FixtureProblem("unknown activation \(name)") }
    return activation
  }

  /// What Keras returns: the last output is the final state; all outputs repeat over masked steps,
  /// but for a bidirectional layer; those of a backward layer come in the order of its steps.
  func asKeras(
    _ output: SequenceBatch, state: AnyLayer.State, returnsSequences: Bool
  ) -> Tensor {
    if !returnsSequences {
      guard let merge else { return state.tensors[0] }
      return merge(state.tensors[0], state.tensors[state.tensors.count / 2])
    }
    if merge != nil { return output.values }
    guard goesBackwards else { return output.heldValues }
    return .concatenated(
      (0..<output.time).reversed().map { output.values.slice($0..<$0 + 1, along: 1) }, along: 1)
  }

  /// The gradients by Keras's names, in Keras's layout.
  func kerasGradients(_ gradients: Gradients) throws -> [(name: String, tensor: Tensor)] {
    let prefixes = merge == nil ? ["layer."] : ["layer.forward.", "layer.backward."]
    let inverse = gateOrder  // each order is its own inverse
    return try zip(prefixes, weightNames).flatMap { prefix, names in
      func gradient(_ name: String) throws -> Tensor {
        try #require(gradients[prefix + name], "no gradient of \(prefix)\(name)")
      }
      var result = [
        (names[0], try gradient("input_weights").gates(inverse, along: 1)),
        (names[1], try gradient("recurrent_weights").gates(inverse, along: 1)),
      ]
      if names.count > 2 {
        let bias = try gradient("bias").gates(inverse, along: 0)
        if gradients[prefix + "recurrent_bias"] != nil {
          let second = try gradient("recurrent_bias").gates(inverse, along: 0)
          result.append((names[2], .stacked([bias, second], along: 0)))
        } else {
          result.append((names[2], bias))
        }
      }
      return result
    }
  }
}

extension Tensor {
  /// Blocks of one gate each, in another order.
  fileprivate func gates(_ order: [Int], along dimension: Int) -> Tensor {
    let width = shape[dimension] / order.count
    return .concatenated(
      order.map { slice($0 * width..<($0 + 1) * width, along: dimension) }, along: dimension)
  }
}
