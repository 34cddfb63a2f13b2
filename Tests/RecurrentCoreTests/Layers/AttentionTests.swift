import Foundation
import Recurrent
import TestSupport
import Testing

/// An attention as a layer over its memory: the query is the state, so that it gets a gradient, and
/// so does the coverage.
private struct Looking<A: Attention>: Layer {
  struct State: LayerState {
    var query: Tensor
    var tensors: [Tensor] {
      get { [query] }
      set { query = newValue[0] }
    }
  }

  var attention: A
  let querySize: Int
  var isCausal: Bool { false }
  var looks: @Sendable (A, Tensor, AttentionMemory) -> Tensor = { $0($1, over: $2).context }

  func initialState(batchSize: Int) -> State { State(query: .zeros([batchSize, querySize])) }

  func forward(_ input: SequenceBatch, state: inout State, mode: Mode) -> Tensor {
    looks(attention, state.query + 0.5, attention.prepare(input))  // not 0 without a state
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    attention.visitParameters(&visitor)
  }
}

/// An attention and all that goes into it.
private struct Inputs<A: Attention>: Module {
  var attention: A
  var queries: Tensor
  var memory: Tensor
  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("attention", &attention)
    visitor.visit("queries", &queries)
    visitor.visit("memory", &memory)
  }
}

@Suite struct AttentionTests {
  /// The context from scores in double precision: `[B, T, M]` and a score for query, step and
  /// coverage; looks `looks` times, with the weights so far as coverage.
  private func twin(
    looks: Int = 1,
    _ score:
      @escaping @Sendable (
        _ parameters: [String: PlainArray], _ query: [Double], _ memory: [Double], _ covered: Double
      ) -> Double
  ) -> LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      let features = input.shape[2]
      let rows = lengths.enumerated().map { b, length -> [Double] in
        let query = (0..<state[0].shape[1]).map { state[0][[b, $0]] + 0.5 }
        let steps = (0..<length).map { t in (0..<features).map { input[[b, t, $0]] } }
        var covered = [Double](repeating: 0, count: length)
        var context = [Double](repeating: 0, count: features)
        for _ in 0..<looks {
          let energies = zip(steps, covered).map { exp(score(parameters, query, $0, $1)) }
          let weights = energies.map { $0 / energies.reduce(0, +) }
          context = (0..<features).map { k in
            zip(steps, weights).reduce(0) { $0 + $1.0[k] * $1.1 }
          }
          covered = zip(covered, weights).map { $0 + $1 }
        }
        return context
      }
      return (PlainArray(rows.flatMap(\.self), shape: [lengths.count, features]), state)
    }
  }

  private static func additiveScore(
    _ parameters: [String: PlainArray], _ query: [Double], _ memory: [Double], _ covered: Double
  ) -> Double {
    guard let w = parameters["query_weights"], let u = parameters["memory_weights"],
      let b = parameters["bias"], let v = parameters["vector"]
    else { preconditionFailure("names \(parameters.keys)") }
    return v.elements.indices.reduce(0.0) { sum, a in
      var pre = b[[a]] + covered * (parameters["coverage_weights"]?[[a]] ?? 0)
      for (i, q) in query.enumerated() { pre += q * w[[i, a]] }
      for (i, m) in memory.enumerated() { pre += m * u[[i, a]] }
      return sum + v[[a]] * tanh(pre)
    }
  }

  private func additive(coverage: Bool) -> AdditiveAttention {
    var generator = RandomGenerator(seed: 71)
    return AdditiveAttention(
      querySize: 4, memorySize: 3, size: 5, coverage: coverage, using: &generator)
  }

  @Test func additive() async throws {
    let attention = additive(coverage: false)
    #expect(
      attention.parameters.map(\.name) == ["query_weights", "memory_weights", "bias", "vector"])
    try await checkLayer(
      Looking(attention: attention, querySize: 4), inputSize: 3, outputSize: 3,
      twin: twin(Self.additiveScore))
  }

  /// Three looks, each with the weights of those before as coverage.
  @Test func coverage() async throws {
    let layer = Looking(attention: additive(coverage: true), querySize: 4) {
      attention, query, memory in
      var coverage = Tensor.zeros([memory.values.batchSize, memory.values.time])
      var context = Tensor.zeros([memory.values.batchSize, 3])
      for _ in 0..<3 {
        let look = attention(query, over: memory, coverage: coverage)
        coverage = coverage + look.weights
        context = look.context
      }
      return context
    }
    try await checkLayer(
      layer, inputSize: 3, outputSize: 3,
      twin: twin(looks: 3, Self.additiveScore))
    // Nothing covered is the same as no coverage.
    let memory = layer.attention.prepare(
      SequenceBatch(Tensor(SeededGenerator.floats(12, seed: 3), shape: [2, 2, 3])))
    let query = Tensor(SeededGenerator.floats(8, seed: 4), shape: [2, 4])
    let first = layer.attention(query, over: memory, coverage: .zeros([2, 2]))
    #expect(first.weights.isIdentical(to: layer.attention(query, over: memory).weights))
  }

  @Test func coverageLossIsTheOverlap() throws {
    let weights = Tensor([0.5, 0.25, 0.25, 0, 1, 0], shape: [2, 3])
    let coverage = Tensor([0.25, 1, 0, 0.5, 1.5, 2], shape: [2, 3])
    #expect(coverageLoss(weights, coverage).value == (0.25 + 0.25 + 1) / 2)
    let (_, gradients) = valueAndGradients(of: weights) { coverageLoss($0, coverage) }
    #expect(try #require(gradients.tensors[0]).elements == [0, 0.5, 0, 0.5, 0.5, 0.5])
  }

  @Test(arguments: MultiplicativeAttention.Score.allCases)
  func multiplicative(_ score: MultiplicativeAttention.Score) async throws {
    var generator = RandomGenerator(seed: 72)
    let attention =
      score == .general
      ? MultiplicativeAttention(querySize: 4, memorySize: 3, using: &generator)
      : MultiplicativeAttention(scaled: score == .scaled)
    #expect(attention.score == score)
    let twin = twin { parameters, query, memory, _ in
      if let w = parameters["weights"] {
        return query.indices.reduce(0.0) { sum, i in
          sum + query[i] * memory.indices.reduce(0.0) { $0 + memory[$1] * w[[$1, i]] }
        }
      }
      return zip(query, memory).reduce(0) { $0 + $1.0 * $1.1 }
        / (score == .scaled ? 3.0.squareRoot() : 1)
    }
    try await checkLayer(
      Looking(attention: attention, querySize: score == .general ? 4 : 3), inputSize: 3,
      outputSize: 3, twin: twin)
  }

  @Test func weightsSumToOneOverValidSteps() {
    let attention = additive(coverage: false)
    let memory = attention.prepare(
      SequenceBatch(
        Tensor(SeededGenerator.floats(3 * 5 * 3, seed: 5), shape: [3, 5, 3]), lengths: [4, 0, 1]))
    let query = Tensor(SeededGenerator.floats(12, seed: 6), shape: [3, 4])
    let (context, weights) = attention(query, over: memory)
    let sum = weights.elements[0..<4].reduce(0, +)
    #expect(abs(sum - 1) < 1e-6)
    #expect(Array(weights.elements[4...]) == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    #expect(Array(context.elements[3..<6]) == [0, 0, 0])
    #expect(context.rows([2]) == memory.values.lastValidSteps.rows([2]))
    // Rows for beams.
    let beams = attention(query.rows([2, 0, 0]), over: memory.rows([2, 0, 0])).context
    #expect(beams.isIdentical(to: context.rows([2, 0, 0])))
  }

  /// Calls `body` with an attention of each kind, for queries of 4 and a memory of 4 features.
  private func eachKind(_ body: (any Attention) throws -> Void) rethrows {
    var generator = RandomGenerator(seed: 73)
    try body(AdditiveAttention(querySize: 4, memorySize: 4, size: 5, using: &generator))
    try body(MultiplicativeAttention())
    try body(MultiplicativeAttention(scaled: true))
    try body(MultiplicativeAttention(querySize: 4, memorySize: 4, using: &generator))
  }

  /// All steps of a decoder at once have the bits of its steps one by one, for ragged rows and for
  /// masks with holes, whatever stands in the padding.
  @Test(arguments: [false, true])
  func queriesInASequence(_ holes: Bool) throws {
    let (yes, no) = (true, false)
    let queryMask = [[yes, yes, yes], [yes, yes, no], holes ? [no, yes, no] : [yes, no, no]]
    let memoryMask = [
      holes ? [yes, no, yes, no, yes] : [yes, yes, yes, yes, no], [no, no, no, no, no],
      holes ? [no, yes, no, yes, no] : [yes, yes, no, no, no],
    ]
    func batch(_ shape: [Int], seed: UInt64, _ mask: [[Bool]]) -> SequenceBatch {
      var values = Tensor(
        SeededGenerator.floats(shape.reduce(1, *), seed: seed), shape: shape)
      values.withUnsafeMutableElements { elements in
        for (place, valid) in mask.joined().enumerated() where !valid {
          for k in 0..<4 { elements[place * 4 + k] = .nan }
        }
      }
      return holes
        ? SequenceBatch(values, mask: mask)
        : SequenceBatch(values, lengths: mask.map { $0.count { $0 } })
    }
    let queries = batch([3, 3, 4], seed: 7, queryMask)
    let looked = batch([3, 5, 4], seed: 5, memoryMask)
    try eachKind { attention in
      func check(_ attention: some Attention) throws {
        let memory = attention.prepare(looked)
        let (contexts, weights) = attention(queries, over: memory)
        #expect(contexts.lengths == queries.lengths && weights.shape == [3, 3, 5])
        for step in 0..<3 {
          let query = queries.values.slice(step..<step + 1, along: 1).reshaped(to: [3, 4])
          for row in 0..<3 {
            let found = contexts.values.slice(step..<step + 1, along: 1).rows([row])
              .reshaped(to: [1, 4])
            let share = weights.slice(step..<step + 1, along: 1).rows([row]).reshaped(to: [1, 5])
            guard queries.validPositions(row: row).contains(step) else {
              #expect(found.elements == [0, 0, 0, 0] && share.elements == [0, 0, 0, 0, 0])
              continue
            }
            let look = attention(query.rows([row]), over: memory.rows([row]))
            #expect(found.isIdentical(to: look.context), "row \(row), step \(step)")
            #expect(share.isIdentical(to: look.weights), "row \(row), step \(step)")
            #expect((found.elements == [0, 0, 0, 0]) == (row == 1))
          }
        }
        try checkGradients(attention, queries, looked)
      }
      try check(attention)
    }
  }

  /// Of parameters, queries and memory, beside those of looks one by one; 0 in the padding.
  private func checkGradients(
    _ attention: some Attention, _ queries: SequenceBatch, _ looked: SequenceBatch
  ) throws {
    let inputs = Inputs(attention: attention, queries: queries.values, memory: looked.values)
    let factor = Tensor(SeededGenerator.floats(36, seed: 12), shape: [3, 3, 4])
    let (value, found) = valueAndGradients(of: inputs) { inputs in
      let memory = inputs.attention.prepare(looked.with(inputs.memory))
      let (contexts, weights) = inputs.attention(queries.with(inputs.queries), over: memory)
      return (contexts.values * factor).sum() + weights.squared().sum()
    }
    let (expectedValue, expected) = valueAndGradients(of: inputs) { inputs in
      let memory = inputs.attention.prepare(looked.with(inputs.memory))
      var sum = Tensor(0)
      for row in 0..<3 {
        for step in queries.validPositions(row: row) {
          let query = inputs.queries.rows([row]).slice(step..<step + 1, along: 1)
          let look = inputs.attention(query.reshaped(to: [1, 4]), over: memory.rows([row]))
          let own = factor.rows([row]).slice(step..<step + 1, along: 1).reshaped(to: [1, 4])
          sum = sum + (look.context * own).sum() + look.weights.squared().sum()
        }
      }
      return sum
    }
    #expect(abs(value - expectedValue) < 1e-5)
    for (name, (a, b)) in paired(found.names, paired(found.tensors, expected.tensors)) {
      let (a, b) = (try #require(a, "\(name)"), try #require(b, "\(name)"))
      expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 5e-6, name)
      #expect(a.elements.contains { $0 != 0 })
    }
  }
}
