import Recurrent
import Synchronization
import TestSupport
import Testing

@testable import RecurrentCore

/// What a training step takes from the system: a batch like an earlier one nothing, and one with other
/// lengths little, since sizes are rounded. Each test runs in a context of its own, so that others do not
/// take from the same pool.
@Suite struct StepAllocationTests {
  /// Runs three epochs of six batches of `count` ragged rows, whose longest has between 57 and 60 steps.
  ///
  /// From the second step on buffers are used again, but where a rounded size first occurs; from the
  /// second epoch on nothing is new.
  private static func expectNothingNew(
    _ count: Int = 32, _ step: (_ index: Int, _ lengths: [Int]) -> Void
  ) {
    let new = (0..<18).map { number in
      let index = number % 6
      let lengths = (0..<count).map { $0 == 3 ? 60 - index % 4 : 1 + ($0 * 7 + index * 5) % 57 }
      let before = ExecutionContext.current.buffers.allocations
      step(index, lengths)
      return ExecutionContext.current.buffers.allocations - before
    }
    #expect(new[1..<6].reduce(0, +) * 5 <= new[0], "\(new)")
    #expect(new[6...].allSatisfy { $0 == 0 }, "\(new)")
  }

  @Test func stackedLSTM() { ExecutionContext(threads: 1).run { Self.stackedLSTMSteps() } }

  private static func stackedLSTMSteps() {
    let optimizers: [any Optimizer] = [
      Adam(amsgrad: true), SGD(learningRate: 0.1, momentum: 0.9), RMSprop(centered: true),
    ]
    for optimizer in cases(optimizers) { checkStacked(optimizer) }
  }

  private static func checkStacked(_ optimizer: some Optimizer) {
    var optimizer = optimizer
    var generator = RandomGenerator(seed: 1)
    var model = Sequential {
      LSTM(inputSize: 16, hiddenSize: 40, using: &generator)
      LSTM(inputSize: 40, hiddenSize: 48, using: &generator)
      LastOutput()
      Dropout(rate: 0.3)
      Dense(inputSize: 48, outputSize: 33, using: &generator)
    }
    let targets = Tensor(repeating: 1, shape: [32, 33])
    expectNothingNew { _, lengths in
      let values = Tensor(repeating: 0.1, shape: [32, lengths.max() ?? 0, 16])
      let input = SequenceBatch(values, lengths: lengths)
      let (_, gradients) = valueAndGradients(of: model) {
        meanSquaredError($0(input, mode: .training(RandomKey(seed: 2))), targets)
      }
      optimizer.update(&model, along: gradients.clipped(toNorm: 1e-3))
    }
  }

  /// With a trainer, which keeps the best weights beside those of now.
  @Test func trainer() { ExecutionContext(threads: 1).run { Self.trainerSteps() } }

  @Test(.enabled(if: isOptimized)) func averagingTrainer() {
    ExecutionContext(threads: 1).run { Self.trainerSteps(averaging: 0.9) }
  }

  private static func trainerSteps(averaging: Double? = nil) {
    var generator = RandomGenerator(seed: 1)
    let model = Sequential {
      LSTM(inputSize: 8, hiddenSize: 48, using: &generator)
      LSTM(inputSize: 48, hiddenSize: 48, using: &generator)
      LastOutput()
      Dense(inputSize: 48, outputSize: 2, using: &generator)
    }
    let examples = TensorExamples(
      inputs: SequenceBatch(
        Tensor(SeededGenerator.floats(96 * 20 * 8, seed: 3), shape: [96, 20, 8])),
      targets: Tensor(SeededGenerator.floats(192, seed: 4), shape: [96, 2]))
    var trainer = Trainer(
      model, optimizer: Adam(),
      options: TrainingOptions(epochs: 6, clipping: .norm(0.01), averaging: averaging),
      on: TensorExamples.self
    ) { model, batch, mode in
      meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
    }
    let noted = CallbackCounts()
    _ = try? trainer.run(
      on: examples,
      callbacks: [
        { event, _ in
          if case .step = event { noted.note(ExecutionContext.current.buffers.allocations) }
          return .proceed
        }
      ])
    let steps = noted.values
    #expect(steps.count == 18)
    // The first update copies the weights that training starts from, and makes the moments; later
    // epochs copy the weights into the buffers of those that were the best. Nothing is new.
    // The average gets buffers of its own at the second step.
    #expect(averaging != nil || steps[2] == steps[1], "\(steps)")
    #expect(Set(steps[5...]).count == 1, "\(steps)")
  }

  @Test(.enabled(if: isOptimized)) func languageModel() {
    ExecutionContext(threads: 1).run { Self.languageModelSteps() }
  }

  private static func languageModelSteps() {
    for lazyRows in [false, true] {
      var generator = RandomGenerator(seed: 1)
      var model = LanguageModel(vocabularySize: 900, size: 24, using: &generator)
      var optimizer = Adam(lazyRows: lazyRows)
      expectNothingNew { step, lengths in
        let rows = lengths.enumerated().map { row, length in
          (0..<length).map { ($0 * 131 + row * 17 + step) % 900 }
        }
        let (_, gradients) = valueAndGradients(of: model) { model in
          linearCrossEntropy(
            hidden: model.recurrent(model.embedding(TokenBatch(rows))), head: model.head,
            classes: rows)
        }
        optimizer.update(&model, along: gradients.clipped(toNorm: 1e-3))
      }
    }
  }

  @Test(.enabled(if: isOptimized)) func bidirectionalWithAttention() {
    ExecutionContext(threads: 1).run { Self.bidirectionalWithAttentionSteps() }
  }

  private static func bidirectionalWithAttentionSteps() {
    var generator = RandomGenerator(seed: 1)
    var model = Translator(using: &generator)
    var optimizer = Adam()
    expectNothingNew { step, lengths in
      let values = Tensor(repeating: 0.1, shape: [32, lengths.max() ?? 0, 16])
      let input = SequenceBatch(values, lengths: lengths)
      let queries = SequenceBatch(Tensor(repeating: 0.2, shape: [32, 20, 16]))
      let (_, gradients) = valueAndGradients(of: model) {
        $0(input, queries, mode: .training(RandomKey(seed: UInt64(step)))).squared().sum()
      }
      optimizer.update(&model, along: gradients.clipped(toNorm: 1e-3))
    }
  }

  /// A table of 200 000 rows of which a step reaches 6: neither gradient, clipping nor update makes
  /// anything of the table's size, with no rule.
  @Test func embedding() { ExecutionContext(threads: 1).run { Self.embeddingSteps() } }

  private static func embeddingSteps() {
    for optimizer: any Optimizer in [
      SGD(learningRate: 0.1, momentum: 0.9), Adam(), Adam(lazyRows: true), RMSprop(),
      Adagrad(weightDecay: 0.1),
    ] {
      checkTable(optimizer)
    }
  }

  private static func checkTable(_ optimizer: some Optimizer) {
    var optimizer = optimizer
    var table = Embedding(weights: Tensor(repeating: 0.1, shape: [200_000, 8]))
    let place = table.weights.pointer
    for step in 0..<3 {
      ExecutionContext.current.buffers.resetPeak()
      let before = ExecutionContext.current.buffers.peak
      let (_, gradients) = valueAndGradients(of: table) {
        $0(TokenBatch([[7, 199_999, 7], [0, 1234, 99]])).values.squared().sum()
      }
      optimizer.update(&table, along: gradients.clipped(toNorm: 1e-3))
      // The first update makes the accumulators.
      if step > 0 { #expect(ExecutionContext.current.buffers.peak - before < 200_000 * 8 / 10) }
    }
    #expect(table.weights.pointer == place, "the table was copied")
  }
}

/// What callbacks note, from whatever thread.
private final class CallbackCounts: Sendable {
  private let noted = Mutex<[Int]>([])
  var values: [Int] { noted.withLock { $0 } }
  func note(_ value: Int) { noted.withLock { $0.append(value) } }
}
