/// Trains `model` to map the examples' inputs to their targets; the short form of ``Trainer``.
///
/// ```swift
/// try fit(&model, on: examples, loss: meanSquaredError, optimizer: Adam(), epochs: 100)
/// ```
///
/// - Parameters:
///   - model: `[B, T, F]` to the shape of the targets. It becomes ``Trainer/bestModel``: the model
///     with the lowest loss on `validation`, or that of the last epoch.
///   - examples: what to train on.
///   - validation: examples that judge each epoch and are never trained on.
///   - loss: from predictions and targets to one number.
///   - batchSize: the examples of a step.
///   - seed: where order and dropout come from; the same seed gives the same bits.
/// - Throws: ``NonFiniteError`` when a loss, gradient or weight is no longer a finite number;
///   `model` then has the last good weights.
/// - Returns: the loss of each epoch.
@discardableResult
public func fit<Model: Layer<SequenceBatch, Tensor>>(
  _ model: inout Model, on examples: TensorExamples, validation: TensorExamples? = nil,
  loss: @escaping @Sendable (_ predictions: Tensor, _ targets: Tensor) -> Tensor,
  optimizer: some Optimizer, epochs: Int, batchSize: Int = 32, seed: UInt64 = 0
) throws(NonFiniteError) -> TrainingHistory {
  var trainer = Trainer(
    model, optimizer: optimizer,
    options: TrainingOptions(epochs: epochs, batchSize: batchSize, seed: seed),
    on: TensorExamples.self
  ) { model, batch, mode in
    loss(model(batch.inputs, mode: mode), batch.targets)
  }
  defer { model = trainer.bestModel }
  try trainer.run(on: examples, validation: validation)
  return trainer.state.history
}
