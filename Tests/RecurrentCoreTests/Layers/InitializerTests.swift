import Recurrent
import TestSupport
import Testing

@Suite struct InitializerTests {
  private struct Moments {
    let mean: Double
    let variance: Double
    let largest: Double

    init(_ tensor: Tensor) {
      let x = tensor.elements.map(Double.init)
      let mean = x.reduce(0, +) / Double(x.count)
      self.mean = mean
      variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
      largest = x.map(abs).max() ?? 0
    }
  }

  private func draw(_ initializer: Initializer, _ shape: [Int]) -> Tensor {
    var generator = RandomGenerator(seed: 17)
    return initializer(shape, using: &generator)
  }

  @Test func uniformRulesHaveTheirBounds() {
    let fanInAndOut: [(Initializer, Double)] = [
      (.uniform(0.3), 0.3), (.glorotUniform, (6.0 / 500).squareRoot()),
      (.heUniform, (6.0 / 200).squareRoot()),
    ]
    for (initializer, limit) in fanInAndOut {
      let moments = Moments(draw(initializer, [200, 300]))
      #expect(moments.largest <= limit * 1.000_001 && moments.largest > 0.999 * limit)
      #expect(abs(moments.mean) < 4 * limit / (3 * 60_000.0).squareRoot())
      #expect(abs(moments.variance / (limit * limit / 3) - 1) < 0.02)
    }
  }

  @Test func normalRulesHaveTheirVariances() {
    let rules: [(Initializer, Double)] = [
      (.normal(0.7), 0.49), (.glorotNormal, 2.0 / 500), (.heNormal, 2.0 / 200),
    ]
    for (initializer, variance) in rules {
      let tensor = draw(initializer, [200, 300])
      let moments = Moments(tensor)
      #expect(abs(moments.mean) < 4 * (variance / 60_000).squareRoot())
      #expect(abs(moments.variance / variance - 1) < 0.03)
      // Normal and not uniform: 4.55 % lie beyond two standard deviations.
      let beyond = tensor.elements.count { Double($0 * $0) > 4 * variance }
      #expect(abs(Double(beyond) / 60_000 - 0.0455) < 0.004)
    }
    // An odd number, of pairs.
    #expect(draw(.normal(1), [3, 5]).shape == [3, 5])
  }

  @Test func constants() {
    #expect(draw(.constant(2), [2, 3]).elements == [2, 2, 2, 2, 2, 2])
    #expect(draw(.zeros, [2]).elements == [0, 0])
  }

  @Test(arguments: [[7, 7], [5, 20], [20, 5], [1, 4], [4, 1]])
  func orthogonalMatricesAreOrthogonal(_ shape: [Int]) {
    let gain: Float = 1.5
    let q = draw(.orthogonal(gain: gain), shape)
    #expect(q.shape == shape)
    let product =
      shape[0] <= shape[1] ? q.matrixProduct(q.transposed()) : q.transposed().matrixProduct(q)
    for (index, value) in product.elements.enumerated() {
      let isDiagonal = index / product.shape[1] == index % product.shape[1]
      #expect(abs(value - (isDiagonal ? gain * gain : 0)) < 2e-6)
    }
  }

  @Test func layersStartAsPyTorchAndKerasDo() throws {
    var generator = RandomGenerator(seed: 18)
    let theirs = LSTM(inputSize: 30, hiddenSize: 50, using: &generator).weights
    let limit = 1 / 50.0.squareRoot()
    for (name, tensor) in theirs.parameters {
      let moments = Moments(tensor)
      #expect(moments.largest <= limit && moments.largest > 0.95 * limit, "\(name)")
    }
    #expect(theirs.parameters.count == 4)
    #expect(theirs.bias != theirs.recurrentBias)

    let keras = LSTM(
      inputSize: 30, hiddenSize: 50, initialization: .keras, using: &generator
    ).weights
    #expect(keras.recurrentBias == nil)
    let bias = try #require(keras.bias).elements
    #expect(bias.indices.allSatisfy { bias[$0] == ((50..<100).contains($0) ? 1 : 0) })
    let bound = (6.0 / 230).squareRoot()
    #expect(Moments(keras.input).largest <= bound && Moments(keras.input).largest > 0.98 * bound)
    let product = keras.recurrent.matrixProduct(keras.recurrent.transposed())
    #expect(abs(product[3, 3] - 1) < 1e-5 && abs(product[3, 4]) < 1e-5)

    let gru = GRU(inputSize: 3, hiddenSize: 5, initialization: .keras, using: &generator).weights
    #expect(gru.bias?.elements == [Float](repeating: 0, count: 15))
    #expect(gru.recurrentBias?.elements == [Float](repeating: 0, count: 15))
    let before = GRU(
      inputSize: 3, hiddenSize: 5, reset: .beforeProduct, initialization: .keras, using: &generator)
    #expect(before.weights.recurrentBias == nil)

    let dense = Dense(inputSize: 25, outputSize: 400, using: &generator)
    #expect(Moments(dense.weights).largest <= 0.2 && Moments(dense.weights).largest > 0.199)
    #expect(Moments(try #require(dense.bias)).largest > 0.19)
  }

  @Test func sameSeedSameBits() {
    var a = RandomGenerator(seed: 9)
    var b = RandomGenerator(seed: 9)
    var other = RandomGenerator(seed: 10)
    let layer = GRU(inputSize: 3, hiddenSize: 4, using: &a)
    let twin = GRU(inputSize: 3, hiddenSize: 4, using: &b)
    let stranger = GRU(inputSize: 3, hiddenSize: 4, using: &other)
    for ((x, y), z) in paired(paired(layer.parameters, twin.parameters), stranger.parameters) {
      #expect(x.tensor.isIdentical(to: y.tensor) && !x.tensor.isIdentical(to: z.tensor))
    }
  }
}
