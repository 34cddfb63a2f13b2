import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct WeightAverageTests {
  /// A network with statistics, of 3 features, 5 units and 2 outputs.
  private struct NormedModel: Layer {
    var norm = BatchNorm(size: 3, momentum: 0.4)
    var rest = SmallModel()

    func initialState(batchSize: Int) -> LSTM.State { rest.initialState(batchSize: batchSize) }

    func forward(_ input: SequenceBatch, state: inout LSTM.State, mode: Mode) -> Tensor {
      rest.forward(norm(input, mode: mode.child(0)), state: &state, mode: mode.child(1))
    }

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("norm", &norm)
      visitor.visit("rest", &rest)
    }
  }

  private typealias NormedTrainer = Trainer<NormedModel, Adam, TensorExamples>

  private let examples = smallExamples(30)
  private let validation = smallExamples(7, seed: 4)

  private func trained(
    averaging: Double?, stoppingAfter steps: Int, validation: TensorExamples? = nil
  ) throws -> NormedTrainer {
    var trainer = NormedTrainer(
      NormedModel(), optimizer: Adam(learningRate: 0.2),
      options: TrainingOptions(epochs: 3, batchSize: 3, seed: 2, averaging: averaging)
    ) { model, batch, mode in
      meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
    }
    try trainer.run(
      on: examples, validation: validation,
      callbacks: [
        { event, _ in
          guard case .step(let epoch, let step, let count, _, _) = event else { return .proceed }
          return (epoch - 1) * count + step == steps ? .stop : .proceed
        }
      ])
    return trainer
  }

  private func numbers(of model: NormedModel) -> [[Double]] {
    (model.parameters + model.statistics).map { $0.tensor.elements.map(Double.init) }
  }

  /// Beside the definition, Σ βᵏ·w / Σ βᵏ in double precision, after each of eight steps.
  @Test(arguments: [0.0, 0.8, 0.999])
  func isTheWeightedMeanOfTheWeightsOfAllSteps(decay: Double) throws {
    var sum: [[Double]] = []
    var total = 0.0
    for steps in 1...8 {
      let plain = try trained(averaging: nil, stoppingAfter: steps)
      let averaged = try trained(averaging: decay, stoppingAfter: steps)
      #expect(plain.state.average == nil)
      #expect(averaged.state.model.bits == plain.state.model.bits, "training goes its own way")
      let weights = numbers(of: plain.state.model)
      total = decay * total + 1
      sum = sum.isEmpty ? weights : zip(sum, weights).map { zip($0, $1).map { decay * $0 + $1 } }
      let average = try #require(averaged.state.average)
      #expect(average.steps == steps && average.decay == decay)
      #expect(
        average.model.statistics.map(\.name) == ["norm.running_mean", "norm.running_variance"])
      let found = numbers(of: average.model)
      #expect(found.map(\.count) == sum.map(\.count))
      for (tensor, expected) in paired(found, sum) {
        for (a, b) in paired(tensor, expected) {
          // Each step rounds once the difference, once the result; weights are below 4 here.
          #expect(abs(a - b / total) < Double(steps) * 4 * 0x1p-23)
        }
      }
      if steps == 1 || decay == 0 { #expect(found == weights) }
    }
  }

  @Test func isWhatIsJudgedAndGiven() throws {
    let averaged = try trained(averaging: 0.9, stoppingAfter: 99, validation: validation)
    #expect(averaged.state.history.epochs.count == 3)
    let average = try #require(averaged.state.average?.model)
    let last = try #require(averaged.state.history.epochs.last)
    #expect(last.validationLoss == averaged.evaluate(average, on: validation))
    #expect(last.validationLoss != averaged.evaluate(averaged.state.model, on: validation))

    let best = try #require(averaged.state.history.best)
    #expect(averaged.bestModel.bits == averaged.state.best.bits)
    #expect(averaged.evaluate(averaged.bestModel, on: validation) == best.validationLoss)
    let then = try trained(averaging: 0.9, stoppingAfter: 10 * best.epoch)
    #expect(averaged.bestModel.bits == then.state.average?.model.bits)
    // Without a validation part, the average at the end.
    let unjudged = try trained(averaging: 0.9, stoppingAfter: 99)
    #expect(unjudged.bestModel.bits == unjudged.state.average?.model.bits)
    #expect(unjudged.bestModel.bits != unjudged.state.model.bits)
  }

  @Test func noStepLeavesTheStart() {
    let trainer = smallTrainer(TrainingOptions(epochs: 0, averaging: 0.9))
    #expect(trainer.state.average?.steps == 0)
    #expect(trainer.bestModel.bits == SmallModel().bits)
  }

  // MARK: Numbers that are not finite

  /// A bad value at the third step: the average has the two good ones.
  @Test func aBadStepIsNotTakenIn() throws {
    var values = examples.inputs.values
    values.withUnsafeMutableElements { $0[7 * 12 + 5] = .nan }
    let poisoned = TensorExamples(inputs: SequenceBatch(values), targets: examples.targets)
    func state(on examples: TensorExamples, steps: Int) -> SmallTrainer.State {
      var trainer = smallTrainer(
        TrainingOptions(epochs: 1, batchSize: 3, shuffles: false, averaging: 0.7))
      _ = try? trainer.run(
        on: examples,
        callbacks: [
          { event, _ in
            if case .step(_, let step, _, _, _) = event, step == steps { .stop } else { .proceed }
          }
        ])
      return trainer.state
    }
    let (stopped, good) = (state(on: poisoned, steps: 99), state(on: examples, steps: 2))
    #expect(stopped.epoch == 0 && stopped.step == 2)
    #expect(stopped.average?.steps == 2)
    #expect(stopped.average?.model.bits == good.average?.model.bits)
    #expect(stopped.average?.model.firstNonFinite == nil)
  }

  /// The first epoch is harmless, the second explodes: weights and average go back to the average
  /// after the first, which is what was kept.
  @Test func anEpochThatIsTakenBackIsTakenOut() throws {
    var trainer = Trainer(
      SmallModel(), optimizer: SGD(learningRate: 1),
      options: TrainingOptions(
        epochs: 3, batchSize: 4, clipping: nil, schedule: .step(epochs: 1, factor: 1e38),
        averaging: 0.6),
      on: TensorExamples.self
    ) { model, batch, _ in 20 * meanSquaredError(model(batch.inputs), batch.targets) }
    var once = trainer
    try once.run(
      on: smallExamples(12),
      callbacks: [{ event, _ in if case .epoch = event { .stop } else { .proceed } }])
    #expect(throws: NonFiniteError.self) { try trainer.run(on: smallExamples(12)) }
    #expect(trainer.state.epoch == 1)
    #expect(trainer.state.average?.steps == 0)
    #expect(trainer.state.model.bits == once.state.average?.model.bits)
    #expect(trainer.state.average?.model.bits == once.state.average?.model.bits)
    #expect(trainer.bestModel.bits == once.state.average?.model.bits)
  }
}
