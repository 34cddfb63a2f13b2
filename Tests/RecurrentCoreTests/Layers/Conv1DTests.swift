import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct Conv1DTests {
  /// The convolution of one row, step by step in double precision: `before` are the inputs in front
  /// of it, zeros where there are none.
  static func convolve(
    _ x: [[Double]], before: [[Double]], _ weights: PlainArray, _ bias: PlainArray?, stride: Int,
    dilation: Int, left: Int, outputs: Int
  ) -> [[Double]] {
    (0..<outputs).map { o in
      (0..<weights.shape[2]).map { channel in
        var sum = bias?[[channel]] ?? 0
        for k in 0..<weights.shape[0] {
          let t = o * stride + k * dilation - left
          for i in 0..<weights.shape[1] {
            let value: Double
            if x.indices.contains(t) {
              value = x[t][i]
            } else {
              let early = before.count + t
              value = t < 0 && before.indices.contains(early) ? before[early][i] : 0
            }
            sum += value * weights[[k, i, channel]]
          }
        }
        return sum
      }
    }
  }

  /// Rows of the first `lengths` steps.
  static func rows(_ input: PlainArray, _ lengths: [Int]) -> [[[Double]]] {
    lengths.enumerated().map { b, n in
      (0..<n).map { t in (0..<input.shape[2]).map { input[[b, t, $0]] } }
    }
  }

  static func padded(_ rows: [[[Double]]], time: Int, features: Int) -> PlainArray {
    PlainArray(shape: [rows.count, time, features]) {
      $0[1] < rows[$0[0]].count ? rows[$0[0]][$0[1]][$0[2]] : 0
    }
  }

  private func layer(
    _ kernel: Int, stride: Int = 1, dilation: Int = 1, _ padding: Conv1D.Padding,
    bias: Bool = true
  ) -> Conv1D {
    var generator = RandomGenerator(seed: 31)
    return Conv1D(
      inputSize: 3, outputSize: 4, kernelSize: kernel, stride: stride, dilation: dilation,
      padding: padding, bias: bias, using: &generator)
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 1), (3, 2), (4, 3)])
  func causal(_ kernel: Int, _ dilation: Int) async throws {
    let reach = (kernel - 1) * dilation
    let twin = LayerTwin { parameters, input, lengths, state in
      guard let weights = parameters["weights"] else { preconditionFailure("no weights") }
      let rows = Self.rows(input, lengths)
      let before = Self.rows(state[0], lengths.map { _ in reach })
      let output = zip(rows, before).map { x, before in
        Self.convolve(
          x, before: before, weights, parameters["bias"], stride: 1, dilation: dilation,
          left: reach, outputs: x.count)
      }
      let after = zip(before, rows).map { Array(($0 + $1).suffix(reach)) }
      return (
        Self.padded(output, time: input.shape[1], features: 4),
        [Self.padded(after, time: reach, features: 3)]
      )
    }
    try await checkLayer(
      layer(kernel, dilation: dilation, .causal, bias: kernel != 2), inputSize: 3, outputSize: 4,
      twin: twin)
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 1), (4, 2)])
  func same(_ kernel: Int, _ dilation: Int) async throws {
    let reach = (kernel - 1) * dilation
    let twin = LayerTwin { parameters, input, lengths, _ in
      guard let weights = parameters["weights"] else { preconditionFailure("no weights") }
      let output = Self.rows(input, lengths).map { x in
        Self.convolve(
          x, before: [], weights, parameters["bias"], stride: 1, dilation: dilation,
          left: reach / 2, outputs: x.count)
      }
      return (Self.padded(output, time: input.shape[1], features: 4), [])
    }
    try await checkLayer(
      layer(kernel, dilation: dilation, .same), inputSize: 3, outputSize: 4,
      twin: twin)
  }

  struct Strided: Sendable {
    let kernel: Int
    let stride: Int
    let dilation: Int
    let padding: Conv1D.Padding
    /// Output steps of rows with 7, 0, 4, 1, 2 steps, counted by hand.
    let lengths: [Int]
  }

  static let paddings: [Conv1D.Padding] = [
    .same, .causal, .valid, .explicit(left: 2, right: 1),
  ]

  private static let strided = [
    Strided(kernel: 3, stride: 2, dilation: 1, padding: .same, lengths: [4, 0, 2, 1, 1]),
    Strided(kernel: 2, stride: 3, dilation: 2, padding: .same, lengths: [3, 0, 2, 1, 1]),
    Strided(kernel: 3, stride: 2, dilation: 1, padding: .causal, lengths: [4, 0, 2, 1, 1]),
    Strided(kernel: 3, stride: 1, dilation: 1, padding: .valid, lengths: [5, 0, 2, 0, 0]),
    Strided(kernel: 2, stride: 2, dilation: 2, padding: .valid, lengths: [3, 0, 1, 0, 0]),
    Strided(kernel: 1, stride: 3, dilation: 1, padding: .valid, lengths: [3, 0, 2, 1, 1]),
    Strided(
      kernel: 3, stride: 2, dilation: 1, padding: .explicit(left: 2, right: 1),
      lengths: [4, 0, 3, 1, 2]),
    Strided(
      kernel: 2, stride: 1, dilation: 3, padding: .explicit(left: 0, right: 1),
      lengths: [5, 0, 2, 0, 0]),
  ]

  struct Problem: Module {
    var input: Tensor
    var layer: Conv1D

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("input", &input)
      visitor.visit("", &layer)
    }
  }

  @Test(arguments: strided.indices)
  func otherOutputLengths(_ index: Int) throws {
    let test = Self.strided[index]
    let layer = layer(
      test.kernel, stride: test.stride, dilation: test.dilation, test.padding)
    let lengths = [7, 0, 4, 1, 2]
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(5 * 7 * 3, seed: 32), shape: [5, 7, 3]), lengths: lengths)
    let output = layer(input)
    #expect(output.lengths == test.lengths && lengths.map(layer.outputLength) == test.lengths)
    #expect(output.values.shape == [5, test.lengths[0], 4])

    let reach = (test.kernel - 1) * test.dilation
    func twin(_ flat: [Double]) -> PlainArray {
      let weights = PlainArray(
        Array(flat[105..<105 + test.kernel * 12]), shape: [test.kernel, 3, 4])
      let bias = PlainArray(Array(flat.suffix(4)), shape: [4])
      let x = Self.rows(PlainArray(Array(flat[..<105]), shape: [5, 7, 3]), lengths)
      let rows = zip(x, test.lengths).map { x, outputs in
        let left =
          switch test.padding {
          case .same: max(0, (outputs - 1) * test.stride + reach + 1 - x.count) / 2
          case .causal: reach
          case .valid: 0
          case .explicit(let left, _): left
          }
        return Self.convolve(
          x, before: [], weights, bias, stride: test.stride, dilation: test.dilation, left: left,
          outputs: outputs)
      }
      return Self.padded(rows, time: test.lengths[0], features: 4)
    }
    let problem = Problem(input: input.values, layer: layer)
    let point = problem.parameters.flatMap { $0.tensor.elements.map(Double.init) }
    let expected = twin(point)
    expectClose(
      output.values.elements.map(Double.init), shape: output.values.shape, to: expected.elements,
      shape: expected.shape, within: 1e-6)
    let cotangent = Tensor(
      SeededGenerator.floats(output.values.count, seed: 33), shape: output.values.shape)
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      (problem.layer(input.with(problem.input)).values * cotangent).sum()
    }
    var slopes = finiteDifferenceGradient(at: point) { flat in
      zip(twin(flat).elements, cotangent.elements).reduce(0) { $0 + $1.0 * Double($1.1) }
    }[...]
    for (name, gradient) in paired(gradients.names, gradients.tensors) {
      let gradient = try #require(gradient)
      let slope = Array(slopes.prefix(gradient.count))
      slopes = slopes.dropFirst(gradient.count)
      expectClose(
        gradient.elements.map(Double.init), shape: gradient.shape, to: slope,
        shape: gradient.shape, within: 1e-5, name)
    }
    // A row alone, without its padding, whatever stands there.
    for row in lengths.indices where lengths[row] > 0 {
      let alone = layer(input.rows([row]).steps(0..<lengths[row]))
      let part = output.values.rows([row]).slice(0..<test.lengths[row], along: 1)
      #expect(alone.values.isIdentical(to: part), "row \(row)")
    }
    var poisoned = input.values
    poisoned.withUnsafeMutableElements { elements in
      for (row, length) in lengths.enumerated() {
        for place in (row * 7 + length) * 3..<(row + 1) * 21 { elements[place] = .nan }
      }
    }
    #expect(layer(input.with(poisoned)).values.isIdentical(to: output.values))
  }

  /// As many outputs as inputs, whatever stands around a row.
  @Test(arguments: PaddingMode.allCases, [(1, 1), (1, 3)])
  func explicit(_ mode: PaddingMode, _ added: (Int, Int)) async throws {
    var generator = RandomGenerator(seed: 35)
    let layer = Conv1D(
      inputSize: 3, outputSize: 4, kernelSize: 3, dilation: (added.0 + added.1) / 2,
      padding: .explicit(left: added.0, right: added.1), paddingMode: mode, using: &generator)
    #expect(!layer.isCausal)
    try await checkLayer(layer, inputSize: 3, outputSize: 4)
  }

  /// All that is added stands in front: the causal convolution by another name. With other steps
  /// than zeros in front it sees later ones.
  @Test func explicitlyCausal() async throws {
    var generator = RandomGenerator(seed: 36)
    let layer = Conv1D(
      inputSize: 3, outputSize: 4, kernelSize: 3, dilation: 2,
      padding: .explicit(left: 4, right: 0), using: &generator)
    #expect(layer.isCausal && ModelStream(layer, inputSize: 3).isLaidOut)
    let causal = Conv1D(weights: layer.weights, bias: layer.bias, dilation: 2, padding: .causal)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(36, seed: 37), shape: [2, 6, 3]), lengths: [6, 4])
    #expect(layer(input).values.isIdentical(to: causal(input).values))
    try await checkLayer(layer, inputSize: 3, outputSize: 4)
    for mode in [PaddingMode.reflect, .edge] {
      #expect(
        !Conv1D(
          weights: layer.weights, bias: nil, dilation: 2, padding: .causal, paddingMode: mode
        ).isCausal)
    }
  }

  /// A row too short for what is put around it is reflected again, as NumPy's `pad` does.
  @Test func shortRowsAreReflectedAgain() {
    let layer = Conv1D(
      weights: Tensor([1], shape: [1, 1, 1]), bias: nil, padding: .explicit(left: 3, right: 2),
      paddingMode: .reflect)
    let output = layer(
      SequenceBatch(rows: [[[1], [2], [3]], [[4], [5]], [[6]], []]))
    #expect(output.lengths == [8, 7, 6, 0])
    #expect(
      output.validSteps.elements == [
        2, 3, 2, 1, 2, 3, 2, 1, 5, 4, 5, 4, 5, 4, 5, 6, 6, 6, 6, 6, 6,
      ])
  }

  @Test func startsAsPyTorchAndKerasDo() throws {
    var generator = RandomGenerator(seed: 34)
    for initialization in Initialization.allCases {
      let variance = initialization == .pytorch ? 1.0 / 60 : 6.0 / (5 * 42)
      let limit = variance.squareRoot()
      let layer = Conv1D(
        inputSize: 12, outputSize: 30, kernelSize: 5, initialization: initialization,
        using: &generator)
      let largest = Double(layer.weights.elements.map(abs).max() ?? 0)
      #expect(largest <= limit * 1.000_001 && largest > 0.99 * limit)
      let bias = Double(try #require(layer.bias).elements.map(abs).max() ?? 0)
      #expect(initialization == .keras ? bias == 0 : bias > 0.8 * limit && bias <= limit)
    }
  }
}
