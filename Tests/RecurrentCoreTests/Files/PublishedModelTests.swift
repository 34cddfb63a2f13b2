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

  private struct Symbols: Decodable {
    let graphemes: [String]
    let phonemes: [String]
  }

  private func lines(_ file: String) throws -> [String] {
    try String(contentsOfFile: try path(file), encoding: .utf8).split(separator: "\n").map(
      String.init)
  }

  /// g2p_en: letters to phonemes by two GRUs, the second from its own last phoneme.
  @Test func phonemesOfWords() throws {
    var weights = try PyTorchWeights(file: try path("g2p_en/checkpoint20.npz"))
    let symbols = try JSONDecoder().decode(
      Symbols.self, from: Data(contentsOf: URL(fileURLWithPath: try path("g2p_en/symbols.json"))))
    func gru(_ part: String) throws -> GRU {
      GRU(
        weights: try weights.recurrent(
          .gru, names: ["w_ih", "w_hh", "b_ih", "b_hh"].map { "\(part)_\($0)" }))
    }
    let (encoder, decoder) = (try gru("enc"), try gru("dec"))
    let letters = Embedding(weights: try weights.tensor("enc_emb", shape: [29, 256]))
    let sounds = Embedding(weights: try weights.tensor("dec_emb", shape: [74, 256]))
    let head = Dense(
      weights: try weights.tensor("fc_w", shape: [74, 256]).transposed(),
      bias: try weights.tensor("fc_b", shape: [74]))
    try weights.finish()
    let reference = try NumPyFile(path: try path("g2p_en/reference.npz")).floats("logits")
    var (logits, right): ([Float], Int) = ([], 0)
    let (words, wanted) = (try lines("g2p_en/words.txt"), try lines("g2p_en/phonemes.txt"))
    for (word, phonemes) in zip(words, wanted) {
      let codes = word.map { symbols.graphemes.firstIndex(of: String($0)) ?? 1 } + [2]
      var state = encoder.initialState(batchSize: 1)
      _ = encoder(letters(TokenBatch([codes])), state: &state)
      var (last, found): (Int, [String]) = (2, [])
      for _ in 0..<20 {
        let scores = head(decoder(sounds(TokenBatch([[last]])), state: &state).values).elements
        logits += scores
        last = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        if last == 3 { break }
        found.append(symbols.phonemes[last])
      }
      if found.joined(separator: " ") == phonemes { right += 1 }
    }
    #expect(words.count == 200 && right == 200, "\(right) of \(words.count)")
    expectClose(
      logits, shape: [logits.count / 74, 74], to: reference.values, shape: reference.shape,
      within: 1e-5)
  }

  /// Silero's voice activity from its safetensors: a spectrum by a convolution, four convolutions, an
  /// LSTM cell.
  @Test func voiceActivityOfSilero() throws {
    var weights = try PyTorchWeights(file: try path("pickle/silero_vad_16k.safetensors"))
    let spectrum = try weights.conv1D("stft_conv", stride: 128, padding: .valid)
    let convolutions = try [1, 2, 2, 1].enumerated().map { index, stride in
      try weights.conv1D("conv\(index + 1)", stride: stride, padding: .valid)
    }
    let cell = try weights.recurrentStack("lstm_cell", cell: .lstm)
    let last = try weights.conv1D("final_conv", padding: .valid)
    try weights.finish()
    let reference = try NumPyFile(path: try path("pickle/reference_safetensors.npz"))
    let (audio, wanted) = (
      try reference.floats("audio").values, try reference.floats("probabilities")
    )
    var state = cell.initialState(batchSize: 1)
    var (context, found) = ([Float](repeating: 0, count: 64), [Float]())
    for start in stride(from: 0, to: audio.count, by: 512) {
      let frame = context + audio[start..<start + 512]
      context = Array(frame.suffix(64))
      let mirrored = frame + (1...64).map { frame[frame.count - 1 - $0] }
      let parts = spectrum(SequenceBatch(Tensor(mirrored, shape: [1, mirrored.count, 1]))).values
      let (real, imaginary) = (
        parts.slice(0..<129, along: 2), parts.slice(129..<258, along: 2)
      )
      var x = (real.squared() + imaginary.squared()).squareRoot()
      for convolution in convolutions {
        let edge = Tensor.zeros([1, 1, x.shape[2]])
        x = convolution(SequenceBatch(.concatenated([edge, x, edge], along: 1))).values.relu()
      }
      let hidden = cell(SequenceBatch(x), state: &state).values.relu()
      found.append(last(SequenceBatch(hidden)).values.sigmoid().value)
    }
    expectClose(
      found, shape: [found.count], to: wanted.values, shape: wanted.shape, within: 1e-5)
  }
}
