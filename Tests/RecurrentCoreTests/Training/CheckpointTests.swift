import Foundation
import Recurrent
import TestSupport
import Testing

/// A run on disk: whatever ends it, it goes on to the bits of the run that never stopped.
@Suite struct CheckpointTests {
  static let options = TrainingOptions(
    epochs: 3, batchSize: 3, accumulate: 2, seed: 9, clipping: .norm(0.5),
    schedule: .onPlateau(factor: 0.3, patience: 0, threshold: 0.05),
    earlyStopping: EarlyStopping(patience: 50), averaging: 0.9)

  func small<Rule: Optimizer>(
    _ optimizer: Rule, _ options: TrainingOptions = options, modelSeed: UInt64 = 1
  ) -> Trainer<SmallModel, Rule, TensorExamples> {
    Trainer(SmallModel(dropout: 0.3, seed: modelSeed), optimizer: optimizer, options: options) {
      meanSquaredError($0($1.inputs, mode: $2), $1.targets)
    }
  }

  // MARK: The same bits

  /// Goes on from what is on disk after each step and epoch, as if the program had been killed
  /// there, with trainers whose weights are others until then.
  private func expectKillsLeaveNoTrace<Model, Rule, Examples>(
    _ examples: Examples, validation: Examples?, count: Int,
    _ trainer: @escaping (_ seed: UInt64) -> Trainer<Model, Rule, Examples>
  ) throws {
    var whole = trainer(1)
    let reason = try whole.run(on: examples, validation: validation)
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/run", every: .zero, digest: ["data": "a"])
      var written = 0
      var first = trainer(1)
      try first.run(
        on: examples, validation: validation, checkpoints: checkpoints,
        callbacks: [
          { event, run in
            guard case .checkpoint(let result) = event else { return .proceed }
            written += 1
            do {
              let file = try result.get()
              var second = trainer(2)
              #expect(second.state.model.bits != whole.state.model.bits)
              let resumed = try second.resume(from: checkpoints, on: examples)
              #expect(resumed?.file == file && resumed?.warnings.isEmpty == true)
              #expect(second.state.step == run.step && second.state.epoch == run.epoch)
              let again = try second.run(on: examples, validation: validation)
              #expect(again == reason)
              expectSame(second.state, whole.state, "killed after checkpoint \(written)")
              #expect(second.bestModel.bits == whole.bestModel.bits)
            } catch {
              Issue.record("\(error)")
            }
            return .proceed
          }
        ])
      expectSame(first.state, whole.state, "checkpoints touch nothing")
      #expect(written == count)
    }
  }

  private func expectKillsLeaveNoTrace(
    _ optimizer: some Optimizer, _ options: TrainingOptions = options, count: Int = 13
  ) throws {
    try expectKillsLeaveNoTrace(
      smallExamples(17), validation: smallExamples(5, seed: 4), count: count
    ) { small(optimizer, options, modelSeed: $0) }
  }

  @Test func everyOptimizerGoesOn() throws {
    try expectKillsLeaveNoTrace(SGD(learningRate: 0.1))
    try expectKillsLeaveNoTrace(SGD(learningRate: 0.1, momentum: 0.9, convention: .keras))
    try expectKillsLeaveNoTrace(Adam(learningRate: 0.01, amsgrad: true))
    try expectKillsLeaveNoTrace(AdamW(learningRate: 0.01))
    try expectKillsLeaveNoTrace(NAdam(learningRate: 0.01))
    try expectKillsLeaveNoTrace(RMSprop(learningRate: 0.01, momentum: 0.5, centered: true))
    try expectKillsLeaveNoTrace(Adagrad(learningRate: 0.1))
  }

  @Test(arguments: TrainerReproducibilityTests.schedules)
  func everyScheduleGoesOn(_ rule: LearningRateSchedule.Rule) throws {
    let options = TrainingOptions(
      epochs: 4, batchSize: 9, seed: 3, schedule: rule,
      rules: [
        ParameterRule("recurrent_weights", l2: 1e-3, constraint: .maxNorm(0.5)),
        ParameterRule("head.weights", l1: 1e-3),
      ])
    try expectKillsLeaveNoTrace(SGD(learningRate: 0.2, momentum: 0.5), options, count: 4 * 3 + 1)
  }

  @Test func streamsGoOnWithWhatTheyCarry() throws {
    let examples = noisyStreams(4, seed: 1)
    try expectKillsLeaveNoTrace(examples, validation: noisyStreams(2, seed: 5), count: 13) {
      Trainer(
        NoisyModel(seed: $0), optimizer: SGD(learningRate: 0.1, momentum: 0.9),
        options: Self.options, onStreams: type(of: examples)
      ) { meanSquaredError($0.values, $1.values) }
    }
  }

  /// What is measured and not trained is a part of the run.
  @Test func statisticsGoOn() throws {
    try expectKillsLeaveNoTrace(
      smallExamples(17), validation: smallExamples(5, seed: 4), count: 13
    ) { seed in
      var generator = RandomGenerator(seed: seed)
      let model = Sequential {
        BatchNorm(size: 3)
        LSTM(inputSize: 3, hiddenSize: 4, using: &generator)
        LastOutput()
        Dense(inputSize: 4, outputSize: 2, using: &generator)
      }
      return Trainer(model, optimizer: Adam(), options: Self.options, on: TensorExamples.self) {
        meanSquaredError($0($1.inputs, mode: $2), $1.targets)
      }
    }
  }

  /// A moment that overflowed divides a step to nothing, and training goes on; so does the run.
  @Test func infiniteMomentsAreKept() throws {
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder)
      var trainer = small(Adam())
      try trainer.step([[0, 1]], of: smallExamples(4))
      trainer.state.optimizer.state.slots[0][1] = Tensor(
        repeating: .infinity, shape: trainer.state.optimizer.state.slots[0][1].shape)
      try trainer.run(
        on: smallExamples(4), checkpoints: checkpoints, callbacks: [{ _, _ in .stop }])
      var second = small(Adam())
      try second.resume(from: checkpoints, on: smallExamples(4))
      expectSame(second.state, trainer.state)
      #expect(second.state.optimizer.state.slots[0][1].elements.contains(.infinity))
    }
  }

  // MARK: Runs that are over

  /// Heard of a run that goes on from where `trainer` left it, and why it ended.
  private func goneOnWith<Rule>(
    _ trainer: () -> Trainer<SmallModel, Rule, TensorExamples>, validation: TensorExamples?,
    stopping: @escaping TrainingCallback = { _, _ in .proceed }
  ) throws -> (steps: Int, first: StopReason, second: StopReason) {
    try withTemporaryFolder { folder in
      let (examples, checkpoints) = (smallExamples(8), Checkpoints(in: folder))
      var first = trainer()
      let reason = try first.runKeepingBest(
        on: examples, validation: validation, checkpoints: checkpoints, callbacks: [stopping])
      var second = trainer()
      #expect(try second.resume(from: checkpoints, on: examples) != nil)
      #expect(second.state.history == first.state.history)
      var steps = 0
      let again = try second.runKeepingBest(
        on: examples, validation: validation,
        callbacks: [
          { event, _ in
            if case .step = event { steps += 1 }
            return .proceed
          }
        ])
      if steps == 0 { #expect(second.bestModel.bits == first.bestModel.bits) }
      return (steps, reason, again)
    }
  }

  @Test func aRunThatEndedIsOver() throws {
    let all = try goneOnWith({ small(Adam()) }, validation: nil)
    #expect(all == (0, .allEpochs, .allEpochs))
    let away = smallExamples(8)
    let waiting = TrainingOptions(epochs: 30, earlyStopping: EarlyStopping(patience: 2))
    let validation = TensorExamples(inputs: away.inputs, targets: away.targets * -9)
    let early = try goneOnWith({ small(Adam(learningRate: 0.1), waiting) }, validation: validation)
    #expect(early == (0, .noImprovement(epochs: 2), .noImprovement(epochs: 2)))
    // The first epoch is harmless, the second explodes.
    let exploding = TrainingOptions(
      epochs: 3, batchSize: 4, clipping: nil, schedule: .step(epochs: 1, factor: 1e38))
    let ranAway = try goneOnWith({ small(SGD(learningRate: 100), exploding) }, validation: nil)
    guard case .ranAway = ranAway.first else {
      Issue.record("ended by \(ranAway.first)")
      return
    }
    #expect(ranAway.steps == 0 && ranAway.second == ranAway.first)
  }

  /// Stopped by request in the very moment in which it would have ended anyway.
  @Test func aStopHidesNoEnd() throws {
    let away = smallExamples(8)
    let options = TrainingOptions(epochs: 30, earlyStopping: EarlyStopping(patience: 2))
    let result = try goneOnWith(
      { small(Adam(learningRate: 0.1), options) },
      validation: TensorExamples(inputs: away.inputs, targets: away.targets * -9),
      stopping: { event, run in
        if case .epoch = event, run.history.epochsSinceBest == 2 { .stop } else { .proceed }
      })
    #expect(result == (0, .requested, .noImprovement(epochs: 2)))
  }

  @Test func aStopIsGoneOnFrom() throws {
    let result = try goneOnWith(
      { small(Adam()) }, validation: nil,
      stopping: { _, run in run.step == 2 ? .stop : .proceed })
    #expect(result == (4, .requested, .allEpochs))
  }

  @Test func nothingThereIsAStart() throws {
    try withTemporaryFolder { folder in
      var trainer = small(Adam())
      for path in [folder + "/none", folder] {
        let resumed = try trainer.resume(from: Checkpoints(in: path), on: smallExamples(3))
        #expect(resumed == nil)
      }
      #expect(trainer.state.model.bits == small(Adam()).state.model.bits)
    }
  }
}
