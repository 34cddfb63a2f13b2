import Recurrent
import Testing

@testable import RecurrentCore

struct TrainingHistoryTests {
  private func history(_ losses: [(Double, Double?)]) -> TrainingHistory {
    var history = TrainingHistory()
    for (index, (loss, validation)) in losses.enumerated() {
      _ = history.append(
        EpochRecord(
          epoch: index + 1, loss: loss, validationLoss: validation, learningRate: 0.001,
          gradientNorm: 1.5, seconds: 0.25))
    }
    return history
  }

  @Test func tableHasALineAnEpoch() {
    #expect(
      history([(0.5, 0.75), (1e-7, nil)]).csv == """
        epoch,loss,validation_loss,learning_rate,gradient_norm
        1,0.5,0.75,0.001,1.5
        2,1e-07,,0.001,1.5

        """)
    #expect(
      TrainingHistory().csv
        == "epoch,loss,validation_loss,learning_rate,gradient_norm\n")
  }

  @Test func theBestEpochIsTheFirstWithTheLowestDecidingLoss() {
    #expect(history([(3, 5), (1, 7), (2, 4), (0.5, 4)]).best?.epoch == 3)
    #expect(history([(3, 5), (1, 7), (2, 4), (0.5, 4)]).epochsSinceBest == 1)
    #expect(history([]).best == nil && history([]).epochsSinceBest == 0)
    // The training loss decides nothing.
    let unjudged = history([(3, nil), (1, nil), (2, nil), (1, nil)])
    #expect(unjudged.best?.epoch == 4 && unjudged.epochsSinceBest == 0)
  }

  /// Small improvements are none, in history as in the run.
  @Test func theBestEpochIsBetterByTheMinimum() throws {
    let examples = smallExamples(12)
    var trainer = smallTrainer(
      learningRate: 1e-5,
      TrainingOptions(epochs: 3, earlyStopping: EarlyStopping(minimumImprovement: 0.1)))
    try trainer.run(on: examples, validation: examples)
    let losses = trainer.state.history.epochs.compactMap(\.validationLoss)
    #expect(losses[2] < losses[0])
    #expect(trainer.state.history.best?.epoch == 1)
    #expect(trainer.evaluate(trainer.bestModel, on: examples) == losses[0])
  }

  @Test func examplesKeepInputsAndTargetsTogether() {
    let inputs = SequenceBatch(Tensor((0..<12).map { Float($0) }, shape: [3, 2, 2]))
    let examples = TensorExamples(inputs: inputs, targets: Tensor([10, 20, 30], shape: [3, 1]))
    let batch = examples.batch([2, 0])
    #expect(batch.inputs.values.elements == [8, 9, 10, 11, 0, 1, 2, 3])
    #expect(batch.targets.elements == [30, 10])
    #expect(examples.subset(1..<2).targets.elements == [20])
    #expect(examples.subset(1..<3).count == 2)
  }
}
