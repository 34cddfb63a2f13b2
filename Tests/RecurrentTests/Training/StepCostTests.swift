import TestSupport
import Testing

@testable import Recurrent

/// Part of the suite of plans, since only one test at a time can watch the pool of buffers.
extension MemoryPlanTests {
  /// What is said about memory before a training step is what the step takes, within 15 %.
  @Test(
    arguments: CellKind.allCases,
    [(2, 24, 96, 1), (3, 48, 40, 9), (1, 128, 3, 40), (2, 96, 7, 130)])
  func costOfATrainingStepIsTrue(
    _ kind: CellKind, _ size: (layers: Int, hidden: Int, time: Int, input: Int)
  ) throws {
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
    let peak = try Self.peak {
      let (_, gradients) = valueAndGradients(of: model) {
        meanSquaredError($0(input, mode: .training(RandomKey(seed: 1))), targets)
      }
      optimizer.update(&model, along: gradients)
    }
    // In use before a step: weights, moments and input.
    func floats(_ count: Int) -> Int { count < 1024 ? 0 : StoragePool.capacity(for: count) }
    let held =
      3 * model.parameters.reduce(0) { $0 + floats($1.tensor.count) } + floats(input.values.count)
    let measured = Double(4 * (peak + held))
    #expect(abs(cost.peak / measured - 1) < 0.15, "\(cost.peak), measured \(measured)")
  }

  @Test(arguments: CellKind.allCases)
  func costOfAPredictionIsTrue(_ kind: CellKind) throws {
    var generator = RandomGenerator(seed: 1)
    let (batch, time) = (32, 50)
    let stack = RecurrentStack(
      kind, inputSize: 40, hiddenSize: 70, layerCount: 3, using: &generator)
    let cost = StepCost.prediction(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: batch, time: time)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(batch * time * 40, seed: 2), shape: [batch, time, 40]))
    let peak = try Self.peak { _ = stack(input) }
    func floats(_ count: Int) -> Int { count < 1024 ? 0 : StoragePool.capacity(for: count) }
    let held =
      stack.parameters.reduce(0) { $0 + floats($1.tensor.count) } + floats(input.values.count)
    let measured = Double(4 * (peak + held))
    #expect(abs(cost.peak / measured - 1) < 0.15, "\(cost.peak), measured \(measured)")
    #expect(cost.gradients == 0 && cost.optimizerState == 0 && cost.activations == 0)
  }
}
