import Recurrent
import Testing

@testable import Playground

/// Expected values computed by the equations of the cells in numpy with 64 bits; gradients are its
/// central differences.
@Suite struct CellNetworkTests {
  private let window = SequenceBatch(Tensor([0.5, -1, 0.25, 2], shape: [1, 4, 1]))
  private let target = Tensor([0.7], shape: [1, 1])

  /// A network of 2 units whose weights all differ.
  private func network(_ cell: CellKind) -> CellNetwork {
    func weights(_ shape: [Int], _ seed: Int) -> Tensor {
      let count = shape.reduce(1, *)
      return Tensor((0..<count).map { Float(($0 * 7 + seed * 3) % 11 - 5) / 10 }, shape: shape)
    }
    var generator = RandomGenerator(seed: 1)
    var network = CellNetwork(cell, units: 2, using: &generator)
    let width = 2 * cell.gates
    let recurrent = RecurrentWeights(
      input: weights([1, width], 1), recurrent: weights([2, width], 2), bias: weights([width], 3),
      recurrentBias: weights([width], 4))
    switch cell {
    case .rnn: network.memory = AnyLayer(SimpleRNN(weights: recurrent))
    case .lstm: network.memory = AnyLayer(LSTM(weights: recurrent))
    case .gru: network.memory = AnyLayer(GRU(weights: recurrent))
    // Without rounds it is an LSTM.
    case .mogrifier: network.memory = AnyLayer(MogrifierLSTM(weights: recurrent, rounds: []))
    }
    network.readout = Dense(weights: weights([2, 1], 5), bias: weights([1], 6))
    return network
  }

  private func expect(
    _ traces: [CellNetwork.Trace], _ expected: [(String, [Double])],
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(traces.map(\.name) == expected.map(\.0), sourceLocation: location)
    for (trace, expected) in zip(traces, expected) {
      #expect(trace.values.count == expected.1.count, sourceLocation: location)
      for (value, expected) in zip(trace.values, expected.1) {
        #expect(
          abs(value - expected) < 1e-6, "\(trace.name): \(value), expected \(expected)",
          sourceLocation: location)
      }
    }
  }

  @Test func simpleRNN() {
    let network = network(.rnn)
    #expect(abs(network(window).value - -0.20599444) < 1e-6)
    expect(
      network.activity(window),
      [("hidden", [0.3000941029, 0.2700230205, 0.1918536054, 0.5733673730])])
    expect(
      network.gradientFlow(window, target),
      [("h", [0.008876264440762, 0.030663281363285, 0.083719662042420, 0.923936670494630])])
  }

  @Test func lstm() {
    let network = network(.lstm)
    #expect(abs(network(window).value - 0.38136964) < 1e-6)
    expect(
      network.activity(window),
      [
        ("input", [0.5545782018, 0.4978774346, 0.5475917091, 0.5906806445]),
        ("forget", [0.4013715936, 0.4305866027, 0.3910635931, 0.3504285876]),
        ("output", [0.5674783638, 0.5788553265, 0.5844504387, 0.5576527685]),
        ("hidden", [0.1364609684, 0.1296966093, 0.1745393571, 0.2713992653]),
      ])
    expect(
      network.gradientFlow(window, target),
      [
        ("h", [0.001107734831374, 0.007304882215716, 0.059204810052620, 0.324940489397824]),
        // The cell state of the last step has done its work when the forecast is made.
        ("c", [0.014190972239799, 0.026696106440156, 0.040348165135167, 0]),
      ])
  }

  @Test func gru() {
    let network = network(.gru)
    #expect(abs(network(window).value - 0.46064688) < 1e-6)
    expect(
      network.activity(window),
      [
        ("reset", [0.5545782018, 0.5213690122, 0.5814089652, 0.6209762529]),
        ("update", [0.4013715936, 0.4457029168, 0.3961441587, 0.3637120241]),
        ("hidden", [0.2218348889, 0.3416268331, 0.2926482352, 0.4625530710]),
      ])
    expect(
      network.gradientFlow(window, target),
      [("h", [0.030388184687436, 0.051139754459168, 0.098913479742890, 0.244093248550835])])
  }
  /// The gradient is that of a window's own loss, however many are looked at.
  @Test(arguments: CellKind.allCases) func aMeanOfWindows(cell: CellKind) {
    let network = network(cell)
    let twice = SequenceBatch(Tensor.concatenated([window.values, window.values], along: 0))
    let one = network.gradientFlow(window, target)
    let two = network.gradientFlow(twice, Tensor.concatenated([target, target], along: 0))
    expect(two, one.map { ($0.name, $0.values) })
  }
}
