import Foundation
import Recurrent
import TestSupport
import Testing

/// A run on disk: whatever ends it, it goes on to the bits of the run that never stopped.
@Suite struct CheckpointTests {
  private static let options = TrainingOptions(
    epochs: 3, batchSize: 3, accumulate: 2, seed: 9, clipping: .norm(0.5),
    schedule: .onPlateau(factor: 0.3, patience: 0, threshold: 0.05),
    earlyStopping: EarlyStopping(patience: 50), averaging: 0.9)

  private func small<Rule: Optimizer>(
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

  // MARK: Files

  private func contents(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  /// Runs the small model until it did so many steps.
  @discardableResult
  private func run(
    _ checkpoints: Checkpoints, steps: Int, resuming: Bool = false
  ) throws -> (ResumedCheckpoint?, Trainer<SmallModel, Adam, TensorExamples>) {
    var trainer = small(Adam())
    let resumed = resuming ? try trainer.resume(from: checkpoints, on: smallExamples(17)) : nil
    try trainer.run(
      on: smallExamples(17), checkpoints: checkpoints,
      callbacks: [{ _, run in run.step == steps ? .stop : .proceed }])
    return (resumed, trainer)
  }

  @Test func theLastTwoAreKept() throws {
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/a/run", every: .zero)
      try run(checkpoints, steps: 1)
      let names = ["checkpoint-1.safetensors", "checkpoint-2.safetensors"]
      #expect(try contents(checkpoints.folder) == names)
      // What a killed program left of one goes with the next; what is not ours stays.
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/a/run/.recurrent-7.tmp"))
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/a/run/notes.txt"))
      try run(checkpoints, steps: 5, resuming: true)
      #expect(
        try contents(checkpoints.folder)
          == ["checkpoint-7.safetensors", "checkpoint-8.safetensors", "notes.txt"])
      try run(checkpoints.network(2), steps: 1)
      #expect(try contents(checkpoints.folder).contains("network-2/checkpoint-2.safetensors"))
      checkpoints.remove()
      #expect(try contents(folder) == ["a", "a/run", "a/run/notes.txt"])
    }
  }

  /// Wherever the newest is damaged, the one before is taken, and the next takes its place.
  @Test func damagedOnesArePassedOver() throws {
    let whole = try withTemporaryFolder { try run(Checkpoints(in: $0), steps: -1).1 }
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder, every: .zero)
      try run(checkpoints, steps: 4)
      let (older, newest) = (try contents(folder)[0], folder + "/" + (try contents(folder)[1]))
      let bytes = try Data(contentsOf: URL(fileURLWithPath: newest))
      func damage(_ damaged: Data) throws { try damaged.write(to: URL(fileURLWithPath: newest)) }
      for count in [0, 7, 40, 60, bytes.count / 2, bytes.count - 1] {
        try damage(bytes.prefix(count))
        var trainer = small(Adam())
        let resumed = try trainer.resume(from: checkpoints, on: smallExamples(17))
        #expect(resumed?.file == folder + "/" + older)
        #expect(resumed?.warnings.map(\.file) == [newest])
      }
      for place in stride(from: 0, to: bytes.count, by: 61) {
        var damaged = bytes
        damaged[place] ^= 4
        try damage(damaged)
        var trainer = small(Adam())
        let resumed = try trainer.resume(from: checkpoints, on: smallExamples(17))
        #expect(resumed?.file == folder + "/" + older, "byte \(place)")
      }
      let (_, trainer) = try run(checkpoints, steps: -1, resuming: true)
      expectSame(trainer.state, whole.state)
      // All damaged: there is no run to go on with, which is not a start.
      for name in try contents(folder) {
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      let error = try dataError { try run(checkpoints, steps: -1, resuming: true) }
      #expect(error.description.contains("remove \(folder) to train from the start"))
    }
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder, every: .zero)
      try run(checkpoints, steps: 4)
      let names = try contents(folder)
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/" + names[1]))
      var stopped = small(Adam())
      try stopped.resume(from: checkpoints, on: smallExamples(17))
      try stopped.run(
        on: smallExamples(17), checkpoints: Checkpoints(in: folder), callbacks: [{ _, _ in .stop }])
      #expect(try contents(folder) == names, "the damaged one was replaced, the other kept")
      #expect(try run(checkpoints, steps: -1, resuming: true).0?.warnings.isEmpty == true)
    }
  }

  @Test func runsGoOnWhereNothingCanBeWritten() throws {
    let whole = try withTemporaryFolder { try run(Checkpoints(in: $0), steps: -1).1 }
    try withTemporaryFolder { folder in
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
      var failures: [DataError] = []
      var trainer = small(Adam())
      try trainer.run(
        on: smallExamples(17), checkpoints: Checkpoints(in: folder + "/file/run", every: .zero),
        callbacks: [
          { event, _ in
            if case .checkpoint(.failure(let error)) = event { failures.append(error) }
            return .proceed
          }
        ])
      expectSame(trainer.state, whole.state)
      #expect(failures.count == 13 && failures.allSatisfy { $0.kind == .unwritable })
    }
  }

  /// Short epochs do not spend their time on checkpoints.
  @Test func shortRunsWriteOnce() throws {
    try withTemporaryFolder { folder in
      try run(Checkpoints(in: folder), steps: -1)
      #expect(try contents(folder) == ["checkpoint-1.safetensors"])
    }
  }

  // MARK: Other runs

  @Test func otherRunsAreRefused() throws {
    try withTemporaryFolder { folder in
      let digest = ["data": "prices of May", "program": "1"]
      try run(Checkpoints(in: folder, digest: digest), steps: 2)
      func expectRefused<Rule>(
        _ parts: [String], _ trainer: Trainer<SmallModel, Rule, TensorExamples>,
        digest: [String: String] = digest, examples: Int = 17,
        sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        var trainer = trainer
        let before = trainer.state
        let error = try dataError(sourceLocation: sourceLocation) {
          try trainer.resume(
            from: Checkpoints(in: folder, digest: digest), on: smallExamples(examples))
        }
        expectSame(trainer.state, before, sourceLocation: sourceLocation)
        for part in parts {
          #expect(
            error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
        }
      }
      try expectRefused(
        ["data (then prices of May, now prices of June)"], small(Adam()),
        digest: ["data": "prices of June", "program": "1"])
      try expectRefused(["program (then 1, now not told)"], small(Adam()), digest: ["data": "x"])
      try expectRefused(["examples (then 17, now 16)"], small(Adam()), examples: 16)
      try expectRefused(["optimizer", "0.002"], small(Adam(learningRate: 0.002)))
      try expectRefused(["optimizer", "SGD"], small(SGD(learningRate: 0.001)))
      var options = Self.options
      options.epochs = 4
      options.segmentLength = 2
      try expectRefused([#"options (then "epochs":3, now "epochs":4)"#], small(Adam(), options))
      let larger = SmallTrainer(
        SmallModel(hiddenSize: 6), optimizer: Adam(), options: Self.options
      ) { meanSquaredError($0($1.inputs, mode: $2), $1.targets) }
      try expectRefused(
        [
          #""model.recurrent.input_weights" (found [3, 20], expected [3, 24])"#,
          "the tensors are not those of this run",
        ], larger)
      // How steps are computed again changes no bit.
      options.epochs = 3
      var trainer = small(Adam(), options)
      #expect(
        try trainer.resume(from: Checkpoints(in: folder, digest: digest), on: smallExamples(17))
          != nil)
    }
  }

  /// Whatever numbers and tensors a file tells of, with a checksum that is right: an error or a run.
  @Test func hostileFilesAreRefused() throws {
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder, every: .zero)
      let examples = noisyStreams(2, seed: 1)
      func trainer() -> Trainer<NoisyModel, SGD, StreamExamples<SequenceBatch, SequenceBatch>> {
        Trainer(
          NoisyModel(), optimizer: SGD(learningRate: 0.1, momentum: 0.9), options: Self.options,
          onStreams: type(of: examples)
        ) { meanSquaredError($0.values, $1.values) }
      }
      var first = trainer()
      try first.run(
        on: examples, validation: examples, checkpoints: checkpoints,
        callbacks: [{ _, run in run.step == 5 ? .stop : .proceed }])
      let path = folder + "/" + (try contents(folder)[1])
      let file = try SafetensorsFile(path: path)
      #expect(file.names.contains("carried.0"))
      for name in try contents(folder) {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }

      func write(_ run: String, _ tensors: [(name: String, tensor: StoredTensor)]) throws {
        var metadata = file.metadata
        let blank = "fnv1a64:0000000000000000"
        #expect(metadata["checksum"]?.count == blank.count)
        metadata["checksum"] = blank
        metadata["run"] = run
        let bytes = SafetensorsFile.encode(tensors, metadata: metadata)
        let place = try #require(Data(bytes).range(of: Data(blank.utf8)))
        var sound = Data(bytes)
        sound.replaceSubrange(place, with: Data(checksumText(of: bytes).utf8))
        try sound.write(to: URL(fileURLWithPath: path))
      }
      let tensors = try file.names.map { ($0, try file.floats($0)) }
      let run = try #require(file.metadata["run"])
      try write(run, tensors)
      var again = trainer()
      #expect(try again.resume(from: checkpoints, on: examples) != nil)
      expectSame(again.state, first.state)

      var refused = 0
      /// The file is refused, or what goes on from it ends.
      func goOn() throws {
        var trainer = trainer()
        do {
          try trainer.resume(from: checkpoints, on: examples)
          try trainer.run(on: examples, validation: examples)
        } catch is DataError {
          refused += 1
        } catch is NonFiniteError {}
      }
      let numbers = run.matches(of: /-?\d+(\.\d+)?(e-?\d+)?/)
      #expect(numbers.count > 50)
      for number in numbers {
        for other in ["-1", "9223372036854775807", "-9223372036854775808", "1e300", "0.5", "null"] {
          var changed = run
          changed.replaceSubrange(number.range, with: other)
          try write(changed, tensors)
          try goOn()
        }
      }
      #expect(refused > 2 * numbers.count)
      refused = 0
      for (index, (name, tensor)) in tensors.enumerated() {
        var others = tensors
        let longer = tensor.shape + [1]
        others[index].1 = StoredTensor(shape: longer, values: tensor.values)
        try write(run, others)
        try goOn()
        others.remove(at: index)
        try write(run, others)
        try goOn()
        others.insert(
          (name, StoredTensor(shape: tensor.shape, values: tensor.values.map { _ in .nan })),
          at: index)
        try write(run, others)
        try goOn()
      }
      #expect(refused >= 2 * tensors.count)
    }
  }
}
