import Recurrent
import TestSupport
import Testing

/// ``checkLayer`` over every option of the fused layers, and every pair of them.
@Suite struct OptionTests {
  /// One thing that a layer can do beyond its plain formula.
  struct Feature: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var options: @Sendable (inout RecurrentOptions) -> Void = { _ in }
    var peepholes = false
    var coupledGates = false
    var projects = false
    var hasNoBias = false

    init(_ name: String, _ options: @escaping @Sendable (inout RecurrentOptions) -> Void) {
      testDescription = name
      self.options = options
    }

    private init(_ name: String) { testDescription = name }

    static let peepholes = with("peepholes") { $0.peepholes = true }
    static let coupledGates = with("coupled gates") { $0.coupledGates = true }
    static let projection = with("projection") { $0.projects = true }
    static let noBias = with("no bias") { $0.hasNoBias = true }

    private static func with(_ name: String, _ change: (inout Feature) -> Void) -> Feature {
      var feature = Feature(name)
      change(&feature)
      return feature
    }

    /// What every cell has.
    static let common: [Feature] = [
      Feature("softsign") { $0.activation = .softsign },
      Feature("gate clip") { $0.gateClip = 0.3 },
      Feature("input dropout") { $0.inputDropout = 0.4 },
      Feature("recurrent dropout") { $0.recurrentDropout = 0.4 },
      Feature("zoneout") { $0.zoneout = 0.3 },
      Feature("DropConnect") { $0.dropConnect = 0.3 },
      .noBias,
    ]
    static let gated = common + [Feature("hard sigmoid") { $0.gateActivation = .hardSigmoid }]
    static let lstm =
      gated + [
        Feature("cell clip") { $0.cellClip = 0.25 },
        Feature("cell zoneout") { $0.cellZoneout = 0.2 }, .peepholes, .coupledGates, .projection,
      ]
  }

  /// All pairs, and each alone (paired with itself).
  private static func pairs(_ features: [Feature]) -> [(Feature, Feature)] {
    features.indices.flatMap { a in features.indices[a...].map { (features[a], features[$0]) } }
  }

  private func options(_ a: Feature, _ b: Feature) -> RecurrentOptions {
    var options = RecurrentOptions()
    a.options(&options)
    b.options(&options)
    return options
  }

  private func draws(_ options: RecurrentOptions) -> Bool {
    options.inputDropout + options.recurrentDropout + options.zoneout + options.cellZoneout
      + options.dropConnect > 0
  }

  /// The whole check in prediction, where a twin says what is right, and the gradients in training.
  private func check<L: Layer<SequenceBatch, SequenceBatch>>(
    _ layer: L, _ options: RecurrentOptions, outputSize: Int, twin: LayerTwin
  ) async throws {
    let draws = draws(options)
    try expectSameInSegments(AnyLayer(layer), length: 4)
    try await checkLayer(
      layer, inputSize: 2, outputSize: outputSize, twin: twin, drawsInTraining: draws)
    // Limits have kinks, which differences of floats would step over.
    if draws, options.gateClip == nil, options.cellClip == nil, options.activation == nil,
      options.gateActivation == nil
    {
      try checkTrainingGradients(layer, inputSize: 2, outputSize: outputSize, tolerance: 1e-3)
    }
  }

  @Test(arguments: cases(pairs(Feature.lstm), inDebug: 4))
  func lstm(_ a: Feature, _ b: Feature) async throws {
    var generator = RandomGenerator(seed: 31)
    let options = options(a, b)
    let layer = LSTM(
      inputSize: 2, hiddenSize: 5, peepholes: a.peepholes || b.peepholes,
      coupledGates: a.coupledGates || b.coupledGates,
      projectionSize: a.projects || b.projects ? 3 : nil, options: options,
      bias: !a.hasNoBias && !b.hasNoBias, using: &generator)
    try await check(
      layer, options, outputSize: a.projects || b.projects ? 3 : 5,
      twin: PlainRecurrence.lstm.twin(options))
  }

  @Test(arguments: cases(pairs(Feature.gated), inDebug: 2), GRU.Reset.allCases)
  func gru(_ features: (Feature, Feature), reset: GRU.Reset) async throws {
    var generator = RandomGenerator(seed: 32)
    let options = options(features.0, features.1)
    let layer = GRU(
      inputSize: 2, hiddenSize: 4, reset: reset, options: options,
      bias: !features.0.hasNoBias && !features.1.hasNoBias, using: &generator)
    let kind = reset == .afterProduct ? PlainRecurrence.gruResetAfter : .gruResetBefore
    try await check(layer, options, outputSize: 4, twin: kind.twin(options))
  }

  @Test(arguments: cases(pairs(Feature.common), inDebug: 3))
  func simpleRNN(_ a: Feature, _ b: Feature) async throws {
    var generator = RandomGenerator(seed: 33)
    let options = options(a, b)
    let layer = SimpleRNN(
      inputSize: 2, hiddenSize: 5, options: options, bias: !a.hasNoBias && !b.hasNoBias,
      using: &generator)
    try await check(layer, options, outputSize: 5, twin: PlainRecurrence.rnnTanh.twin(options))
  }

  /// Every activation in every place that can choose one.
  @Test(arguments: Activation.allCases.filter { $0 != .softmax })
  func activations(_ activation: Activation) async throws {
    var generator = RandomGenerator(seed: 34)
    // e^x of a state that was e^x runs away.
    let limit: Float? = activation == .exponential ? 1 : nil
    let gated = RecurrentOptions(
      activation: activation, gateActivation: .hardSigmoidONNX, gateClip: limit)
    var options = gated
    options.cellClip = limit
    try await checkLayer(
      LSTM(inputSize: 2, hiddenSize: 4, options: options, using: &generator), inputSize: 2,
      outputSize: 4, twin: PlainRecurrence.lstm.twin(options))
    try await checkLayer(
      GRU(inputSize: 2, hiddenSize: 4, options: gated, using: &generator), inputSize: 2,
      outputSize: 4, twin: PlainRecurrence.gruResetAfter.twin(gated))
    let simple = RecurrentOptions(activation: activation, gateClip: limit)
    try await checkLayer(
      SimpleRNN(inputSize: 2, hiddenSize: 4, options: simple, using: &generator), inputSize: 2,
      outputSize: 4, twin: PlainRecurrence.rnnTanh.twin(simple))
  }

  /// Sizes beside those of vectors, in the paths that have options.
  @Test(arguments: [1, 8, 17, 33])
  func sizes(_ hiddenSize: Int) async throws {
    var generator = RandomGenerator(seed: 35)
    let options = RecurrentOptions(gateClip: 3, recurrentDropout: 0.2)
    let layer = LSTM(
      inputSize: 2, hiddenSize: hiddenSize, peepholes: true, projectionSize: 1 + hiddenSize / 2,
      options: options, using: &generator)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(5 * 7 * 2, seed: 2), shape: [5, 7, 2]),
      lengths: [7, 0, 3, 7, 5])
    var state = layer.initialState(batchSize: 5)
    let output = layer(input, state: &state)
    let twin = PlainRecurrence.lstm.twin(options).output(
      layer, input, from: layer.initialState(batchSize: 5))
    expectClose(
      output.values.elements.map(Double.init), shape: output.values.shape, to: twin.elements,
      shape: twin.shape, within: 2e-6, "output")
  }

  // MARK: What noise does

  /// One mask for all steps: a unit dropped at one step is dropped at all.
  @Test func masksStayForAllSteps() throws {
    var layer = SimpleRNN(
      weights: RecurrentWeights(
        input: Tensor(repeating: 1, shape: [3, 1]), recurrent: .zeros([1, 1]), bias: nil,
        recurrentBias: nil),
      options: RecurrentOptions(activation: .identity, inputDropout: 0.5))
    let input = SequenceBatch(Tensor(repeating: 1, shape: [40, 5, 3]))
    let output = layer(input, mode: .training(RandomKey(seed: 1))).values
    var kinds = Set<Float>()
    for row in 0..<40 {
      let steps = (0..<5).map { output[row, $0, 0] }
      #expect(Set(steps).count == 1)
      kinds.insert(steps[0])
    }
    #expect(kinds == [0, 2, 4, 6])
    layer.options.inputDropout = 0
    #expect(
      layer(input, mode: .training(RandomKey(seed: 1))).values.elements.allSatisfy { $0 == 3 })
  }

  /// A unit under zoneout keeps its old bits, and about as many units do as the rate says.
  @Test func zoneoutKeepsUnits() {
    var generator = RandomGenerator(seed: 36)
    let layer = GRU(
      inputSize: 2, hiddenSize: 50, options: RecurrentOptions(zoneout: 0.3), using: &generator)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(20 * 10 * 2, seed: 3), shape: [20, 10, 2]))
    let output = layer(input, mode: .training(RandomKey(seed: 2))).values
    var kept = 0
    for row in 0..<20 {
      for step in 1..<10 {
        for unit in 0..<50 where output[row, step, unit] == output[row, step - 1, unit] {
          kept += 1
        }
      }
    }
    #expect(abs(Double(kept) / (20 * 9 * 50) - 0.3) < 0.02)
  }

  @Test func sameKeySameMasks() {
    var generator = RandomGenerator(seed: 37)
    let layer = LSTM(
      inputSize: 2, hiddenSize: 6,
      options: RecurrentOptions(
        inputDropout: 0.3, recurrentDropout: 0.3, zoneout: 0.3, cellZoneout: 0.3, dropConnect: 0.3),
      using: &generator)
    let input = SequenceBatch(Tensor(SeededGenerator.floats(3 * 5 * 2, seed: 3), shape: [3, 5, 2]))
    let a = layer(input, mode: .training(RandomKey(seed: 2))).values
    #expect(a.isIdentical(to: layer(input, mode: .training(RandomKey(seed: 2))).values))
    #expect(!a.isIdentical(to: layer(input, mode: .training(RandomKey(seed: 3))).values))
  }

  /// Segments of any length change no bit of anything, noise included.
  @Test(arguments: [1, 2, 3, 5, 100])
  func segmentsGiveTheSameBits(_ length: Int) throws {
    var generator = RandomGenerator(seed: 38)
    let noisy = RecurrentOptions(recurrentDropout: 0.3, zoneout: 0.2)
    var all = noisy
    all.cellZoneout = 0.1
    let layers: [AnyLayer] = [
      AnyLayer(
        LSTM(
          inputSize: 2, hiddenSize: 6, peepholes: true, projectionSize: 4, options: all,
          using: &generator)),
      AnyLayer(GRU(inputSize: 2, hiddenSize: 6, options: noisy, using: &generator)),
      AnyLayer(
        GRU(
          inputSize: 2, hiddenSize: 6, reset: .beforeProduct, options: noisy, using: &generator)),
      AnyLayer(SimpleRNN(inputSize: 2, hiddenSize: 6, options: noisy, using: &generator)),
      AnyLayer(LSTM(inputSize: 2, hiddenSize: 6, using: &generator)),
      AnyLayer(SimpleRNN(inputSize: 2, hiddenSize: 6, using: &generator)),
    ]
    for layer in layers {
      try expectSameInSegments(layer, length: length)
      try expectSameInSegments(AnyLayer(Reversed(layer)), length: length)
    }
  }

  /// Value and all gradients of a training step, its steps kept whole or by segments.
  private func expectSameInSegments(_ layer: AnyLayer, length: Int) throws {
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(7 * 11 * 2, seed: 4), shape: [7, 11, 2]),
      lengths: [11, 3, 0, 7, 11, 1, 6])
    let key = RandomKey(seed: 1)
    let results = [Mode.training(key), .training(key, segmentLength: length)].map { mode in
      valueAndGradients(of: LayerAndInput(layer: layer, input: input.values)) { problem in
        var state = problem.layer.initialState(batchSize: 7)
        let output = problem.layer(input.with(problem.input), state: &state, mode: mode)
        return state.tensors.reduce(output.values.squared().sum()) { $0 + $1.squared().sum() }
      }
    }
    #expect(results[0].value.bitPattern == results[1].value.bitPattern)
    for (name, (a, b)) in paired(
      results[0].gradients.names,
      paired(results[0].gradients.tensors, results[1].gradients.tensors))
    {
      #expect(try #require(a).isIdentical(to: try #require(b)), "\(layer.base) \(name)")
    }
  }
}

/// A layer and its input as parameters.
struct LayerAndInput: Module {
  var layer: AnyLayer
  var input: Tensor

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("layer", &layer)
    visitor.visit("input", &input)
  }
}
