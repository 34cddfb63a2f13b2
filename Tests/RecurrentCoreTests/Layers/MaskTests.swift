import Recurrent
import TestSupport
import Testing

/// Steps that are not valid, wherever they stand, are as if they were not there.
@Suite struct MaskTests {
  private static let mask = [
    [true, false, true, true, false, true], [false, false, false, true, true, true],
    [false, false, false, false, false, false], [true, true, true, true, true, true],
    [false, true, false, false, false, false],
  ]

  /// With NaN wherever a step is not valid.
  private static let masked: SequenceBatch = {
    var values = Tensor(SeededGenerator.floats(5 * 6 * 3, seed: 95), shape: [5, 6, 3])
    values.withUnsafeMutableElements { elements in
      for (place, isValid) in mask.joined().enumerated() where !isValid {
        for k in 0..<3 { elements[place * 3 + k] = .nan }
      }
    }
    return SequenceBatch(values, mask: mask)
  }()

  /// The same steps moved to the front of each row.
  private static let compact = SequenceBatch(
    rows: (0..<5).map { row in
      masked.validPositions(row: row).map { t in (0..<3).map { masked.values[row, t, $0] } }
    })

  private func check<L: Layer>(_ layer: L, mode: Mode = .prediction)
  where L.Input == SequenceBatch, L.Output: CheckedOutput {
    #expect(Self.compact.values.shape == [5, 6, 3] && Self.compact.lengths == [4, 3, 0, 6, 1])
    func outputs(_ input: SequenceBatch) -> [Tensor] {
      var state = layer.initialState(batchSize: 5)
      let output = layer(input, state: &state, mode: mode)
      return [output.sequence?.validSteps ?? output.tensor] + state.tensors
    }
    for (a, b) in paired(outputs(Self.masked), outputs(Self.compact)) {
      #expect(a.isIdentical(to: b), "\(L.self)")
    }
    func loss(_ layer: L, _ input: SequenceBatch) -> Tensor {
      let output = layer(input, mode: mode)
      return (output.sequence?.validSteps ?? output.tensor).squared().sum()
    }
    let found = valueAndGradients(of: layer) { loss($0, Self.masked) }.gradients
    let expected = valueAndGradients(of: layer) { loss($0, Self.compact) }.gradients
    for (name, (a, b)) in zip(found.names, zip(found.tensors, expected.tensors)) {
      #expect(a.map { a in b.map { a.isIdentical(to: $0) } ?? false } ?? false, "\(name)")
    }
    let ofInput = valueAndGradients(of: Self.masked.values) {
      loss(layer, Self.masked.with($0))
    }.gradients.tensors[0]
    let ofCompact = valueAndGradients(of: Self.compact.values) {
      loss(layer, Self.compact.with($0))
    }.gradients.tensors[0]
    if let ofInput, let ofCompact {
      #expect(
        Self.masked.with(ofInput).validSteps
          .isIdentical(to: Self.compact.with(ofCompact).validSteps), "gradient of the input")
    } else {
      Issue.record("no gradient of the input")
    }
  }

  @Test func layers() {
    var generator = RandomGenerator(seed: 96)
    check(MeanOverTime())
    check(MaxOverTime())
    check(AttentionPooling(inputSize: 3, attentionSize: 4, using: &generator))
    check(EachStep(LayerNorm(size: 3)))
    check(BatchNorm(size: 3))
    check(BatchNorm(size: 3), mode: .training(RandomKey(seed: 1)))
    for padding in Conv1DTests.paddings {
      for (stride, dilation) in [(1, 1), (1, 2), (2, 1)] {
        for mode in PaddingMode.allCases {
          check(
            Conv1D(
              inputSize: 3, outputSize: 4, kernelSize: 3, stride: stride, dilation: dilation,
              padding: padding, paddingMode: mode, using: &generator))
        }
      }
    }
  }

  /// No steps, no rows, rows without steps: zeros, and gradients of zero.
  @Test func nothingAtAll() {
    var generator = RandomGenerator(seed: 94)
    let attention = AdditiveAttention(querySize: 4, memorySize: 3, size: 5, using: &generator)
    let pooling = AttentionPooling(inputSize: 3, attentionSize: 4, using: &generator)
    let causal = Conv1D(
      inputSize: 3, outputSize: 4, kernelSize: 3, padding: .causal, using: &generator)
    let valid = Conv1D(
      inputSize: 3, outputSize: 4, kernelSize: 2, padding: .valid, using: &generator)
    let field = LinearChainCRF(tagCount: 3, using: &generator)
    for input in [
      SequenceBatch(.zeros([2, 0, 3])), SequenceBatch(.zeros([0, 4, 3])),
      SequenceBatch(Tensor(repeating: .nan, shape: [2, 4, 3]), lengths: [0, 0]),
    ] {
      let rows = input.batchSize
      func check<M: Module>(_ model: M, _ output: (M) -> Tensor) {
        let (_, gradients) = valueAndGradients(of: model) { model in
          let output = output(model)
          #expect(output.elements.allSatisfy { $0 == 0 }, "\(M.self) \(input.values.shape)")
          return output.sum()
        }
        #expect(gradients.norm == 0, "\(M.self) \(input.values.shape)")
      }
      check(pooling) { $0(input) }
      check(causal) { $0(input).values }
      check(valid) { $0(input).values }
      check(EachStep(LayerNorm(size: 3))) { $0(input).values }
      check(BatchNorm(size: 3)) { $0(input, mode: .training(RandomKey(seed: 1))).values }
      check(attention) { $0(.zeros([rows, 4]), over: $0.prepare(input)).context }
      let none = [[Int]](repeating: [], count: rows)
      check(field) { $0.loss(input, tags: none) }
      #expect(field.viterbi(input).map(\.tags) == none)
      #expect(MeanOverTime()(input) == .zeros([rows, 3]))
      #expect(MaxOverTime()(input) == .zeros([rows, 3]))
      #expect(connectionistTemporalClassification(logits: input, labels: none).value == 0)
      #expect(ctcBestPath(input).map(\.labels) == none)
    }
  }

  @Test func attention() {
    var generator = RandomGenerator(seed: 97)
    let query = Tensor(SeededGenerator.floats(20, seed: 98), shape: [5, 4])
    let attention = AdditiveAttention(querySize: 4, memorySize: 3, size: 5, using: &generator)
    let (a, weights) = attention(query, over: attention.prepare(Self.masked))
    let (b, _) = attention(query, over: attention.prepare(Self.compact))
    #expect(a.isIdentical(to: b))
    for (place, isValid) in Self.mask.joined().enumerated() {
      #expect((weights.elements[place] > 0) == isValid)
    }
  }

  @Test func sequenceLosses() {
    let tags = [[0, 2, 1, 1], [1, 1, 0], [], [2, 0, 1, 2, 2, 0], [2]]
    var generator = RandomGenerator(seed: 99)
    let field = LinearChainCRF(tagCount: 3, using: &generator)
    #expect(
      field.logLikelihood(Self.masked, tags: tags)
        .isIdentical(to: field.logLikelihood(Self.compact, tags: tags)))
    #expect(field.viterbi(Self.masked) == field.viterbi(Self.compact))
    let labels = [[1, 2], [2], [], [1, 1], [2]]
    let losses = [Self.masked, Self.compact].map {
      connectionistTemporalClassification(logits: $0, labels: labels, reduction: .none)
    }
    #expect(losses[0].isIdentical(to: losses[1]))
    #expect(ctcBeamSearch(Self.masked, width: 4) == ctcBeamSearch(Self.compact, width: 4))
  }
}
