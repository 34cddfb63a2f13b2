import Foundation
import Recurrent
import TestSupport
import Testing

/// Published models by calls of the library, against what their own programs gave: those in the
/// folder that `RECURRENT_MODELS` names.
@Suite(.enabled(if: SharedModels.folder != nil, "set RECURRENT_MODELS to a folder of models"))
struct PublishedModelTests {
  private func path(_ file: String) throws -> String {
    try #require(SharedModels.path(file), "RECURRENT_MODELS holds no \(file)")
  }

  private func logits(_ file: String, _ tokens: [[Int]]) throws -> Tensor {
    var weights = try PyTorchWeights(file: try path(file))
    let embedding = try weights.embedding("embedding")
    let stack = try weights.recurrentStack("lstm", cell: .lstm)
    let head = try weights.dense("head")
    try weights.finish()
    return head(stack(embedding(TokenBatch(tokens))).lastValidSteps)
  }

  /// Saved by torch in four forms; the numbers belong to one of them.
  @Test func classifierOfPyTorch() throws {
    let reference = try NumPyFile(path: try path("pickle/checkpoint_reference.npz"))
    let stored = try reference.integers("tokens")
    let tokens = (0..<stored.shape[0]).map { row in
      (0..<stored.shape[1]).map { Int(stored.values[row * stored.shape[1] + $0]) }
    }
    let wanted = try reference.floats("logits")
    let found = try logits("pickle/checkpoint.pt", tokens)
    expectClose(
      found.elements, shape: found.shape, to: wanted.values, shape: wanted.shape, within: 1e-5)
    let (plain, old) = (
      try logits("pickle/state_dict.pt", tokens), try logits("pickle/state_dict_legacy.pt", tokens)
    )
    #expect(plain.isIdentical(to: old))
    let narrow = try logits("pickle/dataparallel_bf16.pt", tokens)
    #expect(narrow.shape == wanted.shape)
  }

  @Test func scriptOfSilero() throws {
    let file = try PyTorchFile(path: try path("pickle/silero_vad.jit"))
    #expect(
      file.shape(of: "_model.stft.forward_basis_buffer") == [258, 1, 256],
      "\(file.names)")
    var weights = PyTorchWeights(file)
    let cell = try weights.recurrentStack("_model.decoder.rnn", cell: .lstm)
    #expect(cell.layers.count == 1)
  }
}
