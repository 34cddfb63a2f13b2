import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct ReplayTests {
  static let gru: GRU = {
    var generator = SeededGenerator(seed: 12)
    return GRU(inputSize: 2, hiddenSize: 3, using: &generator)
  }()

  /// What a layer gives, recorded.
  static func record<L: Layer<SequenceBatch, SequenceBatch>>(
    _ layer: L, lengths: [Int]? = nil
  ) -> [String: StoredTensor] {
    var generator = SeededGenerator(seed: 13)
    let input = SequenceBatch(
      Tensor(generator.floats(2 * 4 * 2), shape: [2, 4, 2]), lengths: lengths)
    var state = layer.initialState(batchSize: 2)
    state.tensors = state.tensors.map { Tensor(generator.floats($0.count), shape: $0.shape) }
    var tensors = ["input": input.values]
    for (index, tensor) in state.tensors.enumerated() { tensors["initial.\(index)"] = tensor }
    tensors["output"] = layer(input, state: &state).values
    for (index, tensor) in state.tensors.enumerated() { tensors["final.\(index)"] = tensor }
    return tensors.mapValues { StoredTensor(shape: $0.shape, values: $0.elements) }
  }

  static func mismatch(
    _ layer: some Layer<SequenceBatch, SequenceBatch>, _ tensors: [String: StoredTensor]
  ) throws -> ReplayMismatch {
    try #require(
      #expect(throws: ReplayMismatch.self) {
        try layer.replay(Recording(safetensors(tensors, source: "r")))
      })
  }

  @Test func theWorstElementIsNamed() throws {
    var tensors = Self.record(Self.gru)
    try Self.gru.replay(Recording(safetensors(tensors)), tolerance: 0)
    for (name, index, position) in [
      ("output", [1, 2, 1], 1 * 12 + 2 * 3 + 1), ("final.0", [1, 0], 3),
    ] {
      let sound = try #require(tensors[name])
      var values = sound.values
      values[position] += 0.5
      values[0] += 0.25
      tensors[name] = StoredTensor(shape: sound.shape, values: values)
      let found = try Self.mismatch(Self.gru, tensors)
      #expect(found.tensor == name && found.index == index && found.recording == "r")
      #expect(found.found == sound.values[position] && found.expected == values[position])
      #expect(found.allowed == 1e-5 * (values.map(\.magnitude).max() ?? 0))
      #expect(found.description.contains("element \(index) is \(found.found), expected"))
      tensors[name] = sound
    }
    // Just within and just beyond what is allowed.
    let sound = try #require(tensors["output"])
    let largest = try #require(sound.values.map(\.magnitude).max())
    for (error, isAllowed) in [(Float(0.9e-5), true), (1.1e-5, false)] {
      var values = sound.values
      let place = try #require(values.firstIndex { $0.magnitude < largest })
      values[place] += error * largest
      tensors["output"] = StoredTensor(shape: sound.shape, values: values)
      let recording = try Recording(safetensors(tensors))
      if isAllowed {
        try Self.gru.replay(recording)
      } else {
        #expect(throws: ReplayMismatch.self) { try Self.gru.replay(recording) }
      }
    }
  }

  /// What no shape tells, a replay does.
  @Test func wrongDeclarationsAreFound() throws {
    let tensors = Self.record(Self.gru)
    var wrong: [GRU] = []
    // Reset before the product instead of after it; only the hidden state at work differs.
    wrong.append(GRU(weights: Self.gru.weights, reset: .beforeProduct))
    wrong.append(
      GRU(weights: Self.gru.weights, options: .init(gateActivation: .hardSigmoid)))
    wrong.append(GRU(weights: Self.gru.weights, options: .init(activation: .softsign)))
    // z as the share of the new state: the negative of its weights and biases.
    var negated = Self.gru
    let sign = Tensor([1, 1, 1, -1, -1, -1, 1, 1, 1])
    negated.weights.input = negated.weights.input * sign
    negated.weights.recurrent = negated.weights.recurrent * sign
    negated.weights.bias = negated.weights.bias.map { $0 * sign }
    negated.weights.recurrentBias = negated.weights.recurrentBias.map { $0 * sign }
    wrong.append(negated)
    // The gates of Keras read as those of PyTorch.
    var swapped = Self.gru
    swapped.weights = WeightFormat.keras.weights(
      .gru(.afterProduct),
      .init(
        input: swapped.weights.input, recurrent: swapped.weights.recurrent,
        biases: [
          .stacked(
            [swapped.weights.bias, swapped.weights.recurrentBias].compactMap(\.self), along: 0)
        ]))
    wrong.append(swapped)
    for layer in wrong {
      #expect(try Self.mismatch(layer, tensors).tensor == "output")
    }
  }

  @Test func onlyValidStepsAreCompared() throws {
    var tensors = Self.record(Self.gru, lengths: [4, 2])
    let output = try #require(tensors["output"])
    var values = output.values
    for place in 18..<24 { values[place] = 9 }
    tensors["output"] = StoredTensor(shape: output.shape, values: values)
    func recording(_ name: String, _ shape: [Int], _ integers: [Int64]) throws -> Recording {
      try Recording(
        SafetensorsFile(
          bytes: SafetensorsFile.encode(
            tensors.map { ($0.key, $0.value) },
            integers: [(name, StoredIntegers(shape: shape, values: integers))]), source: "r"))
    }
    try Self.gru.replay(recording("lengths", [2], [4, 2]))
    try Self.gru.replay(recording("mask", [2, 4], [1, 1, 1, 1, 1, 1, 0, 0]))
    #expect(throws: ReplayMismatch.self) {
      try Self.gru.replay(recording("lengths", [2], [4, 3]))
    }
    for (name, shape, integers, problem) in [
      ("lengths", [2], [4, 5], "element 1 is 5, expected 0 … 4"),
      ("lengths", [2], [4, -1], "element 1 is -1"), ("lengths", [1], [4], "found shape [1]"),
      ("mask", [2, 4], [1, 1, 1, 1, 1, 1, 2, 0], "element 6 is 2, expected 0 … 1"),
      ("mask", [8], [1, 1, 1, 1, 1, 1, 1, 0], "found shape [8], expected [2, 4]"),
    ] as [(String, [Int], [Int64], String)] {
      let error = #expect(throws: DataError.self) { try recording(name, shape, integers) }
      #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    }
  }

  @Test func modelsThatEndInARowAreReplayed() throws {
    var generator = SeededGenerator(seed: 14)
    let model = Sequential {
      LSTM(inputSize: 2, hiddenSize: 3, using: &generator)
      LastOutput()
      Dense(inputSize: 3, outputSize: 2, using: &generator)
    }
    let input = Tensor(generator.floats(3 * 4 * 2), shape: [3, 4, 2])
    let output = model(SequenceBatch(input))
    var tensors = [
      "input": StoredTensor(shape: input.shape, values: input.elements),
      "output": StoredTensor(shape: output.shape, values: output.elements),
    ]
    try model.replay(Recording(safetensors(tensors)), tolerance: 0)
    tensors["output"] = StoredTensor(shape: [3, 2], values: output.elements.reversed())
    #expect(throws: ReplayMismatch.self) { try model.replay(Recording(safetensors(tensors))) }
  }

  @Test func recordingsOfAnotherLayerAreRefused() throws {
    let sound = Self.record(Self.gru)
    func error(_ change: (inout [String: StoredTensor]) -> Void) throws -> DataError {
      var tensors = sound
      change(&tensors)
      return try #require(
        #expect(throws: DataError.self) {
          try Self.gru.replay(Recording(safetensors(tensors, source: "r")))
        })
    }
    let one = StoredTensor(shape: [2, 1], values: [1, 2])
    #expect(try error { $0["input"] = nil }.place == "tensor \"input\"")
    #expect(try error { $0["output"] = nil }.place == "tensor \"output\"")
    #expect(try error { $0["x"] = one }.problem == "is not a part of a recording")
    #expect(try error { $0["final.2"] = one }.place == "tensor \"final.2\"")
    #expect(try error { $0["initial.1"] = one }.problem.contains("expected those of the layer's"))
    #expect(try error { $0["final.0"] = one }.problem.contains("found shapes [[2, 1]]"))
    #expect(try error { $0["output"] = one }.problem.contains("found shape [2, 1], expected what"))
    #expect(
      try error {
        $0["output"] = StoredTensor(shape: [2, 4, 3], values: .init(repeating: .nan, count: 24))
      }.problem.contains("is nan"))
  }

  @Test func whatIsNotANumberIsNeverAMatch() throws {
    var layer = Self.gru
    layer.weights.bias = Tensor([Float](repeating: .nan, count: 9))
    let found = try Self.mismatch(layer, Self.record(Self.gru))
    #expect(found.found.isNaN)
  }
}
