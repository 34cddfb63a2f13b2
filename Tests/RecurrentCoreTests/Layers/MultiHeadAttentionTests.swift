import Foundation
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct MultiHeadAttentionTests {
  /// (17·i mod 29 - 14) / 20, as in the program that made the references.
  private static func numbers(_ shape: [Int], times factor: Float = 1) -> StoredTensor {
    StoredTensor(
      shape: shape,
      values: (0..<shape.reduce(1, *)).map { place -> Float in
        factor * Float(17 * place % 29 - 14) / 20
      })
  }

  private static func tensor(_ shape: [Int], times factor: Float = 1) -> Tensor {
    Tensor(numbers(shape, times: factor).values, shape: shape)
  }

  private static let together: [(name: String, tensor: StoredTensor)] = [
    ("a.in_proj_weight", numbers([12, 4])), ("a.in_proj_bias", numbers([12], times: 0.5)),
    ("a.out_proj.weight", numbers([4, 4])), ("a.out_proj.bias", numbers([4])),
  ]

  /// `nn.MultiheadAttention(4, 2, batch_first=True)` of PyTorch 2.13, of which the second row's memory has two steps.
  @Test func givesWhatPyTorchGives() throws {
    var weights = PyTorchWeights(Self.together, source: "memory.pt")
    let attention = try weights.multiHeadAttention("a", heads: 2)
    try weights.finish()
    let (output, shares) = attention(
      SequenceBatch(Self.tensor([2, 3, 4])),
      over: SequenceBatch(Self.tensor([2, 5, 4], times: -1.5), lengths: [5, 2]))
    let wanted: [Float] = [
      -1.1575732, -0.5673805, 0.1788234, -0.0012853, -1.3044853, -0.5753905, 0.2158297, -0.1560573,
      -1.1971636, -0.2267957, 0.0207153, -0.065477, -0.9573714, -0.3445136, 0.0672637, 0.1856132,
      -1.3161434, -0.5325743, 0.2182907, -0.2001611, -1.0660477, 0.0754599, -0.1572865, 0.0120743,
    ]
    expectClose(
      output.values.elements, shape: [2, 3, 4], to: wanted, shape: [2, 3, 4], within: 1e-6)
    let counted: [Float] = [
      0.2742789, 0.1461723, 0.1479326, 0.281992, 0.1496243, 0.2461267, 0.2027109, 0.1073651,
      0.2437297, 0.2000676, 0.1469882, 0.2510469, 0.2040837, 0.1466146, 0.2512665, 0.3306514,
      0.6693486, 0, 0, 0, 0.3077056, 0.6922944, 0, 0, 0, 0.572068, 0.427932, 0, 0, 0,
    ]
    expectClose(shares.elements, shape: [2, 3, 5], to: counted, shape: [2, 3, 5], within: 1e-6)
  }

  /// `nn.MultiheadAttention(4, 1, kdim=3, vdim=3, bias=False, batch_first=True)`: weights by themselves.
  @Test func memoriesOfAnotherSize() throws {
    var weights = PyTorchWeights(
      [
        ("q_proj_weight", Self.numbers([4, 4])), ("k_proj_weight", Self.numbers([4, 3])),
        ("v_proj_weight", Self.numbers([4, 3], times: -1)),
        ("out_proj.weight", Self.numbers([4, 4])),
      ], source: "memory.pt")
    let attention = try weights.multiHeadAttention("", heads: 1)
    try weights.finish()
    let output = attention(
      SequenceBatch(Self.tensor([2, 3, 4])), over: SequenceBatch(Self.tensor([2, 5, 3]))
    ).output
    let wanted: [Float] = [
      0.1477579, 0.3706336, -0.1029236, 0.1405379, 0.0525582, 0.0485945, -0.0385028, 0.046054,
      0.0483075, 0.0013672, -0.0356263, 0.0418352, 0.018239, 0.1752087, -0.0122523, 0.0182887,
      -0.0460122, -0.0916857, 0.0313032, -0.0453185, -0.0460472, -0.1266783, 0.0316976, -0.0445822,
    ]
    expectClose(
      output.values.elements, shape: [2, 3, 4], to: wanted, shape: [2, 3, 4], within: 1e-6)
  }

  /// In double precision, one product after the other.
  private static let twin = LayerTwin { parameters, input, lengths, state in
    func dense(_ name: String, _ x: [Double]) -> [Double] {
      guard let weights = parameters[name + ".weights"] else { preconditionFailure(name) }
      return (0..<weights.shape[1]).map { o in
        x.indices.reduce(parameters[name + ".bias"]?[[o]] ?? 0) { $0 + x[$1] * weights[[$1, o]] }
      }
    }
    func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var output = [Double](repeating: 0, count: lengths.count * input.shape[1] * 5)
    for (row, length) in lengths.enumerated() {
      let steps = (0..<length).map { t in (0..<3).map { input[[row, t, $0]] } }
      let (q, k) = (steps.map { dense("query", $0) }, steps.map { dense("key", $0) })
      let v = steps.map { dense("value", $0) }
      for t in 0..<length {
        let found = (0..<2).flatMap { head -> [Double] in
          let own = head * 2..<head * 2 + 2
          let shares = k.map { exp(dot(q[t][own], $0[own]) / 2.0.squareRoot()) }
          return (head * 3..<head * 3 + 3).map { o in
            zip(shares, v).reduce(0) { $0 + $1.0 * $1.1[o] } / shares.reduce(0, +)
          }
        }
        for (o, value) in dense("output", found).enumerated() {
          output[(row * input.shape[1] + t) * 5 + o] = value
        }
      }
    }
    return (PlainArray(output, shape: [lengths.count, input.shape[1], 5]), state)
  }

  @Test func aSequenceAtItself() async throws {
    var generator = RandomGenerator(seed: 7)
    let layer = MultiHeadAttention(
      query: Dense(inputSize: 3, outputSize: 4, using: &generator),
      // A bias of the keys adds the same to all scores of a query, which leaves the shares as they are.
      key: Dense(inputSize: 3, outputSize: 4, bias: false, using: &generator),
      value: Dense(inputSize: 3, outputSize: 6, using: &generator),
      output: Dense(inputSize: 6, outputSize: 5, using: &generator), heads: 2)
    try await checkLayer(layer, inputSize: 3, outputSize: 5, twin: Self.twin)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    var three = PyTorchWeights(Self.together, source: "memory.pt")
    #expect(
      try dataError { _ = try three.multiHeadAttention("a", heads: 3) }.problem
        == "has 4 features, which 3 heads do not share equally")
    var more = PyTorchWeights(
      Self.together + [("a.bias_k", Self.numbers([1, 1, 4]))], source: "memory.pt")
    #expect(
      try dataError { _ = try more.multiHeadAttention("a", heads: 2) }.problem
        .hasPrefix("does not belong to an nn.MultiheadAttention"))
  }
}
