import Foundation
import Recurrent
import RecurrentONNX
import TestSupport
import Testing

/// `recurrent inspect`, `run` and `convert` with files of other systems.
@Suite(.optimized) struct OtherSystemsTests {
  /// A model of one GRU and one dense layer in ONNX, and what it gives for an input in two halves.
  private static func withModel(
    _ body: (Workspace, Tensor, Tensor) async throws -> Void
  ) async throws {
    var generator = SeededGenerator(seed: 9)
    let network = Sequential {
      GRU(inputSize: 2, hiddenSize: 3, using: &generator)
      EachStep(Dense(inputSize: 3, outputSize: 1, using: &generator))
    }
    let input = Tensor(generator.floats(12), shape: [1, 6, 2])
    try await Workspace.with { workspace in
      try workspace.write(
        Data(try OnnxBuilder.encode(network, input: .sequences(features: 2), name: "small")),
        to: "small.onnx")
      func save(_ x: Tensor, _ name: String) throws {
        try workspace.write(
          Data(NumPyFile.encode(StoredTensor(shape: x.shape, values: x.elements))), to: name)
      }
      try save(input, "x.npy")
      for (name, range) in [("a.npy", 0..<2), ("b.npy", 2..<6)] {
        try save(input.slice(range, along: 1), name)
      }
      for (name, length) in [("six.npy", 6), ("two.npy", 2), ("four.npy", 4)] {
        try workspace.write(
          Data(NumPyFile.encode(StoredIntegers(shape: [1], values: [Int64(length)]))), to: name)
      }
      try await body(workspace, input, network(SequenceBatch(input)).values)
    }
  }

  private static func array(_ workspace: Workspace, _ name: String) throws -> Tensor {
    let file = try NumPyFile(path: workspace.path + "/" + name)
    let stored = try file.floats(file.names[0])
    return Tensor(stored.values, shape: stored.shape)
  }

  @Test func runsAModel() async throws {
    try await Self.withModel { workspace, _, expected in
      let result = try await workspace.recurrent([
        "run", "small.onnx", "--input", "x.npy", "--input", "lengths=six.npy", "--output", "y.npy",
      ])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(result.output == "Wrote y.npy: output float32 [1, 6, 1]\n")
      let found = try Self.array(workspace, "y.npy")
      expectClose(
        found.elements, shape: found.shape, to: expected.elements, shape: expected.shape,
        within: 1e-6)
    }
  }

  @Test func goesOnFromItsState() async throws {
    try await Self.withModel { workspace, _, expected in
      for (input, lengths, output) in [("a", "two", "c.npy"), ("b", "four", "d.npz")] {
        let result = try await workspace.recurrent([
          "run", "small.onnx", "--input", "\(input).npy", "--input", "\(lengths).npy", "--output",
          output, "--state", "state",
        ])
        #expect(result.exitCode == 0, "\(result.errorOutput)")
        #expect(result.errorOutput == "Carried on: the states of 1 recurrent nodes.\n")
      }
      let found = Tensor.concatenated(
        [try Self.array(workspace, "c.npy"), try Self.array(workspace, "d.npz")], along: 1)
      expectClose(
        found.elements, shape: found.shape, to: expected.elements, shape: expected.shape,
        within: 1e-6)
    }
  }

  @Test(arguments: [
    (
      ["--input", "x.npy"],
      "small.onnx: input \"lengths\": is missing, expected lengths int32 [batch]."
    ),
    (
      ["--input", "six.npy", "--input", "six.npy"],
      "small.onnx: input \"input\": found shape [1], expected input float32 [batch, time, 2]."
    ),
    (
      ["--input", "x.npy", "--input", "six.npy", "--state", "s", "--carry", "output=state"],
      "small.onnx: input \"state\": the model has no such input. It has input float32 [batch, time, 2]"
    ),
  ]) func whatDoesNotFitIsSaid(_ flags: [String], _ message: String) async throws {
    try await Self.withModel { workspace, _, _ in
      let result = try await workspace.recurrent(["run", "small.onnx"] + flags)
      #expect(result.exitCode == 65)
      #expect(result.errorOutput.contains(message), "\(result.errorOutput)")
    }
  }

  @Test func inspectsAGraph() async throws {
    try await Self.withModel { workspace, _, _ in
      let result = try await workspace.recurrent(["inspect", "small.onnx"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      for part in [
        "small.onnx: ONNX, opset 16, written by recurrent\n", "\ninput    lengths int32 [batch]\n",
        "  GRU  1 × 9 × 2, 1 × 9 × 3, 1 × 18       63", "\ntotal ",
      ] {
        #expect(result.output.contains(part), "\(part) in \(result.output)")
      }
      #expect(!result.output.contains("run here"))
      let json = try await workspace.recurrent(["inspect", "small.onnx", "--json"])
      #expect(
        json.output.contains("\"operation\" : \"GRU\"")
          || json.output.contains("\"operation\":\"GRU\""))
    }
  }

  @Test func inspectsWeights() async throws {
    try await Workspace.with { workspace in
      let path = Fixtures.folder + "/torch/checkpoint.ckpt"
      let result = try await workspace.recurrent(["inspect", path])
      for part in [
        "\(path): PyTorch\n", "part     model_state_dict (--part takes another)\n",
        "\nlstm.weight_ih_l0          float32  16 × 3       48\n",
      ] {
        #expect(result.output.contains(part), "\(part) in \(result.output)")
      }
      let harm = try await workspace.recurrent(["inspect", Fixtures.folder + "/torch/harm.pt"])
      #expect(harm.exitCode == 65 && harm.errorOutput.contains("Nothing of a file is ever run"))
    }
  }

  @Test func convertsWeights() async throws {
    try await Workspace.with { workspace in
      let path = Fixtures.folder + "/torch/checkpoint.ckpt"
      let result = try await workspace.recurrent(["convert", path, "weights.safetensors"])
      #expect(result.output == "Wrote weights.safetensors\n")
      #expect(
        result.errorOutput
          == "Taken: what begins with model_state_dict. --part takes another.\n")
      let back = try await workspace.recurrent(["convert", "weights.safetensors", "--to", "npz"])
      #expect(back.output == "Wrote weights.npz\n", "\(back.errorOutput)")
      let (first, last) = (
        try PyTorchFile(path: path), try NumPyFile(path: workspace.path + "/weights.npz")
      )
      #expect(first.names == last.names)
      for name in first.names { #expect(try first.floats(name) == last.floats(name)) }
    }
  }

  @Test func convertsAModelToONNX() async throws {
    try await Workspace.with { workspace in
      try workspace.write(Sample.prices, to: "prices.csv")
      try await workspace.train("prices.csv", "--calendar", "none")
      let result = try await workspace.recurrent(["convert", "model", "--to", "onnx"])
      #expect(result.output == "Wrote model.onnx\n", "\(result.errorOutput)")
      let model = try OnnxModel(file: workspace.path + "/model.onnx")
      #expect(model.inputs.map(\.name) == ["input", "lengths"])
      #expect(model.metadata["task"] == "forecaster")
      #expect(model.metadata["config.json"]?.contains("\"horizon\"") ?? false)
      let weights = try await workspace.recurrent(["convert", "model", "--to", "npz"])
      #expect(weights.output == "Wrote model.npz\n", "\(weights.errorOutput)")
      let (first, last) = (
        try SafetensorsFile(path: workspace.path + "/model/model.safetensors"),
        try NumPyFile(path: workspace.path + "/model.npz")
      )
      #expect(!first.names.isEmpty && first.names.sorted() == last.names.sorted())
      for name in first.names { #expect(try first.floats(name) == last.floats(name)) }
      let wrong = try await workspace.recurrent(["convert", "model", "x.safetensors"])
      #expect(wrong.exitCode == 64 && wrong.errorOutput.contains("model.safetensors already"))
      let nothing = try await workspace.recurrent(["convert", "model"])
      #expect(nothing.exitCode == 64 && nothing.errorOutput.contains("--to onnx"))
    }
  }
}
