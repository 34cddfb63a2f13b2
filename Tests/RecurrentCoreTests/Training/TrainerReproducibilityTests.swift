import Recurrent
import TestSupport
import Testing

struct TrainerReproducibilityTests {
  @Test func bitsDoNotDependOnThreads() throws {
    let states = try [1, 2, 3].map { threads in
      try withThreads(threads) {
        var trainer = smallTrainer(
          model: SmallModel(hiddenSize: 37, dropout: 0.3),
          TrainingOptions(epochs: 2, batchSize: 48, seed: 5, averaging: 0.9))
        try trainer.run(on: smallExamples(110), validation: smallExamples(51, seed: 8))
        return trainer.state
      }
    }
    expectSame(states[0], states[1])
    expectSame(states[0], states[2])
  }

  /// Few of many are those that a shuffle of all puts first.
  @Test(arguments: [(1000, 1), (1000, 7), (1000, 124), (1000, 500), (1000, 1000), (9, 1), (1, 1)])
  func fewOfManyInTheOrderOfAll(count: Int, wanted: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var (one, other) = (RandomGenerator(seed: seed), RandomGenerator(seed: seed))
      let all = (0..<count).shuffled(using: &one)
      #expect(shuffledOrder(of: count, taking: wanted, using: &other) == Array(all.prefix(wanted)))
    }
  }

  @Test func anotherSeedGivesAnotherOrderAndDropout() throws {
    func trained(seed: UInt64, dropout: Float, shuffles: Bool) throws -> [String: [UInt32]] {
      var trainer = smallTrainer(
        model: SmallModel(dropout: dropout),
        TrainingOptions(epochs: 2, batchSize: 4, shuffles: shuffles, seed: seed))
      try trainer.run(on: smallExamples(11))
      return trainer.state.model.bits
    }
    let plain = try trained(seed: 1, dropout: 0, shuffles: false)
    #expect(try trained(seed: 2, dropout: 0, shuffles: false) == plain)
    let shuffled = try trained(seed: 1, dropout: 0, shuffles: true)
    #expect(shuffled != plain)
    #expect(try trained(seed: 1, dropout: 0, shuffles: true) == shuffled)
    #expect(try trained(seed: 2, dropout: 0, shuffles: true) != shuffled)
    let dropped = try trained(seed: 1, dropout: 0.4, shuffles: false)
    #expect(dropped != plain)
    #expect(try trained(seed: 2, dropout: 0.4, shuffles: false) != dropped)
  }

  static let schedules: [LearningRateSchedule.Rule] = [
    .constant, .step(epochs: 2, factor: 0.5), .cosine(epochs: 7, warmUp: 1.5, floor: 0.1),
    .onPlateau(factor: 0.3, patience: 0, threshold: 0.05, cooldown: 1),
  ]

  /// Stopped after epoch k, copied into a trainer of its own, and continued.
  @Test(arguments: schedules, [1, 3, 6])
  func continuedRunsGiveTheBitsOfOne(rule: LearningRateSchedule.Rule, after k: Int) throws {
    try expectContinuedRunsGiveTheBitsOfOne(rule: rule, after: k)
  }

  @Test(arguments: [1, 3, 6])
  func continuedRunsGiveTheAverageOfOne(after k: Int) throws {
    try expectContinuedRunsGiveTheBitsOfOne(rule: .constant, averaging: 0.95, after: k)
  }

  private func expectContinuedRunsGiveTheBitsOfOne(
    rule: LearningRateSchedule.Rule, averaging: Double? = nil, after k: Int
  ) throws {
    let options = TrainingOptions(
      epochs: 7, batchSize: 4, seed: 9, clipping: .norm(0.5), schedule: rule,
      earlyStopping: EarlyStopping(patience: 50), averaging: averaging)
    let model = SmallModel(dropout: 0.3)
    let (examples, validation) = (smallExamples(11), smallExamples(6, seed: 4))
    var whole = smallTrainer(model: model, options)
    try whole.run(on: examples, validation: validation)

    var first = smallTrainer(model: model, options)
    let reason = try first.run(
      on: examples, validation: validation,
      callbacks: [
        { event, _ in
          if case .epoch(let record, _) = event, record.epoch == k { return .stop }
          return .proceed
        }
      ])
    #expect(reason == .requested)
    #expect(first.state.epoch == k)
    #expect((first.state.average != nil) == (averaging != nil))
    var second = smallTrainer(model: SmallModel(seed: 99), options)
    second.state = first.state
    #expect(try second.run(on: examples, validation: validation) == .allEpochs)
    expectSame(second.state, whole.state)
    #expect(second.bestModel.bits == whole.bestModel.bits)
    #expect(first.state.epoch == k, "a copy is a snapshot")
  }

  @Test func schedulesSetTheRateOfEachStep() throws {
    var trainer = smallTrainer(
      learningRate: 0.5, TrainingOptions(epochs: 5, schedule: .step(epochs: 2, factor: 0.5)))
    try trainer.run(on: smallExamples(5))
    #expect(
      trainer.state.history.epochs.map(\.learningRate) == [0.5, 0.5, 0.25, 0.25, 0.125])
  }
}
