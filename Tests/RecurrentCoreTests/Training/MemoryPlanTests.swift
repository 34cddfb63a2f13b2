import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct MemoryPlanTests {
  private static func stack(
    _ kind: CellKind, options: RecurrentOptions = RecurrentOptions(), dropout: Float = 0
  ) -> RecurrentStack {
    var generator = RandomGenerator(seed: 1)
    return RecurrentStack(
      kind, inputSize: 8, hiddenSize: 32, layerCount: 2, options: options, dropout: dropout,
      using: &generator)
  }

  private static func plan(_ stack: RecurrentStack, batch: Int, time: Int, limit: Int?)
    -> MemoryPlan?
  {
    MemoryPlan(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: batch, time: time,
      limit: limit)
  }

  @Test(arguments: CellKind.allCases)
  func shorterSegmentsFitIntoLess(_ kind: CellKind) throws {
    let stack = Self.stack(kind)
    let whole = try #require(Self.plan(stack, batch: 16, time: 400, limit: nil))
    #expect(whole.segmentLength == nil && whole.bytes == whole.wholeBytes)
    #expect(
      Self.plan(stack, batch: 16, time: 400, limit: Int(whole.bytes) + 1)?.segmentLength == nil)
    let smallest = MemoryPlan.smallestBytes(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: 16, time: 400)
    #expect(smallest < whole.bytes)
    var last = Int.max
    for share in [0.9, 0.5, 0.2, 0.05] {
      let limit = Int(smallest + share * (whole.bytes - smallest))
      let plan = try #require(Self.plan(stack, batch: 16, time: 400, limit: limit))
      let length = try #require(plan.segmentLength)
      #expect(length <= last && length >= 1)
      #expect(plan.bytes <= Double(limit))
      last = length
    }
    #expect(last < 100)
    #expect(Self.plan(stack, batch: 16, time: 400, limit: Int(smallest) - 1) == nil)
  }

  /// What a step takes in truth is what the plan says, or a little less; masks count. In a process
  /// of its own, since other tests would take from the same pool.
  @Test func plansAreTrue() async {
    await #expect(processExitsWith: .success) {
      for share in cases([1.0, 0.5, 0.1], inDebug: 2) {
        for kind in cases(CellKind.allCases) { try MemoryPlanTests.checkPlan(kind, share: share) }
        try MemoryPlanTests.checkPlan(
          .gru, options: RecurrentOptions(inputDropout: 0.2, recurrentDropout: 0.2, zoneout: 0.2),
          dropout: 0.3, share: share)
      }
    }
  }

  private static func checkPlan(
    _ kind: CellKind, options: RecurrentOptions = RecurrentOptions(), dropout: Float = 0,
    share: Double
  ) throws {
    let stack = stack(kind, options: options, dropout: dropout)
    let (batch, time) = (16, 150)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(batch * time * 8, seed: 2), shape: [batch, time, 8]))
    let whole = try #require(Self.plan(stack, batch: batch, time: time, limit: nil))
    let smallest = MemoryPlan.smallestBytes(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: batch, time: time)
    let limit = Int(smallest + share * (whole.bytes - smallest)) + 1
    let plan = try #require(Self.plan(stack, batch: batch, time: time, limit: limit))
    let mode = Mode.training(RandomKey(seed: 1), segmentLength: plan.segmentLength)
    let peak = StepCostTests.peak {
      _ = valueAndGradients(of: stack) { $0(input, mode: mode).lastValidSteps.squared().sum() }
    }
    let held = Double(4 * (peak + input.values.count))
    #expect(held <= plan.bytes)
    #expect(held >= plan.bytes * 0.5)
  }

  /// A whole training, best weights, average and validation included, is within its plan, which does
  /// not ask for much more.
  ///
  /// On one thread: which of the waiting buffers fits, and how well, depends on who asks first.
  @Test(arguments: CellKind.allCases, cases([(0.9, 2), (nil, 1), (0.9, 1)]))
  func aTrainingKeepsItsPlan(_ kind: CellKind, _ options: (averaging: Double?, accumulate: Int))
    throws
  {
    try ExecutionContext(threads: 1).run {
      try Self.checkTraining(kind, averaging: options.averaging, accumulate: options.accumulate)
    }
  }

  /// Many weights and few steps, so that copies of the weights are what counts.
  private static func checkTraining(_ kind: CellKind, averaging: Double?, accumulate: Int) throws {
    let (batch, time) = (4, 12)
    func examples(_ count: Int) -> TensorExamples {
      TensorExamples(
        inputs: SequenceBatch(
          Tensor(SeededGenerator.floats(count * time * 8, seed: 2), shape: [count, time, 8])),
        targets: Tensor(SeededGenerator.floats(count * 128, seed: 3), shape: [count, 128]))
    }
    let (training, validation) = (examples(20), examples(4))
    let options = TrainingOptions(
      epochs: 3, batchSize: batch, accumulate: accumulate, averaging: averaging)
    let pool = ExecutionContext.current.buffers
    pool.resetPeak()
    let before = pool.peak
    var generator = RandomGenerator(seed: 1)
    var trainer = Trainer(
      RecurrentStack(
        kind, inputSize: 8, hiddenSize: 128, layerCount: 2, using: &generator),
      optimizer: Adam(), options: options, on: TensorExamples.self
    ) { meanSquaredError($0($1.inputs, mode: $2).lastValidSteps, $1.targets) }
    let plan = try #require(
      MemoryPlan(
        paths: trainer.state.model.paths, parameterCount: trainer.state.model.parameterCount,
        batchSize: batch, time: time, weightCopies: options.weightCopies))
    try trainer.run(on: training, validation: validation)
    let held = Double(4 * (pool.peak - before))
    #expect(held <= plan.bytes, "\(kind) \(options.weightCopies): \(held) of \(plan.bytes)")
    #expect(plan.bytes <= 1.3 * held, "\(kind) \(options.weightCopies): \(plan.bytes / held)")
  }
}
