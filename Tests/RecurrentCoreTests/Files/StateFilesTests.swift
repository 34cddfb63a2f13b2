import Recurrent
import TestSupport
import Testing

@Suite struct StateFilesTests {
  private func stack(seed: UInt64 = 1) -> RecurrentStack {
    var generator = RandomGenerator(seed: seed)
    return RecurrentStack(.lstm, inputSize: 3, hiddenSize: 4, layerCount: 2, using: &generator)
  }

  private func input(_ batch: Int, _ time: Int, seed: UInt64) -> SequenceBatch {
    SequenceBatch(
      Tensor(SeededGenerator.floats(batch * time * 3, seed: seed), shape: [batch, time, 3]))
  }

  /// A stream that goes on from a file gives the bits of one that never stopped.
  @Test func streamsGoOnFromFiles() throws {
    let stack = stack()
    try withTemporaryFolder { folder in
      let path = folder + "/state.safetensors"
      var state = stack.initialState(batchSize: 2)
      _ = stack(input(2, 5, seed: 1), state: &state)
      try state.save(to: path)
      let expected = stack(input(2, 4, seed: 2), state: &state)
      var restored = stack.initialState(batchSize: 2)
      try restored.load(from: path)
      let found = stack(input(2, 4, seed: 2), state: &restored)
      #expect(found.values.isIdentical(to: expected.values))

      var other = stack.initialState(batchSize: 3)
      #expect(throws: DataError.self) { try other.load(from: path) }
      #expect(other.tensors.allSatisfy { $0.elements.allSatisfy { $0 == 0 } })
      var gru = LSTM(weights: lstmWeights).initialState(batchSize: 2)
      #expect(throws: DataError.self) { try gru.load(from: path) }
    }
  }

  private var lstmWeights: RecurrentWeights {
    RecurrentWeights(
      input: .zeros([3, 16]), recurrent: .zeros([4, 16]), bias: nil, recurrentBias: nil)
  }

  /// Streams of a batch leave it and come back, each with its own state.
  @Test func rowsAreGatheredAndScattered() {
    let stack = stack()
    var all = stack.initialState(batchSize: 4)
    _ = stack(input(4, 3, seed: 3), state: &all)
    var some = all.rows([3, 1])
    let next = input(2, 2, seed: 4)
    let output = stack(next, state: &some)
    let merged = all.settingRows([3, 1], to: some)
    for (before, (after, moved)) in paired(all.tensors, paired(merged.tensors, some.tensors)) {
      #expect(after.rows([0, 2]).isIdentical(to: before.rows([0, 2])))
      #expect(after.rows([3, 1]).isIdentical(to: moved))
    }
    var alone = all.rows([1])
    #expect(stack(next.rows([1]), state: &alone).values.isIdentical(to: output.values.rows([1])))
  }

  /// A session over tokens is a session.
  @Test func tokensStream() {
    var generator = RandomGenerator(seed: 5)
    let model = Sequential {
      Embedding(vocabularySize: 7, size: 3, using: &generator)
      GRU(inputSize: 3, hiddenSize: 4, using: &generator)
    }
    let tokens = [4, 0, 6, 6, 2]
    let whole = model(TokenBatch([tokens])).values
    var session = Session(model)
    for (step, token) in tokens.enumerated() {
      let fork = session
      let output = session.step(token).values
      #expect(output.isIdentical(to: whole.slice(step..<step + 1, along: 1)))
      var again = fork
      #expect(again.step(token).values.isIdentical(to: output))
    }
  }
}
