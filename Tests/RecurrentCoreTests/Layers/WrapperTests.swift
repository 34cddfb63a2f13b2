import Recurrent
import TestSupport
import Testing

/// ``checkLayer`` over every wrapper of layers, and what each of them is for.
@Suite struct WrapperTests {
  private func cell(_ kind: CellKind, _ inputSize: Int, _ hiddenSize: Int, seed: UInt64) -> AnyLayer
  {
    var generator = RandomGenerator(seed: seed)
    return kind.layer(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
  }

  @Test(arguments: cases(CellKind.allCases), Merge.allCases)
  func bidirectional(_ kind: CellKind, merge: Merge) async throws {
    let layer = Bidirectional(cell(kind, 3, 4, seed: 1), cell(kind, 3, 4, seed: 2), merge: merge)
    let outputSize = merge == .concatenate ? 8 : 4
    // Differences of floats are too coarse for so many functions in a row.
    let twin =
      kind == .mogrifier && merge == .concatenate
      ? MogrifierTests.twin.bidirectional(MogrifierTests.twin) : nil
    try await checkLayer(layer, inputSize: 3, outputSize: outputSize, twin: twin)
    try await checkLayer(layer.final, inputSize: 3, outputSize: outputSize)
  }

  /// Another cell backward, of another size.
  @Test func mixedBidirectional() async throws {
    var generator = RandomGenerator(seed: 3)
    try await checkLayer(
      Bidirectional(
        LSTM(inputSize: 3, hiddenSize: 4, using: &generator),
        GRU(inputSize: 3, hiddenSize: 2, using: &generator)), inputSize: 3, outputSize: 6)
  }

  @Test(arguments: CellKind.allCases)
  func reversed(_ kind: CellKind) async throws {
    try await checkLayer(Reversed(cell(kind, 3, 4, seed: 4)), inputSize: 3, outputSize: 4)
  }

  @Test(arguments: Merge.allCases)
  func skipConnections(_ merge: Merge) async throws {
    try await checkLayer(
      SkipConnection(around: cell(.gru, 3, 3, seed: 5), merge: merge), inputSize: 3,
      outputSize: merge == .concatenate ? 6 : 3)
  }

  @Test(arguments: CellKind.allCases)
  func learnedInitialState(_ kind: CellKind) async throws {
    var layer = LearnedInitialState(cell(kind, 3, 4, seed: 6))
    layer.initial = layer.initial.enumerated().map { index, tensor in
      Tensor(SeededGenerator.floats(4, seed: UInt64(index) + 1), shape: tensor.shape)
    }
    let hasCell = kind == .lstm || kind == .mogrifier
    #expect(layer.parameters.map(\.name).last == (hasCell ? "initial.1" : "initial.0"))
    try await checkLayer(
      layer, inputSize: 3, outputSize: 4, startsAtZero: false)
  }

  @Test(arguments: CellKind.allCases, [false, true])
  func stacks(_ kind: CellKind, isBidirectional: Bool) async throws {
    var generator = RandomGenerator(seed: 7)
    try await checkLayer(
      RecurrentStack(
        kind, inputSize: 3, hiddenSize: 2, layerCount: 2, isBidirectional: isBidirectional,
        using: &generator), inputSize: 3, outputSize: isBidirectional ? 4 : 2,
      twin: MogrifierTests.twin(ofStackOf: kind, isBidirectional: isBidirectional))
  }

  @Test func wrappersOfWrappers() async throws {
    var generator = RandomGenerator(seed: 8)
    let inner = SkipConnection(
      around: Reversed(
        LSTM(
          inputSize: 3, hiddenSize: 5, projectionSize: 3, using: &generator)))
    try await checkLayer(
      Bidirectional(
        LearnedInitialState(inner),
        Recurrence(LeakyCell(inputSize: 3, hiddenSize: 3, using: &generator)),
        merge: .sum), inputSize: 3, outputSize: 3)
  }

  // MARK: Masks

  private static let mask: [[Bool]] = [
    [true, false, true, true, false, true], [false, false, true, true, true, true],
    [false, false, false, false, false, false], [true, true, true, false, false, false],
    [false, true, false, false, false, false],
  ]

  /// A masked step is as if it were not there: the valid ones alone give the same bits.
  @Test(arguments: [0, 1, 2, 3, 4, 5])
  func masksEqualCompactedRows(_ which: Int) throws {
    var generator = RandomGenerator(seed: 9)
    let layers: [AnyLayer] = [
      cell(.lstm, 3, 4, seed: 10), cell(.gru, 3, 4, seed: 11), cell(.rnn, 3, 4, seed: 12),
      AnyLayer(Recurrence(LeakyCell(inputSize: 3, hiddenSize: 4, using: &generator))),
      AnyLayer(Bidirectional(cell(.lstm, 3, 4, seed: 13), cell(.gru, 3, 2, seed: 14))),
      AnyLayer(SkipConnection(around: cell(.rnn, 3, 3, seed: 15))),
    ]
    let layer = layers[which]
    let mask = Self.mask
    var values = Tensor(SeededGenerator.floats(5 * 6 * 3, seed: 5), shape: [5, 6, 3])
    let rows = mask.indices.map { row in
      mask[row].indices.filter { mask[row][$0] }.map { step in
        (0..<3).map { values[row, step, $0] }
      }
    }
    values.withUnsafeMutableElements { values in
      for (place, isValid) in mask.joined().enumerated() where !isValid {
        for feature in 0..<3 { values[place * 3 + feature] = .nan }
      }
    }
    let masked = SequenceBatch(values, mask: mask)
    let compact = SequenceBatch(rows: rows)
    #expect(masked.lengths == compact.lengths)
    var states = [layer.initialState(batchSize: 5), layer.initialState(batchSize: 5)]
    let a = layer(masked, state: &states[0])
    let b = layer(compact, state: &states[1])
    #expect(a.validSteps.isIdentical(to: b.validSteps))
    for (a, b) in paired(states[0].tensors, states[1].tensors) { #expect(a.isIdentical(to: b)) }
    for (place, isValid) in mask.joined().enumerated() where !isValid {
      let features = a.features
      #expect(
        a.values.elements[place * features..<(place + 1) * features].allSatisfy { $0 == 0 })
    }
    // Gradients too.
    let gradients = [masked, compact].map { batch in
      valueAndGradients(of: LayerAndInput(layer: layer, input: batch.values)) { problem in
        problem.layer(batch.with(problem.input)).validSteps.squared().sum()
      }.gradients
    }
    for (name, (a, b)) in paired(
      gradients[0].names, paired(gradients[0].tensors, gradients[1].tensors))
    where name != "input" {
      #expect(try #require(a).isIdentical(to: try #require(b)), "\(name)")
    }
    let (da, db) = (try #require(gradients[0]["input"]), try #require(gradients[1]["input"]))
    #expect(masked.with(da).validSteps.isIdentical(to: compact.with(db).validSteps))
  }

  @Test func partsOfMaskedBatches() {
    let values = Tensor((0..<60).map(Float.init), shape: [5, 6, 2])
    let batch = SequenceBatch(values, mask: Self.mask)
    #expect(batch.stepMask.elements == Self.mask.joined().map { $0 ? 1 : 0 })
    #expect(batch.validPositions(row: 0) == [0, 2, 3, 5])
    #expect(batch.lastValidSteps.elements == [10, 11, 22, 23, 0, 0, 40, 41, 50, 51])
    #expect(batch.reversed.validPositions(row: 1) == [5, 4, 3, 2])
    #expect(batch.reversed.lastValidSteps.elements == [0, 1, 16, 17, 0, 0, 36, 37, 50, 51])
    #expect(batch.steps(1..<4).lengths == [2, 2, 0, 2, 1])
    #expect(batch.steps(1..<4).validPositions(row: 0) == [1, 2])
    #expect(batch.rows([4, 0]).validPositions(row: 1) == [0, 2, 3, 5])
    #expect(batch.with(validSteps: batch.validSteps).validSteps == batch.validSteps)
    let held = batch.heldValues
    #expect((0..<6).map { held[0, $0, 0] } == [0, 0, 4, 6, 6, 10])
    #expect((0..<6).map { held[1, $0, 0] } == [0, 0, 16, 18, 20, 22])
    #expect((0..<6).allSatisfy { held[2, $0, 1] == 0 })
    // A mask of prefixes is a batch with lengths.
    let all = Array(repeating: Array(repeating: true, count: 6), count: 5)
    #expect(SequenceBatch(values, mask: all).isFull)
  }

  /// Encoder to decoder: the state that comes out of one goes into the other.
  @Test func statesAreHandedOver() {
    let (encoder, decoder) = (cell(.lstm, 3, 4, seed: 20), cell(.lstm, 2, 4, seed: 21))
    let source = SequenceBatch(
      Tensor(SeededGenerator.floats(2 * 5 * 3, seed: 6), shape: [2, 5, 3]), lengths: [5, 2])
    let target = SequenceBatch(
      Tensor(SeededGenerator.floats(2 * 3 * 2, seed: 7), shape: [2, 3, 2]))
    var state = encoder.initialState(batchSize: 2)
    _ = encoder(source, state: &state)
    var again = state
    let output = decoder(target, state: &state)
    // Rows can be gathered on the way, as beam search does.
    again = again.rows([1, 1, 0])
    let gathered = decoder(target.rows([1, 1, 0]), state: &again)
    #expect(gathered.values.isIdentical(to: output.values.rows([1, 1, 0])))
  }

  /// Between states that are not alike: both ends of a bidirectional encoder to a GRU.
  @Test func statesAreBridged() throws {
    var generator = RandomGenerator(seed: 22)
    struct Translator: Module {
      var encoder: AnyLayer
      var decoder: AnyLayer
      var bridge: StateBridge

      mutating func visitParameters(_ visitor: inout ParameterVisitor) {
        visitor.visit("encoder", &encoder)
        visitor.visit("decoder", &decoder)
        visitor.visit("bridge", &bridge)
      }
    }
    let encoder = AnyLayer(Bidirectional(cell(.lstm, 3, 4, seed: 23), cell(.lstm, 3, 4, seed: 24)))
    let decoder = cell(.gru, 2, 5, seed: 25)
    let model = Translator(
      encoder: encoder, decoder: decoder,
      bridge: StateBridge(from: encoder, to: decoder, using: &generator))
    #expect(model.bridge.layers.map(\.weights.shape) == [[16, 5]])
    let source = SequenceBatch(
      Tensor(SeededGenerator.floats(2 * 5 * 3, seed: 6), shape: [2, 5, 3]), lengths: [5, 0])
    let target = SequenceBatch(
      Tensor(SeededGenerator.floats(2 * 3 * 2, seed: 7), shape: [2, 3, 2]))
    let (_, gradients) = valueAndGradients(of: model) { model in
      var state = model.encoder.initialState(batchSize: 2)
      _ = model.encoder(source, state: &state)
      var decoding = model.bridge(state, for: model.decoder)
      return model.decoder(target, state: &decoding).values.squared().sum()
    }
    for (name, tensor) in paired(gradients.names, gradients.tensors) {
      #expect(try #require(tensor, "\(name)").elements.contains { $0 != 0 }, "\(name)")
    }
  }
}
