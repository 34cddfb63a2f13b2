import TestSupport
import Testing

@testable import RecurrentCore

/// What is packed for prediction is that of the layer that reads it, and is packed once.
@Suite struct PackedWeightsTests {
  private static func batch(rows: Int, features: Int = 3) -> SequenceBatch {
    var numbers = SeededGenerator(seed: 5)
    return SequenceBatch(
      Tensor(
        (0..<rows * 4 * features).map { _ in Float.random(in: -1...1, using: &numbers) },
        shape: [rows, 4, features]))
  }

  /// The same layer with floats of its own, for which nothing is packed.
  private static func alone<L: Layer>(_ layer: L) -> L {
    var copy = layer
    copy.updateParameters { $1 = Tensor($1.elements, shape: $1.shape) }
    return copy
  }

  /// Kinds of cell with the same weights, in turn.
  @Test func cellsThatShareWeights() {
    var generator = SeededGenerator(seed: 1)
    let before = GRU(inputSize: 3, hiddenSize: 10, reset: .beforeProduct, using: &generator)
    let layers = [
      AnyLayer(before), AnyLayer(GRU(weights: before.weights, reset: .afterProduct)),
      AnyLayer(LSTM(weights: before.weights)), AnyLayer(before),
    ]
    let batch = Self.batch(rows: 2)
    let expected = layers.map { Self.alone($0)(batch).values }
    for (layer, expected) in zip(layers, expected) {
      #expect(layer(batch).values.isIdentical(to: expected))
    }
    #expect(before.weights.kept.count == 3)
  }

  /// The same floats as matrices of other sizes.
  @Test func sizesThatShareFloats() {
    var generator = SeededGenerator(seed: 2)
    let draw = Initializer.uniform(0.5)
    let floats = [128, 128, 32].map { draw([$0], using: &generator) }
    let cases = [(units: 8, size: 4), (units: 4, size: 8)].map { units, size in
      let layer = LSTM(
        weights: RecurrentWeights(
          input: floats[0].reshaped(to: [-1, 4 * units]),
          recurrent: floats[1].reshaped(to: [size, 4 * units]), bias: nil, recurrentBias: nil,
          projection: floats[2].reshaped(to: [units, size])))
      let batch = Self.batch(rows: 2, features: layer.weights.inputSize)
      return (layer: layer, batch: batch, expected: Self.alone(layer)(batch).values)
    }
    for (layer, batch, expected) in cases {
      #expect(layer(batch).values.isIdentical(to: expected))
    }
  }

  /// A served snapshot keeps what is packed while a copy is trained and judged; copies with the same
  /// weights share it.
  @Test func trainingACopy() throws {
    var generator = SeededGenerator(seed: 3)
    let served = GRU(inputSize: 3, hiddenSize: 10, using: &generator)
    let batch = Self.batch(rows: 2)
    let expected = served(batch).values
    let packed = try #require(served.weights.kept.first)
    var trained = served
    var optimizer = SGD(learningRate: 0.1)
    for _ in 0..<5 {
      let (_, gradients) = valueAndGradients(of: trained) { $0(batch).values.sum() }
      optimizer.update(&trained, along: gradients)
      let judged = Self.alone(trained)(batch).values
      #expect(trained(batch).values.isIdentical(to: judged))
      #expect(!trained(batch).values.isIdentical(to: expected))
    }
    let snapshot = served
    for layer in [served, snapshot] {
      #expect(layer(batch).values.isIdentical(to: expected))
      #expect(layer.weights.kept.map { $0 === packed } == [true])
    }
    // The trained weights have one packing, not one for each update.
    #expect(trained.weights.kept.count == 1 && trained.weights.kept.first !== packed)
  }

  /// What is kept is bounded: the least used goes.
  @Test func bound() throws {
    var generator = SeededGenerator(seed: 4)
    let layer = GRU(inputSize: 3, hiddenSize: 10, using: &generator)
    let batch = Self.batch(rows: 2)
    _ = layer(batch)
    let packed = try #require(layer.weights.kept.first)
    for _ in 0..<10 {
      var other = layer
      other.weights.bias = Initializer.uniform(1)([30], using: &generator)
      let expected = Self.alone(other)(batch).values
      #expect(other(batch).values.isIdentical(to: expected))
      _ = layer(batch)
      #expect(layer.weights.kept.first === packed)
      #expect((2...4).contains(layer.weights.kept.count))
    }
  }
}

extension RecurrentWeights {
  /// What is packed, the last used first.
  var kept: [Storage] { recurrent.storage.packed.withLock { $0.entries.map(\.packed) } }
}
