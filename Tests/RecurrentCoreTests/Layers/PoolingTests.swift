import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct PoolingTests {
  /// A twin from each row's valid steps, each with its features, to the row's output.
  private func twin(
    _ size: Int,
    _ pool: @escaping @Sendable (_ parameters: [String: PlainArray], [[Double]]) -> [Double]
  ) -> LayerTwin {
    LayerTwin { parameters, input, lengths, _ in
      let rows = lengths.enumerated().map { row, length in
        let steps = (0..<length).map { t in
          (0..<input.shape[2]).map { input[[row, t, $0]] }
        }
        return steps.isEmpty ? [Double](repeating: 0, count: size) : pool(parameters, steps)
      }
      return (PlainArray(rows.flatMap(\.self), shape: [lengths.count, size]), [])
    }
  }

  @Test func mean() async throws {
    try await checkLayer(
      MeanOverTime(), inputSize: 3, outputSize: 3,
      twin: twin(3) { _, steps in
        (0..<3).map { k in steps.reduce(0) { $0 + $1[k] } / Double(steps.count) }
      })
  }

  @Test func maximum() async throws {
    try await checkLayer(
      MaxOverTime(), inputSize: 3, outputSize: 3,
      twin: twin(3) { _, steps in (0..<3).map { k in steps.map { $0[k] }.max() ?? 0 } })
  }

  @Test func maximumOfTiesAndNaN() throws {
    let tied = SequenceBatch(Tensor([1, 2, 2, 2, 9, 9], shape: [1, 6, 1]), lengths: [4])
    let (value, gradients) = valueAndGradients(of: tied.values) {
      MaxOverTime()(tied.with($0)).sum()
    }
    #expect(value == 2)
    #expect(try #require(gradients.tensors[0]).elements == [0, 1, 0, 0, 0, 0])
    for values in [[Float.nan, 3, 1], [1, .nan, 3], [1, 3, .nan]] {
      #expect(MaxOverTime()(SequenceBatch(Tensor(values, shape: [1, 3, 1]))).value.isNaN)
    }
    let below = SequenceBatch(Tensor([-5, -4, 0], shape: [1, 3, 1]), lengths: [2])
    #expect(MaxOverTime()(below).value == -4)
  }

  @Test func attention() async throws {
    var generator = RandomGenerator(seed: 9)
    let layer = AttentionPooling(inputSize: 3, attentionSize: 4, using: &generator)
    #expect(layer.parameters.map(\.name) == ["projection.weights", "projection.bias", "query"])
    try await checkLayer(
      layer, inputSize: 3, outputSize: 3,
      twin: twin(3) { parameters, steps in
        guard let w = parameters["projection.weights"], let b = parameters["projection.bias"],
          let v = parameters["query"]
        else { preconditionFailure("names \(parameters.keys)") }
        let energies = steps.map { x in
          exp(
            (0..<4).reduce(0.0) { sum, a in
              let pre = (0..<3).reduce(b[[a]]) { $0 + x[$1] * w[[$1, a]] }
              return sum + v[[a]] * tanh(pre)
            })
        }
        let total = energies.reduce(0, +)
        return (0..<3).map { k in
          zip(steps, energies).reduce(0) { $0 + $1.0[k] * $1.1 / total }
        }
      })
    let batch = SequenceBatch(
      Tensor(SeededGenerator.floats(3 * 5 * 3, seed: 2), shape: [3, 5, 3]), lengths: [4, 0, 1])
    let weights = layer.weights(over: batch)
    #expect(weights.shape == [3, 5])
    let sum = weights.elements[0..<4].reduce(0, +)
    #expect(abs(sum - 1) < 1e-6)
    #expect(weights.elements[0..<4].allSatisfy { $0 > 0.05 })
    #expect(Array(weights.elements[4..<15]) == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
  }
}
