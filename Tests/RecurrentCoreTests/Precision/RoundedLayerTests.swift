import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Layers with rounded weights: the bits of float layers with the same weights.
@Suite struct RoundedLayerTests {
  /// Where narrow weights are read however few there are.
  private static let context = ExecutionContext(thresholds: .none)

  static let precisions: [WeightPrecision] = [.bfloat16, .int8]

  private static func batch(_ features: Int, lengths: [Int]) -> SequenceBatch {
    var numbers = SeededGenerator(seed: 9)
    let time = (lengths.max() ?? 0) + 1
    return SequenceBatch(
      Tensor(
        (0..<lengths.count * time * features).map { _ in Float.random(in: -1...1, using: &numbers)
        },
        shape: [lengths.count, time, features]), lengths: lengths)
  }

  static let layers: [@Sendable (inout SeededGenerator) -> AnyLayer] = [
    { AnyLayer(LSTM(inputSize: 3, hiddenSize: 19, using: &$0)) },
    { AnyLayer(LSTM(inputSize: 3, hiddenSize: 11, peepholes: true, using: &$0)) },
    { AnyLayer(LSTM(inputSize: 3, hiddenSize: 21, projectionSize: 18, using: &$0)) },
    { AnyLayer(LSTM(inputSize: 3, hiddenSize: 9, coupledGates: true, bias: false, using: &$0)) },
    { AnyLayer(GRU(inputSize: 3, hiddenSize: 17, using: &$0)) },
    { AnyLayer(SimpleRNN(inputSize: 3, hiddenSize: 37, using: &$0)) },
    {
      AnyLayer(
        SimpleRNN(
          inputSize: 3, hiddenSize: 5,
          options: RecurrentOptions(activation: .softsign, gateClip: 0.4), using: &$0))
    },
    {
      AnyLayer(
        RecurrentStack(
          .gru, inputSize: 3, hiddenSize: 7, layerCount: 2, isBidirectional: true, using: &$0))
    },
  ]

  /// The same values without a note of what they lie on.
  private static func plain(_ layer: AnyLayer) -> AnyLayer {
    var copy = layer
    copy.updateParameters { $1 = Tensor($1.elements, shape: $1.shape) }
    return copy
  }

  @Test(arguments: layers.indices, precisions)
  func sameBitsAsFloats(index: Int, precision: WeightPrecision) {
    Self.context.run {
      var generator = SeededGenerator(seed: UInt64(index))
      let layer = Self.layers[index](&generator)
      let rounded = layer.rounded(to: precision)
      let plain = Self.plain(rounded)
      #expect(rounded.weightPrecision == precision)
      #expect(plain.weightPrecision == .float32 && layer.weightPrecision == .float32)
      for lengths in [[6], [1], [3, 5, 0], [5, 2, 7, 7], [5, 0, 7, 2, 7, 7, 3, 1, 4]] {
        let batch = Self.batch(3, lengths: lengths)
        let expected = plain(batch).values
        #expect(rounded(batch).values.isIdentical(to: expected))
        #expect(!layer(batch).values.isIdentical(to: expected))
      }
    }
  }

  /// Biases and peepholes stay; errors are about what the number of bits lets expect.
  @Test(arguments: layers.indices)
  func whatIsRounded(index: Int) {
    Self.context.run {
      var generator = SeededGenerator(seed: UInt64(index))
      let layer = Self.layers[index](&generator)
      for precision in Self.precisions {
        let rounded = layer.rounded(to: precision)
        for (mine, its) in paired(rounded.parameters, layer.parameters) {
          let isMatrix = ["input_weights", "recurrent_weights", "projection"].contains {
            mine.name.hasSuffix($0)
          }
          #expect(mine.tensor.isIdentical(to: its.tensor) == !isMatrix, "\(mine.name)")
          #expect(mine.tensor.precision == (isMatrix ? precision : .float32))
        }
        let errors = rounded.roundingErrors(of: layer)
        #expect(errors.count == rounded.parameters.count { $0.tensor.precision == precision })
        for (name, error) in errors {
          #expect(
            (0.0005...(precision == .int8 ? 0.006 : 0.003)).contains(error), "\(name): \(error)")
        }
      }
    }
  }

  /// One step at a time as the whole sequence.
  @Test(arguments: precisions) func steps(precision: WeightPrecision) {
    Self.context.run {
      var generator = SeededGenerator(seed: 1)
      let layer = LSTM(inputSize: 3, hiddenSize: 20, using: &generator).rounded(to: precision)
      let batch = Self.batch(3, lengths: [6])
      let whole = layer(batch).values
      var state = layer.initialState(batchSize: 1)
      for step in 0..<6 {
        let one = SequenceBatch(
          Tensor((0..<3).map { batch.values[0, step, $0] }, shape: [1, 1, 3]))
        let output = layer.forward(one, state: &state, mode: .prediction)
        #expect(output.values.elements == (0..<20).map { whole[0, step, $0] })
      }
    }
  }

  /// The number of the format that was read last.
  private static func format(_ layer: GRU) -> Int {
    let last = layer.weights.recurrent.storage.packed.withLock { $0.entries.first }
    return last.map { Int($0.format.rawValue) } ?? -1
  }

  /// Few rows read narrow weights; many, and a pass with a gradient, floats.
  @Test func whenTheyAreRead() {
    Self.context.run {
      var generator = SeededGenerator(seed: 3)
      let layer = GRU(inputSize: 3, hiddenSize: 10, using: &generator)
      for (number, precision) in WeightPrecision.allCases.enumerated() {
        let rounded = layer.rounded(to: precision)
        func format(_ lengths: [Int]) -> Int {
          _ = rounded(Self.batch(3, lengths: lengths))
          return Self.format(rounded)
        }
        #expect(format([2, 2, 2, 2, 2]) == 0)
        #expect(format([4, 1, 2, 2]) == number)
        #expect(format([1]) == number)
      }
      // What lies on no grid as a whole.
      var mixed = layer.rounded(to: .int8)
      mixed.weights.recurrent = layer.weights.recurrent.rounded(to: .bfloat16)
      #expect(mixed.weightPrecision == .float32)
      _ = mixed(Self.batch(3, lengths: [3]))
      #expect(Self.format(mixed) == 0)
    }
  }

  /// Few and many rows in turn: each format is packed once.
  @Test(arguments: precisions) func formatsInTurn(precision: WeightPrecision) {
    Self.context.run {
      var generator = SeededGenerator(seed: 4)
      let layer = GRU(inputSize: 3, hiddenSize: 10, using: &generator).rounded(to: precision)
      var packed: Set<ObjectIdentifier> = []
      for _ in 0..<3 {
        for rows in [1, 9] {
          _ = layer(Self.batch(3, lengths: Array(repeating: 2, count: rows)))
          packed.formUnion(layer.weights.kept.map(ObjectIdentifier.init))
        }
      }
      #expect(packed.count == 2 && layer.weights.kept.count == 2)
    }
  }

  /// Gradients are those of the float layer; an update makes the weights floats again.
  @Test(arguments: precisions) func training(precision: WeightPrecision) throws {
    try Self.context.run {
      var generator = SeededGenerator(seed: 2)
      var rounded = AnyLayer(GRU(inputSize: 3, hiddenSize: 10, using: &generator))
        .rounded(to: precision)
      let plain = Self.plain(rounded)
      let batch = Self.batch(3, lengths: [4, 2])
      func run(_ layer: AnyLayer) -> (value: Float, gradients: Gradients) {
        valueAndGradients(of: layer) { layer in (layer(batch).values * layer(batch).values).sum() }
      }
      let (mine, its) = (run(rounded), run(plain))
      #expect(mine.value.bitPattern == its.value.bitPattern)
      #expect(mine.gradients.names == rounded.parameters.map(\.name))
      for name in mine.gradients.names {
        let (a, b) = (try #require(mine.gradients[name]), try #require(its.gradients[name]))
        #expect(a.isIdentical(to: b), "\(name)")
      }
      #expect(rounded.weightPrecision == precision)
      var optimizer = SGD(learningRate: 0.1)
      optimizer.update(&rounded, along: mine.gradients)
      #expect(rounded.weightPrecision == .float32)
      let after = Self.plain(rounded)
      #expect(rounded(batch).values.isIdentical(to: after(batch).values))
    }
  }
}
