import Foundation
import Recurrent
import Synchronization
import TestSupport
import Testing

@testable import RecurrentCore

/// Shards make the same run for any number of ranks.
@Suite struct ShardTests {
  // MARK: The tree

  @Test func theTreeIsThatOfThePage() {
    #expect((2...9).map { ShardTree.middle(of: 10..<10 + $0) } == [11, 12, 12, 14, 14, 14, 14, 18])
    #expect(ShardTree.subtrees(in: 0..<8, shards: 8) == [0..<8])
    #expect(ShardTree.subtrees(in: 4..<8, shards: 8) == [4..<8])
    #expect(ShardTree.subtrees(in: 2..<5, shards: 8) == [2..<4, 4..<5])
    #expect(ShardTree.subtrees(in: 3..<7, shards: 7) == [3..<4, 4..<7])
  }

  /// Text says how it was put together.
  @Test(arguments: 1...17) func anyRanksAddInTheSameOrder(shards: Int) {
    func text(_ range: Range<Int>) -> String {
      guard range.count > 1 else { return "\(range.lowerBound)" }
      let middle = ShardTree.middle(of: range)
      return "(" + text(range.lowerBound..<middle) + "+" + text(middle..<range.upperBound) + ")"
    }
    for ranks in 1...shards {
      let blocks = (0..<ranks).map { ShardTree.block(of: $0, ranks: ranks, shards: shards) }
      #expect(blocks.allSatisfy { !$0.isEmpty } && blocks.flatMap(Array.init) == Array(0..<shards))
      let known = blocks.flatMap { ShardTree.subtrees(in: $0, shards: shards) }.map {
        (range: $0, value: Optional(text($0)))
      }
      #expect(ShardTree.sum(known) { $0 = "(\($0)+\($1))" } == text(0..<shards))
    }
  }

  // MARK: Runs

  private static func options(_ shards: Int?, accumulate: Int = 1) -> TrainingOptions {
    TrainingOptions(
      epochs: 2, batchSize: 7, accumulate: accumulate, seed: 9, clipping: .norm(0.5),
      schedule: .onPlateau(factor: 0.3, patience: 0, threshold: 0.05), averaging: 0.9,
      shards: shards)
  }

  /// The states of all ranks, which are the same.
  private func expectSameBits<Model, Rule, Examples>(
    _ examples: Examples, validation: Examples, ranks: [Int],
    _ trainer: @escaping @Sendable () -> Trainer<Model, Rule, Examples>
  ) throws {
    var alone = trainer()
    try alone.run(on: examples, validation: validation)
    for size in ranks {
      let trainers = try ThreadRanks.run(size) { communicator in
        var trainer = trainer()
        trainer.communicator = communicator
        try trainer.run(on: examples, validation: validation)
        return trainer
      }
      for trainer in trainers {
        expectSame(trainer.state, alone.state, "\(size) ranks")
        #expect(trainer.state.history.csv == alone.state.history.csv)
        #expect(trainer.state.carried.map(\.elements) == alone.state.carried.map(\.elements))
      }
    }
  }

  @Test(arguments: [(8, 1), (5, 1), (3, 2)]) func batches(shards: Int, accumulate: Int) throws {
    // The last batch has 3 examples, fewer than shards.
    try expectSameBits(
      smallExamples(17), validation: smallExamples(5, seed: 4),
      ranks: [1, 2, 3, 4, 8].filter { $0 <= shards }
    ) {
      Trainer(
        SmallModel(dropout: 0.3), optimizer: SGD(learningRate: 0.1, momentum: 0.9),
        options: Self.options(shards, accumulate: accumulate), on: TensorExamples.self
      ) { meanSquaredError($0($1.inputs, mode: $2), $1.targets) }
    }
  }

  @Test func streams() throws {
    let examples = noisyStreams(4, seed: 1)
    for shards in [1, 2, 3, 8] {
      try expectSameBits(
        examples, validation: noisyStreams(2, seed: 5), ranks: [1, 2, 3].filter { $0 <= shards }
      ) {
        Trainer(
          NoisyModel(), optimizer: SGD(learningRate: 0.1, momentum: 0.9),
          options: Self.options(shards),
          onStreams: StreamExamples<SequenceBatch, SequenceBatch>.self
        ) { meanSquaredError($0.values, $1.values) }
      }
    }
  }
}
