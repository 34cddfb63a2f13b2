import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX

/// Every operator against ONNX Runtime: the cases that `generate_onnx.py` made.
@Suite struct OperatorTests {
  static let file = try? SafetensorsFile(path: Fixtures.folder + "/onnx/cases.safetensors")

  static let cases: [String] = (file?.names ?? []).filter { $0.hasSuffix("/model") }
    .map { String($0.dropLast("/model".count)) }

  static func value(_ file: SafetensorsFile, _ name: String) throws -> OnnxTensor {
    if file.elementType(of: name) == .f32 {
      let stored = try file.floats(name)
      return OnnxTensor(Tensor(stored.values, shape: stored.shape))
    }
    let stored = try file.integers(name)
    return OnnxTensor(integers: stored.values, shape: stored.shape)
  }

  static func model(_ name: String) throws -> OnnxModel {
    let bytes = try #require(file).integers(name + "/model").values.map {
      UInt8(truncatingIfNeeded: $0)
    }
    return try OnnxModel(bytes: bytes, source: name)
  }

  static func inputs(_ name: String) throws -> [String: OnnxTensor] {
    let file = try #require(file)
    return try file.names.filter { $0.hasPrefix(name + "/in/") }.reduce(into: [:]) {
      $0[String($1.dropFirst(name.count + 4))] = try value(file, $1)
    }
  }

  @Test(arguments: cases) func givesWhatONNXRuntimeGives(_ name: String) throws {
    let file = try #require(Self.file)
    let outputs = try Self.model(name).again(Self.inputs(name))
    let expected = file.names.filter { $0.hasPrefix(name + "/out/") }
    #expect(!expected.isEmpty)
    for path in expected {
      let output = String(path.dropFirst(name.count + 5))
      let found = try #require(outputs[output])
      let wanted = try Self.value(file, path)
      #expect((found.tensor == nil) == (wanted.tensor == nil))
      expectClose(
        found.floats, shape: found.shape, to: wanted.floats, shape: wanted.shape, within: 1e-5,
        output)
    }
  }

  @Test func thereAreCases() { #expect(Self.cases.count >= 286) }

  /// What ONNX Runtime rounds at each step is not rounded here, so that the result is that of an LSTM
  /// with the widened weights.
  @Test func aQuantizedLSTMIsOneOfItsWidenedWeights() throws {
    let steps: [Int64] = (0..<96).map { (index: Int64) -> Int64 in index * 37 % 255 - 127 }
    let states: [Int64] = (0..<128).map { (index: Int64) -> Int64 in index * 91 % 256 }
    let scales: [Float] = (0..<32).map { Float($0 + 1) / 4096 }
    let zeros: [Int64] = (0..<32).map { (index: Int64) -> Int64 in index * 8 % 256 }
    func widened(_ values: [Int64], rows: Int, _ scale: (Int) -> Float, _ zero: (Int) -> Int64)
      -> Tensor
    {
      var result: [Float] = []
      for direction in 0..<2 {
        for column in 0..<16 {
          for row in 0..<rows {
            let place = 16 * direction + column
            let step = values[(direction * rows + row) * 16 + column]
            result.append(Float(step - zero(place)) * scale(place))
          }
        }
      }
      return Tensor(result, shape: [2, 16, rows])
    }
    let settings: [String: OnnxGraph.Attribute] = [
      "hidden_size": .integer(4), "direction": .text("bidirectional"),
    ]
    let names = ["x", "W", "R", "B", "", "", "", "", "Ws", "Wz", "Rs", "Rz"]
    var quantized = SmallGraph.node("DynamicQuantizeLSTM", names, ["Y"], settings)
    quantized.domain = "com.microsoft"
    let bias = OnnxTensor(SmallGraph.numbers([2, 32]))
    let graph = OnnxGraph(
      name: "quantized", nodes: [quantized],
      constants: [
        ("W", OnnxTensor(steps, shape: [2, 3, 16], .int8)),
        ("R", OnnxTensor(states, shape: [2, 4, 16], .uint8)), ("B", bias),
        ("Ws", OnnxTensor(Tensor([0.01, 0.02]))), ("Wz", OnnxTensor([0, 3], shape: [2], .int8)),
        ("Rs", OnnxTensor(Tensor(scales, shape: [2, 16]))),
        ("Rz", OnnxTensor(zeros, shape: [2, 16], .uint8)),
      ], inputs: [OnnxGraph.Port(name: "x", elementType: .float32)],
      outputs: [OnnxGraph.Port(name: "Y")])
    var file = OnnxFile(graph, opset: 16)
    file.opsets["com.microsoft"] = 1
    let plain = try SmallGraph.model(
      [SmallGraph.node("LSTM", ["x", "W", "R", "B"], ["Y"], settings)], inputs: ["x"],
      outputs: ["Y"],
      constants: [
        ("W", OnnxTensor(widened(steps, rows: 3, { $0 < 16 ? 0.01 : 0.02 }, { $0 < 16 ? 0 : 3 }))),
        ("R", OnnxTensor(widened(states, rows: 4, { scales[$0] }, { zeros[$0] }))), ("B", bias),
      ])
    let x = ["x": OnnxTensor(SmallGraph.numbers([5, 2, 3]))]
    let found = try OnnxModel(bytes: file.encode(), source: "quantized.onnx")(x)["Y"]?.tensor
    let wanted = try #require(try plain(x)["Y"]?.tensor)
    #expect(found?.isIdentical(to: wanted) ?? false)
  }
}
