import TestSupport
import Testing

@testable import Recurrent

/// Serialized: the pool of buffers is one for all.
@Suite(.serialized) struct MemoryPlanTests {
  private func stack(
    _ kind: CellKind, options: RecurrentOptions = RecurrentOptions(), dropout: Float = 0
  ) -> RecurrentStack {
    var generator = RandomGenerator(seed: 1)
    return RecurrentStack(
      kind, inputSize: 8, hiddenSize: 32, layerCount: 2, options: options, dropout: dropout,
      using: &generator)
  }

  private func plan(_ stack: RecurrentStack, batch: Int, time: Int, limit: Int?) -> MemoryPlan? {
    MemoryPlan(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: batch, time: time,
      limit: limit)
  }

  @Test(arguments: CellKind.allCases)
  func shorterSegmentsFitIntoLess(_ kind: CellKind) throws {
    let stack = stack(kind)
    let whole = try #require(self.plan(stack, batch: 16, time: 400, limit: nil))
    #expect(whole.segmentLength == nil && whole.bytes == whole.wholeBytes)
    #expect(plan(stack, batch: 16, time: 400, limit: Int(whole.bytes) + 1)?.segmentLength == nil)
    let smallest = MemoryPlan.smallestBytes(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: 16, time: 400)
    #expect(smallest < whole.bytes)
    var last = Int.max
    for share in [0.9, 0.5, 0.2, 0.05] {
      let limit = Int(smallest + share * (whole.bytes - smallest))
      let plan = try #require(self.plan(stack, batch: 16, time: 400, limit: limit))
      let length = try #require(plan.segmentLength)
      #expect(length <= last && length >= 1)
      #expect(plan.bytes <= Double(limit))
      last = length
    }
    #expect(last < 100)
    #expect(plan(stack, batch: 16, time: 400, limit: Int(smallest) - 1) == nil)
  }

  /// The floats of buffers that `body` takes at most, beyond those in use before.
  ///
  /// Other tests run beside this one and take from the same pool: what comes up again and again is
  /// its own.
  static func peak(_ body: () -> Void) throws -> Int {
    var seen: [Int: Int] = [:]
    for _ in 0..<2000 {
      StoragePool.shared.resetPeak()
      let start = StoragePool.shared.peak
      body()
      let own = StoragePool.shared.peak - start
      seen[own, default: 0] += 1
      if seen[own] == 3 { return own }
    }
    return try #require(nil, "no peak came up three times")
  }

  /// What a step takes in truth is what the plan says, or a little less.
  @Test(arguments: CellKind.allCases, [1.0, 0.5, 0.1])
  func plansAreTrue(_ kind: CellKind, share: Double) throws {
    try checkPlan(stack(kind), share: share)
  }

  /// Masks count.
  @Test(arguments: [1.0, 0.1])
  func plansWithNoiseAreTrue(share: Double) throws {
    let options = RecurrentOptions(inputDropout: 0.2, recurrentDropout: 0.2, zoneout: 0.2)
    try checkPlan(stack(.gru, options: options, dropout: 0.3), share: share)
  }

  private func checkPlan(_ stack: RecurrentStack, share: Double) throws {
    let (batch, time) = (16, 150)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(batch * time * 8, seed: 2), shape: [batch, time, 8]))
    let whole = try #require(self.plan(stack, batch: batch, time: time, limit: nil))
    let smallest = MemoryPlan.smallestBytes(
      paths: stack.paths, parameterCount: stack.parameterCount, batchSize: batch, time: time)
    let limit = Int(smallest + share * (whole.bytes - smallest)) + 1
    let plan = try #require(self.plan(stack, batch: batch, time: time, limit: limit))
    let mode = Mode.training(RandomKey(seed: 1), segmentLength: plan.segmentLength)
    let peak = try Self.peak {
      _ = valueAndGradients(of: stack) { $0(input, mode: mode).lastValidSteps.squared().sum() }
    }
    let held = Double(4 * (peak + input.values.count))
    #expect(held <= plan.bytes)
    #expect(held >= plan.bytes * 0.5)
  }
}
