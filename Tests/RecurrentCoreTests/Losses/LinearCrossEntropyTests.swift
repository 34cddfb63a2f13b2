import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// The loss and its gradients are those of the composed form, whatever the blocks.
@Suite struct LinearCrossEntropyTests {
  /// A head and values that go into it: inputs of the loss.
  private struct Model: Module {
    var hidden: Tensor
    var head: Dense

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("hidden", &hidden)
      visitor.visit("head", &head)
    }
  }

  struct Options: Sendable, CustomTestStringConvertible {
    var labelSmoothing: Float = 0
    var ignored: Int?
    var weighted = false
    var hasBias = true
    var testDescription: String {
      "ε \(labelSmoothing), ignoring \(ignored ?? -1), weighted \(weighted), bias \(hasBias)"
    }
  }

  static let options = [
    Options(), Options(labelSmoothing: 0.2), Options(ignored: 3), Options(weighted: true),
    Options(hasBias: false),
    Options(labelSmoothing: 0.1, ignored: 0, weighted: true, hasBias: false),
  ]

  private let count = 23
  private let size = 5
  private let vocabulary = 37
  private var classes: [Int] { (0..<count).map { ($0 * 11 + 3) % 7 * ($0 % 3 + 1) } }

  private func model(_ options: Options = Options()) -> Model {
    var generator = SeededGenerator(seed: 31)
    return Model(
      hidden: Tensor(generator.floats(count * size, in: -2...2), shape: [count, size]),
      head: Dense(
        weights: Tensor(
          generator.floats(size * vocabulary, in: -2...2), shape: [size, vocabulary]),
        bias: options.hasBias ? Tensor(generator.floats(vocabulary)) : nil))
  }

  private func weights(_ options: Options) -> [Float]? {
    options.weighted ? (0..<vocabulary).map { Float($0 % 5) / 4 } : nil
  }

  private func loss(
    _ model: Model, _ options: Options, blockSize: Int?, hidden: Tensor? = nil
  ) -> Tensor {
    LinearCrossEntropy(
      head: model.head, labelSmoothing: options.labelSmoothing, ignored: options.ignored,
      classWeights: weights(options), blockSize: blockSize
    )(hidden ?? model.hidden, rows: Array(0..<count), classes: classes)
  }

  private func composed(_ model: Model, _ options: Options) -> Tensor {
    categoricalCrossEntropy(
      logits: model.head(model.hidden), classes: classes, labelSmoothing: options.labelSmoothing,
      ignoring: options.ignored, classWeights: weights(options))
  }

  private func expectClose(_ a: Gradients, _ b: Gradients) throws {
    #expect(a.names == b.names)
    for (name, (a, b)) in paired(a.names, paired(a.tensors, b.tensors)) {
      let (a, b) = (try #require(a), try #require(b))
      TestSupport.expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 1e-6, name)
    }
  }

  @Test(arguments: options)
  func isTheComposedForm(_ options: Options) throws {
    let model = model(options)
    let (value, gradients) = valueAndGradients(of: model) { loss($0, options, blockSize: nil) }
    let (expected, others) = valueAndGradients(of: model) { composed($0, options) }
    #expect(abs(value - expected) <= 1e-6 * expected && expected > 1)
    try expectClose(gradients, others)
    // The gradient of what comes after it goes through.
    let (_, scaled) = valueAndGradients(of: model) {
      (loss($0, options, blockSize: nil) * 2).exp()
    }
    let (_, scaledOthers) = valueAndGradients(of: model) { (composed($0, options) * 2).exp() }
    for (a, b) in paired(scaled.tensors, scaledOthers.tensors) {
      let (a, b) = (try #require(a), try #require(b))
      TestSupport.expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 2e-5)
    }
  }

  /// Blocks, threads and tracking change no bit.
  @Test(arguments: options)
  func hasTheSameBitsInAnyBlocks(_ options: Options) throws {
    let model = model(options)
    let (value, gradients) = valueAndGradients(of: model) { loss($0, options, blockSize: nil) }
    for blockSize in [1, 4, 22, 23, 1000] {
      let (again, others) = valueAndGradients(of: model) {
        loss($0, options, blockSize: blockSize)
      }
      #expect(again.bitPattern == value.bitPattern, "blocks of \(blockSize)")
      #expect(loss(model, options, blockSize: blockSize).value.bitPattern == value.bitPattern)
      for (name, (a, b)) in paired(gradients.names, paired(gradients.tensors, others.tensors)) {
        #expect(try #require(a).isIdentical(to: #require(b)), "\(name), blocks of \(blockSize)")
      }
    }
    // One input alone gets the same gradient as among others.
    let (_, alone) = valueAndGradients(of: model.hidden) {
      loss(model, options, blockSize: 4, hidden: $0)
    }
    #expect(try #require(alone.tensors[0]).isIdentical(to: #require(gradients["hidden"])))
    let (_, head) = valueAndGradients(of: model.head) { head in
      loss(Model(hidden: model.hidden, head: head), options, blockSize: 4)
    }
    #expect(try #require(head["weights"]).isIdentical(to: #require(gradients["head.weights"])))
  }

  /// The vectors of an embedding as weights: the bits of their transpose.
  @Test(arguments: options)
  func anEmbeddingIsAHead(_ options: Options) throws {
    let model = model(options)
    struct Tied: Module {
      var hidden: Tensor
      var embedding: Embedding
      var bias: Tensor?

      mutating func visitParameters(_ visitor: inout ParameterVisitor) {
        visitor.visit("hidden", &hidden)
        visitor.visit("embedding", &embedding)
        visitor.visit("bias", &bias)
      }
    }
    let tied = Tied(
      hidden: model.hidden, embedding: Embedding(weights: model.head.weights.transposed()),
      bias: model.head.bias)
    let (expected, others) = valueAndGradients(of: model) { loss($0, options, blockSize: nil) }
    for (blockSize, threads) in [(nil, 1), (nil, 3), (5, 1), (22, 2)] {
      func loss(_ model: Tied) -> Tensor {
        LinearCrossEntropy(
          embedding: model.embedding, bias: model.bias, labelSmoothing: options.labelSmoothing,
          ignored: options.ignored, classWeights: weights(options), blockSize: blockSize
        )(model.hidden, rows: Array(0..<count), classes: classes)
      }
      let (value, gradients) = withThreads(threads) { valueAndGradients(of: tied, loss) }
      #expect(value.bitPattern == expected.bitPattern)
      #expect(loss(tied).value.bitPattern == expected.bitPattern)
      #expect(try #require(gradients["hidden"]).isIdentical(to: #require(others["hidden"])))
      #expect(
        try #require(gradients["embedding.weights"]).isIdentical(
          to: #require(others["head.weights"]).transposed()))
      #expect(
        gradients["bias"].map { $0.elements } == others["head.bias"].map { $0.elements })
    }
    let hidden = SequenceBatch(
      model.hidden.reshaped(to: [1, count, size]), lengths: [count - 4])
    let rows = [Array(classes.prefix(count - 4))]
    #expect(
      linearCrossEntropy(
        hidden: hidden, embedding: tied.embedding, bias: tied.bias, classes: rows,
        labelSmoothing: 0.1
      ).value
        == linearCrossEntropy(
          hidden: hidden, head: model.head, classes: rows, labelSmoothing: 0.1
        ).value)
  }

  @Test func gradientsAreFiniteDifferences() throws {
    let options = Options(labelSmoothing: 0.1, ignored: 3, weighted: true)
    let model = model(options)
    let used = 6  // the other rows get no gradient
    let (_, gradients) = valueAndGradients(of: model) {
      LinearCrossEntropy(
        head: $0.head, labelSmoothing: options.labelSmoothing, ignored: options.ignored,
        classWeights: weights(options), blockSize: 4
      )($0.hidden, rows: Array(0..<used), classes: Array(classes.prefix(used)))
    }
    let parameters = model.parameters.map(\.tensor)
    let point = parameters.flatMap { $0.elements.map(Double.init) }
    let classWeights = try #require(weights(options)).map(Double.init)
    let slopes = finiteDifferenceGradient(at: point) { flat in
      var (sum, total) = (0.0, 0.0)
      let bias = count * size + size * vocabulary
      for (row, label) in classes.prefix(used).enumerated() where label != 3 {
        let logits = (0..<vocabulary).map { v in
          (0..<size).reduce(flat[bias + v]) {
            $0 + flat[row * size + $1] * flat[count * size + $1 * vocabulary + v]
          }
        }
        let logSum = log(logits.reduce(0) { $0 + exp($1) })
        for v in 0..<vocabulary {
          let share = 0.1 / Double(vocabulary) + (v == label ? 0.9 : 0)
          sum += share * classWeights[v] * (logSum - logits[v])
        }
        total += classWeights[label]
      }
      return sum / total
    }
    var rest = slopes[...]
    for (name, tensor) in paired(gradients.names, gradients.tensors) {
      let tensor = try #require(tensor)
      TestSupport.expectClose(
        tensor.elements.map(Double.init), shape: tensor.shape,
        to: Array(rest.prefix(tensor.count)), shape: tensor.shape, within: 5e-6, name)
      rest = rest.dropFirst(tensor.count)
    }
  }

  /// Padded steps are not looked at, and their gradient is 0.
  @Test func sequences() throws {
    var values = Tensor(SeededGenerator.floats(3 * 4 * size, seed: 8), shape: [3, 4, size])
    let padded = [2, 3, 4, 5, 6, 7]  // of the 12 steps
    values.withUnsafeMutableElements { values in
      for step in padded { for k in 0..<size { values[step * size + k] = .nan } }
    }
    let classes = [[1, 9], [], [30, 2, 2, 36]]
    let head = model().head
    func loss(_ values: Tensor) -> Tensor {
      linearCrossEntropy(
        hidden: SequenceBatch(values, lengths: [2, 0, 4]), head: head, classes: classes)
    }
    let (value, gradients) = valueAndGradients(of: values, loss)
    let rows = values.reshaped(to: [12, size]).rows([0, 1, 8, 9, 10, 11])
    let (expected, others) = valueAndGradients(of: rows) {
      linearCrossEntropy(hidden: $0, head: head, classes: classes.flatMap(\.self))
    }
    #expect(value == expected && value > 1)
    let expectedGradient = try #require(others.tensors[0])
    let gradient = try #require(gradients.tensors[0]).reshaped(to: [12, size])
    #expect(gradient.rows([0, 1, 8, 9, 10, 11]).isIdentical(to: expectedGradient))
    #expect(gradient.rows(padded).elements.allSatisfy { $0 == 0 })
    let mask = [[true, false, true], [false, true, true]]
    let holes = Tensor(SeededGenerator.floats(6 * size, seed: 9), shape: [2, 3, size])
    #expect(
      linearCrossEntropy(
        hidden: SequenceBatch(holes, mask: mask), head: head, classes: [[4, 5], [6, 7]]
      ).value
        == linearCrossEntropy(
          hidden: holes.reshaped(to: [6, size]).rows([0, 2, 4, 5]), head: head,
          classes: [4, 5, 6, 7]
        ).value)
  }

  @Test func nothingThatCountsIsZero() throws {
    let model = model()
    let (value, gradients) = valueAndGradients(of: model) {
      linearCrossEntropy(
        hidden: $0.hidden, head: $0.head, classes: [Int](repeating: 2, count: count), ignoring: 2)
    }
    #expect(value == 0 && gradients.norm == 0)
    #expect(gradients.tensors.allSatisfy { $0 != nil })
  }

  /// Of 4000 rows and 3000 classes only a block of 100 rows of logits is there at once. In a context
  /// of its own, so that others do not take from the same pool.
  @Test func storesBlocksOnly() { ExecutionContext(threads: 1).run { Self.measureBlocks() } }

  private static func measureBlocks() {
    let (count, size, vocabulary, block) = (4000, 8, 3000, 100)
    let hidden = Tensor(SeededGenerator.floats(count * size, seed: 1), shape: [count, size])
    let head = Dense(
      weights: Tensor(
        SeededGenerator.floats(size * vocabulary, seed: 2), shape: [size, vocabulary]),
      bias: .zeros([vocabulary]))
    let classes = (0..<count).map { $0 % vocabulary }
    let pool = ExecutionContext.current.buffers
    pool.resetPeak()
    let before = pool.peak
    let (value, gradients) = valueAndGradients(of: [hidden, head.weights]) {
      LinearCrossEntropy(head: Dense(weights: $0[1], bias: head.bias), blockSize: block)(
        $0[0], rows: Array(0..<count), classes: classes)
    }
    #expect(value > 1 && gradients.norm > 0)
    let used = pool.peak - before
    // The block, gradients of hidden and weights (twice while they wait), and products' workspace.
    #expect(used < 2 * block * vocabulary + 3 * (count * size + size * vocabulary) + 400_000)
    #expect(used < count * vocabulary / 10, "\(used) floats")
  }
}
