import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// A decoder as a layer: its memory is a part of the state, so that every row has one of its own and
/// gets its gradient.
private struct Writing: Layer {
  struct State: LayerState {
    var decoder: AttentionDecoder.State
    var memory: Tensor
    var tensors: [Tensor] {
      get { decoder.tensors + [memory] }
      set { (decoder.tensors, memory) = (Array(newValue[..<3]), newValue[3]) }
    }
  }

  static let (memoryTime, memorySize) = (3, 2)
  var decoder: AttentionDecoder

  func initialState(batchSize: Int) -> State {
    State(
      decoder: decoder.initialState(batchSize: batchSize),
      memory: .zeros([batchSize, Self.memoryTime, Self.memorySize]))
  }

  func forward(_ input: SequenceBatch, state: inout State, mode: Mode) -> SequenceBatch {
    let memory = decoder.prepare(SequenceBatch(state.memory))
    return decoder(input, state: &state.decoder, over: memory).output
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    decoder.visitParameters(&visitor)
  }
}

@Suite struct AttentionDecoderTests {
  private static func decoder(_ kind: AttentionDecoder.AttentionKind) -> AttentionDecoder {
    var generator = RandomGenerator(seed: 31)
    var decoder = AttentionDecoder(
      inputSize: 4, hiddenSize: 5, memorySize: Writing.memorySize, outputSize: 3, attention: kind,
      using: &generator)
    if kind == .additive {
      // Another size than that of the units.
      decoder.attention = .additive(
        AdditiveAttention(
          querySize: 5, memorySize: Writing.memorySize, size: 7, using: &generator))
    }
    return decoder
  }

  /// The equations, one row and one step at a time, in double precision.
  private static let twin = LayerTwin { parameters, input, lengths, state in
    guard let w = parameters["input_weights"], let r = parameters["recurrent_weights"],
      let b = parameters["bias"], let c = parameters["combination.weights"],
      let d = parameters["combination.bias"]
    else { preconditionFailure("names \(parameters.keys)") }
    func product(_ x: [Double], _ w: PlainArray) -> [Double] {
      (0..<w.shape[1]).map { n in x.indices.reduce(0.0) { $0 + x[$1] * w[[$1, n]] } }
    }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let (units, width) = (state[0].shape[1], state[2].shape[1])
    var output = PlainArray(shape: [lengths.count, input.shape[1], width]) { _ in 0 }
    var final = state
    for (row, length) in lengths.enumerated() {
      var h = (0..<units).map { state[0][[row, $0]] }
      var cell = (0..<units).map { state[1][[row, $0]] }
      var a = (0..<width).map { state[2][[row, $0]] }
      let memory = (0..<state[3].shape[1]).map { t in
        (0..<state[3].shape[2]).map { state[3][[row, t, $0]] }
      }
      for t in 0..<length {
        let x = (0..<input.shape[2]).map { input[[row, t, $0]] }
        let sums = zip(product(x, w), product(a + h, r)).enumerated().map {
          $1.0 + $1.1 + b[[$0]]
        }
        for j in 0..<units {
          let (i, f) = (sigmoid(sums[j]), sigmoid(sums[units + j]))
          cell[j] = f * cell[j] + i * tanh(sums[2 * units + j])
          h[j] = sigmoid(sums[3 * units + j]) * tanh(cell[j])
        }
        func score(_ step: [Double]) -> Double {
          if let u = parameters["attention.weights"] {
            return zip(product(step, u), h).reduce(0) { $0 + $1.0 * $1.1 }
          }
          guard let w = parameters["attention.query_weights"],
            let u = parameters["attention.memory_weights"],
            let b = parameters["attention.bias"], let v = parameters["attention.vector"]
          else { preconditionFailure("names \(parameters.keys)") }
          return zip(product(h, w), product(step, u)).enumerated().reduce(0) { sum, place in
            sum + v[[place.offset]] * tanh(place.element.0 + place.element.1 + b[[place.offset]])
          }
        }
        let energies = memory.map { exp(score($0)) }
        let context = memory[0].indices.map { k in
          zip(memory, energies).reduce(0) { $0 + $1.0[k] * $1.1 } / energies.reduce(0, +)
        }
        a = product(context + h, c).enumerated().map { tanh($1 + d[[$0]]) }
        for k in 0..<width {
          output.elements[(row * input.shape[1] + t) * width + k] = a[k]
        }
      }
      for (index, values) in [h, cell, a].enumerated() {
        final[index].elements.replaceSubrange(
          row * values.count..<(row + 1) * values.count, with: values)
      }
    }
    return (output, final)
  }

  /// Shapes, states, chunks, rows, threads, padding, and the gradients of all that goes in.
  @Test(arguments: cases(AttentionDecoder.AttentionKind.allCases))
  func isALayer(_ kind: AttentionDecoder.AttentionKind) async throws {
    let decoder = Self.decoder(kind)
    let attention =
      kind == .multiplicative
      ? ["weights"] : ["query_weights", "memory_weights", "bias", "vector"]
    #expect(
      decoder.parameters.map(\.name) == ["input_weights", "recurrent_weights", "bias"]
        + attention.map { "attention." + $0 } + ["combination.weights", "combination.bias"])
    try await checkLayer(
      Writing(decoder: decoder), inputSize: 4, outputSize: 3, twin: Self.twin)
  }

  private static func memory(_ decoder: AttentionDecoder, padding: Float = 0) -> AttentionMemory {
    var values = Tensor(SeededGenerator.floats(3 * 4 * 2, seed: 8), shape: [3, 4, 2])
    let lengths = [2, 0, 4]
    values.withUnsafeMutableElements { values in
      for (row, length) in lengths.enumerated() {
        for place in (row * 4 + length) * 2..<(row + 1) * 8 { values[place] = padding }
      }
    }
    return decoder.prepare(SequenceBatch(values, lengths: lengths))
  }

  private static let input = SequenceBatch(
    Tensor(SeededGenerator.floats(3 * 5 * 4, seed: 9), shape: [3, 5, 4]), lengths: [3, 5, 1])

  private static func outputAndGradients(
    _ kind: AttentionDecoder.AttentionKind, _ padding: Float
  ) -> [Tensor] {
    let decoder = Self.decoder(kind)
    var found: [Tensor] = []
    let (_, gradients) = valueAndGradients(of: decoder) { decoder in
      var state = decoder.initialState(batchSize: 3)
      let (output, weights) = decoder(input, state: &state, over: memory(decoder, padding: padding))
      found = ([output.values, weights] + state.tensors).map(\.detached)
      return (output.values * output.values).sum() + state.cell.sum()
    }
    return found + gradients.tensors.map { $0 ?? Tensor(.nan) }
  }

  /// What stands in the memory's padding does not matter, on the way back neither; weights sum to 1
  /// over the steps that there are.
  @Test(arguments: cases(AttentionDecoder.AttentionKind.allCases))
  func memoryPaddingDoesNotMatter(_ kind: AttentionDecoder.AttentionKind) {
    let expected = Self.outputAndGradients(kind, 0)
    for (found, expected) in paired(Self.outputAndGradients(kind, .nan), expected) {
      #expect(found.isIdentical(to: expected))
    }
    let weights = expected[1]
    for row in 0..<3 {
      for step in 0..<5 {
        let sum = (0..<4).reduce(Float(0)) { $0 + weights[row, step, $1] }
        let looks = step < Self.input.lengths[row] && row != 1
        #expect(abs(sum - (looks ? 1 : 0)) < 1e-6)
        if row == 0 { #expect(weights[row, step, 2] == 0 && weights[row, step, 3] == 0) }
      }
    }
  }

  /// Rows that share a memory give what rows with copies of it give.
  @Test(arguments: cases(AttentionDecoder.AttentionKind.allCases))
  func rowsShareAMemory(_ kind: AttentionDecoder.AttentionKind) {
    let decoder = Self.decoder(kind)
    let memory = Self.memory(decoder)
    let rows = [2, 0, 2]
    func run(_ memory: AttentionMemory, _ memoryRows: [Int]?) -> [Tensor] {
      var state = decoder.initialState(batchSize: 3)
      let (output, weights) = decoder(
        Self.input, state: &state, over: memory, memoryRows: memoryRows)
      return [output.values, weights] + state.tensors
    }
    for (shared, copied) in paired(run(memory, rows), run(memory.rows(rows), nil)) {
      #expect(shared.isIdentical(to: copied))
    }
  }

  /// Attention for queries of another size, which would read beside its weights.
  @Test func otherSizesTrap() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var generator = RandomGenerator(seed: 1)
      var decoder = AttentionDecoder(
        inputSize: 4, hiddenSize: 5, memorySize: 2, outputSize: 3, attention: .additive,
        using: &generator)
      decoder.attention = .additive(
        AdditiveAttention(querySize: 9, memorySize: 2, size: 7, using: &generator))
      var state = decoder.initialState(batchSize: 1)
      _ = decoder(
        SequenceBatch(.zeros([1, 2, 4])), state: &state,
        over: decoder.prepare(SequenceBatch(.zeros([1, 3, 2]))))
    }
    expectMessage("additive attention for queries of as many, without coverage", of: result)
  }
}
