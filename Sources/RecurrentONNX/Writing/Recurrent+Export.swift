import RecurrentCore
import RecurrentFiles

// Recurrent layers as ONNX's own nodes.

extension OnnxBuilder {
  /// Recurrent layers from a state on, that of each tensor `[1, B, H]`; nil: zeros. Gives the outputs
  /// `[B, T, H]` and the state after the last step.
  ///
  /// - Throws: ``DataError`` if one runs from the end or cannot be written.
  public mutating func recurrent(
    _ stack: RecurrentStack, _ input: String, from states: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    var (value, after, before) = (input, [String](), states?[...])
    for layer in stack.layers {
      guard let direction = layer.base as? any OnnxDirection else {
        throw DataError(
          .unwritable, file: "ONNX",
          problem: "a \(type(of: layer.base)) cannot be written with its state")
      }
      let initial = before?.prefix(direction.stateCount)
      before = before?.dropFirst(direction.stateCount)
      let run = try direction.export(
        value, to: &self, isReversed: false, from: initial.map { Array($0) })
      value = run.output
      after += run.states
    }
    return (value, after)
  }

  /// One direction as a node: `[B, T, I]` to `[B, T, H]`, and its state after the last step.
  fileprivate mutating func recurrent(
    _ cell: OnnxCell, _ weights: RecurrentWeights, _ options: RecurrentOptions, _ input: String,
    isReversed: Bool, from initial: [String]?, _ settings: [String: OnnxGraph.Attribute]
  ) throws(DataError) -> (output: String, states: [String]) {
    func refused(_ what: String) -> DataError {
      DataError(
        .unwritable, file: "ONNX", problem: "an \(cell.rawValue) with \(what) cannot be written")
    }
    if weights.projection != nil { throw refused("a projection") }
    if options.cellClip != nil { throw refused("a clip of its cell state") }
    if options.zoneout != 0 || options.cellZoneout != 0 { throw refused("zoneout") }
    var (names, alphas, betas): ([String], [Float], [Float]) = ([], [], [])
    let (gate, activation) = (options.gateActivation ?? .sigmoid, options.activation ?? .tanh)
    let functions: [Activation] =
      switch cell {
      case .lstm: [gate, activation, activation]
      case .gru: [gate, activation]
      case .rnn: [activation]
      }
    for function in functions {
      guard let (name, alpha, beta) = function.onnxFunction else {
        throw refused("the activation \(function)")
      }
      names.append(name)
      if let alpha { alphas.append(alpha) }
      if let beta { betas.append(beta) }
    }
    var settings = settings
    settings["hidden_size"] = .integer(Int64(weights.hiddenSize))
    settings["direction"] = .text(isReversed ? "reverse" : "forward")
    if names != cell.functions {
      settings["activations"] = .texts(names)
      if !alphas.isEmpty { settings["activation_alpha"] = .floats(alphas) }
      if !betas.isEmpty { settings["activation_beta"] = .floats(betas) }
    }
    if let clip = options.gateClip { settings["clip"] = .float(clip) }
    let parts = theirs(cell, weights)
    let noStates = cell == .lstm ? ["", ""] : [""]
    var inputs = [
      transpose(input, [1, 0, 2]), constant(parts.input, "W"), constant(parts.recurrent, "R"),
      constant(parts.bias, "B"), lengths,
    ]
    inputs += initial ?? noStates
    if let peepholes = parts.peepholes { inputs.append(constant(peepholes, "P")) }
    let values = nodes(cell.rawValue, inputs, outputs: 1 + noStates.count, settings)
    return (transpose(squeeze(values[0], [1]), [1, 0, 2]), Array(values.dropFirst()))
  }

  /// Weights in ONNX's order: W `[1, G·H, I]`, R `[1, G·H, H]`, B `[1, 2·G·H]`, P `[1, 3·H]`.
  private func theirs(
    _ cell: OnnxCell, _ weights: RecurrentWeights
  ) -> (input: Tensor, recurrent: Tensor, bias: Tensor, peepholes: Tensor?) {
    let size = weights.hiddenSize
    let places = cell.places(isCoupled: weights.gates < cell.gates)
    func blocks(_ x: Tensor) -> Tensor {
      let rest = Array(x.shape.dropFirst())
      // A coupled forget gate has a place but no weights.
      return .concatenated(
        (0..<cell.gates).map { place in
          places.firstIndex(of: place).map { x.slice($0 * size..<($0 + 1) * size, along: 0) }
            ?? .zeros([size] + rest)
        }, along: 0)
    }
    let width = weights.gates * size
    let biases = [weights.bias, weights.recurrentBias].map { blocks($0 ?? .zeros([width])) }
    let peepholes = weights.peepholes.map { p in
      // Of i, f and o as those of i, o and f.
      Tensor.concatenated([0, 2, 1].map { p.slice($0..<$0 + 1, along: 0) }, along: 1)
    }
    return (
      blocks(weights.input.transposed()).reshaped(to: [1, cell.gates * size, weights.inputSize]),
      blocks(weights.recurrent.transposed()).reshaped(to: [1, cell.gates * size, size]),
      Tensor.concatenated(biases, along: 0).reshaped(to: [1, 2 * cell.gates * size]), peepholes
    )
  }
}

/// A recurrent layer of one direction, which may run from the end.
protocol OnnxDirection {
  /// The tensors of its state.
  var stateCount: Int { get }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String])
}

extension LSTM: OnnxDirection {
  var stateCount: Int { 2 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.recurrent(
      .lstm, weights, options, input, isReversed: isReversed, from: initial,
      hasCoupledGates ? ["input_forget": .integer(1)] : [:])
  }
}

extension GRU: OnnxDirection {
  var stateCount: Int { 1 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.recurrent(
      .gru, weights, options, input, isReversed: isReversed, from: initial,
      ["linear_before_reset": .integer(reset == .afterProduct ? 1 : 0)])
  }
}

extension SimpleRNN: OnnxDirection {
  var stateCount: Int { 1 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.recurrent(.rnn, weights, options, input, isReversed: isReversed, from: initial, [:])
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension LSTM: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try export(input, to: &graph, isReversed: false, from: nil).output
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension GRU: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try export(input, to: &graph, isReversed: false, from: nil).output
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SimpleRNN: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try export(input, to: &graph, isReversed: false, from: nil).output
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Reversed: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let base: any Layer = (layer as? AnyLayer)?.base ?? layer
    guard let direction = base as? any OnnxDirection else {
      throw DataError(
        .unwritable, file: "ONNX",
        problem: "a \(type(of: base)) that runs from the end cannot be written")
    }
    return try direction.export(input, to: &graph, isReversed: true, from: nil).output
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Bidirectional: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.merged(
      [try graph.exported(forward, input), try backward.export(input, to: &graph)], merge)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension BidirectionalEnds: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let there = try graph.exported(layer.forward, input)
    let back = try layer.backward.export(input, to: &graph)
    return graph.merged([graph.lastSteps(of: there), graph.firstSteps(of: back)], layer.merge)
  }
}

extension OnnxBuilder {
  /// The first step of each row, `[B, F]`; of a recurrent layer zeros for an empty row.
  mutating func firstSteps(of sequence: String) -> String {
    squeeze(
      node("Slice", [sequence, constant([0]), constant([1]), constant([1])]), [1])
  }

  /// What two directions that stand side by side say last, `[B, F]`.
  public mutating func bidirectionalEnds(of sequence: String, features: Int) -> String {
    let half = features / 2
    func part(_ from: Int, _ to: Int) -> String {
      node("Slice", [sequence, constant([from]), constant([to]), constant([2])])
    }
    let (there, back) = (part(0, half), part(half, features))
    return concatenation([lastSteps(of: there), firstSteps(of: back)], along: -1)
  }
}
