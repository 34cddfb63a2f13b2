import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX

@Suite struct SessionTests {
  /// An LSTM whose state comes in and goes out, `[T, 1, 3]` at a time.
  static let stateful: [UInt8] = {
    let state: [OnnxGraph.Dimension] = [.fixed(1), .fixed(1), .fixed(4)]
    func port(_ name: String, _ dimensions: [OnnxGraph.Dimension]) -> OnnxGraph.Port {
      OnnxGraph.Port(name: name, elementType: .float32, dimensions: dimensions)
    }
    let graph = OnnxGraph(
      name: "stateful",
      nodes: [
        SmallGraph.node(
          "LSTM", ["x", "W", "R", "B", "", "h", "c"], ["Y", "hn", "cn"],
          ["hidden_size": .integer(4)]), SmallGraph.node("Tanh", ["Y"], ["y"]),
      ],
      constants: [
        ("W", OnnxTensor(SmallGraph.numbers([1, 16, 3]))),
        ("R", OnnxTensor(SmallGraph.numbers([1, 16, 4]))),
        ("B", OnnxTensor(SmallGraph.numbers([1, 32]))),
      ],
      inputs: [
        port("x", [.named("time"), .fixed(1), .fixed(3)]), port("h", state), port("c", state),
      ], outputs: [OnnxGraph.Port(name: "y"), port("hn", state), port("cn", state)])
    return OnnxFile(graph, opset: 16).encode()
  }()

  /// The same with a state that never shows.
  static let inner = SmallGraph.file(
    [
      SmallGraph.node(
        "LSTM", ["x", "W", "R", "B"], ["Y"], ["hidden_size": .integer(4)]),
      SmallGraph.node("Tanh", ["Y"], ["y"]),
    ], inputs: ["x"], outputs: ["y"],
    constants: [
      ("W", OnnxTensor(SmallGraph.numbers([1, 16, 3]))),
      ("R", OnnxTensor(SmallGraph.numbers([1, 16, 4]))),
      ("B", OnnxTensor(SmallGraph.numbers([1, 32]))),
    ])

  static let input = SmallGraph.numbers([7, 1, 3])

  static func whole() throws -> Tensor {
    let model = try OnnxModel(bytes: inner, source: "inner.onnx")
    return try #require(try model(["x": OnnxTensor(input)])["y"]?.tensor)
  }

  static func pieces(_ session: inout OnnxSession, _ ranges: [Range<Int>]) throws -> Tensor {
    let parts = try ranges.map { range in
      let outputs = try session.step(["x": OnnxTensor(input.slice(range, along: 0))])
      #expect(outputs.keys.sorted() == ["y"])
      return try #require(outputs["y"]?.tensor)
    }
    return .concatenated(parts, along: 0)
  }

  @Test func piecesAreTheWhole() throws {
    let whole = try Self.whole()
    for ranges in [[0..<3, 3..<4, 4..<7], (0..<7).map { $0..<$0 + 1 }] {
      var inner = try OnnxSession(OnnxModel(bytes: Self.inner, source: "inner.onnx"))
      #expect(inner.carrying == .nodes(1))
      #expect(try Self.pieces(&inner, ranges).isIdentical(to: whole))
    }
  }

  @Test func aStateOfPortsIsCarriedOn() throws {
    let model = try OnnxModel(bytes: Self.stateful, source: "stateful.onnx")
    var session = try OnnxSession(model)
    #expect(session.carrying == .ports([("hn", "h"), ("cn", "c")]))
    #expect(session.inputs.map(\.name) == ["x"])
    #expect(
      try Self.pieces(&session, [0..<3, 3..<4, 4..<7]).isIdentical(to: try Self.whole()))
  }

  @Test func aPortThatIsNotThereIsNamed() throws {
    let model = try OnnxModel(bytes: Self.stateful, source: "stateful.onnx")
    let error = try dataError { _ = try OnnxSession(model, carrying: [("hn", "state")]) }
    #expect(
      error.description == "stateful.onnx: input \"state\": the model has no such input. It has "
        + "x float32 [time, 1, 3], h float32 [1, 1, 4], c float32 [1, 1, 4].")
  }

  @Test func aSessionGoesOnFromItsState() throws {
    let model = try OnnxModel(bytes: Self.inner, source: "inner.onnx")
    var first = try OnnxSession(model)
    _ = try Self.pieces(&first, [0..<4])
    var second = try OnnxSession(model)
    try second.restore(first.state, source: "state")
    let rest = try Self.pieces(&second, [4..<7])
    #expect(rest.isIdentical(to: try Self.whole().slice(4..<7, along: 0)))
  }

  @Test func aStateOfAnotherModelIsRefused() throws {
    var session = try OnnxSession(OnnxModel(bytes: Self.inner, source: "inner.onnx"))
    let error = try dataError {
      try session.restore(["h": Tensor([1])], source: "state.safetensors")
    }
    #expect(
      error.description
        == "state.safetensors: tensor \"h\": of shape [1] belongs to no state of inner.onnx.")
  }

  @Test func whatHasNoStateOrRunsBackwardIsNoStream() throws {
    let plain = try SmallGraph.model(
      [SmallGraph.node("Relu", ["x"], ["y"])], inputs: ["x"], outputs: ["y"])
    #expect(
      try dataError { _ = try OnnxSession(plain) }.problem
        == "has no state: neither an output that becomes an input nor a recurrent node")
    let backward = try OnnxModel(bytes: SmallGraph.recurrent(), source: "backward.onnx")
    #expect(
      try dataError { _ = try OnnxSession(backward) }.problem
        == "has a recurrent node that runs from the end, which no stream can")
  }
}
