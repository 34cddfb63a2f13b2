import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Batches of a few rows run in ways of their own; their bits are those of the ordinary way.
@Suite struct FewRowsTests {
  private func batch(rows: Int, time: Int, features: Int) -> SequenceBatch {
    var generator = RandomGenerator(seed: 3)
    let values = Initializer.normal(1)([rows, time, features], using: &generator)
    return SequenceBatch(values, lengths: (0..<rows).map { $0 == 1 ? time - 5 : time })
  }

  @Test(arguments: CellKind.allCases, [20, 200])
  func aRowAloneIsTheRowOfABatch(cell: CellKind, units: Int) {
    var generator = RandomGenerator(seed: 1)
    let layer = cell.layer(inputSize: 60, hiddenSize: units, using: &generator)
    let batch = batch(rows: 9, time: 11, features: 60)
    let whole = withThreads(1) { layer(batch) }
    for threads in [1, 2, 3] {
      for rows in [[0], [1], [2, 1], [0, 1, 5], [4, 3, 1, 0], [0, 1, 2, 3, 4]] {
        let few = withThreads(threads) { layer(batch.rows(rows)) }
        #expect(few.values.isIdentical(to: whole.rows(rows).values), "\(rows) on \(threads)")
      }
    }
  }

  @Test(arguments: CellKind.allCases, [20, 200])
  func gradientsDoNotDependOnThreads(cell: CellKind, units: Int) {
    var generator = RandomGenerator(seed: 1)
    let layer = cell.layer(inputSize: 60, hiddenSize: units, using: &generator)
    let batch = batch(rows: 2, time: 11, features: 60)
    func gradients(threads: Int) -> [Tensor] {
      withThreads(threads) {
        valueAndGradients(of: layer) { $0(batch).values.squared().sum() }
          .gradients.tensors.compactMap(\.self)
      }
    }
    let one = gradients(threads: 1)
    for threads in [2, 3] {
      #expect(paired(gradients(threads: threads), one).allSatisfy { $0.isIdentical(to: $1) })
    }
  }

  /// Two steps of two rows give threads nothing to share but the units, so a context that nobody
  /// else has makes as many as a layer shares its units among.
  @Test(arguments: [CellKind.lstm, .gru, .rnn], [2, 3, 4])
  func unitsAreShared(cell: CellKind, threads: Int) {
    var generator = RandomGenerator(seed: 1)
    let batch = SequenceBatch(Tensor(SeededGenerator.floats(240, seed: 4), shape: [2, 2, 60]))
    let layer = cell.layer(inputSize: 60, hiddenSize: 64 * threads + 8, using: &generator)
    let alone = withThreads(1) { layer(batch).values }
    let context = ExecutionContext(threads: threads, thresholds: .none)
    let shared = context.run { layer(batch).values }
    #expect(context.workers.threadCount == threads - 1)
    #expect(shared.isIdentical(to: alone))
  }

  @Test(arguments: CellKind.allCases)
  func aStackInAWave(cell: CellKind) {
    var generator = RandomGenerator(seed: 2)
    let stack = RecurrentStack(
      cell, inputSize: 7, hiddenSize: 20, layerCount: 3, using: &generator)
    let batch = batch(rows: 3, time: 50, features: 7)
    var states = [RecurrentStack.State](repeating: stack.initialState(batchSize: 3), count: 3)
    let outputs = [1, 2, 3].map { threads in
      withThreads(threads) { stack(batch, state: &states[threads - 1]).values }
    }
    for index in [1, 2] {
      #expect(outputs[index].isIdentical(to: outputs[0]))
      #expect(
        paired(states[index].tensors, states[0].tensors).allSatisfy { $0.isIdentical(to: $1) })
    }
  }

  @Test(arguments: CellKind.allCases)
  func bothDirectionsAtOnce(cell: CellKind) {
    var generator = RandomGenerator(seed: 2)
    let layer = RecurrentStack(
      cell, inputSize: 7, hiddenSize: 20, layerCount: 2, isBidirectional: true, using: &generator)
    let batch = batch(rows: 2, time: 30, features: 7)
    let outputs = [1, 2].map { threads in withThreads(threads) { layer(batch).values } }
    #expect(outputs[0].isIdentical(to: outputs[1]))
  }

  /// What is packed for prediction follows the weights.
  @Test func packedWeightsFollowChanges() {
    var generator = RandomGenerator(seed: 2)
    var layer = LSTM(inputSize: 7, hiddenSize: 20, using: &generator)
    let batch = batch(rows: 2, time: 8, features: 7)
    let before = layer(batch).values
    let copy = layer
    layer.weights.recurrent.withUnsafeMutableElements { $0[11] += 0.5 }
    let after = layer(batch).values
    #expect(!after.isIdentical(to: before))
    #expect(copy(batch).values.isIdentical(to: before))
    #expect(layer(batch).values.isIdentical(to: after))
    layer.weights.recurrent.withUnsafeMutableElements { $0[11] -= 0.5 }
    layer.weights.bias = layer.weights.bias.map { $0 * 2 }
    #expect(!layer(batch).values.isIdentical(to: after))
    let loaded = LSTM(weights: layer.weights)
    #expect(loaded(batch).values.isIdentical(to: layer(batch).values))
  }

  /// Which layers leave threads to others: fused ones, on few rows and with few units.
  @Test func whatKeepsOneThread() {
    var generator = RandomGenerator(seed: 1)
    func stack(_ units: Int, _ kind: CellKind = .gru, bidirectional: Bool = false)
      -> RecurrentStack
    {
      RecurrentStack(
        kind, inputSize: 2, hiddenSize: units, layerCount: 2, isBidirectional: bidirectional,
        using: &generator)
    }
    for kind in CellKind.allCases {
      #expect(stack(127, kind).keepsOneThread(batchSize: 3))
      #expect(!stack(128, kind).keepsOneThread(batchSize: 3))
      #expect(!stack(127, kind).keepsOneThread(batchSize: 4))
    }
    #expect(stack(127, bidirectional: true).keepsOneThread(batchSize: 1))
    let few = stack(5)
    #expect(Sequential { few }.keepsOneThread(batchSize: 1))
    #expect(LearnedInitialState(SkipConnection(around: few)).keepsOneThread(batchSize: 1))
    #expect(Bidirectional(few, few).final.keepsOneThread(batchSize: 1))
    #expect(!Bidirectional(few, stack(128)).keepsOneThread(batchSize: 1))
    #expect(!RecurrentStack(few.layers + stack(128).layers).keepsOneThread(batchSize: 1))
    // Nothing is known of a cell of one's own.
    let own = Recurrence(SLSTMCell(inputSize: 2, hiddenSize: 5, using: &generator))
    #expect(
      !Sequential {
        few
        own
      }.keepsOneThread(batchSize: 1))
  }
}
