import Recurrent
import TestSupport
import Testing

@Suite struct EmbeddingTests {
  private let tokens = TokenBatch([[3, 0, 3, 5], [], [1], [4, 3]], time: 5)

  private func embedding() -> Embedding {
    Embedding(weights: Tensor(SeededGenerator.floats(6 * 3, seed: 41), shape: [6, 3]))
  }

  @Test func givesTheVectorsOfItsTokens() {
    let layer = embedding()
    let output = layer(tokens)
    #expect(output.values.shape == [4, 5, 3] && output.lengths == [4, 0, 1, 2])
    for (row, ids) in tokens.tokens.enumerated() {
      for step in 0..<5 {
        for k in 0..<3 {
          let expected = step < ids.count ? layer.weights[ids[step], k] : 0
          #expect(output.values[row, step, k] == expected)
        }
      }
    }
    // A row alone, in chunks, in another order.
    #expect(layer(tokens.rows([3])).values == output.values.rows([3]))
    #expect(layer(tokens.rows([2, 0, 2])).values == output.values.rows([2, 0, 2]))
    #expect(layer(tokens.steps(1..<3)).values == output.values.slice(1..<3, along: 1))
    #expect(layer(tokens.steps(1..<3)).lengths == [2, 0, 0, 1])
    #expect(layer(TokenBatch([[], []])).values.shape == [2, 0, 3])
    #expect(layer(TokenBatch([])).values.shape == [0, 0, 3])
  }

  @Test func gradientsCountEveryOccurrence() throws {
    let layer = embedding()
    let cotangent = Tensor(SeededGenerator.floats(4 * 5 * 3, seed: 42), shape: [4, 5, 3])
    let (_, gradients) = valueAndGradients(of: layer) { ($0(tokens).values * cotangent).sum() }
    var expected = [Float](repeating: 0, count: 6 * 3)
    for (row, ids) in tokens.tokens.enumerated() {
      for (step, id) in ids.enumerated() {
        for k in 0..<3 { expected[id * 3 + k] += cotangent[row, step, k] }
      }
    }
    #expect(try #require(gradients["weights"]).elements == expected)
    #expect(gradients.rows(of: "weights")?.indices == [0, 1, 3, 4, 5])
    let (_, none) = valueAndGradients(of: layer) { $0(TokenBatch([[], []], time: 2)).values.sum() }
    #expect(none.norm == 0 && none.rows(of: "weights")?.indices == [])
  }

  @Test func trainsInsideASequential() async throws {
    var generator = RandomGenerator(seed: 5)
    var model = Sequential {
      Embedding(vocabularySize: 6, size: 4, using: &generator)
      GRU(inputSize: 4, hiddenSize: 5, using: &generator)
      LastOutput()
      Dense(inputSize: 5, outputSize: 2, using: &generator)
    }
    #expect(model.parameters.map(\.name).first == "0.weights")
    var optimizer = Adam(learningRate: 0.05)
    var losses: [Float] = []
    for _ in 0..<40 {
      let (loss, gradients) = valueAndGradients(of: model) {
        categoricalCrossEntropy(logits: $0(tokens), classes: [0, 1, 1, 0])
      }
      optimizer.update(&model, along: gradients.clipped(toNorm: 1))
      losses.append(loss)
    }
    #expect(losses[39] < 0.2 * losses[0])
  }

  @Test func startsAsPyTorchAndKerasDo() {
    var generator = RandomGenerator(seed: 6)
    let torch = Embedding(vocabularySize: 300, size: 40, using: &generator).weights
    let variance = torch.elements.reduce(0) { $0 + Double($1 * $1) } / 12_000
    #expect(torch.shape == [300, 40] && abs(variance - 1) < 0.05)
    let keras = Embedding(
      vocabularySize: 300, size: 40, initialization: .keras, using: &generator
    ).weights
    let largest = keras.elements.map(abs).max() ?? 0
    #expect(largest <= 0.05 && largest > 0.0499)
  }

  @Test func wrongTokensAreNamed() async {
    let beyond = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Embedding(weights: Tensor.zeros([6, 3]))(TokenBatch([[1], [0, 6]]))
    }
    expectMessage("row 1, step 1 has 6", of: beyond)
    let negative = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = TokenBatch([[1, -2]]) }
    expectMessage("row 0, step 1 has -2", of: negative)
  }
}
