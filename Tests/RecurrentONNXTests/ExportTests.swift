import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX
@testable import RecurrentTasks

@Suite struct ExportTests {
  /// Numbers of steps that are there; all of what is no sequence.
  private static func valid(_ x: Tensor) -> [Float] {
    guard x.rank == 3, x.shape[0] == 4, x.shape[1] == 5 else { return x.elements }
    return SequenceBatch(x, lengths: ExportCase.lengths).validSteps.elements
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    for (name, test) in try ExportCase.all() {
      let model = try OnnxModel(bytes: test.bytes, source: name)
      let found = try #require(try model(test.inputs)["output"]?.tensor)
      #expect(found.shape == test.output.shape, "\(name)")
      let (mine, wanted) = (Self.valid(found), Self.valid(test.output))
      expectClose(mine, shape: [mine.count], to: wanted, shape: [wanted.count], within: 2e-6, name)
    }
  }

  /// ONNX Runtime gives what the layers here give.
  @Test(
    .enabled("set RECURRENT_PYTHON to a Python with onnxruntime and numpy") {
      guard let python = ProcessInfo.processInfo.environment["RECURRENT_PYTHON"] else {
        return false
      }
      return try await CommandRunner.run(python, ["-c", "import onnxruntime, numpy"]).exitCode == 0
    })
  func onnxRuntimeGivesTheSame() async throws {
    let python = try #require(ProcessInfo.processInfo.environment["RECURRENT_PYTHON"])
    let script = URL(fileURLWithPath: Fixtures.folder).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Scripts/replay-onnx").path
    try await withTemporaryFolder { folder in
      for (name, test) in try ExportCase.all() {
        try Data(test.bytes).write(to: URL(fileURLWithPath: folder + "/model.onnx"))
        var arrays = test.inputs.map { name, value in
          (
            "in." + name,
            StoredTensor(shape: value.shape, values: value.floats)
          )
        }
        arrays.append(
          ("out.output", StoredTensor(shape: test.output.shape, values: test.output.elements)))
        try NumPyFile.write(arrays, to: folder + "/recording.npz")
        let result = try await CommandRunner.run(
          python, [script, folder + "/model.onnx", folder + "/recording.npz"])
        #expect(result.exitCode == 0, "\(name): \(result.output)\(result.errorOutput.suffix(600))")
      }
    }
  }

  @Test func whatONNXCannotSayIsRefused() throws {
    var generator = SeededGenerator(seed: 5)
    let projected = LSTM(inputSize: 3, hiddenSize: 4, projectionSize: 2, using: &generator)
    let cut = LSTM(
      inputSize: 3, hiddenSize: 4, options: RecurrentOptions(cellClip: 1), using: &generator)
    let held = GRU(
      inputSize: 3, hiddenSize: 4, options: RecurrentOptions(zoneout: 0.1), using: &generator)
    for (layer, what) in [
      (projected as any OnnxExportable, "an LSTM with a projection"),
      (cut, "an LSTM with a clip of its cell state"), (held, "an GRU with zoneout"),
    ] {
      let error = try dataError {
        _ = try OnnxBuilder.encode(layer, input: .sequences(features: 3), name: "refused")
      }
      #expect(error.problem == what + " cannot be written")
    }
    let longer = Conv1D(
      inputSize: 3, outputSize: 4, kernelSize: 2, padding: .explicit(left: 1, right: 1),
      using: &generator)
    #expect(
      try dataError {
        _ = try OnnxBuilder.encode(longer, input: .sequences(features: 3), name: "refused")
      }.problem
        == "a convolution with a stride, or whose padding is not its reach, changes the lengths of "
        + "rows, which is not written")
    let own = Sequential { MinGRU(inputSize: 3, hiddenSize: 4, using: &generator) }
    #expect(
      try dataError {
        _ = try OnnxBuilder.encode(own, input: .sequences(features: 3), name: "refused")
      }.problem == "a MinGRU cannot be written")
  }
}
