import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// What is written here, loaded by the frameworks themselves.
///
/// Runs where the environment variable `RECURRENT_PYTHON` names a Python with them.
@Suite struct WeightsInteropTests {
  /// PyTorch gives our outputs and final states from our weights.
  @Test(.pythonPackages("torch", "safetensors"), arguments: [CellKind.lstm, .gru, .rnn])
  func pyTorchLoadsWhatIsWrittenHere(_ kind: CellKind) async throws {
    var generator = SeededGenerator(seed: 40)
    let isLSTM = kind == .lstm
    let options = RecurrentOptions(activation: kind == .rnn ? .relu : nil)
    func layer(_ size: Int) -> AnyLayer {
      isLSTM
        ? AnyLayer(
          LSTM(inputSize: size, hiddenSize: 5, projectionSize: 3, using: &generator))
        : kind.layer(inputSize: size, hiddenSize: 5, options: options, using: &generator)
    }
    let width = isLSTM ? 6 : 10
    let stack = RecurrentStack([
      AnyLayer(Bidirectional(layer(4), layer(4))),
      AnyLayer(Bidirectional(layer(width), layer(width))),
    ])
    let head = Dense(inputSize: width, outputSize: 2, using: &generator)
    let input = SequenceBatch(Tensor(generator.floats(3 * 7 * 4), shape: [3, 7, 4]))
    var state = stack.initialState(batchSize: 3)
    let expected = EachStep(head)(stack(input, state: &state)).values

    try await withTemporaryFolder { folder in
      var weights = PyTorchWeights()
      try weights.add(stack, as: "rnn")
      weights.add(head, as: "head")
      try weights.write(to: folder + "/model.safetensors")
      try SafetensorsFile.write(
        [("input", StoredTensor(shape: input.values.shape, values: input.values.elements))],
        to: folder + "/input.safetensors")
      _ = try await python(
        """
        import sys, torch
        from safetensors.torch import load_file, save_file
        folder, kind = sys.argv[1:]
        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                options = dict(num_layers=2, bidirectional=True, batch_first=True)
                if kind == "lstm":
                    self.rnn = torch.nn.LSTM(4, 5, proj_size=3, **options)
                elif kind == "gru":
                    self.rnn = torch.nn.GRU(4, 5, **options)
                else:
                    self.rnn = torch.nn.RNN(4, 5, nonlinearity="relu", **options)
                self.head = torch.nn.Linear(6 if kind == "lstm" else 10, 2)
        model = Model()
        model.load_state_dict(load_file(folder + "/model.safetensors"), strict=True)
        with torch.no_grad():
            y, final = model.rnn(load_file(folder + "/input.safetensors")["input"])
            parts = final if kind == "lstm" else (final,)
            out = {"output": model.head(y)}
            for i in range(4):
                for k, part in enumerate(parts):
                    out[f"final.{i * len(parts) + k}"] = part[i].clone()
        save_file(out, folder + "/output.safetensors")
        """, folder, kind.rawValue)
      let output = try SafetensorsFile(path: folder + "/output.safetensors")
      expectClose(
        StoredTensor(shape: expected.shape, values: expected.elements),
        to: try output.floats("output"), within: 2e-6, "output")
      for (index, tensor) in state.tensors.enumerated() {
        expectClose(
          StoredTensor(shape: tensor.shape, values: tensor.elements),
          to: try output.floats("final.\(index)"), within: 2e-6, "final.\(index)")
      }
      #expect(output.names.count == 1 + state.tensors.count)
    }
  }

  /// `Scripts/keras-to-safetensors` makes what `get_weights()` gives, without Keras.
  @Test(.pythonPackages("h5py", "numpy", "safetensors"))
  func kerasModelsAreConverted() async throws {
    let python = try #require(ProcessInfo.processInfo.environment["RECURRENT_PYTHON"])
    let model = Fixtures.folder(of: "keras-model")
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Scripts/keras-to-safetensors").standardized.path
    try await withTemporaryFolder { folder in
      let path = folder + "/weights.safetensors"
      let result = try await CommandRunner.run(python, [script, model + "/model.keras", path])
      try #require(result.exitCode == 0, "\(result.errorOutput)")
      let found = try SafetensorsFile(path: path)
      let expected = try NumPyFile(path: model + "/weights.npz")
      #expect(found.names.count == expected.names.count)
      for name in found.names {
        let array = "arr_\(name.prefix { $0 != "." })"
        #expect(try found.floats(name) == expected.floats(array), "\(name)")
      }
      var weights = try KerasWeights(file: path)
      try KerasModelTests.readModel(&weights)
        .replay(Recording(file: model + "/recording.safetensors"))
      let wrong = try await CommandRunner.run(python, [script, model + "/weights.npz", path])
      #expect(wrong.exitCode != 0 && !wrong.errorOutput.contains("Traceback"))
    }
  }
}
