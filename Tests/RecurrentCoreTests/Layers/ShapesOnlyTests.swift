import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Layers built for their shapes alone: names, shapes and costs as those of a layer with weights,
/// and no memory for them.
@Suite struct ShapesOnlyTests {
  /// Every layer that has parameters, with the rules that fill them.
  private static func modules(using generator: inout some RandomNumberGenerator) -> [any Module] {
    var modules: [any Module] = []
    let initializations: [RecurrentInitialization] = [.pytorch, .keras, .chrono(steps: 9)]
    for rule in initializations {
      modules += [
        LSTM(
          inputSize: 2, hiddenSize: 3, peepholes: true, projectionSize: 4, initialization: rule,
          using: &generator),
        LSTM(
          inputSize: 2, hiddenSize: 3, coupledGates: true, initialization: rule, using: &generator),
        GRU(
          inputSize: 2, hiddenSize: 3, reset: .beforeProduct, initialization: rule,
          using: &generator),
        SimpleRNN(
          inputSize: 2, hiddenSize: 3, bias: false, initialization: rule, using: &generator),
        LearnedInitialState(
          LSTM(inputSize: 2, hiddenSize: 3, initialization: rule, using: &generator)),
        RecurrentStack(
          .gru, inputSize: 2, hiddenSize: 3, layerCount: 2, isBidirectional: true, dropout: 0.1,
          initialization: rule, using: &generator),
        SLSTMCell(inputSize: 2, hiddenSize: 3, initialization: rule, using: &generator),
        LayerNormLSTMCell(inputSize: 2, hiddenSize: 3, initialization: rule, using: &generator),
      ]
    }
    for rule in Initialization.allCases {
      modules += [
        IndRNN(inputSize: 2, hiddenSize: 3, initialization: rule, using: &generator),
        MinGRU(inputSize: 2, hiddenSize: 3, initialization: rule, using: &generator),
        MinLSTM(inputSize: 2, hiddenSize: 3, initialization: rule, using: &generator),
        Dense(inputSize: 2, outputSize: 3, initialization: rule, using: &generator),
        Embedding(vocabularySize: 5, size: 3, initialization: rule, using: &generator),
        Conv1D(
          inputSize: 2, outputSize: 3, kernelSize: 4, initialization: rule, using: &generator),
        AttentionPooling(
          inputSize: 2, attentionSize: 3, initialization: rule, using: &generator),
        AdditiveAttention(
          querySize: 2, memorySize: 3, size: 4, coverage: true, initialization: rule,
          using: &generator),
        MultiplicativeAttention(
          querySize: 2, memorySize: 3, initialization: rule, using: &generator),
      ]
    }
    for attention in AttentionDecoder.AttentionKind.allCases {
      modules.append(
        AttentionDecoder(
          inputSize: 2, hiddenSize: 3, memorySize: 4, outputSize: 5, attention: attention,
          using: &generator))
    }
    return modules + [
      ConvLSTM(grid: [3, 4], channels: 2, filters: 3, kernelSize: [3, 2], using: &generator),
      LinearChainCRF(tagCount: 3, using: &generator),
      LayerNorm(size: 3, using: &generator), BatchNorm(size: 3, using: &generator),
    ]
  }

  private static let rules: [Initializer] = [
    .constant(2), .uniform(1), .normal(1), .glorotUniform, .glorotNormal, .heUniform, .heNormal,
    .orthogonal(),
  ]

  private func names(_ list: [(name: String, tensor: Tensor)]) -> [String] {
    list.map { "\($0.name) \($0.tensor.shape)" }
  }

  @Test func shapesOfEveryLayer() throws {
    var (generator, shapes) = (RandomGenerator(seed: 1), ShapesOnly())
    let made = Self.modules(using: &generator)
    let built = Self.modules(using: &shapes)
    #expect(made.count == built.count && made.count > 40)
    for (made, built) in zip(made, built) {
      #expect(names(built.parameters) == names(made.parameters))
      #expect(names(built.statistics) == names(made.statistics))
      #expect(built.parameterCount == made.parameterCount)
      let tensors = built.parameters + built.statistics
      #expect(tensors.allSatisfy { !$0.tensor.hasElements }, "\(type(of: built))")
      if let made = made as? any Layer, let built = built as? any Layer {
        #expect(built.paths == made.paths && built.isCausal == made.isCausal)
      }
      // A file takes the place of what is not there.
      var loaded = built
      try loaded.load(
        from: SafetensorsFile(bytes: SafetensorsFile.encode(made.storedTensors), source: "file"))
      for (loaded, made) in zip(
        loaded.parameters + loaded.statistics, made.parameters + made.statistics)
      {
        #expect(loaded.tensor.isIdentical(to: made.tensor), "\(made.name)")
      }
    }
    for rule in Self.rules {
      #expect(!rule([3, 4], using: &shapes).hasElements)
      #expect(rule([3, 4], using: &generator).hasElements)
    }
  }

  /// Sizes from a flag or a file are told, not tried.
  @Test func sizesBeyondAnyMachine() {
    var shapes = ShapesOnly()
    let size = 1 << 40
    for kind in CellKind.allCases {
      let stack = RecurrentStack(
        kind, inputSize: size, hiddenSize: size, layerCount: 3, isBidirectional: true,
        using: &shapes)
      #expect(stack.parameterCount == .max)
      let cost = StepCost.training(
        paths: stack.paths, parameterCount: stack.parameterCount, batchSize: size, time: 10)
      #expect(cost.peak > 1e24 && cost.operations > 1e30)
      #expect(
        MemoryPlan(
          paths: stack.paths, parameterCount: stack.parameterCount, batchSize: size, time: 10,
          limit: .max) == nil)
    }
    #expect(
      Dense(inputSize: 1 << 20, outputSize: 1 << 30, using: &shapes).parameterCount
        == 1 << 50 + 1 << 30)
    let learned = LearnedInitialState(GRU(inputSize: 1, hiddenSize: size, using: &shapes))
    #expect(learned.initial[0].shape == [1, size])
    var benchmark = LayerBenchmark()
    (benchmark.inputSize, benchmark.hiddenSize) = (size, size)
    #expect(benchmark.cost.peak > 1e20)
  }

  /// To read what is not there is a programmer's error, and so is to ask for a number.
  @Test func readingTraps() async {
    await #expect(processExitsWith: .failure) {
      var shapes = ShapesOnly()
      _ = Dense(inputSize: 2, outputSize: 3, using: &shapes).weights.elements
    }
    await #expect(processExitsWith: .failure) {
      var shapes = ShapesOnly()
      var layer = Dense(inputSize: 2, outputSize: 3, using: &shapes)
      layer.weights.withUnsafeMutableElements { $0[0] = 1 }
    }
    await #expect(processExitsWith: .failure) {
      var shapes = ShapesOnly()
      _ = Float.random(in: 0...1, using: &shapes)
    }
    var shapes = ShapesOnly()
    let weights = Dense(inputSize: 2, outputSize: 3, using: &shapes).weights
    #expect(weights.description == "Tensor[2, 3] without elements")
    #expect(weights.detached.reshaped(to: [3, 2]).shape == [3, 2])
  }

  private static func stack(
    _ units: Int, _ generator: inout some RandomNumberGenerator
  ) -> RecurrentStack {
    RecurrentStack(
      .lstm, inputSize: 16, hiddenSize: units, layerCount: 2, initialization: .keras,
      using: &generator)
  }

  /// Loading takes what the file's tensors take, in a process of its own, and not even that for a
  /// file that does not fit.
  @Test func loadingTakesWhatTheTensorsTake() async {
    await #expect(processExitsWith: .success) {
      var generator = RandomGenerator(seed: 1)
      let pool = ExecutionContext.current.buffers
      let file: SafetensorsFile
      var floats = 0
      do {
        let made = ShapesOnlyTests.stack(64, &generator)
        for (_, tensor) in made.parameters where tensor.count >= 1024 {
          floats += BufferPool.capacity(for: tensor.count)
        }
        file = try SafetensorsFile(
          bytes: SafetensorsFile.encode(made.storedTensors), source: "file")
      }
      pool.resetPeak()
      let (before, small) = (pool.peak, pool.smallFloats)
      var shapes = ShapesOnly()
      var other = ShapesOnlyTests.stack(1 << 20, &shapes)
      var refused = false
      do { try other.load(from: file) } catch { refused = true }
      #expect(refused)
      #expect(pool.peak == before && pool.smallFloats == small)
      var model = ShapesOnlyTests.stack(64, &shapes)
      #expect(pool.peak == before && pool.smallFloats == small)
      try model.load(from: file)
      #expect(pool.peak - before == floats)
      #expect(pool.smallFloats - small == 2 * 256)
    }
  }
}
