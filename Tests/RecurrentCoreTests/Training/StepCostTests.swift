import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// What is said about memory before a step is what the step takes, within 15 %. In contexts of
/// their own, so that other tests do not take from the same pool.
@Suite struct StepCostTests {
  @Test(arguments: CellKind.allCases) func costOfATrainingStepIsTrue(_ kind: CellKind) {
    ExecutionContext().run {
      for size in cases([(2, 24, 96, 1), (3, 48, 40, 9), (1, 128, 3, 40), (2, 96, 7, 130)]) {
        Self.checkTraining(kind, size)
      }
    }
  }

  @Test(arguments: CellKind.allCases) func costOfAPredictionIsTrue(_ kind: CellKind) {
    ExecutionContext().run { Self.checkPrediction(kind) }
  }

  /// The most floats in use at once in a step, once buffers and threads are there.
  static func peak(_ step: () -> Void) -> Int {
    for _ in 0..<2 { step() }
    let pool = ExecutionContext.current.buffers
    pool.resetPeak()
    let before = pool.peak
    step()
    return pool.peak - before
  }

  private static func checkTraining(
    _ kind: CellKind, _ size: (layers: Int, hidden: Int, time: Int, input: Int)
  ) {
    var generator = RandomGenerator(seed: 1)
    let batch = 32
    let stack = RecurrentStack(
      kind, inputSize: size.input, hiddenSize: size.hidden, layerCount: size.layers,
      using: &generator)
    var model = Sequential {
      stack
      LastOutput()
      Dense(inputSize: size.hidden, outputSize: 3, using: &generator)
    }
    let cost = StepCost.training(
      paths: model.paths, parameterCount: model.parameterCount, batchSize: batch,
      time: size.time)
    let input = SequenceBatch(
      Tensor(
        SeededGenerator.floats(batch * size.time * size.input, seed: 2),
        shape: [batch, size.time, size.input]))
    let targets = Tensor(SeededGenerator.floats(batch * 3, seed: 3), shape: [batch, 3])
    var optimizer = Adam()
    let peak = peak {
      let (_, gradients) = valueAndGradients(of: model) {
        meanSquaredError($0(input, mode: .training(RandomKey(seed: 1))), targets)
      }
      optimizer.update(&model, along: gradients)
    }
    // In use before a step: weights, moments and input.
    func floats(_ count: Int) -> Int { count < 1024 ? 0 : BufferPool.capacity(for: count) }
    let held =
      3 * model.parameters.reduce(0) { $0 + floats($1.tensor.count) } + floats(input.values.count)
    let measured = Double(4 * (peak + held))
    #expect(
      abs(cost.peak / measured - 1) < 0.15, "\(kind) \(size): \(cost.peak), measured \(measured)")
  }

  private static func checkPrediction(_ kind: CellKind) {
    var generator = RandomGenerator(seed: 1)
    let (batch, time) = (32, 50)
    let stack = RecurrentStack(
      kind, inputSize: 40, hiddenSize: 70, layerCount: 3, using: &generator)
    let cost = StepCost.prediction(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: batch, time: time)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(batch * time * 40, seed: 2), shape: [batch, time, 40]))
    let peak = peak { _ = stack(input) }
    func floats(_ count: Int) -> Int { count < 1024 ? 0 : BufferPool.capacity(for: count) }
    let held =
      stack.parameters.reduce(0) { $0 + floats($1.tensor.count) } + floats(input.values.count)
    let measured = Double(4 * (peak + held))
    #expect(abs(cost.peak / measured - 1) < 0.15, "\(cost.peak), measured \(measured)")
    #expect(cost.gradients == 0 && cost.optimizerState == 0 && cost.activations == 0)
  }
}
