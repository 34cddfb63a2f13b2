import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX

/// Files that somebody damaged or made to do harm: each gives a model or an error, none crashes,
/// hangs or fills the memory.
@Suite struct HostileOnnxTests {
  private static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [String: OnnxGraph.Attribute] = [:]
  ) -> OnnxGraph.Node { SmallGraph.node(operation, inputs, outputs, attributes) }

  private static func integers(_ values: [Int64]) -> OnnxTensor {
    OnnxTensor(integers: values, shape: [values.count])
  }

  @Test func aSoundFileIsRead() throws {
    let model = try OnnxModel(bytes: SmallGraph.recurrent(), source: "sound.onnx")
    let outputs = try model(["x": OnnxTensor(SmallGraph.numbers([2, 2, 5]))])
    #expect(outputs["Y"]?.shape == [5, 2, 2, 3])
    #expect(outputs["shape"]?.integers == [2, 2, 3])
  }

  @Test func aShorterFileIsRefused() throws {
    let bytes = SmallGraph.recurrent()
    for count in 0..<bytes.count {
      // A file may end between two fields; then it lacks its opset.
      let error = try dataError {
        _ = try OnnxModel(bytes: Array(bytes.prefix(count)), source: "short.onnx")
      }
      #expect(error.file == "short.onnx")
    }
  }

  @Test func aCircleIsRefused() throws {
    let bytes = SmallGraph.file(
      [Self.node("Add", ["x", "b"], ["a"]), Self.node("Relu", ["a"], ["b"])], inputs: ["x"],
      outputs: ["b"])
    let error = try dataError { _ = try OnnxModel(bytes: bytes, source: "circle.onnx") }
    #expect(error.place == "node 0 Add (opset 16)")
    #expect(error.problem == "its input \"b\" is made by no node before it")
  }

  @Test func aValueMadeTwiceIsRefused() throws {
    let bytes = SmallGraph.file(
      [Self.node("Relu", ["x"], ["a"]), Self.node("Tanh", ["x"], ["a"])], inputs: ["x"],
      outputs: ["a"])
    let error = try dataError { _ = try OnnxModel(bytes: bytes, source: "twice.onnx") }
    #expect(error.problem == "its output \"a\" is made a second time")
  }

  @Test func whatIsNotSupportedIsNamed() throws {
    let bytes = SmallGraph.file(
      [
        SmallGraph.node("Conjure", ["x"], ["a"], name: "magic"), Self.node("Relu", ["a"], ["b"]),
        Self.node("Divine", ["b"], ["c"]),
      ], inputs: ["x"], outputs: ["c"], opset: 17)
    let error = try dataError { _ = try OnnxModel(bytes: bytes, source: "magic.onnx") }
    #expect(
      error.problem == "2 nodes cannot be run here: node 0 Conjure \"magic\" (opset 17), "
        + "node 2 Divine (opset 17)")
  }

  /// Nodes that ask for as much memory as a number can say, when the file is opened or when it runs.
  @Test(arguments: [Int64.max, 1 << 62, 1 << 40, -1, .min])
  func sizesBeyondAllMemoryAreRefused(_ size: Int64) throws {
    let graphs: [[OnnxGraph.Node]] = [
      [Self.node("ConstantOfShape", ["size"], ["y"])],
      [Self.node("Expand", ["x", "size"], ["y"])], [Self.node("Tile", ["x", "size"], ["y"])],
      [Self.node("Pad", ["x", "pads"], ["y"])],
      [Self.node("Pad", ["x", "pads"], ["y"], ["mode": .text("edge")])],
      [Self.node("Reshape", ["x", "pads"], ["y"])], [Self.node("Unsqueeze", ["x", "size"], ["y"])],
      [Self.node("Squeeze", ["x", "size"], ["y"])],
      [Self.node("Split", ["x", "pads"], ["y", "z"])],
      [Self.node("TopK", ["x", "size"], ["y", "z"])], [Self.node("Gather", ["x", "size"], ["y"])],
      [Self.node("Range", ["zero", "size", "one"], ["y"])],
      [
        Self.node(
          "Conv", ["x", "w"], ["y"],
          ["pads": .integers([size, size]), "dilations": .integers([max(size, 1)])])
      ],
      [
        Self.node(
          "Slice", ["x", "size", "size", "zero", "size"], ["s"]), Self.node("Size", ["s"], ["y"]),
      ],
      [Self.node("Softmax", ["x"], ["y"], ["axis": .integer(size)])],
      [Self.node("Transpose", ["x"], ["y"], ["perm": .integers([size, 0, 1])])],
    ]
    for nodes in graphs {
      let bytes = SmallGraph.file(
        nodes, inputs: ["x"], outputs: ["y"],
        constants: [
          ("size", Self.integers([size])), ("pads", Self.integers([0, size])),
          ("zero", Self.integers([0])), ("one", Self.integers([1])),
          ("w", OnnxTensor(SmallGraph.numbers([1, 1, 2]))),
        ])
      for shape in [[4], [1, 1, 4]] {
        do {
          let model = try OnnxModel(bytes: bytes, source: "large.onnx", room: 1 << 20)
          let result = try model(["x": OnnxTensor(SmallGraph.numbers(shape))])
          #expect(result["y"].map { $0.count <= 1 << 20 } ?? false)
        } catch {}
      }
    }
  }

  @Test func constantsThatGrowAreNotComputedAhead() throws {
    // Each node doubles what the one before gives: 2^40 elements in the end.
    var nodes: [OnnxGraph.Node] = []
    for index in 0..<40 {
      nodes.append(
        Self.node(
          "Concat", ["v\(index)", "v\(index)"], ["v\(index + 1)"], ["axis": .integer(0)]))
    }
    let bytes = SmallGraph.file(
      nodes, inputs: [], outputs: ["v40"], constants: [("v0", OnnxTensor(Tensor([1])))])
    let model = try OnnxModel(bytes: bytes, source: "doubling.onnx", room: 1 << 20)
    let error = try dataError { _ = try model([:]) }
    #expect(error.problem.hasPrefix("the result would have shape"))
  }

  @Test func graphsWithinGraphsEnd() throws {
    var graph = OnnxGraph(name: "g", outputs: [OnnxGraph.Port(name: "c")])
    for _ in 0..<100 {
      graph = OnnxGraph(
        name: "g",
        nodes: [
          Self.node(
            "If", ["c"], ["y"], ["then_branch": .graph(graph), "else_branch": .graph(graph)])
        ].suffix(1), outputs: [OnnxGraph.Port(name: "y")])
      if OnnxFile(graph, opset: 16).encode().count > 1 << 18 { break }
    }
    let bytes = OnnxFile(graph, opset: 16).encode()
    _ = try dataError { _ = try OnnxModel(bytes: bytes, source: "deep.onnx") }
  }

  static let tokens: [[UInt8]] = [
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x80, 0x80, 0x80, 0x80, 0x10],
    [0x0A, 0x00], [0x08, 0x00], [0x12, 0x7F], [0x2A, 0x02], Array("LSTM".utf8), Array("If".utf8),
    Array("Pad".utf8), Array("Reshape".utf8), Array("Gather".utf8), Array("Slice".utf8),
    Array("MatMul".utf8), Array("reverse".utf8), Array("HardSigmoid".utf8),
  ]

  /// Damages a file and runs what still opens, with the shapes that the sound one takes.
  static func damage(
    _ sound: [UInt8], _ inputs: [String: OnnxTensor], _ generator: inout SeededGenerator
  ) throws -> Bool {
    let bytes = Mutations.damaged(sound, tokens: Self.tokens, using: &generator)
    do {
      let model = try OnnxModel(bytes: bytes, source: "damaged.onnx", room: 1 << 18)
      var given: [String: OnnxTensor] = [:]
      for port in model.inputs {
        given[port.name] = inputs[port.name] ?? OnnxTensor(SmallGraph.numbers([2, 2, 5]))
      }
      _ = try model(given)
      return true
    } catch {
      return false
    }
  }

  @Test func damagedFilesNeverCrash() throws {
    var (run, tried) = (0, 0)
    let inputs = ["x": OnnxTensor(SmallGraph.numbers([2, 2, 5]))]
    try Mutations.forEach("onnx", count: 500) { generator in
      tried += 1
      if try Self.damage(SmallGraph.recurrent(), inputs, &generator) { run += 1 }
    }
    if Mutations.isTest { #expect(run > 20 && run < tried - 100, "\(run) of \(tried) ran") }
  }

  @Test func damagedOperatorsNeverCrash() throws {
    let file = try #require(OperatorTests.file)
    var (run, tried) = (0, 0)
    try Mutations.forEach("onnx operators", count: 600) { generator in
      let name = try #require(OperatorTests.cases.randomElement(using: &generator))
      let bytes = try file.integers(name + "/model").values.map { UInt8(truncatingIfNeeded: $0) }
      tried += 1
      if try Self.damage(bytes, OperatorTests.inputs(name), &generator) { run += 1 }
    }
    if Mutations.isTest { #expect(run > 20 && run < tried - 100, "\(run) of \(tried) ran") }
  }
}
