import Foundation
import Recurrent
import TestSupport
import Testing

/// What stands on disk: which files are kept, which are passed over, which are refused.
extension CheckpointTests {
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
