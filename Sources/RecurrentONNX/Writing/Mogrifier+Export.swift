import RecurrentCore
import RecurrentFiles

extension MogrifierLSTM: OnnxRecurrent {
  var stateCount: Int { 2 }

  /// A Scan over the steps, for ONNX has no such cell.
  func export(
    _ input: String, to graph: inout OnnxBuilder, isReversed: Bool, from initial: [String]?
  ) throws(DataError) -> (output: String, states: [String]) {
    let units = weights.hiddenSize
    let carried =
      initial == nil ? try graph.carriedState(["h", "c"], of: weights, isReversed) : nil
    let zeros = graph.constant(Tensor.zeros([1, units]), "zeros")
    let first =
      (initial ?? carried?.map(\.input))?.map { graph.squeeze($0, [0]) }
      ?? Array(repeating: graph.repeated(zeros, beside: input, width: units), count: 2)
    var sequences: [(value: String, type: OnnxTensor.ElementType)] = [(input, .float32)]
    if !graph.lengths.isEmpty { sequences.append((graph.mask(of: input), .bool)) }
    let run = try graph.scan(sequences, from: first, isReversed: isReversed) {
      body, before, steps in
      let (hidden, cell) = step(steps[0], from: before[0], before[1], to: &body)
      guard steps.count > 1 else { return ([hidden, cell], hidden) }
      func chosen(_ value: String, _ other: String) -> String {
        body.node("Where", [steps[1], value, other])
      }
      let kept = [chosen(hidden, before[0]), chosen(cell, before[1])]
      return (kept, chosen(hidden, body.constant(Tensor(0))))
    }
    let states = run.states.map { graph.unsqueeze($0, [0]) }
    for (state, value) in zip(carried ?? [], states) { graph.addOutput(state.next, of: value) }
    return (run.output, states)
  }

  /// One step: `[B, I]`, `[B, H]` and `[B, H]` to hidden and cell state.
  private func step(
    _ input: String, from hidden: String, _ cell: String, to graph: inout OnnxBuilder
  ) -> (hidden: String, cell: String) {
    func product(_ value: String, _ weights: Tensor) -> String {
      graph.node("MatMul", [value, graph.constant(weights, "weights")])
    }
    var (x, h) = (input, hidden)
    for (index, round) in rounds.enumerated() {
      var sums = product(index % 2 == 0 ? h : x, round.weights)
      if let expansion = round.expansion { sums = product(sums, expansion) }
      let gate = graph.product(graph.node("Sigmoid", [sums]), graph.constant(Tensor(2)))
      if index % 2 == 0 { x = graph.product(gate, x) } else { h = graph.product(gate, h) }
    }
    var sums = graph.sum(product(x, weights.input), product(h, weights.recurrent))
    for bias in [weights.bias, weights.recurrentBias] {
      if let bias { sums = graph.sum(sums, graph.constant(bias, "bias")) }
    }
    return graph.lstmStep(sums, cell: cell, units: weights.hiddenSize)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension MogrifierLSTM: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    try export(input, to: &graph, isReversed: false, from: nil).output
  }
}

extension OnnxBuilder {
  /// The node that runs a graph once for each step of sequences `[B, T, F]`, in their order or from the last one: from the
  /// states, and to them, whose shapes stay; and what the steps gave, `[B, T, H]`.
  mutating func scan(
    _ sequences: [(value: String, type: OnnxTensor.ElementType)], from states: [String],
    isReversed: Bool,
    _ step: (inout OnnxBuilder, _ states: [String], _ steps: [String]) throws(DataError) -> (
      states: [String], output: String
    )
  ) throws(DataError) -> (states: [String], output: String) {
    var body = OnnxBuilder()
    body.names = names
    body.graph.name = "step"
    let before = states.map { _ in body.fresh("before") }
    let steps = sequences.map { _ in body.fresh("step") }
    for name in before { body.graph.inputs.append(.init(name: name, elementType: .float32)) }
    for (name, sequence) in zip(steps, sequences) {
      body.graph.inputs.append(.init(name: name, elementType: sequence.type))
    }
    let (after, output) = try step(&body, before, steps)
    for value in after + [output] { body.addOutput(body.fresh("after"), of: value) }
    names.formUnion(body.names)
    let count = sequences.count
    let values = nodes(
      "Scan", states + sequences.map(\.value), outputs: states.count + 1,
      [
        "body": .graph(body.graph), "num_scan_inputs": .integer(Int64(count)),
        "scan_input_axes": .integers(Array(repeating: 1, count: count)),
        "scan_input_directions": .integers(Array(repeating: isReversed ? 1 : 0, count: count)),
        "scan_output_axes": .integers([1]),
        "scan_output_directions": .integers([isReversed ? 1 : 0]),
      ])
    return (Array(values.dropLast()), values[values.count - 1])
  }
}
