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

  /// An embedding of many words, a norm that measures batches, and a head of more than one piece.
  private struct WordModel: Module {
    var embedding = Embedding(vocabularySize: 3000, size: 8, using: &generator)
    var norm = BatchNorm(size: 8)
    var wide = Dense(inputSize: 8, outputSize: 1000, using: &generator)
    var head = Dense(inputSize: 1000, outputSize: 2, using: &generator)

    private static var generator: RandomGenerator {
      get { RandomGenerator(seed: 3) }
      set {}
    }

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("embedding", &embedding)
      visitor.visit("norm", &norm)
      visitor.visit("wide", &wide)
      visitor.visit("head", &head)
    }

    func callAsFunction(_ words: TokenBatch, mode: Mode) -> Tensor {
      head(wide(norm(embedding(words, mode: mode), mode: mode).lastValidSteps))
    }
  }

  private static func words(_ count: Int) -> ExamplePairs<TokenBatch, Tensor> {
    var generator = SeededGenerator(seed: 8)
    let words = (0..<count).map { _ in
      (0..<4).map { _ in Int.random(in: 0..<3000, using: &generator) }
    }
    return ExamplePairs(
      inputs: TokenBatch(words), targets: Tensor(generator.floats(count * 2), shape: [count, 2]))
  }

  @Test func rowsGoAsRows() throws {
    typealias Words = Trainer<WordModel, Adam, ExamplePairs<TokenBatch, Tensor>>
    @Sendable func trainer() -> Words {
      Words(WordModel(), optimizer: Adam(), options: Self.options(4)) { model, batch, mode in
        meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
      }
    }
    let examples = Self.words(14)
    try expectSameBits(examples, validation: Self.words(6), ranks: [2, 3, 4], trainer)
    #expect(trainer().state.model.statistics.count == 2)
    let sent = try ThreadRanks.run(2) { ranks in
      var trainer = trainer()
      trainer.communicator = ranks
      try trainer.step([Array(0..<7)], of: examples)
      return ranks.bytesSent
    }
    // The dense layers have 11,002 weights, of which a rank sends one half and the sum of the other; a
    // shard's rows are at most 8 of 9 numbers; the table has 24,000.
    #expect(sent.allSatisfy { (44_000..<48_000).contains($0) }, "\(sent)")
  }

  @Test func anotherNumberOfRanksGoesOn() throws {
    let (examples, validation) = (noisyStreams(4, seed: 1), noisyStreams(2, seed: 5))
    typealias Streams = Trainer<NoisyModel, SGD, StreamExamples<SequenceBatch, SequenceBatch>>
    @Sendable func trainer() -> Streams {
      Streams(
        NoisyModel(), optimizer: SGD(learningRate: 0.1, momentum: 0.9), options: Self.options(4),
        onStreams: StreamExamples<SequenceBatch, SequenceBatch>.self
      ) { meanSquaredError($0.values, $1.values) }
    }
    let whole = try {
      var whole = trainer()
      try whole.run(on: examples, validation: validation)
      return whole.state
    }()
    try withTemporaryFolder { folder in
      for (number, sizes) in [(2, 4), (4, 1), (1, 3)].enumerated() {
        let checkpoints = Checkpoints(in: "\(folder)/\(number)", every: .zero)
        let steps = try ThreadRanks.run(sizes.0) { ranks in
          var trainer = trainer()
          trainer.communicator = ranks
          // The last rank asks to stop: all do, after the next step.
          let reason = try trainer.run(
            on: examples, validation: validation, checkpoints: checkpoints,
            callbacks: [
              { _, run in ranks.rank == ranks.size - 1 && run.step == 3 ? .stop : .proceed }
            ])
          #expect(reason == .requested)
          let step = trainer.state.step
          // The same trainer goes on as well.
          #expect(try trainer.run(on: examples, validation: validation) == .allEpochs)
          expectSame(trainer.state, whole)
          return step
        }
        #expect(steps == .init(repeating: sizes.0 == 1 ? 3 : 4, count: sizes.0))
        let states = try ThreadRanks.run(sizes.1) { ranks in
          var trainer = trainer()
          trainer.communicator = ranks
          // Only the first rank sees the files.
          let place = ranks.rank == 0 ? checkpoints : Checkpoints(in: folder + "/elsewhere")
          #expect(try trainer.resume(from: place, on: examples) != nil)
          #expect(trainer.state.step == steps[0])
          try trainer.run(on: examples, validation: validation)
          return trainer.state
        }
        for state in states { expectSame(state, whole, "\(sizes)") }
      }
    }
  }
}
