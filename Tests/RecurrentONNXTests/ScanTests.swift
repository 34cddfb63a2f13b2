import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX

@Suite struct ScanTests {
  /// Adds up what it goes through, and gives each sum doubled.
  private static func sums(
    axes: [Int64]? = nil, isReversed: Bool = false, inner: [OnnxGraph.Node] = []
  ) -> [UInt8] {
    let body = OnnxGraph(
      name: "body",
      nodes: inner + [
        SmallGraph.node("Add", ["before", "step"], ["after"]),
        SmallGraph.node("Add", ["after", "after"], ["twice"]),
      ], inputs: [OnnxGraph.Port(name: "before"), OnnxGraph.Port(name: "step")],
      outputs: [OnnxGraph.Port(name: "after"), OnnxGraph.Port(name: "twice")])
    var settings: [String: OnnxGraph.Attribute] = [
      "body": .graph(body), "num_scan_inputs": .integer(1),
    ]
    if let axes {
      settings["scan_input_axes"] = .integers(axes)
      settings["scan_output_axes"] = .integers(axes)
    }
    if isReversed {
      settings["scan_input_directions"] = .integers([1])
      settings["scan_output_directions"] = .integers([1])
    }
    return SmallGraph.file(
      [SmallGraph.node("Scan", ["start", "x"], ["sum", "sums"], settings)],
      inputs: ["start", "x"], outputs: ["sum", "sums"])
  }

  private static func run(
    _ bytes: [UInt8], start: [Float] = [10, 20], _ x: Tensor
  ) throws -> [String: OnnxTensor] {
    try OnnxModel(bytes: bytes, source: "scan.onnx")([
      "start": OnnxTensor(Tensor(start)), "x": OnnxTensor(x),
    ])
  }

  private static let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])

  @Test func stepsFollowOneAnother() throws {
    let outputs = try Self.run(Self.sums(), Self.x)
    #expect(outputs["sum"]?.floats == [19, 32])
    #expect(outputs["sums"]?.shape == [3, 2])
    #expect(outputs["sums"]?.floats == [22, 44, 28, 52, 38, 64])
  }

  @Test func stepsRunFromTheEnd() throws {
    let outputs = try Self.run(Self.sums(isReversed: true), Self.x)
    #expect(outputs["sum"]?.floats == [19, 32])
    #expect(outputs["sums"]?.floats == [38, 64, 36, 60, 30, 52])
  }

  /// The last dimension has the steps, named from the front or from the end.
  @Test(arguments: [1, -1] as [Int64]) func aDimensionIsChosen(axis: Int64) throws {
    let outputs = try Self.run(
      Self.sums(axes: [axis]), start: [10, 20, 30], Self.x)
    #expect(outputs["sum"]?.floats == [13, 27, 41])
    #expect(outputs["sums"]?.shape == [3, 2])
    #expect(outputs["sums"]?.floats == [22, 26, 46, 54, 70, 82])
  }

  @Test func whatDoesNotFitIsSaid() throws {
    #expect(
      try dataError { _ = try Self.run(Self.sums(axes: [2]), Self.x) }.problem
        == "axis 2 does not exist in 2 dimensions")
    #expect(
      try dataError { _ = try Self.run(Self.sums(), Tensor([], shape: [0, 2])) }.problem
        == "what it goes through has no steps")
    #expect(
      try dataError { _ = try Self.run(Self.sums(axes: [0, 0]), Self.x) }.problem
        == "it does not say an axis and a direction for each input")
    #expect(
      try dataError { _ = try Self.run(Self.sums(), start: [1, 2, 3], Self.x) }.problem
        .hasPrefix("in its body, node 1 Add"))
    let within = SmallGraph.node(
      "Scan", ["before", "step"], ["a", "b"],
      ["body": .graph(OnnxGraph(name: "inner")), "num_scan_inputs": .integer(1)])
    #expect(
      try dataError { _ = try Self.run(Self.sums(inner: [within]), Self.x) }.problem
        == "it stands in the body of another Scan, which is not supported")
  }

  @Test func damagedLoopsNeverCrash() throws {
    var generator = SeededGenerator(seed: 5)
    let layer = MogrifierLSTM(inputSize: 3, hiddenSize: 2, rounds: 2, using: &generator)
    let bytes = try OnnxBuilder.encode(layer, input: .sequences(features: 3), name: "scan")
    let inputs = [
      "input": OnnxTensor(SmallGraph.numbers([2, 2, 3])),
      "lengths": OnnxTensor([2, 1], shape: [2], .int32),
    ]
    var run = 0
    try Mutations.forEach("onnx scan", count: 300) { generator in
      if try HostileOnnxTests.damage(bytes, inputs, &generator) { run += 1 }
    }
    if Mutations.isTest { #expect(run > 5) }
  }
}
