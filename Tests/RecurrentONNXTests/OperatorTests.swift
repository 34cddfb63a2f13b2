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

  @Test func thereAreCases() { #expect(Self.cases.count >= 292) }
}
