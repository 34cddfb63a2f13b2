import Foundation
import Recurrent

/// The network of the classic guides, trained as they do: three LSTM(50) layers and Dense(1), mean
/// squared error, Adam, batches of 64.
struct Recipe {
  let epochs: Int
  let seed: UInt64

  /// Trains on `examples` and gives the model, `[B, T, 1]` to `[B, 1]`.
  func train(
    on examples: TensorExamples
  ) throws(NonFiniteError) -> some Layer<SequenceBatch, Tensor> {
    var generator = RandomGenerator(seed: seed)
    let model = Sequential {
      LSTM(inputSize: 1, hiddenSize: 50, using: &generator)
      LSTM(inputSize: 50, hiddenSize: 50, using: &generator)
      LSTM(inputSize: 50, hiddenSize: 50, using: &generator)
      LastOutput()
      Dense(inputSize: 50, outputSize: 1, using: &generator)
    }
    var trainer = Trainer(
      model, optimizer: Adam(learningRate: 1e-3),
      options: TrainingOptions(epochs: epochs, batchSize: 64, seed: seed, clipping: nil),
      on: TensorExamples.self
    ) { model, batch, mode in
      meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
    }
    try trainer.run(on: examples, callbacks: [showProgress])
    return trainer.state.model
  }

  /// A line on standard error for the first epoch and every tenth.
  private func showProgress(_ event: TrainingEvent, _ run: any TrainingState) -> TrainingDecision {
    if case .epoch(let record, _) = event, record.epoch == 1 || record.epoch % 10 == 0 {
      let line = String(format: "  epoch %d/%d  loss %.6f\n", record.epoch, epochs, record.loss)
      FileHandle.standardError.write(Data(line.utf8))
    }
    return .proceed
  }
}
