import Recurrent
import Testing

struct TrainerTests {
  // MARK: Early stopping

  /// Training rows teach the opposite of what the validation rows ask for.
  private func opposites() -> (training: TensorExamples, validation: TensorExamples) {
    let training = smallExamples(12)
    let up = Tensor(repeating: 1, shape: [12, 2])
    return (
      TensorExamples(inputs: training.inputs, targets: up),
      TensorExamples(inputs: training.inputs, targets: -up)
    )
  }

  @Test(arguments: [1, 3]) func earlyStoppingReturnsTheBestWeights(patience: Int) throws {
    let (training, validation) = opposites()
    let options = TrainingOptions(
      epochs: 40, batchSize: 5, earlyStopping: EarlyStopping(patience: patience))
    var trainer = smallTrainer(options)
    let reason = try trainer.run(on: training, validation: validation)
    #expect(reason == .noImprovement(epochs: patience))
    let losses = trainer.state.history.epochs.compactMap(\.validationLoss)
    #expect(losses.count == 1 + patience)
    #expect(losses == losses.sorted())
    #expect(trainer.state.history.best?.epoch == 1)
    // The weights after one epoch, not the last.
    var single = smallTrainer(TrainingOptions(epochs: 1, batchSize: 5))
    try single.run(on: training, validation: validation)
    #expect(trainer.bestModel.bits == single.state.model.bits)
    #expect(trainer.bestModel.bits != trainer.state.model.bits)
    #expect(trainer.state.history.best?.validationLoss == losses[0])
    #expect(trainer.evaluate(trainer.bestModel, on: validation) == losses[0])
  }

  @Test func patienceOfZeroStopsAtTheFirstEpochThatIsNotBetter() throws {
    let (training, validation) = opposites()
    var trainer = smallTrainer(
      TrainingOptions(epochs: 9, earlyStopping: EarlyStopping(patience: 0)))
    #expect(try trainer.run(on: training, validation: validation) == .noImprovement(epochs: 1))
    #expect(trainer.state.epoch == 2)
    var better = smallTrainer(
      TrainingOptions(epochs: 9, earlyStopping: EarlyStopping(patience: 0)))
    #expect(try better.run(on: training, validation: training) == .allEpochs)
  }

  @Test func improvementsBelowTheMinimumDoNotCount() throws {
    let examples = smallExamples(12)
    var trainer = smallTrainer(
      learningRate: 1e-5,
      TrainingOptions(
        epochs: 9, earlyStopping: EarlyStopping(patience: 2, minimumImprovement: 0.1)))
    #expect(try trainer.run(on: examples, validation: examples) == .noImprovement(epochs: 2))
    let losses = trainer.state.history.epochs.compactMap(\.validationLoss)
    #expect(losses.count == 3)
    #expect(losses[2] < losses[0])
    #expect(trainer.state.history.best?.validationLoss == losses[0])
  }

  @Test func withoutEarlyStoppingTheBestWeightsAreReturnedAllTheSame() throws {
    let (training, validation) = opposites()
    var trainer = smallTrainer(TrainingOptions(epochs: 4))
    #expect(try trainer.run(on: training, validation: validation) == .allEpochs)
    #expect(trainer.bestModel.bits == trainer.state.best.bits)
    #expect(trainer.bestModel.bits != trainer.state.model.bits)
  }

  @Test func withoutValidationPartTheLastWeightsAreReturned() throws {
    let nothing = TensorExamples(
      inputs: SequenceBatch(Tensor.zeros([0, 4, 3])), targets: Tensor.zeros([0, 2]))
    for validation in [nil, nothing] {
      // A rate so high that the training loss rises soon; the run ends there.
      var trainer = smallTrainer(learningRate: 3, TrainingOptions(epochs: 99, batchSize: 5))
      let reason = try trainer.run(
        on: smallExamples(12), validation: validation,
        callbacks: [
          { _, run in
            let losses = run.history.epochs.suffix(2).map(\.loss)
            return losses != losses.sorted(by: >) ? .stop : .proceed
          }
        ])
      #expect(reason == .requested)
      #expect(trainer.state.history.best == trainer.state.history.epochs.last)
      #expect(trainer.bestModel.bits == trainer.state.model.bits)
      #expect(trainer.state.history.epochs.allSatisfy { $0.validationLoss == nil })
    }
  }

  // MARK: What an epoch counts

  @Test func lossesWeighExamplesNotBatches() throws {
    let (training, validation) = (smallExamples(7), smallExamples(9, seed: 6))
    // Without learning, the epoch's loss is that of the untrained model.
    var trainer = smallTrainer(
      learningRate: 0, TrainingOptions(epochs: 1, batchSize: 4, shuffles: false))
    try trainer.run(on: training, validation: validation)
    let record = try #require(trainer.state.history.epochs.first)
    func loss(_ examples: TensorExamples, _ rows: Range<Int>) -> Double {
      let batch = examples.subset(rows)
      return Double(meanSquaredError(trainer.state.model(batch.inputs), batch.targets).value)
    }
    #expect(record.loss == (4 * loss(training, 0..<4) + 3 * loss(training, 4..<7)) / 7)
    let parts = [0..<4, 4..<8, 8..<9].map { loss(validation, $0) }
    #expect(record.validationLoss == (4 * parts[0] + 4 * parts[1] + parts[2]) / 9)
    #expect(abs((record.validationLoss ?? 0) - loss(validation, 0..<9)) < 1e-6)
    #expect(abs((record.validationLoss ?? 0) - parts.reduce(0, +) / 3) > 0.01)
  }

  @Test func gradientNormIsTheMeanOverTheSteps() throws {
    let examples = smallExamples(4)
    var trainer = smallTrainer(
      learningRate: 0, TrainingOptions(epochs: 1, batchSize: 2, shuffles: false))
    try trainer.run(on: examples)
    let model = SmallModel()
    let norms = [0..<2, 2..<4].map { rows in
      let batch = examples.subset(rows)
      let (_, gradients) = valueAndGradients(of: model) {
        meanSquaredError($0(batch.inputs, mode: .prediction), batch.targets)
      }
      return Double(gradients.norm)
    }
    #expect(trainer.state.history.epochs.map(\.gradientNorm) == [(norms[0] + norms[1]) / 2])
  }

  @Test func noEpochsChangeNothing() throws {
    let model = SmallModel()
    var trainer = smallTrainer(model: model, TrainingOptions(epochs: 0))
    var events: [String] = []
    let reason = try trainer.run(
      on: smallExamples(3), validation: smallExamples(2),
      callbacks: [
        { event, _ in
          events.append(name(event))
          return .proceed
        }
      ])
    #expect(reason == .allEpochs)
    #expect(events == ["finished allEpochs"])
    #expect(trainer.bestModel.bits == model.bits)
    #expect(trainer.state.history.epochs.isEmpty && trainer.state.history.best == nil)
  }

  // MARK: Callbacks

  @Test func callbacksHearOfEverythingInOrder() throws {
    var trainer = smallTrainer(TrainingOptions(epochs: 2, batchSize: 4))
    var (first, second): ([String], [String]) = ([], [])
    var lastLoss = 0.0
    let reason = try trainer.run(
      on: smallExamples(9), validation: smallExamples(3, seed: 5),
      callbacks: [
        { event, _ in
          first.append(name(event))
          if case .step(_, _, _, _, let loss) = event { lastLoss = loss }
          if case .epoch(let record, _) = event { #expect(record.loss == lastLoss) }
          return .proceed
        },
        { event, _ in
          second.append(name(event))
          return .proceed
        },
      ])
    #expect(reason == .allEpochs)
    let best = trainer.state.history.best?.epoch == 2
    #expect(
      first == [
        "step 1.1 of 3, 4 examples", "step 1.2 of 3, 4 examples", "step 1.3 of 3, 1 examples",
        "epoch 1 best", "step 2.1 of 3, 4 examples", "step 2.2 of 3, 4 examples",
        "step 2.3 of 3, 1 examples", best ? "epoch 2 best" : "epoch 2", "finished allEpochs",
      ])
    #expect(second == first)
  }

  @Test func callbacksStopARun() throws {
    var trainer = smallTrainer(TrainingOptions(epochs: 5, batchSize: 4))
    var events: [String] = []
    let listen: TrainingCallback = { event, _ in
      events.append(name(event))
      return .proceed
    }
    #expect(
      try trainer.run(on: smallExamples(9), callbacks: [stopping(atStep: 2), listen]) == .requested)
    #expect(
      events == [
        "step 1.1 of 3, 4 examples", "step 1.2 of 3, 4 examples", "finished requested",
      ])
    #expect(trainer.state.step == 2 && trainer.state.epoch == 0)
    #expect(trainer.state.progress.batches == 2 && trainer.state.history.epochs.isEmpty)
    // What was learned is not lost: before an epoch is done, the weights are those of now.
    #expect(trainer.bestModel.bits == trainer.state.model.bits)
  }

  // MARK: Numbers that are not finite

  private func poisoned(at row: Int, of count: Int) -> TensorExamples {
    let good = smallExamples(count)
    var inputs = good.inputs.values
    inputs.withUnsafeMutableElements { $0[row * 12 + 5] = .nan }
    return TensorExamples(inputs: SequenceBatch(inputs), targets: good.targets)
  }

  @Test func aBadValueStopsAtItsStep() throws {
    let options = TrainingOptions(epochs: 3, batchSize: 2, shuffles: false)
    var trainer = smallTrainer(options)
    let error = try nonFiniteError(&trainer, on: poisoned(at: 5, of: 9))
    #expect(error == NonFiniteErrorPlace(epoch: 1, step: 3, tensor: "the loss"))
    // The weights after two good steps.
    var good = smallTrainer(options)
    try good.run(on: smallExamples(9), callbacks: [stopping(atStep: 2)])
    #expect(trainer.state.model.bits == good.state.model.bits)
    #expect(trainer.state.epoch == 0 && trainer.state.history.epochs.isEmpty)
    #expect(trainer.bestModel.firstNonFinite == nil)
  }

  @Test func aBadGradientIsNamed() throws {
    // √0 is 0 and its slope infinite.
    var trainer = Trainer(
      SmallModel(), optimizer: SGD(learningRate: 0.1), options: TrainingOptions(epochs: 1),
      on: TensorExamples.self
    ) { model, batch, _ in
      meanSquaredError(model(batch.inputs), batch.targets)
        + (model.head.bias.map { ($0 - $0).squareRoot().sum() } ?? Tensor(0))
    }
    let before = trainer.state.model.bits
    let error = try nonFiniteError(&trainer, on: smallExamples(4))
    #expect(
      error == NonFiniteErrorPlace(epoch: 1, step: 1, tensor: "the gradient of head.bias"))
    #expect(trainer.state.model.bits == before)
  }

  @Test func anExplodingRateStopsWithTheWeightsBefore() throws {
    // The first epoch is harmless, the second explodes.
    let options = TrainingOptions(
      epochs: 3, batchSize: 4, clipping: nil, schedule: .step(epochs: 1, factor: 1e38))
    var trainer = Trainer(
      SmallModel(), optimizer: SGD(learningRate: 1), options: options, on: TensorExamples.self
    ) { model, batch, _ in 20 * meanSquaredError(model(batch.inputs), batch.targets) }
    var afterFirst: [String: [UInt32]] = [:]
    var (probe, keeping) = (trainer, trainer)
    try probe.run(
      on: smallExamples(4),
      callbacks: [{ event, _ in if case .epoch = event { .stop } else { .proceed } }])
    afterFirst = probe.state.model.bits
    let error = try nonFiniteError(&trainer, on: smallExamples(4))
    #expect(error.epoch == 2 && error.step == 1)
    #expect(error.tensor.hasPrefix("recurrent.") || error.tensor.hasPrefix("head."))
    #expect(trainer.state.model.bits == afterFirst)
    #expect(trainer.state.epoch == 1 && trainer.state.history.epochs.count == 1)
    #expect(trainer.state.optimizer.state.steps.isEmpty && trainer.state.progress.steps == 0)
    #expect(trainer.state.history.stop == nil && probe.state.history.stop == .requested)

    // Or the run just ends there.
    var heard: [StopReason] = []
    let reason = try keeping.runKeepingBest(
      on: smallExamples(4),
      callbacks: [
        { event, _ in
          if case .finished(let reason) = event { heard.append(reason) }
          return .proceed
        }
      ])
    guard case .ranAway(let kept) = reason else {
      Issue.record("ended by \(reason)")
      return
    }
    #expect(kept.epoch == error.epoch && kept.step == error.step && kept.tensor == error.tensor)
    #expect(heard == [reason] && keeping.state.history.stop == reason)
    #expect(keeping.bestModel.bits == afterFirst)
  }

  /// Without a good epoch there is nothing to keep.
  @Test func keepingBestNeedsAGoodEpoch() {
    var trainer = smallTrainer(TrainingOptions(epochs: 3, batchSize: 4))
    #expect(throws: NonFiniteError.self) {
      try trainer.runKeepingBest(on: smallExamples(9), validation: poisoned(at: 1, of: 3))
    }
    #expect(trainer.state.history.stop == nil)
  }

  @Test func aBadValidationLossStopsToo() throws {
    var trainer = smallTrainer(TrainingOptions(epochs: 3, batchSize: 4))
    let before = trainer.state.model.bits
    let error = try nonFiniteError(
      &trainer, on: smallExamples(9), validation: poisoned(at: 1, of: 3))
    #expect(error == NonFiniteErrorPlace(epoch: 1, step: 3, tensor: "the validation loss"))
    #expect(trainer.state.model.bits == before)
    #expect(trainer.state.epoch == 0)
  }

  private struct NonFiniteErrorPlace: Equatable {
    var epoch: Int
    var step: Int
    var tensor: String
  }

  private func nonFiniteError<Model, Rule>(
    _ trainer: inout Trainer<Model, Rule, TensorExamples>, on examples: TensorExamples,
    validation: TensorExamples? = nil
  ) throws -> NonFiniteErrorPlace {
    var found: NonFiniteError?
    do { try trainer.run(on: examples, validation: validation) } catch { found = error }
    let error = try #require(found)
    #expect(
      error.description.hasPrefix(
        "training stopped at epoch \(error.epoch), step \(error.step): \(error.tensor) is not finite."
      ))
    return NonFiniteErrorPlace(epoch: error.epoch, step: error.step, tensor: error.tensor)
  }
}

/// An event in a few words.
private func name(_ event: TrainingEvent) -> String {
  switch event {
  case .step(let epoch, let step, let count, let examples, _):
    "step \(epoch).\(step) of \(count), \(examples) examples"
  case .epoch(let record, let isBest): "epoch \(record.epoch)" + (isBest ? " best" : "")
  case .checkpoint: "checkpoint"
  case .resumed: "resumed"
  case .finished(let reason): "finished \(reason)"
  }
}

private func stopping(atStep last: Int) -> TrainingCallback {
  { event, _ in
    if case .step(_, let step, _, _, _) = event, step == last { .stop } else { .proceed }
  }
}
