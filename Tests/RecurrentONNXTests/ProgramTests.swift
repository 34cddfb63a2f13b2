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

  /// Single steps of recurrent nodes: every cell and direction, both layouts, with and without an initial state, outputs that
  /// nobody reads, and steps that differ in number.
  @Test(arguments: OnnxCell.all, ["forward", "reverse", "bidirectional"])
  func aSingleStepIsLaidOutAndGivesTheSameBits(cell: OnnxCell, direction: String) throws {
    let (count, size) = (direction == "bidirectional" ? 2 : 1, 5)
    let constants: [(name: String, tensor: OnnxTensor)] = [
      ("W", OnnxTensor(SmallGraph.numbers([count, cell.gates * size, 3]))),
      ("R", OnnxTensor(SmallGraph.numbers([count, cell.gates * size, size]))),
      ("B", OnnxTensor(SmallGraph.numbers([count, 2 * cell.gates * size]))),
    ]
    for layout in 0...1 {
      for (state, outputs) in [(["h", "c"], ["Y", "hn", "cn"]), (["", ""], ["", "hn"])] {
        let own = Array(outputs.prefix(cell == .lstm ? 3 : 2))
        let given = state.prefix(cell == .lstm ? 2 : 1)
        let model = try SmallGraph.model(
          [
            SmallGraph.node(
              cell.rawValue, ["x", "W", "R", "B", ""] + given, own,
              [
                "hidden_size": .integer(Int64(size)), "direction": .text(direction),
                "layout": .integer(Int64(layout)),
              ])
          ], inputs: ["x"] + given.filter { !$0.isEmpty }, outputs: own.filter { !$0.isEmpty },
          constants: constants)
        for steps in [1, 2, 1] {
          var values = [
            "x": OnnxTensor(SmallGraph.numbers(layout == 1 ? [1, steps, 3] : [steps, 1, 3]))
          ]
          for name in given where !name.isEmpty {
            values[name] = OnnxTensor(
              SmallGraph.numbers(layout == 1 ? [1, count, size] : [count, 1, size]))
          }
          _ = try model.again(values)
        }
        let node = try #require(model.recurrentNodes.first)
        let x = PlacedNode.Input(shape: [1, 1, 3], isFloat: true, known: nil)
        #expect(node.step([x], at: 0) != nil)
        let long = PlacedNode.Input(shape: [2, 1, 3], isFloat: true, known: nil)
        #expect(node.step([long], at: 0) == nil)
      }
    }
  }
}

extension OnnxCell {
  fileprivate static let all: [OnnxCell] = [.lstm, .gru, .rnn]
}

extension OnnxModel {
  fileprivate var recurrentNodes: [RecurrentNode] {
    block.steps.compactMap { step in
      if case .recurrent(let node) = step.body { return node }
      return nil
    }
  }
}
