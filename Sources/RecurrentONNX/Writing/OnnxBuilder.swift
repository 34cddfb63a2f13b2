import RecurrentCore
import RecurrentFiles

/// A layer or network that can be written as an ONNX graph, for prediction.
///
/// ```swift
/// let bytes = try OnnxBuilder.encode(model, input: .sequences(features: 3), name: "forecaster")
/// ```
///
/// The layers of this library whose formulas ONNX has conform, and so do a ``Sequential`` and
/// ``Branches`` of them. A network of one's own conforms by calling those of its layers:
///
/// ```swift
/// extension MyNetwork: OnnxExportable {
///   func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
///     try head.export(graph.lastSteps(of: try recurrent.export(input, to: &graph)), to: &graph)
///   }
/// }
/// ```
public protocol OnnxExportable {
  /// Adds the nodes of this layer, whose input has the name `input`, and gives the name of the output.
  ///
  /// - Throws: ``DataError`` if ONNX cannot say what the layer does.
  func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String
}

/// A graph that is being written: nodes, constants, inputs and outputs.
///
/// Values of sequences are `[B, T, F]`, batch and time of any size; their lengths, `[B]`, are an input
/// of the graph. Steps behind a row's length may hold anything: what goes over time leaves them out.
public struct OnnxBuilder {
  /// The input that a network reads.
  public enum Input: Sendable, Equatable {
    /// Sequences of vectors: `input` `[B, T, F]` and `lengths` `[B]`.
    case sequences(features: Int)
    /// Sequences of tokens: `input` `[B, T]` and `lengths` `[B]`.
    case tokens
    /// Single vectors: `input` `[B, F]`.
    case vectors(features: Int)
  }

  /// The opset that is written: one that ONNX Runtime has known since 2022.
  public static let opset = 16

  /// The name of the lengths, `[B]`, 32-bit whole numbers; empty where rows have none.
  public var lengths = ""
  /// Whether recurrent layers go on from a state that is given, `layer0.h` … `[1, B, H]`, and give that after the last
  /// step, `layer0.h.next` ….
  private(set) var carriesState = false
  private var carriedLayers = 0
  private var graph = OnnxGraph()
  private var names: Set<String> = []

  /// The bytes of an ONNX file of a network. A note `metadata` stands in the file as it is.
  ///
  /// - Parameter withState: Whether a sequence can come in pieces: recurrent layers then have inputs and
  ///   outputs for their states, `[1, B, H]`, which are zeros before the first piece: `layer0.h` (and, of
  ///   an LSTM, `layer0.c`), which become `layer0.h.next`, and so on, layer by layer.
  /// - Throws: ``DataError`` if ONNX cannot say what one of its layers does.
  public static func encode(
    _ network: any OnnxExportable, input: Input, name: String, metadata: [String: String] = [:],
    withState: Bool = false
  ) throws(DataError) -> [UInt8] {
    try encode([network], input: input, name: name, metadata: metadata, withState: withState)
  }

  /// The bytes of an ONNX file of several networks that read the same; their outputs are `output.0`,
  /// `output.1` …, and that of one alone `output`.
  public static func encode(
    _ networks: [any OnnxExportable], input: Input, name: String, metadata: [String: String] = [:],
    withState: Bool = false
  ) throws(DataError) -> [UInt8] {
    try encode(name: name, metadata: metadata) { (builder) throws(DataError) in
      builder.carriesState = withState
      switch input {
      case .sequences(let features):
        builder.addInput("input", .float32, ["batch", "time"], [features])
        builder.addLengths()
      case .tokens:
        builder.addInput("input", .int64, ["batch", "time"])
        builder.addLengths()
      case .vectors(let features): builder.addInput("input", .float32, ["batch"], [features])
      }
      let given = builder.lengths
      for (index, network) in networks.enumerated() {
        builder.lengths = given
        let output = try network.export("input", to: &builder)
        let suffix = networks.count == 1 ? "" : ".\(index)"
        builder.addOutput("output" + suffix, of: output)
        if builder.lengths != given {
          builder.addOutput("output_lengths" + suffix, of: builder.lengths, .int32)
        }
      }
    }
  }

  /// The bytes of an ONNX file of the graph that `build` makes, inputs and outputs too.
  public static func encode(
    name: String, metadata: [String: String] = [:],
    _ build: (inout OnnxBuilder) throws(DataError) -> Void
  ) throws(DataError) -> [UInt8] {
    var builder = OnnxBuilder()
    builder.graph.name = name
    try build(&builder)
    return OnnxFile(builder.graph, opset: opset, metadata: metadata).encode()
  }

  // MARK: Inputs and outputs

  /// Adds an input with dimensions of any size, which have names, before those that are fixed.
  public mutating func addInput(
    _ name: String, _ type: OnnxTensor.ElementType, _ open: [String], _ fixed: [Int] = []
  ) {
    // A network beside another one reads the same input.
    guard names.insert(name).inserted else { return }
    graph.inputs.append(
      OnnxGraph.Port(
        name: name, elementType: type,
        dimensions: open.map { .named($0) } + fixed.map { .fixed($0) }))
  }

  /// Adds the input `lengths`, `[B]`: how many steps of each row are there.
  public mutating func addLengths() {
    lengths = "lengths"
    addInput(lengths, .int32, ["batch"])
  }

  /// Gives a value as an output of the graph.
  public mutating func addOutput(
    _ name: String, of value: String, _ type: OnnxTensor.ElementType = .float32
  ) {
    names.insert(name)
    graph.nodes.append(
      OnnxGraph.Node(operation: "Identity", inputs: [value], outputs: [name]))
    graph.outputs.append(OnnxGraph.Port(name: name, elementType: type))
  }

  /// Inputs for the state of a layer that goes on from what is given, and the outputs that it becomes; nil where layers
  /// begin with zeros.
  mutating func carriedState(_ tensors: [String], units: Int) -> [(input: String, next: String)]? {
    guard carriesState else { return nil }
    defer { carriedLayers += 1 }
    return tensors.map { tensor in
      let name = "layer\(carriedLayers).\(tensor)"
      addInput(name, .float32, [], [1])
      graph.inputs[graph.inputs.count - 1].dimensions = [.fixed(1), .named("batch"), .fixed(units)]
      return (name, name + ".next")
    }
  }

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

  // MARK: Nodes

  private mutating func fresh(_ kind: String) -> String {
    var number = names.count
    while !names.insert("\(kind)_\(number)").inserted { number += 1 }
    return "\(kind)_\(number)"
  }

  mutating func nodes(
    _ operation: String, _ inputs: [String], outputs count: Int = 1,
    _ attributes: [String: OnnxGraph.Attribute] = [:]
  ) -> [String] {
    let outputs = (0..<count).map { _ in fresh(operation) }
    graph.nodes.append(
      OnnxGraph.Node(
        name: outputs[0], operation: operation, inputs: inputs, outputs: outputs,
        attributes: attributes))
    return outputs
  }

  /// Adds a node of an operator, and gives its output.
  mutating func node(
    _ operation: String, _ inputs: [String], _ attributes: [String: OnnxGraph.Attribute] = [:]
  ) -> String { nodes(operation, inputs, attributes)[0] }

  /// A constant of floating-point numbers.
  public mutating func constant(_ tensor: Tensor, _ kind: String = "constant") -> String {
    let name = fresh(kind)
    graph.constants.append((name, OnnxTensor(tensor)))
    return name
  }

  /// A constant of whole numbers, `[N]`.
  public mutating func constant(_ values: [Int]) -> String {
    let name = fresh("shape")
    graph.constants.append(
      (name, OnnxTensor(integers: values.map { Int64($0) }, shape: [values.count])))
    return name
  }

  // MARK: What networks are made of

  /// a + b, with shapes as NumPy broadcasts them.
  public mutating func sum(_ a: String, _ b: String) -> String { node("Add", [a, b]) }

  /// a·b, with shapes as NumPy broadcasts them.
  public mutating func product(_ a: String, _ b: String) -> String { node("Mul", [a, b]) }

  /// a·b as matrices, those before the last two dimensions side by side.
  public mutating func matrixProduct(_ a: String, _ b: String) -> String { node("MatMul", [a, b]) }

  /// Whole numbers divided by another, towards zero.
  mutating func quotient(_ a: String, _ b: Int) -> String { node("Div", [a, constant([b])]) }

  /// The values under another shape: 0 for a size that stays, -1 for what fits.
  public mutating func reshape(_ value: String, to shape: [Int]) -> String {
    node("Reshape", [value, constant(shape)])
  }

  /// Values side by side along a dimension.
  public mutating func concatenation(_ values: [String], along axis: Int) -> String {
    values.count == 1 ? values[0] : node("Concat", values, ["axis": .integer(Int64(axis))])
  }

  /// Rows of a table `[V, F]` by number.
  public mutating func rows(of table: Tensor, at indices: String) -> String {
    node("Gather", [constant(table, "table"), indices])
  }

  /// A value with new dimensions of one entry, which stand at `axes` then.
  public mutating func unsqueeze(_ value: String, _ axes: [Int]) -> String {
    node("Unsqueeze", [value, constant(axes)])
  }

  /// A value without dimensions of one entry.
  public mutating func squeeze(_ value: String, _ axes: [Int]) -> String {
    node("Squeeze", [value, constant(axes)])
  }

  mutating func transpose(_ value: String, _ order: [Int]) -> String {
    node("Transpose", [value], ["perm": .integers(order.map { Int64($0) })])
  }

  /// The numbers of the steps of a sequence, `[1, T]`.
  private mutating func steps(of sequence: String) -> String {
    let time = node("Gather", [node("Shape", [sequence]), constant([1])])
    let one = squeeze(constant([1]), [0])
    let range = node("Range", [squeeze(constant([0]), [0]), squeeze(time, [0]), one])
    return unsqueeze(range, [0])
  }

  /// Whether each step is there, `[B, T, 1]`.
  mutating func mask(of sequence: String) -> String {
    unsqueeze(node("Less", [steps(of: sequence), wholeLengths()]), [2])
  }

  /// The mask of a sequence's valid steps as 1 and 0.
  mutating func numericMask(of sequence: String) -> String {
    node("Cast", [mask(of: sequence)], ["to": .integer(1)])
  }

  /// Each row with steps of its own before its first and behind its last, as Pad does for whole tensors:
  /// `[B, T, F]` to `[B, T + added, F]`.
  ///
  /// - Parameters:
  ///   - before: How many come before the first, `[1, 1]`, or of each row, `[B, 1]`.
  ///   - most: At least as many as any row has before its first.
  mutating func padded(
    _ sequence: String, features: Int, before: String, most: Int, added: Int, with mode: PaddingMode
  ) -> String {
    let one = constant([1])
    let shape = node("Shape", [sequence])
    let (batch, time) = (
      node("Gather", [shape, constant([0])]), node("Gather", [shape, one])
    )
    func range(_ from: String, _ to: String) -> String {
      node("Range", [squeeze(from, [0]), squeeze(to, [0]), squeeze(one, [0])])
    }
    let all = unsqueeze(range(constant([0]), sum(time, constant([added]))), [0])
    let places = node("Sub", [all, before])
    let last = node("Max", [node("Sub", [wholeLengths(), one]), constant([0])])
    let sources: String
    if mode == .reflect {
      // There and back again: Div leaves the rest only of numbers that are not negative.
      let period = node("Max", [product(last, constant([2])), one])
      let shifted = sum(places, product(period, constant([most])))
      let turned = node("Sub", [shifted, product(period, node("Div", [shifted, period]))])
      sources = node("Min", [turned, node("Sub", [period, turned])])
    } else {
      sources = node("Max", [node("Min", [places, last]), constant([0])])
    }
    let starts = unsqueeze(product(range(constant([0]), batch), time), [1])
    let rows = node("Gather", [reshape(sequence, to: [-1, features]), sum(sources, starts)])
    guard mode == .zeros else { return rows }
    let isThere = node(
      "And", [node("Less", [constant([-1]), places]), node("Less", [places, wholeLengths()])])
    return node("Where", [unsqueeze(isThere, [2]), rows, constant(Tensor(0))])
  }

  /// The lengths of rows, `[B, 1]`.
  mutating func wholeLengths() -> String {
    unsqueeze(node("Cast", [lengths], ["to": .integer(7)]), [1])
  }

  /// The sum over time, `[B, F]`.
  public mutating func sumOverTime(_ sequence: String) -> String {
    node("ReduceSum", [sequence, constant([1])], ["keepdims": .integer(0)])
  }

  /// Scores of steps, `[B, T, 1]`, as shares of each row that sum to 1 over the steps that a sequence has there, and are
  /// 0 behind them.
  public mutating func softmaxOverTime(_ scores: String, of sequence: String) -> String {
    let least = constant(Tensor(-Float.greatestFiniteMagnitude))
    let shown = node("Where", [mask(of: sequence), scores, least])
    return product(node("Softmax", [shown], ["axis": .integer(1)]), numericMask(of: sequence))
  }

  /// The logarithm of the mean of the probabilities that several rows of sums `[B, V]` stand for.
  public mutating func meanLogSoftmax(of sums: [String]) -> String {
    guard sums.count > 1 else { return node("LogSoftmax", sums, ["axis": .integer(-1)]) }
    return node("Log", [mean(of: sums.map { node("Softmax", [$0], ["axis": .integer(-1)]) })])
  }

  /// The mean of values of one shape.
  public mutating func mean(of values: [String]) -> String { merged(values, .average) }

  /// The last step of each row, `[B, F]`; zeros for an empty row.
  public mutating func lastSteps(of sequence: String) -> String {
    let last = node("Sub", [wholeLengths(), constant([1])])
    let isLast = node("Equal", [steps(of: sequence), last])
    let share = node("Cast", [unsqueeze(isLast, [2])], ["to": .integer(1)])
    return sumOverTime(product(sequence, share))
  }

  /// The mean over the steps of each row, `[B, F]`; zeros for an empty row.
  public mutating func meanOverTime(_ sequence: String) -> String {
    let total = sumOverTime(product(sequence, numericMask(of: sequence)))
    let lengths = node("Cast", [wholeLengths()], ["to": .integer(1)])
    return node("Div", [total, node("Max", [lengths, constant(Tensor(1))])])
  }

  /// The largest of each feature over the steps of each row, `[B, F]`; zeros for an empty row.
  public mutating func maximumOverTime(_ sequence: String) -> String {
    let least = constant(Tensor(-Float.greatestFiniteMagnitude))
    let shown = node("Where", [mask(of: sequence), sequence, least])
    let largest = node("ReduceMax", [shown], ["axes": .integers([1]), "keepdims": .integer(0)])
    let isEmpty = node("Equal", [wholeLengths(), constant([0])])
    return node("Where", [isEmpty, constant(Tensor(0)), largest])
  }

  /// The last step of sequences that have all steps, `[B, F]`.
  public mutating func finalSteps(of sequence: String) -> String {
    squeeze(
      node("Slice", [sequence, constant([-1]), constant([Int.max]), constant([1])]), [1])
  }

  /// Dimensions before the last ones as one: of `[B, T, L]` `[B·T, L]`, keeping one.
  public mutating func flattened(_ value: String, keeping axis: Int) -> String {
    node("Flatten", [value], ["axis": .integer(Int64(axis))])
  }

  /// Rows `[B·T, F]` as `[B, T, F]`, B and T those of another value `[B, T]`.
  public mutating func reshaped(_ value: String, like other: String, width: Int) -> String {
    let shape = concatenation([node("Shape", [other]), constant([width])], along: 0)
    return node("Reshape", [value, shape])
  }

  /// The entries `from ..< to` of a dimension.
  public mutating func part(of value: String, along axis: Int, from: Int, to: Int) -> String {
    node("Slice", [value, constant([from]), constant([to]), constant([axis])])
  }

  /// Steps taken together, so many at a time, `[B, T, F]` to `[B, T / rows, rows·F]`; the first ones that
  /// make no whole group are left out.
  public mutating func grouped(_ sequence: String, rows: Int, features: Int) -> String {
    let time = node("Gather", [node("Shape", [sequence]), constant([1])])
    let whole = product(node("Div", [time, constant([rows])]), constant([rows]))
    let kept = node(
      "Slice", [sequence, node("Neg", [whole]), constant([Int.max]), constant([1])])
    return reshape(kept, to: [0, -1, rows * features])
  }

  /// A state `[1, B, H]` with each row so many times, `[1, B·count, H]`.
  public mutating func repeatedRows(_ state: String, count: Int, width: Int) -> String {
    let wide = node("Expand", [unsqueeze(state, [2]), constant([1, 1, count, 1])])
    return reshape(wide, to: [1, -1, width])
  }

  /// A row `[1, F]`, repeated for each row of another value, `[B, F]`.
  public mutating func repeated(_ row: String, beside other: String, width: Int) -> String {
    let batch = node("Gather", [node("Shape", [other]), constant([0])])
    return node("Expand", [row, concatenation([batch, constant([width])], along: 0)])
  }
}
