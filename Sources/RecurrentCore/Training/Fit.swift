/// Trains `model` to map the examples' inputs to their targets; the short form of ``Trainer``, for
/// any layer: sequences or tokens in, numbers or classes out.
///
/// ```swift
/// try fit(&model, on: examples, loss: meanSquaredError, optimizer: Adam(), epochs: 100)
/// try fit(
///   &tagger, on: sentences, validation: others,
///   loss: { categoricalCrossEntropy(logits: $0, classes: $1) }, optimizer: Adam(), epochs: 20,
///   metrics: [.accuracy])
/// ```
///
/// - Parameters:
///   - model: from the examples' inputs to what `loss` compares with their targets. It becomes
///     ``Trainer/bestModel``: the model with the lowest loss on `validation`, or that of the last
///     epoch.
///   - examples: what to train on, such as ``ExamplePairs``.
///   - validation: examples that judge each epoch and are never trained on.
///   - loss: from outputs and targets to one number.
///   - batchSize: the examples of a step.
///   - seed: where order and dropout come from; the same seed gives the same bits.
///   - metrics: what is measured after each epoch beside the loss, on `validation` or, without it,
///     on `examples`; it stands in the history and decides nothing.
///   - callbacks: hear of each step and epoch, and may stop the run or change its learning rate.
/// - Throws: ``NonFiniteError`` when a loss, gradient or weight is no longer a finite number;
///   `model` then has the last good weights.
/// - Returns: the loss and the metrics of each epoch.
@discardableResult
public func fit<Model: Layer, Examples: ExampleSet, Targets>(
  _ model: inout Model, on examples: Examples, validation: Examples? = nil,
  loss: @escaping @Sendable (_ outputs: Model.Output, _ targets: Targets) -> Tensor,
  optimizer: some Optimizer, epochs: Int, batchSize: Int = 32, seed: UInt64 = 0,
  metrics: [Metric<Model.Output, Targets>] = [], callbacks: [TrainingCallback] = []
) throws(NonFiniteError) -> TrainingHistory
where Examples.Batch == (inputs: Model.Input, targets: Targets) {
  var trainer = Trainer(
    model, optimizer: optimizer,
    options: TrainingOptions(epochs: epochs, batchSize: batchSize, seed: seed),
    on: Examples.self
  ) { model, batch, mode in
    loss(model(batch.inputs, mode: mode), batch.targets)
  }
  defer { model = trainer.bestModel }
  let measured = validation.flatMap { $0.count > 0 ? $0 : nil } ?? examples
  try trainer.run(
    on: examples, validation: validation,
    metrics: metrics.map { metric in
      { model in metric.score(of: model, on: measured, batchSize: batchSize) }
    },
    callbacks: callbacks)
  return trainer.state.history
}
