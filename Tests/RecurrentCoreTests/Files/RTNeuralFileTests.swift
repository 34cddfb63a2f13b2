import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct RTNeuralFileTests {
  private static func read(_ json: String) throws -> RTNeuralFile {
    try RTNeuralFile(bytes: Array(json.utf8), source: "amp.json")
  }

  /// σ and tanh of doubles: the formulas of Keras, by hand.
  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// One unit each: what the gates are and in which order they stand.
  @Test func formulas() throws {
    let lstm = try Self.read(
      """
      {"in_shape": [null, null, 1], "layers": [
        {"type": "lstm", "activation": "tanh", "shape": [null, null, 1],
         "weights": [[[0.5, -0.25, 0.75, 1.0]], [[0.1, 0.2, 0.3, 0.4]], [0.01, 0.02, 0.03, 0.04]]},
        {"type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[2.0]], [0.5]]}]}
      """)
    // Keras: i f c o.
    var (h, c) = (0.0, 0.0)
    let stream = ModelStream(lstm.model)
    for x in [1.0, -0.5, 0.25] {
      let i = Self.sigmoid(0.5 * x + 0.1 * h + 0.01)
      let f = Self.sigmoid(-0.25 * x + 0.2 * h + 0.02)
      let g = tanh(0.75 * x + 0.3 * h + 0.03)
      let o = Self.sigmoid(1.0 * x + 0.4 * h + 0.04)
      c = f * c + i * g
      h = o * tanh(c)
      #expect(abs(Double(try stream.step([Float(x)])[0]) - (2 * h + 0.5)) < 1e-6)
    }
    let gru = try Self.read(
      """
      {"in_shape": [null, null, 1], "layers": [
        {"type": "gru", "activation": "tanh", "shape": [null, null, 1],
         "weights": [[[0.5, -0.25, 0.75]], [[0.1, 0.2, 0.3]], [[0.01, 0.02, 0.03], [0.1, 0.2, 0.3]]]}]}
      """)
    // Keras: z r h, reset after the product.
    h = 0
    let gated = ModelStream(gru.model)
    for x in [1.0, -0.5, 0.25] {
      let z = Self.sigmoid(0.5 * x + 0.01 + 0.1 * h + 0.1)
      let r = Self.sigmoid(-0.25 * x + 0.02 + 0.2 * h + 0.2)
      let n = tanh(0.75 * x + 0.03 + r * (0.3 * h + 0.3))
      h = (1 - z) * n + z * h
      #expect(abs(Double(try gated.step([Float(x)])[0]) - h) < 1e-6)
    }
  }

  /// Groups of a convolution, a norm of two statistics, one slope for all: by hand.
  @Test func convolution() throws {
    let file = try Self.read(
      """
      {"in_shape": [null, null, 2], "layers": [
        {"type": "conv1d", "activation": "", "shape": [null, null, 2], "kernel_size": [2],
         "dilation": [2], "groups": 2, "weights": [[[[1, 2]], [[10, 20]]], [0.5, 0.25]]},
        {"type": "batchnorm", "epsilon": 3, "shape": [null, null, 2], "weights": [[1, 2], [1, 6]]},
        {"type": "prelu", "activation": "", "shape": [null, null, 2], "weights": [[[0.5]]]},
        {"type": "activation", "activation": "relu", "shape": [null, null, 2], "weights": []}]}
      """)
    let stream = ModelStream(file.model, inputSize: 2)
    #expect(stream.isLaidOut)
    // The sample two steps ago by the first element of the kernel, the new one by the second.
    let samples: [[Float]] = [[1, -1], [2, 0.5], [-3, 4]]
    for (t, x) in samples.enumerated() {
      let before = t >= 2 ? samples[t - 2] : [0, 0]
      let y = [before[0] * 1 + x[0] * 10 + 0.5, before[1] * 2 + x[1] * 20 + 0.25]
      let normed = [(y[0] - 1) / 2, (y[1] - 2) / 3]
      for (found, expected) in zip(try stream.step(x), normed) {
        #expect(abs(found - max(0, expected)) < 1e-4)
      }
    }
  }

  /// What is written is read again with the same bits.
  @Test func roundTrip() throws {
    var generator = SeededGenerator(seed: 3)
    var norm = BatchNorm(size: 4)
    norm.runningMean = Tensor([1, 2, 3, 4])
    let layers = [
      AnyLayer(EachStep(Dense(inputSize: 1, outputSize: 4, activation: .elu, using: &generator))),
      AnyLayer(
        Conv1D(
          inputSize: 4, outputSize: 4, kernelSize: 3, dilation: 2, padding: .causal,
          using: &generator)),
      AnyLayer(norm), AnyLayer(EachStep(PReLU(size: 4))),
      AnyLayer(LSTM(inputSize: 4, hiddenSize: 5, using: &generator)),
      AnyLayer(GRU(inputSize: 5, hiddenSize: 3, using: &generator)),
      AnyLayer(EachStep(Elementwise(.tanh))),
      AnyLayer(EachStep(Dense(inputSize: 3, outputSize: 1, bias: false, using: &generator))),
    ]
    let input = SequenceBatch(Tensor((0..<20).map { Float($0 % 5) / 5 - 0.4 }, shape: [1, 20, 1]))
    try withTemporaryFolder { folder in
      try RTNeuralFile(layers, inputSize: 1).write(to: folder + "/amp.json")
      let read = try RTNeuralFile(path: folder + "/amp.json")
      #expect(read.inputSize == 1)
      let (before, after) = (RecurrentStack(layers)(input).values, read.model(input).values)
      // b and b' of the LSTM are one bias in the file.
      for (a, b) in zip(before.elements, after.elements) { #expect(abs(a - b) < 1e-6) }
      try RTNeuralFile(read.layers, inputSize: 1).write(to: folder + "/again.json")
      let again = try RTNeuralFile(path: folder + "/again.json").model(input).values
      #expect(again.isIdentical(to: after))
    }
  }

  @Test func cannotBeWritten() throws {
    var generator = SeededGenerator(seed: 3)
    let before = GRU(inputSize: 1, hiddenSize: 3, reset: .beforeProduct, using: &generator)
    let error = try dataError {
      try RTNeuralFile([AnyLayer(before)], inputSize: 1).write(to: "/nowhere/amp.json")
    }
    #expect(error.description.contains("layer 0: is a GRU"))
  }

  /// GuitarML: the names of PyTorch, and the input added to the output.
  @Test func amplifier() throws {
    func json(skip: Int) -> String {
      """
      {"model_data": {"model": "SimpleRNN", "input_size": 1, "skip": \(skip), "output_size": 1,
        "unit_type": "LSTM", "num_layers": 1, "hidden_size": 1, "bias_fl": true},
       "state_dict": {
        "rec.weight_ih_l0": [[0.5], [-0.25], [0.75], [1.0]],
        "rec.weight_hh_l0": [[0.1], [0.2], [0.3], [0.4]],
        "rec.bias_ih_l0": [0.01, 0.02, 0.03, 0.04], "rec.bias_hh_l0": [0, 0, 0, 0],
        "lin.weight": [[2.0]], "lin.bias": [0.5]}}
      """
    }
    let (plain, skipping) = (try Self.read(json(skip: 0)), try Self.read(json(skip: 1)))
    let (first, second) = (ModelStream(plain.model), ModelStream(skipping.model))
    #expect(second.isLaidOut)
    for x: Float in [1, -0.5, 0.25] {
      let (without, with) = (try first.step([x]), try second.step([x]))
      #expect(with == [without[0] + x])
    }
    let two = ModelStream(skipping.model, rows: 2)
    first.reset()
    #expect(try two.step([1, -0.5])[0] == first.step([1])[0] + 1)
  }

  @Test(arguments: [
    ("{", "JSON"), ("[]", ""), ("{\"layers\": []}", "in_shape"),
    ("{\"in_shape\": [1], \"layers\": []}", "no layer"), ("{}", "neither"),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"conv2d\", \"weights\": []}]}",
      "layer 0 (conv2d)"
    ),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"dense\", \"weights\": [[[1], [2, 3]]]}]}",
      "lengths"
    ),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"dense\", \"weights\": [[[1], [2]]]}]}",
      "takes 2"
    ),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"lstm\", \"weights\": [[[1, 2]], [[1, 2]]]}]}",
      ""
    ),
    ("{\"in_shape\": [1], \"layers\": [{\"type\": \"lstm\", \"weights\": []}]}", ""),
    ("{\"in_shape\": [1], \"layers\": [{\"type\": \"prelu\", \"weights\": [[1, 2]]}]}", "slopes"),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"dense\", \"activation\": \"?\", \"weights\": [[[1]]]}]}",
      "activation"
    ),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"conv1d\", \"groups\": 0, \"weights\": [[[[1]]]]}]}",
      "groups"
    ),
    (
      "{\"in_shape\": [1], \"layers\": [{\"type\": \"conv1d\", \"dilation\": [9223372036854775807], \"weights\": [[[[1]]]]}]}",
      "dilation"
    ),
    (
      "{\"model_data\": {\"input_size\": 1, \"unit_type\": \"TCN\"}, \"state_dict\": {}}",
      "unit_type"
    ),
    ("{\"model_data\": {\"input_size\": 1, \"unit_type\": \"GRU\"}, \"state_dict\": {}}", ""),
    (
      "{\"in_shape\": [999999999999], \"layers\": [{\"type\": \"activation\", \"activation\": \"relu\"}]}",
      "in_shape"
    ),
  ]) func damaged(json: String, says: String) throws {
    let error = try dataError { _ = try Self.read(json) }
    #expect(error.description.contains("amp.json"))
    #expect(says.isEmpty || error.description.contains(says), "\(error)")
  }

  /// Damaged files are refused, or are networks that run.
  @Test func mutatedFilesNeverCrash() throws {
    var numbers = SeededGenerator(seed: 1)
    let layers = [
      AnyLayer(
        Conv1D(inputSize: 1, outputSize: 2, kernelSize: 2, padding: .causal, using: &numbers)),
      AnyLayer(BatchNorm(size: 2)), AnyLayer(GRU(inputSize: 2, hiddenSize: 2, using: &numbers)),
      AnyLayer(EachStep(Dense(inputSize: 2, outputSize: 1, using: &numbers))),
    ]
    let whole = try withTemporaryFolder { folder in
      try RTNeuralFile(layers, inputSize: 1).write(to: folder + "/amp.json")
      return try Data(contentsOf: URL(fileURLWithPath: folder + "/amp.json"))
    }
    var refused = 0
    let rounds = 400
    try Mutations.forEach("rtneural", count: rounds) { generator in
      var bytes = [UInt8](whole)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let at = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 32...126, using: &generator)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(contentsOf: "99999999999".utf8, at: at)
        default: bytes.insert("[,]{}\"-0".utf8.randomElement(using: &generator) ?? 48, at: at)
        }
      }
      do {
        let file = try RTNeuralFile(bytes: bytes, source: "mutated")
        let stream = ModelStream(file.model, inputSize: file.inputSize)
        _ = try stream.step([Float](repeating: 1, count: stream.inputSize))
      } catch is DataError {
        refused += 1
      }
    }
    #expect(!Mutations.isTest || (refused > rounds / 4 && refused < rounds), "\(refused)")
  }
}
