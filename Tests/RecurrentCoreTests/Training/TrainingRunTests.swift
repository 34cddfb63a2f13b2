import Foundation
import Recurrent
import Synchronization
import TestSupport
import Testing

/// A run is a value: cut anywhere, made of steps by hand, or spread over batches, it is the same run.
@Suite struct TrainingRunTests {
  // MARK: Cut anywhere

  /// What a file would hold of a state: the numbers, and nothing of the run that made them.
  private func reread<Model, Rule, Examples>(
    _ state: Trainer<Model, Rule, Examples>.State
  ) -> Trainer<Model, Rule, Examples>.State {
    func copy(_ tensor: Tensor) -> Tensor { Tensor(tensor.elements, shape: tensor.shape) }
    var state = state
    state.carried = state.carried.map(copy)
    state.model.updateParameters { $1 = copy($1) }
    state.best.updateParameters { $1 = copy($1) }
    state.optimizer.state.slots = state.optimizer.state.slots.map { $0.map(copy) }
    return state
  }

  /// Stopped after each step of three epochs, gone on with in a trainer of its own.
  private func expectCutsLeaveNoTrace<Model, Rule, Examples>(
    _ examples: Examples, validation: Examples, steps: Int,
    _ trainer: () -> Trainer<Model, Rule, Examples>
  ) throws {
    var whole = trainer()
    #expect(try whole.run(on: examples, validation: validation) == .allEpochs)
    #expect(whole.state.step == 3 * steps)
    for cut in 1...3 * steps {
      var first = trainer()
      let reason = try first.run(
        on: examples, validation: validation,
        callbacks: [
          { event, run in
            if case .step = event, run.step == cut { .stop } else { .proceed }
          }
        ])
      #expect(reason == .requested && first.state.step == cut)
      #expect(first.state.epoch == (cut - 1) / steps, "the epoch is not done")
      #expect(first.state.history.epochs.count == first.state.epoch)
      var second = trainer()
      second.state.seed = 0
      second.state = reread(first.state)
      #expect(try second.run(on: examples, validation: validation) == .allEpochs)
      expectSame(second.state, whole.state, "cut after step \(cut)")
      #expect(second.bestModel.bits == whole.bestModel.bits)

      // Without the place, or what streams carry, it would be another run.
      var lost = trainer()
      lost.state = first.state
      lost.state.progress = EpochProgress()
      try lost.run(on: examples, validation: validation)
      #expect(lost.state.model.bits != whole.state.model.bits)
      guard cut % steps != 0, !first.state.carried.isEmpty else { continue }
      var forgetful = trainer()
      forgetful.state = first.state
      forgetful.state.carried = []
      try forgetful.run(on: examples, validation: validation)
      #expect(forgetful.state.model.bits != whole.state.model.bits)
    }
  }

  private static let options = TrainingOptions(
    epochs: 3, batchSize: 3, accumulate: 2, seed: 9, clipping: .norm(0.5),
    schedule: .onPlateau(factor: 0.3, patience: 0, threshold: 0.05),
    earlyStopping: EarlyStopping(patience: 50), averaging: 0.9)

  @Test func batchesAreGoneOnWith() throws {
    try expectCutsLeaveNoTrace(smallExamples(17), validation: smallExamples(5, seed: 4), steps: 3) {
      Trainer(
        SmallModel(dropout: 0.3), optimizer: SGD(learningRate: 0.1, momentum: 0.9),
        options: Self.options, on: TensorExamples.self
      ) { meanSquaredError($0($1.inputs, mode: $2), $1.targets) }
    }
  }

  @Test func streamsAreGoneOnWith() throws {
    let examples = noisyStreams(4, seed: 1)
    try expectCutsLeaveNoTrace(examples, validation: noisyStreams(2, seed: 5), steps: 3) {
      Trainer(
        NoisyModel(), optimizer: SGD(learningRate: 0.1, momentum: 0.9), options: Self.options,
        onStreams: type(of: examples)
      ) { meanSquaredError($0.values, $1.values) }
    }
  }

  /// What a run is made of, by hand.
  @Test func aRunIsMadeOfEpochsAndSteps() throws {
    let (examples, validation) = (smallExamples(10), smallExamples(4, seed: 4))
    func trainer(_ epochs: Int) -> SmallTrainer {
      smallTrainer(
        model: SmallModel(dropout: 0.3),
        TrainingOptions(epochs: epochs, batchSize: 5, shuffles: false, seed: 3))
    }
    var (run, epochs, steps) = (trainer(2), trainer(2), trainer(1))
    try run.run(on: examples, validation: validation)
    #expect(try epochs.runEpoch(on: examples, validation: validation) == nil)
    #expect(try epochs.runEpoch(on: examples, validation: validation) == nil)
    expectSame(epochs.state, run.state)
    var first = trainer(1)
    try first.run(on: examples)
    let losses = [
      try steps.step([Array(0..<5)], of: examples),
      try steps.step([[5, 6, 7, 8, 9]], of: examples),
    ]
    #expect(steps.state.model.bits == first.state.model.bits)
    #expect(steps.state.progress.loss == (losses[0] + losses[1]) / 2)
    #expect(steps.state.progress.loss == first.state.history.epochs[0].loss)
  }

  // MARK: Examples apart

  private static let lengths = [4, 6, 0, 1, 6, 3, 5, 2, 6, 4, 2, 3]
  private var sequences: SequenceBatch {
    SequenceBatch(
      Tensor(SeededGenerator.floats(12 * 6 * 3, seed: 2), shape: [12, 6, 3]), lengths: Self.lengths)
  }

  /// An example draws the same masks in every batch: its outputs in training have the same bits.
  @Test func noiseBelongsToExamples() {
    func check(_ layer: some Layer<SequenceBatch, SequenceBatch>, _ name: String) {
      let key = RandomKey(seed: 8)
      let whole = layer(sequences, mode: .training(key, rows: Array(0..<12)))
      for rows in [[0, 1, 2, 3], [4], [11, 5, 8, 7, 6], [2]] {
        let part = layer(sequences.rows(rows), mode: .training(key, rows: rows))
        // Of zeros the sign may differ: a batch without padding is not put together from its steps.
        #expect(part.values == whole.values.rows(rows), "\(name) \(rows)")
      }
      #expect(layer(sequences).values != whole.values)
      let others = layer(sequences, mode: .training(key, rows: Array(1...12)))
      #expect(others.values != whole.values, "\(name)")
    }
    check(NoisyModel(), "GRU")
    var generator = RandomGenerator(seed: 4)
    let options = RecurrentOptions(
      inputDropout: 0.3, recurrentDropout: 0.3, zoneout: 0.3, cellZoneout: 0.3)
    check(
      Bidirectional(
        LSTM(inputSize: 3, hiddenSize: 5, options: options, using: &generator),
        LSTM(inputSize: 3, hiddenSize: 5, options: options, using: &generator)), "LSTM")
    check(EachStep(Dropout(rate: 0.4)), "dropout")
  }

  private func noisyTrainer(
    batchSize: Int, accumulate: Int
  ) -> Trainer<NoisyModel, SGD, TensorExamples> {
    Trainer(
      NoisyModel(), optimizer: SGD(learningRate: 1),
      options: TrainingOptions(
        epochs: 1, batchSize: batchSize, accumulate: accumulate, clipping: .norm(0.1)),
      on: TensorExamples.self
    ) { model, batch, mode in
      meanSquaredError(model(batch.inputs, mode: mode).lastValidSteps, batch.targets)
    }
  }

  private func expectClose(_ a: NoisyModel, to b: NoisyModel) {
    for ((name, a), (_, b)) in zip(a.parameters, b.parameters) {
      TestSupport.expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 1e-6, name)
    }
  }

  /// Twelve examples at once, or in parts: the same masks and, but for rounding, the same update.
  @Test(arguments: [[12], [4, 4, 4], [5, 5, 2], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]])
  func partsMakeTheUpdateOfAll(_ sizes: [Int]) throws {
    let examples = TensorExamples(
      inputs: sequences, targets: Tensor(SeededGenerator.floats(24, seed: 3), shape: [12, 2]))
    var whole = noisyTrainer(batchSize: 12, accumulate: 1)
    try whole.run(on: examples)
    var parts = noisyTrainer(batchSize: sizes[0], accumulate: sizes.count)
    try parts.run(on: examples)
    #expect(parts.state.step == 1 && parts.state.optimizer.state.steps.allSatisfy { $0 == 1 })
    expectClose(parts.state.model, to: whole.state.model)
    // By the row of the batch, parts would draw other masks.
    let key = RandomKey(seed: 0).child(1).child(0)
    let model = NoisyModel()
    let rows = Array(4..<12)
    #expect(
      model(sequences.rows(rows), mode: .training(key)).values
        != model(sequences, mode: .training(key)).values.rows(rows))
    let (loss, expected) = (parts.state.history.epochs[0].loss, whole.state.history.epochs[0].loss)
    #expect(abs(loss - expected) < 1e-6)
    #expect(whole.state.model.bits != NoisyModel().bits)
  }

  /// Two machines with a part each bring their gradients together before the update.
  @Test func gradientsMeetBeforeTheUpdate() throws {
    let examples = TensorExamples(
      inputs: sequences, targets: Tensor(SeededGenerator.floats(24, seed: 3), shape: [12, 2]))
    var whole = noisyTrainer(batchSize: 12, accumulate: 1)
    try whole.step([Array(0..<12)], of: examples)
    let sent = Mutex<ExampleGradients?>(nil)
    var ranks = [
      noisyTrainer(batchSize: 12, accumulate: 1), noisyTrainer(batchSize: 12, accumulate: 1),
    ]
    ranks[0].beforeUpdate = { own in
      sent.withLock { $0 = own }
      return own
    }
    ranks[1].beforeUpdate = { own in
      var sum = own
      if let other = sent.withLock({ $0 }) { sum.merge(other) }
      return sum
    }
    try ranks[0].step([[0, 1, 2, 3, 4]], of: examples)
    try ranks[1].step([[5, 6, 7, 8, 9, 10, 11]], of: examples)
    expectClose(ranks[1].state.model, to: whole.state.model)
    #expect(ranks[1].state.progress.examples == 12)
    #expect(abs(ranks[1].state.progress.loss - whole.state.progress.loss) < 1e-6)
  }

  // MARK: Judges

  /// A judge whose scores are given, epoch by epoch.
  private func judge(_ scores: [Double], isHigherBetter: Bool) -> SmallTrainer.Judge {
    let next = Atomic(0)
    return { _ in
      let index = next.add(1, ordering: .relaxed).oldValue
      return EpochScore("score", scores[index], isHigherBetter: isHigherBetter)
    }
  }

  @Test(arguments: [false, true])
  func aScoreDecides(isHigherBetter: Bool) throws {
    let scores = [0.3, 0.1, 0.9, 0.5, 0.8, 0.7, 0.6]
    let bestEpoch = isHigherBetter ? 3 : 2
    let examples = smallExamples(8)
    var trainer = smallTrainer(
      TrainingOptions(
        epochs: 7, schedule: .onPlateau(factor: 0.5, patience: 0, threshold: 0),
        earlyStopping: EarlyStopping(patience: 3)))
    var (heard, weights): ([Bool], [[String: [UInt32]]]) = ([], [])
    let reason = try trainer.run(
      on: examples, validation: examples,
      judge: judge(scores, isHigherBetter: isHigherBetter),
      callbacks: [
        { event, run in
          if case .epoch(_, let isBest) = event {
            heard.append(isBest)
            weights.append(run.model.bits)
          }
          return .proceed
        }
      ])
    #expect(reason == .noImprovement(epochs: 3))
    let history = trainer.state.history
    #expect(history.epochs.count == bestEpoch + 3)
    #expect(history.best?.epoch == bestEpoch)
    #expect(
      heard == (isHigherBetter ? [true, false, true] : [true, true, false]) + [false, false]
        + (isHigherBetter ? [false] : []))
    #expect(trainer.bestModel.bits == weights[bestEpoch - 1])
    #expect(trainer.bestModel.bits != trainer.state.model.bits)
    // The rate is halved after each epoch that is not better.
    let rates = history.epochs.map { $0.learningRate / history.epochs[0].learningRate }
    #expect(rates == (isHigherBetter ? [1, 1, 0.5, 0.5, 0.25, 0.125] : [1, 1, 1, 0.5, 0.25]))
    #expect(history.csv.hasPrefix("epoch,loss,validation_loss,score,learning_rate,"))
    #expect(history.csv.split(separator: "\n")[3].split(separator: ",")[3] == "0.9")
  }

  @Test func aScoreThatIsNoNumberStops() {
    var trainer = smallTrainer(TrainingOptions(epochs: 3))
    let error = #expect(throws: NonFiniteError.self) {
      try trainer.run(on: smallExamples(3), judge: judge([0.5, .nan], isHigherBetter: true))
    }
    #expect(error?.epoch == 2 && error?.tensor == "what judges the epoch")
    #expect(trainer.state.epoch == 1 && trainer.state.model.bits == trainer.bestModel.bits)
  }

  // MARK: Options as files

  @Test func optionsAreCodable() throws {
    let options = TrainingOptions(
      epochs: 7, batchSize: 5, accumulate: 3, shuffles: false, seed: 4, clipping: .value(2),
      schedule: .cosine(epochs: 3, warmUp: 1), earlyStopping: EarlyStopping(patience: 2),
      rules: [
        ParameterRule("bias", l1: 0.5, l2: 0.25, constraint: .maxNorm(2)),
        ParameterRule("weights", constraint: .unitNorm),
      ], averaging: 0.9, segmentLength: 6)
    let bytes = try JSONEncoder().encode(options)
    #expect(try JSONDecoder().decode(TrainingOptions.self, from: bytes) == options)
    #expect(options.problem == nil && options.weightCopies == 4)
    let hostile = String(decoding: bytes, as: UTF8.self)
      .replacingOccurrences(of: "\"batchSize\":5", with: "\"batchSize\":0")
    let read = try JSONDecoder().decode(TrainingOptions.self, from: Data(hostile.utf8))
    #expect(read.problem == "a batch has at least one example, not 0")
  }
}
