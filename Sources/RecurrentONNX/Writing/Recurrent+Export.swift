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
      let layer = try stateful(layer)
      let initial = before?.prefix(layer.stateCount)
      before = before?.dropFirst(layer.stateCount)
      let run = try layer.export(
        value, to: &self, isReversed: false, from: initial.map { Array($0) })
      value = run.output
      after += run.states
    }
    return (value, after)
  }

  /// A layer of which the graph can have the state.
  ///
  /// - Throws: ``DataError`` that names the layer if it cannot.
  func stateful(_ layer: any Layer) throws(DataError) -> any OnnxRecurrent {
    if let layer = Self.recurrent(in: layer) { return layer }
    let kind = type(of: (layer as? AnyLayer)?.base ?? layer)
    throw DataError(
      .unwritable, file: "ONNX",
      problem: "a \(String("\(kind)".prefix { $0 != "<" })) cannot be written with its state")
  }

  static func recurrent(in layer: any Layer) -> (any OnnxRecurrent)? {
    ((layer as? AnyLayer)?.base ?? layer) as? any OnnxRecurrent
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
    let tensors = cell == .lstm ? ["h", "c"] : ["h"]
    let carried = initial == nil ? try carriedState(tensors, of: weights, isReversed) : nil
    var inputs = [
      transpose(input, [1, 0, 2]), constant(parts.input, "W"), constant(parts.recurrent, "R"),
      constant(parts.bias, "B"), lengths,
    ]
    inputs += initial ?? carried?.map(\.input) ?? tensors.map { _ in "" }
    if let peepholes = parts.peepholes { inputs.append(constant(peepholes, "P")) }
    let values = nodes(cell.rawValue, inputs, outputs: 1 + tensors.count, settings)
    for (state, value) in zip(carried ?? [], values.dropFirst()) {
      addOutput(state.next, of: keptWithoutSteps(state.input, value))
    }
    return (transpose(squeeze(values[0], [1]), [1, 0, 2]), Array(values.dropFirst()))
  }

  /// The state `[1, B, H]` after a node, which gives zeros for a row without steps, where that row keeps the one before.
  private mutating func keptWithoutSteps(_ before: String, _ after: String) -> String {
    guard !lengths.isEmpty else { return after }
    let hasSteps = unsqueeze(node("Less", [constant([0]), wholeLengths()]), [0])
    return node("Where", [hasSteps, after, before])
  }

  /// As ``carriedState(_:units:)``; a layer that runs from the end has none.
  mutating func carriedState(
    _ tensors: [String], of weights: RecurrentWeights, _ isReversed: Bool
  ) throws(DataError) -> [(input: String, next: String)]? {
    guard carriesState, isReversed else {
      return carriedState(tensors, units: weights.hiddenSize)
    }
    throw DataError(
      .unwritable, file: "ONNX",
      problem: "a layer that runs from the end has no state to go on from")
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

/// A recurrent layer, which may run from the end, with its state.
protocol OnnxRecurrent {
  /// The tensors of its state.
  var stateCount: Int { get }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String])
}

extension LSTM: OnnxRecurrent {
  var stateCount: Int { 2 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.recurrent(
      .lstm, weights, options, input, isReversed: isReversed, from: initial,
      hasCoupledGates ? ["input_forget": .integer(1)] : [:])
  }
}

extension GRU: OnnxRecurrent {
  var stateCount: Int { 1 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.recurrent(
      .gru, weights, options, input, isReversed: isReversed, from: initial,
      ["linear_before_reset": .integer(reset == .afterProduct ? 1 : 0)])
  }
}

extension SimpleRNN: OnnxRecurrent {
  var stateCount: Int { 1 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.recurrent(.rnn, weights, options, input, isReversed: isReversed, from: initial, [:])
  }
}

extension OnnxBuilder {
  /// Hidden and cell state of an LSTM, `[B, H]`, by the sums of its gates i f g o, `[B, 4·H]`.
  public mutating func lstmStep(
    _ sums: String, cell: String, units: Int
  ) -> (hidden: String, cell: String) {
    func gate(_ function: String, _ place: Int) -> String {
      node(function, [part(of: sums, along: 1, from: place * units, to: (place + 1) * units)])
    }
    let kept = product(gate("Sigmoid", 1), cell)
    let next = sum(kept, product(gate("Sigmoid", 0), gate("Tanh", 2)))
    return (product(gate("Sigmoid", 3), node("Tanh", [next])), next)
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

extension Reversed: OnnxRecurrent {
  var stateCount: Int { OnnxBuilder.recurrent(in: layer)?.stateCount ?? 0 }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    try graph.stateful(layer).export(input, to: &graph, isReversed: !isReversed, from: initial)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Reversed: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try export(input, to: &graph, isReversed: false, from: nil).output
  }
}

extension Bidirectional: OnnxRecurrent {
  private var counts: [Int] {
    [OnnxBuilder.recurrent(in: forward)?.stateCount ?? 0, backward.stateCount]
  }
  var stateCount: Int { counts.reduce(0, +) }

  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    let there = try graph.stateful(forward).export(
      input, to: &graph, isReversed: isReversed, from: initial.map { Array($0.prefix(counts[0])) })
    let back = try backward.export(
      input, to: &graph, isReversed: isReversed,
      from: initial.map { Array($0.dropFirst(counts[0])) })
    return (graph.merged([there.output, back.output], merge), there.states + back.states)
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
