import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX

/// Graphs planned for the shapes of their inputs beside the same run node by node.
@Suite struct ProgramTests {
  /// Convolutions with groups, strides, dilation and padding, values that several read, what is written over and what is
  /// not, views of views, rows added to rows on either side, and an output in the middle.
  @Test func aPlannedGraphGivesTheSameBits() throws {
    let constants: [(name: String, tensor: OnnxTensor)] = [
      ("kernel", OnnxTensor(SmallGraph.numbers([4, 1, 3]))),
      ("wide", OnnxTensor(SmallGraph.numbers([6, 4, 5]))),
      ("bias", OnnxTensor(SmallGraph.numbers([4]))), ("two", OnnxTensor(Tensor([2]))),
      ("row", OnnxTensor(SmallGraph.numbers([6, 5]))),
      ("starts", OnnxTensor(integers: [1], shape: [1])),
      ("ends", OnnxTensor(integers: [5], shape: [1])),
      ("axes", OnnxTensor(integers: [1], shape: [1])),
      ("factor", OnnxTensor(SmallGraph.numbers([5, 3]))),
      ("added", OnnxTensor(SmallGraph.numbers([3]))),
      ("around", OnnxTensor(integers: [0, 0, 1, 0, 0, 2], shape: [6])),
    ]
    let nodes = [
      SmallGraph.node("Pad", ["x", "around"], ["p"], ["mode": .text("reflect")]),
      SmallGraph.node(
        "Conv", ["p", "kernel", "bias"], ["c"],
        ["group": .integer(2), "pads": .integers([2, 1]), "dilations": .integers([2])]),
      SmallGraph.node("Relu", ["c"], ["r"]), SmallGraph.node("Sigmoid", ["r"], ["s"]),
      SmallGraph.node("Mul", ["r", "s"], ["m"]),
      SmallGraph.node("Conv", ["m", "wide"], ["w"], ["strides": .integers([2])]),
      SmallGraph.node("Pow", ["w", "two"], ["q"]), SmallGraph.node("Add", ["q", "row"], ["a"]),
      SmallGraph.node("Sub", ["row", "a"], ["b"]),
      SmallGraph.node("Slice", ["b", "starts", "ends", "axes"], ["v"]),
      SmallGraph.node("Transpose", ["v"], ["t"], ["perm": .integers([0, 2, 1])]),
      SmallGraph.node("Transpose", ["t"], ["u"], ["perm": .integers([0, 2, 1])]),
      SmallGraph.node("MatMul", ["u", "factor"], ["z"]),
      SmallGraph.node("Concat", ["z", "z"], ["zz"], ["axis": .integer(2)]),
      SmallGraph.node("Softmax", ["zz"], ["softmax"]),
      SmallGraph.node("Split", ["softmax"], ["left", "right"], ["axis": .integer(2)]),
      SmallGraph.node("Div", ["left", "right"], ["y"]),
      SmallGraph.node("ArgMax", ["y"], ["best"], ["axis": .integer(2)]),
      SmallGraph.node("Gather", ["added", "best"], ["picked"]),
      SmallGraph.node("Tanh", ["picked"], ["last"]),
    ]
    let model = try SmallGraph.model(
      nodes, inputs: ["x"], outputs: ["y", "r", "last", "best"], constants: constants)
    for batch in [1, 3, 1] {
      let x = SmallGraph.numbers([batch, 2, 11])
      let outputs = try model.again(["x": OnnxTensor(x)])
      #expect(outputs["y"]?.shape == [batch, 4, 3])
    }
  }

  /// What stands at a place depends on numbers of the input, so that a program for its shape is not for all inputs.
  @Test func aShapeThatDependsOnNumbersIsFollowed() throws {
    let model = try SmallGraph.model(
      [
        SmallGraph.node("Cast", ["n"], ["count"], ["to": .integer(7)]),
        SmallGraph.node("Expand", ["x", "count"], ["e"]), SmallGraph.node("Exp", ["e"], ["y"]),
        SmallGraph.node("Shape", ["y"], ["s"]),
      ], inputs: ["x", "n"], outputs: ["y", "s"])
    for count in [2, 2, 3, 2, 5] {
      let outputs = try model([
        "x": OnnxTensor(Tensor([0.5])), "n": OnnxTensor(Tensor([Float(count)])),
      ])
      #expect(outputs["y"]?.shape == [count])
      #expect(outputs["s"]?.integers == [Int64(count)])
    }
  }
}
