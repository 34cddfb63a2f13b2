import Foundation
import Recurrent
import TestSupport
import Testing

/// Files exchanged with the reference implementation, both ways.
///
/// Runs where the environment variable `RECURRENT_PYTHON` names a Python with the packages
/// safetensors and numpy.
@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["RECURRENT_PYTHON"] != nil,
    "set RECURRENT_PYTHON to a Python with safetensors and numpy"))
struct SafetensorsInteropTests {
  func python(_ script: String, _ arguments: String...) async throws -> String {
    let python = try #require(ProcessInfo.processInfo.environment["RECURRENT_PYTHON"])
    let result = try await CommandRunner.run(python, ["-c", script] + arguments)
    try #require(result.exitCode == 0, "\(result.errorOutput)")
    return result.output
  }

  @Test func pythonReadsWhatIsWrittenHere() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/ours.safetensors"
      try SafetensorsFile.write(
        SafetensorsTests.tensors, integers: SafetensorsTests.integers,
        metadata: SafetensorsTests.metadata, to: path)
      let script = """
        import sys, json
        from safetensors import safe_open
        with safe_open(sys.argv[1], "np") as f:
            tensors = {k: f.get_tensor(k) for k in f.keys()}
            print(json.dumps({"metadata": f.metadata(), "tensors": {
                k: [str(v.dtype), list(v.shape), v.tobytes().hex()] for k, v in tensors.items()}}))
        """
      let output = try await python(script, path)
      let found = try JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))
      #expect(
        found["metadata"] == .object(SafetensorsTests.metadata.mapValues { .string($0) }))
      func expect(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
        let hexadecimal = bytes.map { String(format: "%02x", $0) }.joined()
        let shape = shape.map { JSONValue.number(Double($0)) }
        #expect(
          found["tensors"]?[name] == .array([.string(type), .array(shape), .string(hexadecimal)]))
      }
      for (name, tensor) in SafetensorsTests.tensors {
        expect(name, "float32", tensor.shape, tensor.values.withUnsafeBytes(Array.init))
      }
      for (name, tensor) in SafetensorsTests.integers {
        expect(name, "int64", tensor.shape, tensor.values.withUnsafeBytes(Array.init))
      }
    }
  }

  @Test func whatPythonWritesIsReadHere() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/theirs.safetensors"
      let script = """
        import sys, numpy as np
        from safetensors.numpy import save_file
        x = np.array([[0.1, -2.5, 65504.0], [1e-7, 0.0, np.inf]])
        save_file({t: x.astype(t) for t in ("float16", "float32", "float64")}
            | {t: np.array([[-7], [100]]).astype(t) for t in ("int8", "int16", "int32", "int64")}
            | {"scalar": np.array(3, np.float32), "none": np.zeros((3, 0), np.float32), "bool": np.ones(3, bool)},
            sys.argv[1], metadata={"ä": "\\"\\n\\U0001F600"})
        """
      _ = try await python(script, path)
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["ä": "\"\n\u{1F600}"])
      let values: [Float] = [0.1, -2.5, 65504, 1e-7, 0, .infinity]
      #expect(try file.floats("float32") == StoredTensor(shape: [2, 3], values: values))
      #expect(try file.floats("float64") == StoredTensor(shape: [2, 3], values: values))
      let half: [Float] = [0x1.998p-4, -2.5, 65504, 0x1p-23, 0, .infinity]
      #expect(try file.floats("float16") == StoredTensor(shape: [2, 3], values: half))
      for type in ["int8", "int16", "int32", "int64"] {
        #expect(try file.integers(type) == StoredIntegers(shape: [2, 1], values: [-7, 100]))
      }
      #expect(try file.floats("scalar") == StoredTensor(shape: [], values: [3]))
      #expect(try file.floats("none") == StoredTensor(shape: [3, 0], values: []))
      #expect(file.elementType(of: "bool") == .bool)
    }
  }
}
