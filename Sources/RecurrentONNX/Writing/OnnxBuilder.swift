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
  private var graph = OnnxGraph()
  private var names: Set<String> = []

  /// The bytes of an ONNX file of a network. A note `metadata` stands in the file as it is.
  ///
  /// - Throws: ``DataError`` if ONNX cannot say what one of its layers does.
  public static func encode(
    _ network: any OnnxExportable, input: Input, name: String, metadata: [String: String] = [:]
  ) throws(DataError) -> [UInt8] {
    try encode([network], input: input, name: name, metadata: metadata)
  }

  /// The bytes of an ONNX file of several networks that read the same; their outputs are `output.0`,
  /// `output.1` …, and that of one alone `output`.
  public static func encode(
    _ networks: [any OnnxExportable], input: Input, name: String, metadata: [String: String] = [:]
  ) throws(DataError) -> [UInt8] {
    var builder = OnnxBuilder()
    builder.graph.name = name
    switch input {
    case .sequences(let features):
      builder.addInput("input", .float32, ["batch", "time"], [features])
      builder.addLengths()
    case .tokens:
      builder.addInput("input", .int64, ["batch", "time"])
      builder.addLengths()
    case .vectors(let features): builder.addInput("input", .float32, ["batch"], [features])
    }
    for (index, network) in networks.enumerated() {
      builder.addOutput(
        networks.count == 1 ? "output" : "output.\(index)",
        of: try network.export("input", to: &builder))
    }
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

  private mutating func addLengths() {
    lengths = "lengths"
    addInput(lengths, .int32, ["batch"])
  }

  /// Gives a value as an output of the graph.
  public mutating func addOutput(_ name: String, of value: String) {
    names.insert(name)
    graph.nodes.append(
      OnnxGraph.Node(operation: "Identity", inputs: [value], outputs: [name]))
    graph.outputs.append(OnnxGraph.Port(name: name, elementType: .float32))
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

  mutating func unsqueeze(_ value: String, _ axes: [Int]) -> String {
    node("Unsqueeze", [value, constant(axes)])
  }

  mutating func squeeze(_ value: String, _ axes: [Int]) -> String {
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

  private mutating func wholeLengths() -> String {
    unsqueeze(node("Cast", [lengths], ["to": .integer(7)]), [1])
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
  /// `[B, T, F]` to `[B, T + before + after, F]`.
  mutating func padded(
    _ sequence: String, features: Int, before: Int, after: Int, with mode: PaddingMode
  ) -> String {
    let one = constant([1])
    let shape = node("Shape", [sequence])
    let (batch, time) = (
      node("Gather", [shape, constant([0])]), node("Gather", [shape, one])
    )
    func range(_ from: String, _ to: String) -> String {
      node("Range", [squeeze(from, [0]), squeeze(to, [0]), squeeze(one, [0])])
    }
    let places = unsqueeze(range(constant([-before]), sum(time, constant([after]))), [0])
    let last = node("Max", [node("Sub", [wholeLengths(), one]), constant([0])])
    let sources: String
    if mode == .edge {
      sources = node("Max", [node("Min", [places, last]), constant([0])])
    } else {
      // There and back again: Div leaves the rest only of numbers that are not negative.
      let period = node("Max", [product(last, constant([2])), one])
      let shifted = sum(places, product(period, constant([before])))
      let turned = node("Sub", [shifted, product(period, node("Div", [shifted, period]))])
      sources = node("Min", [turned, node("Sub", [period, turned])])
    }
    let starts = unsqueeze(product(range(constant([0]), batch), time), [1])
    return node("Gather", [reshape(sequence, to: [-1, features]), sum(sources, starts)])
  }

  /// The sum over time, `[B, F]`.
  mutating func sumOverTime(_ sequence: String) -> String {
    node("ReduceSum", [sequence, constant([1])], ["keepdims": .integer(0)])
  }

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
