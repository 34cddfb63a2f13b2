import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What ranks share of a job, and that its bits are those of one process.
@Suite struct RankTests {
  private static func plan(shards: Int?, members: Int = 1) -> CountingPlan {
    var plan = CountingPlan()
    (plan.options.shards, plan.options.members) = (shards, members)
    return plan
  }

  @Test(arguments: [1, 2]) func shardsOfAJob(members: Int) throws {
    let alone = try Self.plan(shards: 3, members: members).train()
    for size in [2, 3] {
      let models = try ThreadRanks.run(size) { ranks in
        try Self.plan(shards: 3, members: members).train(communicator: ranks)
      }
      for model in models {
        #expect(model.models.map(\.bits) == alone.models.map(\.bits))
        #expect(model.configuration == alone.configuration)
        #expect(model.histories.map(\.csv) == alone.histories.map(\.csv))
      }
    }
  }

  @Test func networksAreShared() throws {
    let alone = try Self.plan(shards: nil, members: 3).train()
    for size in [2, 4] {
      let models = try ThreadRanks.run(size) { ranks in
        try Self.plan(shards: nil, members: 3).train(communicator: ranks)
      }
      for model in models {
        #expect(model.models.map(\.bits) == alone.models.map(\.bits))
        #expect(model.histories.map(\.csv) == alone.histories.map(\.csv))
      }
    }
  }

  /// A pause of one is a pause of all.
  @Test func aPauseIsThatOfAll() throws {
    let paused = try ThreadRanks.run(2) { ranks in
      do {
        _ = try Self.plan(shards: nil, members: 3).train(
          checkpoints: nil, communicator: ranks,
          callbacks: [{ _, run in ranks.rank == 1 && run.step == 3 ? .stop : .proceed }])
        return false
      } catch is TrainingPause {
        return true
      }
    }
    #expect(paused == [false, false], "without checkpoints a stop is an end")
    try withTemporaryFolder { folder in
      let paused = try ThreadRanks.run(2) { ranks in
        do {
          _ = try Self.plan(shards: nil, members: 3).train(
            checkpoints: Checkpoints(in: folder), communicator: ranks,
            callbacks: [{ _, run in ranks.rank == 1 && run.step == 3 ? .stop : .proceed }])
          return false
        } catch is TrainingPause {
          return true
        }
      }
      #expect(paused == [true, true])
    }
  }

  @Test func trialsAreShared() throws {
    @Sendable func search(_ ranks: ThreadRanks?) throws -> ([TrialRecord], Int) {
      var tuning = Tuning()
      tuning.trials = 9
      var options = CountingOptions()
      options.epochs = 9
      let tuner = Tuner<CountingPlan>(
        from: options, tuning: tuning,
        space: CountingOptions.tunable.filter { ["hidden", "learning-rate"].contains($0.name) }
      ) { choice in
        var plan = CountingPlan()
        plan.options = choice.options
        return plan
      }
      let result = try tuner.run(communicator: ranks)
      let records = result.records.map { record in
        var record = record
        record.seconds = 0
        return record
      }
      return (records, result.best.trial)
    }
    let alone = try search(nil)
    for size in [2, 3] {
      for found in try ThreadRanks.run(size, { try search($0) }) {
        #expect(found.0 == alone.0 && found.1 == alone.1)
      }
    }
  }
}
