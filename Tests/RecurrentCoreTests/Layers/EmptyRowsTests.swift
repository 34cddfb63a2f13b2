import Recurrent
import TestSupport
import Testing

/// Batches of which no row has a step, in training: gradients of weights are products of depth 0.
/// Layers have more features than the rows of which a product makes one block.
@Suite struct EmptyRowsTests {
  static let size = 400

  private let input = SequenceBatch(
    Tensor(repeating: .nan, shape: [3, 2, Self.size]), lengths: [0, 0, 0])

  /// The pass gives `value`, and for every parameter zeros of its shape, or nothing.
  private func expectNothing<Model: Module>(
    of model: Model, value: Float = 0, sourceLocation: SourceLocation = #_sourceLocation,
    _ pass: (Model) -> Tensor
  ) {
    let (result, gradients) = valueAndGradients(of: model) { pass($0).sum() }
    #expect(result == value, sourceLocation: sourceLocation)
    let parameters = model.parameters
    #expect(!parameters.isEmpty && gradients.tensors.count == parameters.count)
    for (parameter, gradient) in paired(parameters, gradients.tensors) {
      guard let gradient else { continue }
      #expect(gradient.shape == parameter.tensor.shape, sourceLocation: sourceLocation)
      #expect(
        gradient.elements.allSatisfy { $0 == 0 }, "\(parameter.name)",
        sourceLocation: sourceLocation)
    }
  }

  private func expectNothing<L: Layer>(
    of layer: L, sourceLocation: SourceLocation = #_sourceLocation, _ output: (L.Output) -> Tensor
  ) where L.Input == SequenceBatch {
    expectNothing(of: layer, sourceLocation: sourceLocation) {
      output($0(input, mode: .training(RandomKey(seed: 1))))
    }
  }

  @Test(arguments: [191, 192, 193, 256, 400]) func denseOfEachStep(size: Int) {
    var generator = RandomGenerator(seed: 2)
    let layer = EachStep(Dense(inputSize: size, outputSize: 7, using: &generator))
    let input = SequenceBatch(Tensor(repeating: .nan, shape: [3, 2, size]), lengths: [0, 0, 0])
    expectNothing(of: layer) { $0(input, mode: .training(RandomKey(seed: 1))).values }
  }

  @Test(arguments: Conv1DTests.paddings) func convolution(padding: Conv1D.Padding) {
    var generator = RandomGenerator(seed: 3)
    expectNothing(
      of: Conv1D(
        inputSize: Self.size, outputSize: 5, kernelSize: 3, padding: padding, using: &generator)
    ) { $0.values }
  }

  @Test func recurrentLayers() {
    var generator = RandomGenerator(seed: 4)
    expectNothing(of: LSTM(inputSize: Self.size, hiddenSize: 200, using: &generator)) { $0.values }
    expectNothing(of: GRU(inputSize: Self.size, hiddenSize: 200, using: &generator)) { $0.values }
    expectNothing(of: SimpleRNN(inputSize: Self.size, hiddenSize: 200, using: &generator)) {
      $0.values
    }
  }

  @Test func pooling() {
    var generator = RandomGenerator(seed: 5)
    expectNothing(
      of: AttentionPooling(inputSize: Self.size, attentionSize: 8, using: &generator)
    ) { $0 }
  }

  /// Neither queries nor memory have a step, or one of the two.
  @Test(arguments: [[0, 0, 0], [2, 1, 2]], [[0, 0, 0], [1, 2, 2]])
  func attention(queryLengths: [Int], memoryLengths: [Int]) {
    guard queryLengths.max() == 0 || memoryLengths.max() == 0 else { return }
    var generator = RandomGenerator(seed: 6)
    let size = Self.size
    let queries = SequenceBatch(Tensor(repeating: 1, shape: [3, 2, size]), lengths: queryLengths)
    let memory = SequenceBatch(Tensor(repeating: 1, shape: [3, 2, size]), lengths: memoryLengths)
    expectNothing(
      of: AdditiveAttention(querySize: size, memorySize: size, size: 300, using: &generator)
    ) { $0(queries, over: $0.prepare(memory)).contexts.values }
    expectNothing(
      of: MultiplicativeAttention(querySize: size, memorySize: size, using: &generator)
    ) { $0(queries, over: $0.prepare(memory)).contexts.values }
  }

  @Test func losses() {
    var generator = RandomGenerator(seed: 7)
    let head = Dense(inputSize: Self.size, outputSize: 300, using: &generator)
    let none = [[Int]](repeating: [], count: 3)
    expectNothing(of: head) { linearCrossEntropy(hidden: input, head: $0, classes: none) }
    // Of no step there is one path, which spells no label.
    expectNothing(of: EachStep(head)) {
      connectionistTemporalClassification(logits: $0(input), labels: none)
    }
    let field = LinearChainCRF(tagCount: 5, using: &generator)
    let emissions = SequenceBatch(Tensor(repeating: 1, shape: [3, 2, 5]), lengths: [0, 0, 0])
    expectNothing(of: field) { $0.loss(emissions, tags: none) }
  }
}
