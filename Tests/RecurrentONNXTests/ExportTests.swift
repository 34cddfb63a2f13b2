import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX
@testable import RecurrentTasks

@Suite struct ExportTests {
  /// Numbers of steps that are there; all of what is no sequence.
  private static func valid(_ x: Tensor, lengths: [Int]) -> [Float] {
    guard x.rank == 3, x.shape[0] == 4, x.shape[1] >= 5 || lengths != ExportCase.lengths else {
      return x.elements
    }
    return SequenceBatch(x, lengths: lengths).validSteps.elements
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    for (name, test) in try ExportCase.all() {
      let model = try OnnxModel(bytes: test.bytes, source: name)
      let results = try model(test.inputs)
      #expect(Set(results.keys) == Set(test.outputs.keys), "\(name)")
      let lengths =
        test.outputs["output_lengths"]?.elements.map { Int($0) } ?? ExportCase.lengths
      for (output, wanted) in test.outputs {
        let value = try #require(results[output], "\(name), \(output)")
        #expect(value.shape == wanted.shape, "\(name), \(output)")
        let found = Tensor(value.floats, shape: value.shape)
        let (mine, theirs) = (
          Self.valid(found, lengths: lengths), Self.valid(wanted, lengths: lengths)
        )
        expectClose(
          mine, shape: [mine.count], to: theirs, shape: [theirs.count], within: 2e-6,
          "\(name), \(output)")
      }
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
        for (name, output) in test.outputs {
          arrays.append(
            ("out." + name, StoredTensor(shape: output.shape, values: output.elements)))
        }
        try NumPyFile.write(arrays, to: folder + "/recording.npz")
        let result = try await CommandRunner.run(
          python, [script, folder + "/model.onnx", folder + "/recording.npz"])
        #expect(result.exitCode == 0, "\(name): \(result.output)\(result.errorOutput.suffix(600))")
      }
    }
  }

  /// The likeliest token at each step, by the graphs alone, is what the search with a beam of one writes.
  @Test func aTranslationIsWrittenByItsGraphs() throws {
    var generator = SeededGenerator(seed: 5)
    var options = TranslatorOptions()
    (options.embeddingSize, options.hiddenSize, options.beam, options.maximumLength) = (5, 6, 1, 8)
    var network = TranslatorModel(
      sourceSize: 9, targetSize: 8, options: options, using: &generator)
    network.updateParameters { $1 = Tensor(generator.floats($1.count), shape: $1.shape) }
    let encoder = try OnnxModel(
      bytes: try TranslatorGraphs.encoder(of: [network]), source: "encoder")
    let decoder = try OnnxModel(
      bytes: try TranslatorGraphs.decoder(of: [network]), source: "decoder")
    for source in [[3, 4, 5, 8], [6], [7, 7, 3]] {
      let lengths = OnnxTensor([Int64(source.count)], shape: [1], .int32)
      var values = try encoder([
        "input": OnnxTensor(integers: source.map { Int64($0) }, shape: [1, source.count]),
        "lengths": lengths,
      ])
      values["lengths"] = lengths
      var written = [SentenceEncoder.start]
      while written.count <= options.maximumLength, written.last != SentenceEncoder.end {
        values["input"] = OnnxTensor(integers: [Int64(written[written.count - 1])], shape: [1])
        let step = try decoder(values)
        for name in ["hidden", "cell", "feed"] { values[name] = step[name + ".next"] }
        let scores = try #require(step["log_probabilities"]?.floats)
        // Neither an unknown token nor the beginning is ever written.
        written.append(
          try #require(scores.indices.dropFirst(2).max { scores[$0] < scores[$1] }))
      }
      let best = BeamSearch([network], options)([source])[0][0]
      #expect(written.dropFirst().filter { $0 != SentenceEncoder.end } == best.tokens)
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
    let causal = Sequential {
      Conv1D(inputSize: 3, outputSize: 3, kernelSize: 2, padding: .causal, using: &generator)
      GRU(inputSize: 3, hiddenSize: 4, using: &generator)
    }
    let backward = Reversed(GRU(inputSize: 3, hiddenSize: 4, using: &generator))
    let looking = SkipConnection(
      around: MultiHeadAttention(size: 3, heads: 1, using: &generator))
    for (layer, what) in [
      (
        causal as any OnnxExportable,
        "a convolution keeps inputs from piece to piece, which is not written with a state"
      ), (backward, "the network looks at whole sequences: they cannot come in pieces"),
      (looking, "the network looks at whole sequences: they cannot come in pieces"),
    ] {
      let error = try dataError {
        _ = try OnnxBuilder.encode(
          layer, input: .sequences(features: 3), name: "refused", withState: true)
      }
      #expect(error.problem == what)
    }
    let own = Sequential { MinGRU(inputSize: 3, hiddenSize: 4, using: &generator) }
    #expect(
      try dataError {
        _ = try OnnxBuilder.encode(own, input: .sequences(features: 3), name: "refused")
      }.problem == "a MinGRU cannot be written")
  }
}
