import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// What a training step gives does not depend on threads, and it changes weights where they are.
@Suite struct StepBitsTests {
  private static let optimizers: [any Optimizer] = [
    Adam(), Adam(amsgrad: true, lazyRows: true), SGD(learningRate: 0.1),
    SGD(learningRate: 0.1, momentum: 0.9), RMSprop(momentum: 0.5, centered: true), Adagrad(),
    NAdam(weightDecay: 0.1),
  ]

  private static func tokens(_ seed: Int) -> [[Int]] {
    [7, 0, 12, 1].map { length in (0..<length).map { ($0 * $0 * 7 + seed * length) % 41 } }
  }

  @Test(arguments: 0..<7)
  func languageModelOnAnyThreads(_ index: Int) throws {
    func train(_ optimizer: some Optimizer) -> [String: [UInt32]] {
      var optimizer = optimizer
      var generator = RandomGenerator(seed: 3)
      var model = LanguageModel(vocabularySize: 41, size: 6, using: &generator)
      for step in 0..<3 {
        let rows = Self.tokens(step)
        let (_, gradients) = valueAndGradients(of: model) { model in
          linearCrossEntropy(
            hidden: model.recurrent(model.embedding(TokenBatch(rows))), head: model.head,
            classes: rows, labelSmoothing: 0.1)
        }
        optimizer.update(&model, along: gradients.clipped(toNorm: 0.05))
      }
      return model.bits
    }
    let expected = withThreads(1) { train(Self.optimizers[index]) }
    for threads in [2, 3, 5] {
      #expect(withThreads(threads) { train(Self.optimizers[index]) } == expected)
    }
  }

  @Test func attentionOnAnyThreads() throws {
    var generator = RandomGenerator(seed: 4)
    let model = Translator(using: &generator)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(5 * 6 * 16, seed: 5), shape: [5, 6, 16]),
      lengths: [6, 0, 3, 1, 5])
    let queries = SequenceBatch(
      Tensor(SeededGenerator.floats(5 * 4 * 16, seed: 6), shape: [5, 4, 16]),
      lengths: [1, 4, 0, 3, 4])
    func gradients() -> [Tensor?] {
      valueAndGradients(of: model) {
        $0(input, queries, mode: .training(RandomKey(seed: 7))).squared().sum()
      }.gradients.tensors
    }
    let expected = withThreads(1) { gradients() }
    for threads in [2, 3, 5] {
      for (a, b) in paired(withThreads(threads) { gradients() }, expected) {
        #expect(try #require(a).isIdentical(to: #require(b)))
      }
    }
  }

  /// Weights and accumulators stay at their places, whatever holds them.
  @Test(arguments: 0..<7)
  func updatesAreInPlace(_ index: Int) {
    func check(_ optimizer: some Optimizer) {
      var optimizer = optimizer
      var generator = RandomGenerator(seed: 8)
      var model = Sequential {
        Bidirectional(
          LSTM(inputSize: 3, hiddenSize: 4, using: &generator),
          GRU(inputSize: 3, hiddenSize: 4, using: &generator))
        LSTM(inputSize: 8, hiddenSize: 5, using: &generator)
        AttentionPooling(inputSize: 5, attentionSize: 3, using: &generator)
        Dense(inputSize: 5, outputSize: 2, using: &generator)
      }
      let input = SequenceBatch(
        Tensor(SeededGenerator.floats(2 * 4 * 3, seed: 9), shape: [2, 4, 3]))
      var places: [[Int]] = []
      for _ in 0..<3 {
        let (_, gradients) = valueAndGradients(of: model) { $0(input).squared().sum() }
        let before = model.parameters.map(\.tensor.elements)
        optimizer.update(&model, along: gradients.clipped(toNorm: 1e-2))
        #expect(paired(before, model.parameters).allSatisfy { $0 != $1.tensor.elements })
        let tensors = model.parameters.map(\.tensor) + optimizer.state.slots.joined()
        places.append(tensors.map { Int(bitPattern: $0.pointer) })
      }
      #expect(places[0] == places[1] && places[1] == places[2])
    }
    check(Self.optimizers[index])
  }

  /// An update tells of the first weight that it broke, and of nothing else.
  @Test func updatesTellWhatIsNotFinite() {
    var optimizer = SGD(learningRate: 1)
    var model = [Tensor([1, .nan]), Tensor([1, 2, 3]), Tensor([1])]
    func gradients(_ factor: Float) -> Gradients {
      valueAndGradients(of: model) { ($0[1] * factor).sum() + $0[2].sum() }.gradients
    }
    #expect(optimizer.update(&model, along: gradients(1)) == nil)
    #expect(optimizer.update(&model, along: gradients(.infinity)) == "1")
    var table = Embedding(weights: Tensor([1, 2, 3, .infinity], shape: [4, 1]))
    func rows(_ factor: Float) -> Gradients {
      valueAndGradients(of: table) {
        ($0(TokenBatch([[2, 0]])).values * factor).sum()
      }.gradients
    }
    #expect(optimizer.update(&table, along: rows(1)) == nil)
    #expect(optimizer.update(&table, along: rows(.nan)) == "weights")
  }
}
