import Recurrent
import Testing

@testable import RecurrentONNX

/// Small models, made in tests.
enum SmallGraph {
  /// A node.
  static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [String: OnnxGraph.Attribute] = [:], name: String = ""
  ) -> OnnxGraph.Node {
    OnnxGraph.Node(
      name: name, operation: operation, inputs: inputs, outputs: outputs, attributes: attributes)
  }

  /// A file of nodes; inputs are floats of any shape.
  static func file(
    _ nodes: [OnnxGraph.Node], inputs: [String], outputs: [String],
    constants: [(name: String, tensor: OnnxTensor)] = [], opset: Int = 16
  ) -> [UInt8] {
    let graph = OnnxGraph(
      name: "small", nodes: nodes, constants: constants,
      inputs: inputs.map { OnnxGraph.Port(name: $0, elementType: .float32) },
      outputs: outputs.map { OnnxGraph.Port(name: $0) })
    return OnnxFile(graph, opset: opset).encode()
  }

  /// A model of nodes.
  static func model(
    _ nodes: [OnnxGraph.Node], inputs: [String], outputs: [String],
    constants: [(name: String, tensor: OnnxTensor)] = [], opset: Int = 16
  ) throws -> OnnxModel {
    try OnnxModel(
      bytes: file(nodes, inputs: inputs, outputs: outputs, constants: constants, opset: opset),
      source: "small.onnx")
  }

  /// Numbers that differ: (17·i mod 29 - 14) / 20.
  static func numbers(_ shape: [Int]) -> Tensor {
    Tensor(
      (0..<shape.reduce(1, *)).map { Float(17 * $0 % 29 - 14) / 20 }, shape: shape)
  }

  /// A bidirectional LSTM over a convolution, with lengths, peepholes and an initial state, and what
  /// exporters put around: what the reader and the planner are damaged with. Takes `x` `[2, 2, 5]`.
  static func recurrent() -> [UInt8] {
    file(
      [
        node("Constant", [], ["shift"], ["value_floats": .floats([0.25])]),
        node("Conv", ["x", "kernel"], ["c"], ["pads": .integers([1, 1])], name: "conv"),
        node("Relu", ["c"], ["r"]), node("Add", ["r", "shift"], ["a"]),
        node("Transpose", ["a"], ["t"], ["perm": .integers([2, 0, 1])]),
        node(
          "LSTM", ["t", "W", "R", "B", "lengths", "h", "", "P"], ["Y", "Yh", "Yc"],
          ["hidden_size": .integer(3), "direction": .text("bidirectional"), "clip": .float(2)]),
        node("Shape", ["Yc"], ["shape"]), node("ConstantOfShape", ["shape"], ["zeros"]),
        node("Sub", ["Yc", "zeros"], ["d"]), node("Softmax", ["d"], ["z"]),
      ], inputs: ["x"], outputs: ["Y", "z", "shape"],
      constants: [
        ("kernel", OnnxTensor(numbers([4, 2, 3]))), ("W", OnnxTensor(numbers([2, 12, 4]))),
        ("R", OnnxTensor(numbers([2, 12, 3]))), ("B", OnnxTensor(numbers([2, 24]))),
        ("P", OnnxTensor(numbers([2, 9]))), ("h", OnnxTensor(numbers([2, 2, 3]))),
        ("lengths", OnnxTensor([5, 2], shape: [2], .int32)),
      ])
  }
}

extension OnnxModel {
  /// The outputs, which must come out with the same bits when a program is made for the inputs' shapes, and when it runs
  /// again.
  func again(_ values: [String: OnnxTensor]) throws -> [String: OnnxTensor] {
    let outputs = try self(values)
    for _ in 0..<2 {
      let others = try self(values)
      #expect(others.keys.sorted() == outputs.keys.sorted())
      for (name, value) in outputs {
        let other = try #require(others[name])
        #expect(other.shape == value.shape && other.elementType == value.elementType, "\(name)")
        #expect(
          other.floats.map(\.bitPattern) == value.floats.map(\.bitPattern)
            && other.integers == value.integers, "\(name)")
      }
    }
    return outputs
  }
}
