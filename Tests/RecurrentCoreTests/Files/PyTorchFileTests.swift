import Foundation
import Recurrent
import TestSupport
import Testing

/// Files that PyTorch wrote (`generate_torch_files.py`), read without it.
@Suite struct PyTorchFileTests {
  static func path(_ name: String) -> String { Fixtures.folder + "/torch/" + name }

  static func expected(_ name: String) throws -> Tensor {
    let stored = try SafetensorsFile(path: path("expected.safetensors")).floats(name)
    return Tensor(stored.values, shape: stored.shape)
  }

  /// What the tagger of the script gives with the weights of a file.
  private func tagged(_ file: String) throws -> Tensor {
    var weights = try PyTorchWeights(file: Self.path(file))
    let embedding = try weights.embedding("embedding")
    let stack = try weights.recurrentStack("lstm", cell: .lstm)
    let head = try weights.dense("head")
    try weights.finish()
    let vectors = embedding(TokenBatch([[1, 2, 3, 4], [6, 5, 0, 2]]))
    return head(stack(vectors).values)
  }

  @Test(arguments: [
    ("state_dict.pt", "tagger.output"), ("legacy.pt", "tagger.output"),
    ("checkpoint.ckpt", "checkpoint.output"),
  ])
  func givesWhatTheModuleGave(_ file: String, _ output: String) throws {
    let (found, wanted) = (try tagged(file), try Self.expected(output))
    expectClose(
      found.elements, shape: found.shape, to: wanted.elements, shape: wanted.shape, within: 1e-6)
  }

  @Test func theModelOfACheckpointIsTaken() throws {
    let file = try PyTorchFile(path: Self.path("checkpoint.ckpt"))
    #expect(file.part == "model_state_dict")
    #expect(file.names.prefix(2) == ["embedding.weight", "lstm.weight_ih_l0"])
    #expect(
      file.otherNames.prefix(2) == [
        "optimizer_state_dict.state.0.step", "optimizer_state_dict.state.0.exp_avg",
      ])
    let optimizer = try PyTorchFile(
      path: Self.path("checkpoint.ckpt"), part: "optimizer_state_dict.state.0")
    #expect(optimizer.names == ["step", "exp_avg", "exp_avg_sq"])
    let error = try dataError {
      _ = try PyTorchFile(path: Self.path("checkpoint.ckpt"), part: "ema")
    }
    #expect(error.problem == "there are no tensors in it")
    #expect(error.advice == "There are \"model_state_dict\", \"optimizer_state_dict\"")
  }

  @Test(arguments: ["bfloat16", "float16"]) func sixteenBitsAreWidened(_ kind: String) throws {
    let file = try PyTorchFile(path: Self.path(kind + ".pt"))
    #expect(file.part == "module")
    let stored = try file.floats("head.weight")
    #expect(
      Tensor(stored.values, shape: stored.shape)
        == (try Self.expected(kind + ".head.weight")))
  }

  @Test(arguments: ["several.pt", "several_legacy.pt"])
  func viewsOfStorages(_ name: String) throws {
    let file = try PyTorchFile(path: Self.path(name))
    let base = (0..<24).map { Float($0) / 8 }
    #expect(try file.floats("base") == StoredTensor(shape: [4, 6], values: base))
    #expect(
      try file.floats("turned").values == (0..<24).map { base[$0 % 4 * 6 + $0 / 4] })
    #expect(
      try file.floats("part")
        == StoredTensor(
          shape: [2, 3], values: [0.75, 1, 1.25, 1.5, 1.75, 2]))
    #expect(
      try file.floats("repeated")
        == StoredTensor(
          shape: [3, 2], values: [1.5, -2, 1.5, -2, 1.5, -2]))
    #expect(try file.floats("double").values == [0.5, 0.25])
    #expect(try file.floats("one") == StoredTensor(shape: [], values: [2.5]))
    #expect(try file.floats("parameter").values == [4])
    #expect(try file.floats("none") == StoredTensor(shape: [0, 3], values: []))
    #expect(try file.integers("bytes").values == [0, 200])
    #expect(
      try file.integers("whole") == StoredIntegers(shape: [1, 2], values: [-3, 1 << 40]))
    #expect(try file.integers("truth").values == [1, 0])
    #expect(
      try dataError { _ = try file.floats("third") }.problem.hasSuffix("no 32-bit number equals"))
    #expect(try dataError { _ = try file.floats("whole") }.problem.contains("int64"))
  }

  @Test func cellsConvolutionsAndOthers() throws {
    var weights = try PyTorchWeights(file: Self.path("cells.pth"))
    let x = SequenceBatch(try Self.expected("cells.input"))
    func compare(_ found: Tensor, _ name: String) throws {
      let wanted = try Self.expected("cells." + name)
      expectClose(
        found.elements, shape: found.shape, to: wanted.elements, shape: wanted.shape, within: 2e-6,
        name)
    }
    for (name, cell) in [("lstm", CellKind.lstm), ("gru", .gru), ("rnn", .rnn)] {
      try compare(try weights.recurrentStack(name, cell: cell)(x).values, name)
    }
    try compare(try weights.conv1D("convolution")(x).values, "convolution")
    try compare(try weights.batchNorm("norm")(x).values, "norm")
    let attention = try weights.additiveAttention(
      query: "query", memory: "memory", score: "score")
    let queries = SequenceBatch(try Self.expected("cells.queries"))
    let shares = attention.scores(of: queries, over: attention.prepare(x)).softmax()
    for row in 0..<2 {
      let context = shares.rows([row]).reshaped(to: [2, 5])
        .matrixProduct(x.values.rows([row]).reshaped(to: [5, 3]))
      let wanted = try Self.expected("cells.context").rows([row]).reshaped(to: [2, 3])
      expectClose(
        context.elements, shape: context.shape, to: wanted.elements, shape: wanted.shape,
        within: 2e-6)
    }
    try weights.finish()
  }

  @Test func aScriptIsReadAsItsTensors() throws {
    var weights = try PyTorchWeights(file: Self.path("scripted.jit"))
    let encoder = try weights.recurrentStack("encoder", cell: .gru)
    let head = try weights.dense("head")
    try weights.finish()
    let found = head(encoder(SequenceBatch(try Self.expected("cells.input"))).values)
    let wanted = try Self.expected("scripted.output")
    expectClose(
      found.elements, shape: found.shape, to: wanted.elements, shape: wanted.shape, within: 1e-6)
  }

  @Test func singleTensorsAndUnneededOnes() throws {
    var weights = try PyTorchWeights(file: Self.path("several.pt"))
    #expect(try weights.tensor("one").value == 2.5)
    #expect(try weights.tensor("turned", shape: [6, nil]).shape == [6, 4])
    weights.skip([
      "part", "repeated", "double", "third", "bytes", "whole", "truth", "parameter", "none",
      "absent",
    ])
    #expect(try dataError { try weights.finish() }.problem.contains("\"base\""))
    weights.skip(["base"])
    try weights.finish()
  }

  @Test func aNumPyArchiveIsReadByNames() throws {
    var values: [(name: String, tensor: StoredTensor)] = []
    for (name, shape) in [("w", [12, 3]), ("u", [12, 4]), ("b", [12]), ("c", [12])] {
      let count = shape.reduce(1, *)
      values.append((name, StoredTensor(shape: shape, values: (0..<count).map { Float($0) / 64 })))
    }
    try withTemporaryFolder { folder in
      try NumPyFile.write(values, to: folder + "/weights.npz")
      var weights = try PyTorchWeights(file: folder + "/weights.npz")
      let gru = GRU(weights: try weights.recurrent(.gru, names: ["w", "u", "b", "c"]))
      #expect(gru.weights.input.shape == [3, 12])
      #expect(gru.weights.input[2, 7] == Float(7 * 3 + 2) / 64)
      try weights.finish()
    }
  }

  /// What a file asks Python for is named, and never done.
  @Test(arguments: [
    ("harm.pt", "\"__builtin__.print\""), ("whole_module.pt", "\"torch.nn.modules.linear.Linear\""),
  ])
  func whatWouldRunIsRefused(_ file: String, _ name: String) throws {
    let error = try dataError { _ = try PyTorchWeights(file: Self.path(file)) }
    #expect(error.problem.contains(name), "\(error)")
    #expect(error.advice?.hasPrefix("Nothing of a file is ever run here") ?? false)
  }

  @Test func aFileWithoutTensorsHasNone() throws {
    #expect(try PyTorchFile(path: Self.path("no_tensors.pt")).names.isEmpty)
  }
}
