import Recurrent
import TestSupport
import Testing

/// ``checkLayer`` over every layer.
@Suite struct LayerTests {
  // MARK: Recurrent layers

  @Test(arguments: PlainRecurrence.allCases, cases([true, false]))
  func recurrentLayers(_ kind: PlainRecurrence, hasBias: Bool) async throws {
    for initialization in Initialization.allCases {
      var generator = RandomGenerator(seed: 5)
      func check<L: Layer>(_ layer: L) async throws
      where L.Input == SequenceBatch, L.Output == SequenceBatch {
        try await checkLayer(layer, inputSize: 3, outputSize: 5, twin: kind.twin)
      }
      switch kind {
      case .lstm:
        try await check(
          LSTM(
            inputSize: 3, hiddenSize: 5, bias: hasBias, initialization: .init(initialization),
            using: &generator))
      case .gruResetAfter, .gruResetBefore:
        try await check(
          GRU(
            inputSize: 3, hiddenSize: 5,
            reset: kind == .gruResetAfter ? .afterProduct : .beforeProduct, bias: hasBias,
            initialization: .init(initialization), using: &generator))
      case .rnnTanh, .rnnReLU:
        try await check(
          SimpleRNN(
            inputSize: 3, hiddenSize: 5,
            options: RecurrentOptions(activation: kind == .rnnTanh ? .tanh : .relu),
            bias: hasBias, initialization: .init(initialization), using: &generator))
      }
    }
  }

  /// Sizes beside those of vectors and tiles.
  @Test(arguments: [1, 8, 17])
  func lstmOfOtherSizes(_ hiddenSize: Int) async throws {
    var generator = RandomGenerator(seed: 6)
    try await checkLayer(
      LSTM(inputSize: 2, hiddenSize: hiddenSize, using: &generator), inputSize: 2,
      outputSize: hiddenSize, twin: PlainRecurrence.lstm.twin)
  }

  @Test(arguments: cases(CellKind.allCases, inDebug: 2))
  func stacks(_ kind: CellKind) async throws {
    var generator = RandomGenerator(seed: 7)
    try await checkLayer(
      RecurrentStack(
        kind, inputSize: 3, hiddenSize: 4, layerCount: 3, dropout: 0.5, using: &generator),
      inputSize: 3, outputSize: 4, twin: MogrifierTests.twin(ofStackOf: kind),
      drawsInTraining: true)
  }

  // MARK: Cells of one's own

  @Test func ownCell() async throws {
    var generator = RandomGenerator(seed: 8)
    try await checkLayer(
      Recurrence(LeakyCell(inputSize: 3, hiddenSize: 4, using: &generator)), inputSize: 3,
      outputSize: 4)
  }

  @Test func ownLSTM() async throws {
    var generator = RandomGenerator(seed: 9)
    let fused = LSTM(inputSize: 3, hiddenSize: 5, using: &generator)
    let own = Recurrence(PlainLSTM(weights: fused.weights))
    try await checkLayer(own, inputSize: 3, outputSize: 5, twin: PlainRecurrence.lstm.twin)
    try expectTwins(own, fused)
  }

  @Test func ownGRU() async throws {
    var generator = RandomGenerator(seed: 10)
    let fused = GRU(inputSize: 3, hiddenSize: 5, using: &generator)
    let own = Recurrence(PlainGRU(weights: fused.weights))
    try await checkLayer(
      own, inputSize: 3, outputSize: 5, twin: PlainRecurrence.gruResetAfter.twin)
    try expectTwins(own, fused)
  }

  /// What two layers of one function, from 3 features to 5 units, give of some longer rows: outputs
  /// and gradients.
  private func expectTwins(
    _ own: some Layer<SequenceBatch, SequenceBatch>,
    _ fused: some Layer<SequenceBatch, SequenceBatch>
  ) throws {
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(4 * 20 * 3, seed: 1), shape: [4, 20, 3]),
      lengths: [17, 3, 0, 20])
    expectClose(
      own(input).values.elements, shape: [4, 20, 5], to: fused(input).values.elements,
      shape: [4, 20, 5], within: 1e-6, "output")
    let (_, a) = valueAndGradients(of: own) { $0(input).values.squared().sum() }
    let (_, b) = valueAndGradients(of: fused) { $0(input).values.squared().sum() }
    #expect(a.names == b.names)
    for (name, (a, b)) in paired(a.names, paired(a.tensors, b.tensors)) {
      let (a, b) = (try #require(a), try #require(b))
      expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 2e-6, name)
    }
  }

  /// The fused kernel against loops that anybody can read, with one bias and with two.
  @Test(arguments: [RecurrentInitialization.pytorch, .keras])
  func lstmIsThatInLoops(_ initialization: RecurrentInitialization) {
    var generator = RandomGenerator(seed: 11)
    let fused = LSTM(
      inputSize: 3, hiddenSize: 37, initialization: initialization, using: &generator)
    let steps = (0..<25).map { SeededGenerator.floats(3, seed: UInt64($0)) }
    expectClose(
      fused(SequenceBatch(rows: [steps])).values.elements, shape: [1, 25, 37],
      to: lstmInLoops(steps, fused.weights).flatMap(\.self), shape: [1, 25, 37], within: 1e-6,
      "output")
  }

  // MARK: Layers of steps, chains

  @Test(arguments: Activation.allCases)
  func dense(_ activation: Activation) async throws {
    var generator = RandomGenerator(seed: 10)
    var layer = Dense(
      inputSize: 5, outputSize: 7, activation: activation, bias: activation != .sigmoid,
      initialization: activation == .tanh ? .keras : .pytorch, using: &generator)
    if [.relu, .elu, .selu, .leakyReLU, .leakyReLUKeras, .softsign].contains(activation) {
      // Far from the kink of the function or its slope, which finite differences would step over.
      layer.weights = layer.weights * 0.1
      layer.bias = Tensor([2, -2, 1.5, -1.5, 3, 2.5, -3])
    }
    try await checkLayer(EachStep(layer), inputSize: 5, outputSize: 7)
  }

  @Test func dropout() async throws {
    try await checkLayer(
      EachStep(Dropout(rate: 0.4)), inputSize: 3, outputSize: 3, drawsInTraining: true)
  }

  @Test func chains() async throws {
    var generator = RandomGenerator(seed: 11)
    try await checkLayer(
      Sequential {
        GRU(inputSize: 3, hiddenSize: 4, using: &generator)
        EachStep(Dropout(rate: 0.5))
        LSTM(inputSize: 4, hiddenSize: 5, using: &generator)
        LastOutput()
        Dense(inputSize: 5, outputSize: 2, activation: .tanh, using: &generator)
      }, inputSize: 3, outputSize: 2, drawsInTraining: true)
    try await checkLayer(
      Sequential {
        EachStep(Dense(inputSize: 3, outputSize: 6, activation: .tanh, using: &generator))
        SimpleRNN(inputSize: 6, hiddenSize: 4, using: &generator)
        Recurrence(LeakyCell(inputSize: 4, hiddenSize: 3, using: &generator))
      }, inputSize: 3, outputSize: 3)
  }

  @Test func namesAreFlat() {
    var generator = RandomGenerator(seed: 12)
    let model = Sequential {
      LSTM(inputSize: 1, hiddenSize: 2, using: &generator)
      LSTM(inputSize: 2, hiddenSize: 3, bias: false, using: &generator)
      LastOutput()
      Dense(inputSize: 3, outputSize: 1, using: &generator)
    }
    #expect(
      model.parameters.map(\.name) == [
        "0.input_weights", "0.recurrent_weights", "0.bias", "0.recurrent_bias", "1.input_weights",
        "1.recurrent_weights", "3.weights", "3.bias",
      ])
    #expect(
      model.parameters.map(\.tensor.shape) == [
        [1, 8], [2, 8], [8], [8], [2, 12], [3, 12], [3, 1], [1],
      ])
    #expect(model.parameterCount == 8 + 16 + 16 + 24 + 36 + 3 + 1)
  }
}

extension SeededGenerator {
  static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return generator.floats(count)
  }
}
