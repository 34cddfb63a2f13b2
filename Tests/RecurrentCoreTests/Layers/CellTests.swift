import Foundation
import Recurrent
import TestSupport
import Testing

/// The layers and cells beyond LSTM, GRU and simple RNN.
@Suite struct CellTests {
  /// Parameters that all differ, so that none can stand for another.
  private func varied<L: Module>(_ layer: L, by scale: Float = 0.5) -> L {
    var layer = layer
    var seed: UInt64 = 100
    layer.updateParameters { _, parameter in
      seed += 1
      let noise = Tensor(
        SeededGenerator.floats(parameter.count, seed: seed), shape: parameter.shape)
      parameter = parameter + noise * scale
    }
    return layer
  }

  private func minGRU(_ inputSize: Int = 3, _ hiddenSize: Int = 5) -> MinGRU {
    var generator = RandomGenerator(seed: 41)
    return varied(MinGRU(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator))
  }
  private func minLSTM(_ inputSize: Int = 3, _ hiddenSize: Int = 5) -> MinLSTM {
    var generator = RandomGenerator(seed: 42)
    return varied(MinLSTM(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator))
  }
  private func indRNN(
    _ inputSize: Int = 3, _ hiddenSize: Int = 5, _ activation: Activation = .tanh
  ) -> IndRNN {
    var generator = RandomGenerator(seed: 43)
    return varied(
      IndRNN(
        inputSize: inputSize, hiddenSize: hiddenSize, activation: activation, using: &generator))
  }
  private func sLSTM(
    _ inputSize: Int = 3, _ hiddenSize: Int = 5, _ gate: SLSTMCell.ForgetGate = .sigmoid
  ) -> Recurrence<SLSTMCell> {
    var generator = RandomGenerator(seed: 44)
    var cell = varied(
      SLSTMCell(
        inputSize: inputSize, hiddenSize: hiddenSize, forgetGate: gate, using: &generator), by: 0.2)
    // Much is written, so that no normalizer comes near 0 from the random one it starts at.
    cell.weights.bias?.withUnsafeMutableElements { bias in
      for j in 0..<hiddenSize { bias[j] += 1.5 }
      for j in hiddenSize..<2 * hiddenSize { bias[j] -= 1.5 }
    }
    return Recurrence(cell)
  }
  private func layerNormLSTM(
    _ inputSize: Int = 3, _ hiddenSize: Int = 5
  ) -> Recurrence<LayerNormLSTMCell> {
    var generator = RandomGenerator(seed: 45)
    return Recurrence(
      varied(LayerNormLSTMCell(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)))
  }
  private func convLSTM(
    grid: [Int], channels: Int, filters: Int, kernelSize: [Int]
  ) -> ConvLSTM {
    var generator = RandomGenerator(seed: 46)
    return varied(
      ConvLSTM(
        grid: grid, channels: channels, filters: filters, kernelSize: kernelSize,
        using: &generator), by: 0.2)
  }

  // MARK: Against double precision

  @Test func minGRUs() async throws {
    try await checkLayer(minGRU(), inputSize: 3, outputSize: 5, twin: PlainCell.minGRU)
    try await checkLayer(minGRU(2, 17), inputSize: 2, outputSize: 17, twin: PlainCell.minGRU)
  }

  @Test func minLSTMs() async throws {
    try await checkLayer(minLSTM(), inputSize: 3, outputSize: 5, twin: PlainCell.minLSTM)
    try await checkLayer(minLSTM(2, 17), inputSize: 2, outputSize: 17, twin: PlainCell.minLSTM)
  }

  @Test func indRNNs() async throws {
    let functions: [(Activation, @Sendable (Double) -> Double)] = [
      (.identity, { $0 }), (.tanh, { Foundation.tanh($0) }), (.relu, { max(0, $0) }),
    ]
    for (activation, function) in functions {
      try await checkLayer(
        indRNN(3, 5, activation), inputSize: 3, outputSize: 5, twin: PlainCell.indRNN(function))
    }
  }

  @Test func sLSTMs() async throws {
    try await checkLayer(
      sLSTM(), inputSize: 3, outputSize: 5, twin: PlainCell.sLSTM { 1 / (1 + exp(-$0)) })
    try await checkLayer(
      sLSTM(3, 5, .exponential), inputSize: 3, outputSize: 5, twin: PlainCell.sLSTM { exp($0) })
  }

  @Test func layerNormLSTMs() async throws {
    try await checkLayer(
      layerNormLSTM(), inputSize: 3, outputSize: 5, twin: PlainCell.layerNormLSTM)
  }

  @Test func convLSTMs() async throws {
    try await checkLayer(
      convLSTM(grid: [2, 3], channels: 2, filters: 1, kernelSize: [3, 2]), inputSize: 12,
      outputSize: 6, twin: PlainCell.convLSTM(grid: [2, 3], kernel: [3, 2]))
    try await checkLayer(
      convLSTM(grid: [4], channels: 1, filters: 2, kernelSize: [3]), inputSize: 4, outputSize: 8,
      twin: PlainCell.convLSTM(grid: [1, 4], kernel: [1, 3]))
  }

  // MARK: Within wrappers

  private func checkWrapped<L: Layer<SequenceBatch, SequenceBatch>>(
    _ layer: L, _ twin: LayerTwin, inputSize: Int, outputSize: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await checkLayer(
      Reversed(layer), inputSize: inputSize, outputSize: outputSize, twin: twin.reversed,
      sourceLocation: sourceLocation)
    try await checkLayer(
      Bidirectional(layer, varied(layer, by: 0.1)), inputSize: inputSize,
      outputSize: 2 * outputSize, twin: twin.bidirectional(twin), sourceLocation: sourceLocation)
    try await checkLayer(
      LearnedInitialState(AnyLayer(layer)), inputSize: inputSize, outputSize: outputSize,
      twin: twin, sourceLocation: sourceLocation)
    try await checkLayer(
      SkipConnection(around: layer, merge: .concatenate), inputSize: inputSize,
      outputSize: inputSize + outputSize, twin: twin.concatenatingInput,
      sourceLocation: sourceLocation)
  }

  @Test(.enabled(if: isOptimized)) func wrappedScans() async throws {
    try await checkWrapped(minGRU(2, 3), PlainCell.minGRU, inputSize: 2, outputSize: 3)
    try await checkWrapped(minLSTM(2, 3), PlainCell.minLSTM, inputSize: 2, outputSize: 3)
    try await checkWrapped(
      indRNN(2, 3), PlainCell.indRNN { Foundation.tanh($0) }, inputSize: 2, outputSize: 3)
  }

  @Test func wrappedCells() async throws {
    try await checkWrapped(
      sLSTM(2, 3), PlainCell.sLSTM { 1 / (1 + exp(-$0)) }, inputSize: 2, outputSize: 3)
    // More units, or a normalization of few nearly equal ones magnifies every rounding.
    try await checkWrapped(
      layerNormLSTM(2, 6), PlainCell.layerNormLSTM, inputSize: 2, outputSize: 6)
    try await checkWrapped(
      convLSTM(grid: [3], channels: 1, filters: 2, kernelSize: [2]),
      PlainCell.convLSTM(grid: [1, 3], kernel: [1, 2]), inputSize: 3, outputSize: 6)
  }

  // MARK: Masks with holes

  /// A batch with holes, what stands in them not being numbers, gives the bits of the batch of the
  /// valid steps alone: outputs, states, gradients.
  private func checkHoles<L: Layer<SequenceBatch, SequenceBatch>>(
    _ layer: L, inputSize: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let mask = [
      [false, true, false, true, true, false, true],
      [false, false, false, false, false, false, false],
      [true, true, true, true, true, true, true],
      [false, false, true, false, false, false, false],
    ]
    let lengths = mask.map { $0.count { $0 } }
    let all = Tensor(
      SeededGenerator.floats(4 * 7 * inputSize, seed: 51), shape: [4, 7, inputSize])
    var (holed, compact) = (all, Tensor.zeros([4, 7, inputSize]))
    let places = mask.map { row in row.indices.filter { row[$0] } }
    holed.withUnsafeMutableElements { elements in
      for (b, row) in mask.enumerated() {
        for (t, isValid) in row.enumerated() where !isValid {
          for i in 0..<inputSize { elements[(b * 7 + t) * inputSize + i] = .nan }
        }
      }
    }
    compact.withUnsafeMutableElements { elements in
      for (b, row) in places.enumerated() {
        for (step, t) in row.enumerated() {
          for i in 0..<inputSize { elements[(b * 7 + step) * inputSize + i] = all[b, t, i] }
        }
      }
    }
    let first = layer.initialState(batchSize: 4).tensors.enumerated().map { index, tensor in
      Tensor(SeededGenerator.floats(tensor.count, seed: UInt64(60 + index)), shape: tensor.shape)
    }
    func run(_ batch: SequenceBatch) -> [Tensor] {
      var results: [Tensor] = []
      let (_, gradients) = valueAndGradients(of: Pair(layer: layer, values: batch.values)) { pair in
        var state = pair.layer.initialState(batchSize: 4)
        state.tensors = first
        let output = pair.layer(batch.with(pair.values), state: &state)
        let steps = output.validSteps
        results = [steps.detached] + state.tensors.map(\.detached)
        for (b, row) in output.values.elements.chunks(of: output.values.count / 4).enumerated() {
          let valid = Set(batch.validPositions(row: b))
          for (index, value) in row.enumerated()
          where !valid.contains(index / output.features) && value != 0 {
            Issue.record("an output where no step is", sourceLocation: sourceLocation)
          }
        }
        return ([steps] + state.tensors).reduce(Tensor(0)) { $0 + $1.squared().sum() }
      }
      let inputGradient = gradients["values"].map { batch.with($0).validSteps }
      return results + gradients.tensors.dropLast().compactMap(\.self)
        + [inputGradient].compactMap(\.self)
    }
    let found = run(SequenceBatch(holed, mask: mask))
    let expected = run(SequenceBatch(compact, lengths: lengths))
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (index, (a, b)) in paired(found, expected).enumerated() where !a.isIdentical(to: b) {
      Issue.record("tensor \(index) \(b.shape) has other bits", sourceLocation: sourceLocation)
    }
  }

  private struct Pair<L: Module>: Module {
    var layer: L
    var values: Tensor
    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("layer", &layer)
      visitor.visit("values", &values)
    }
  }

  @Test func holes() {
    checkHoles(minGRU(), inputSize: 3)
    checkHoles(minLSTM(), inputSize: 3)
    checkHoles(indRNN(3, 5, .relu), inputSize: 3)
    checkHoles(sLSTM(), inputSize: 3)
    checkHoles(layerNormLSTM(), inputSize: 3)
    checkHoles(convLSTM(grid: [2, 2], channels: 2, filters: 3, kernelSize: [2, 3]), inputSize: 8)
    checkHoles(Reversed(minGRU()), inputSize: 3)
    checkHoles(Reversed(sLSTM()), inputSize: 3)
  }

  // MARK: What single cells promise

  /// The stabilizer keeps gates in range that no float could hold, and cancels.
  @Test func sLSTMHoldsExtremeGates() {
    for shift: Float in [-300, 300] {
      var layer = sLSTM(3, 5, .exponential)
      let input = SequenceBatch(
        Tensor(SeededGenerator.floats(2 * 9 * 3, seed: 71), shape: [2, 9, 3]))
      let plain = layer(input)
      // e^i of all steps times one factor: c and n grow alike, their quotient does not change.
      layer.cell.weights.bias?.withUnsafeMutableElements { for j in 0..<5 { $0[j] += shift } }
      let shifted = layer(input)
      expectClose(
        shifted.values.elements, shape: [2, 9, 5], to: plain.values.elements, shape: [2, 9, 5],
        within: 2e-4)
    }
  }

  /// Gates that both round to 0 still have a quotient.
  @Test func minLSTMHoldsClosedGates() {
    var layer = minLSTM()
    layer.gates.bias?.withUnsafeMutableElements { for j in 0..<10 { $0[j] -= 200 } }
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(2 * 9 * 3, seed: 72), shape: [2, 9, 3]))
    #expect(layer(input).values.elements.allSatisfy { $0.isFinite })
    #expect(layer(input).values.elements.contains { $0 != 0 })
  }
}

extension Array {
  fileprivate func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
