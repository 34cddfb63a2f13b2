import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct MogrifierTests {
  private func layer(
    _ inputSize: Int, _ hiddenSize: Int, rounds: Int, rank: Int? = nil, bias: Bool = true
  ) -> MogrifierLSTM {
    var generator = RandomGenerator(seed: 11)
    return MogrifierLSTM(
      inputSize: inputSize, hiddenSize: hiddenSize, rounds: rounds, rank: rank, bias: bias,
      using: &generator)
  }

  /// Plain loops in double precision.
  static let twin = LayerTwin.cell { parameters, x, state in
    func product(_ x: [Double], _ name: String) -> [Double]? {
      guard let weights = parameters[name] else { return nil }
      let width = weights.shape[1]
      return (0..<width).map { j in
        x.indices.reduce(0) { $0 + x[$1] * weights.elements[$1 * width + j] }
      }
    }
    var values = [x, state[0]]
    var round = 0
    while var sums = product(values[1 - round % 2], "rounds.\(round).weights") {
      sums = product(sums, "rounds.\(round).expansion") ?? sums
      values[round % 2] = zip(values[round % 2], sums).map { $0 * 2 / (1 + exp(-$1)) }
      round += 1
    }
    guard let wx = product(values[0], "input_weights"),
      let uh = product(values[1], "recurrent_weights")
    else { return }
    let units = state[0].count
    for j in 0..<units {
      func sum(_ gate: Int) -> Double {
        let at = gate * units + j
        return wx[at] + uh[at] + (parameters["bias"]?.elements[at] ?? 0)
          + (parameters["recurrent_bias"]?.elements[at] ?? 0)
      }
      func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
      state[1][j] = sigmoid(sum(1)) * state[1][j] + sigmoid(sum(0)) * tanh(sum(2))
      state[0][j] = sigmoid(sum(3)) * tanh(state[1][j])
    }
  }

  /// That of a stack, for which differences of floats are too coarse; nil for other kinds.
  static func twin(ofStackOf kind: CellKind, isBidirectional: Bool = false) -> LayerTwin? {
    guard kind == .mogrifier else { return nil }
    let layer = isBidirectional ? twin.bidirectional(twin) : twin
    let count = isBidirectional ? 4 : 2
    return LayerTwin { parameters, input, lengths, state in
      var (values, final) = (input, [PlainArray]())
      for (index, first) in stride(from: 0, to: state.count, by: count).enumerated() {
        let prefix = "\(index)."
        let own = parameters.filter { $0.key.hasPrefix(prefix) }.map {
          (String($0.key.dropFirst(prefix.count)), $0.value)
        }
        let result = layer.function(
          Dictionary(uniqueKeysWithValues: own), values, lengths,
          Array(state[first..<first + count]))
        values = result.output
        final += result.state
      }
      return (values, final)
    }
  }

  @Test(arguments: [0, 1, 2, 3, 5])
  func rounds(_ rounds: Int) async throws {
    try await checkLayer(
      layer(3, 5, rounds: rounds), inputSize: 3, outputSize: 5, twin: Self.twin)
  }

  @Test(arguments: cases([8, 1, 17]))
  func otherSizes(_ hiddenSize: Int) async throws {
    try await checkLayer(
      layer(2, hiddenSize, rounds: 4, bias: hiddenSize != 8), inputSize: 2, outputSize: hiddenSize,
      twin: Self.twin)
  }

  @Test(arguments: [1, 3])
  func lowRank(_ rank: Int) async throws {
    try await checkLayer(
      layer(4, 5, rounds: 4, rank: rank), inputSize: 4, outputSize: 5, twin: Self.twin)
  }

  @Test func withoutRoundsItIsAnLSTM() {
    let mogrifier = layer(7, 20, rounds: 0)
    let lstm = LSTM(weights: mogrifier.weights)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(9 * 11 * 7, seed: 1), shape: [9, 11, 7]),
      lengths: [11, 3, 0, 5, 11, 2, 7, 9, 1])
    #expect(mogrifier(input).values.isIdentical(to: lstm(input).values))
  }

  /// Of steps that are computed again, gradients have the bits of those that are kept.
  @Test(arguments: [1, 3, 4, 11])
  func segments(_ length: Int) {
    let layer = layer(7, 20, rounds: 4, rank: 3)
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(9 * 11 * 7, seed: 1), shape: [9, 11, 7]),
      lengths: [11, 3, 0, 5, 11, 2, 7, 9, 1])
    func gradients(_ length: Int?) -> [Tensor] {
      let mode = Mode.training(RandomKey(seed: 1), segmentLength: length)
      return valueAndGradients(of: layer) { $0(input, mode: mode).values.squared().sum() }
        .gradients.tensors.compactMap(\.self)
    }
    #expect(paired(gradients(length), gradients(nil)).allSatisfy { $0.isIdentical(to: $1) })
  }

  @Test func dropConnectAndInputDropout() async throws {
    var layer = layer(3, 5, rounds: 3)
    layer.options = RecurrentOptions(inputDropout: 0.3, dropConnect: 0.4)
    try await checkLayer(layer, inputSize: 3, outputSize: 5, drawsInTraining: true)
    #expect(
      layer.paths.first?.reason == "with 3 rounds, input dropout 0.3, DropConnect 0.4")
  }

  private static func filled(_ shape: [Int], _ phase: Double) -> Tensor {
    Tensor(
      (0..<shape.reduce(1, *)).map { Float(0.6 * sin(phase + 0.7 * Double($0))) }, shape: shape)
  }

  /// Everything that gets a gradient.
  private struct Problem: Module {
    var input: Tensor
    var hidden: Tensor
    var cell: Tensor
    var layer: MogrifierLSTM

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("input", &input)
      visitor.visit("hidden", &hidden)
      visitor.visit("cell", &cell)
      layer.visitParameters(&visitor)
    }

    func results() -> [Tensor] {
      var state = LSTM.State(hidden: hidden, cell: cell)
      let output = layer(SequenceBatch(input), state: &state).values
      return [output, state.hidden, state.cell]
    }
  }

  /// Outputs and gradients by PyTorch 2.15 in double precision (`torch.sigmoid`, `@`, autograd), of
  /// which the sums with cos 0, cos 1, cos 2 … are told.
  @Test(arguments: [false, true])
  func asPyTorch(isLowRank: Bool) throws {
    let sizes = [[2, 3], [3, 2], [2, 3]]
    let rounds = sizes.enumerated().map { index, size in
      let phase = 7 + Double(index)
      return isLowRank
        ? MogrifierRound(
          weights: Self.filled([size[0], 1], phase),
          expansion: Self.filled([1, size[1]], phase + 10))
        : MogrifierRound(weights: Self.filled(size, phase))
    }
    let problem = Problem(
      input: Self.filled([2, 4, 3], 1), hidden: Self.filled([2, 2], 2),
      cell: Self.filled([2, 2], 3),
      layer: MogrifierLSTM(
        weights: RecurrentWeights(
          input: Self.filled([3, 8], 4), recurrent: Self.filled([2, 8], 5),
          bias: Self.filled([8], 6), recurrentBias: nil), rounds: rounds))
    let expected = Self.expected[isLowRank ? 1 : 0]
    expectClose(
      problem.results()[0].elements.map(Double.init), shape: [2, 4, 2], to: expected.output,
      shape: [2, 4, 2], within: 1e-6, "output")
    let (_, gradients) = valueAndGradients(of: problem) { problem in
      let results = problem.results()
      return results[0].squared().sum() + (results[1] * results[2]).sum()
    }
    let sums = try gradients.tensors.map { gradient in
      try #require(gradient).elements.enumerated().reduce(0) {
        $0 + Double($1.element) * cos(Double($1.offset))
      }
    }
    expectClose(
      sums, shape: [sums.count], to: expected.gradients, shape: [expected.gradients.count],
      within: 3e-6, "gradients")
  }

  private static let expected: [(output: [Double], gradients: [Double])] = [
    (
      [
        0.140413286, 0.019788994, 0.126533973, 0.007301305, 0.117235879, -0.066907081,
        0.168010259, 0.025612892, -0.064544777, -0.145098204, -0.052623892, -0.215051529,
        -0.009308413, -0.151480961, 0.062232245, -0.081190813,
      ],
      [
        -0.046458299, 0.143621353, 0.355984891, 0.170600642, 0.178125473, -0.181134759,
        0.002457678, 0.003221537, 0.00332915,
      ]
    ),
    (
      [
        0.134768222, 0.016911748, 0.125550384, 0.004385889, 0.121806398, -0.063013122,
        0.167676185, 0.025052586, -0.064248206, -0.143123665, -0.051599529, -0.211195819,
        -0.007188846, -0.146890985, 0.064608414, -0.077315042,
      ],
      [
        -0.058725228, 0.137421001, 0.358152213, 0.158862868, 0.148729254, -0.191576898,
        0.001340764, -0.00108159, -0.001499914, 0.000861879, -0.001081022, 0.000497818,
      ]
    ),
  ]
}
