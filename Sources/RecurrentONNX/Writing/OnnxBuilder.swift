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
  var graph = OnnxGraph()
  var names: Set<String> = []

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
        if withState, let layer = network as? any Layer, !layer.isCausal {
          throw DataError(
            .unwritable, file: "ONNX",
            problem: "the network looks at whole sequences: they cannot come in pieces")
        }
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
      names.insert(name)
      graph.inputs.append(
        OnnxGraph.Port(
          name: name, elementType: .float32,
          dimensions: [.fixed(1), .named("batch"), .fixed(units)]))
      return (name, name + ".next")
    }
  }

  // MARK: Nodes

  mutating func fresh(_ kind: String) -> String {
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

  /// The logarithm of the mean of the probabilities that several rows of sums `[B, V]` stand for.
  public mutating func meanLogSoftmax(of sums: [String]) -> String {
    guard sums.count > 1 else { return node("LogSoftmax", sums, ["axis": .integer(-1)]) }
    return node("Log", [mean(of: sums.map { node("Softmax", [$0], ["axis": .integer(-1)]) })])
  }

  /// The mean of values of one shape.
  public mutating func mean(of values: [String]) -> String { merged(values, .average) }

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
