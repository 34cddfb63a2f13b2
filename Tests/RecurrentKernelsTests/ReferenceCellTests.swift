import RecurrentKernels
import Testing

let allCells: [rk_cell] = [
  RK_CELL_LSTM, RK_CELL_GRU_RESET_AFTER, RK_CELL_GRU_RESET_BEFORE, RK_CELL_RNN_TANH,
  RK_CELL_RNN_RELU,
]

extension rk_cell {
  var name: String {
    switch self {
    case RK_CELL_LSTM: "LSTM"
    case RK_CELL_GRU_RESET_AFTER: "GRU, reset after"
    case RK_CELL_GRU_RESET_BEFORE: "GRU, reset before"
    case RK_CELL_RNN_TANH: "RNN, tanh"
    default: "RNN, ReLU"
    }
  }
}

/// The reference's backward pass against finite differences of its forward pass.
@Suite struct ReferenceCellTests {
  @Test(arguments: allCells)
  func gradientsAreFiniteDifferences(cell: rk_cell) {
    let (inputSize, size, length) = (2, 3, 4)
    let gates = Int(rk_cell_gates(cell))
    var numbers = TestNumbers(seed: 3)
    func random(_ count: Int) -> [Double] { numbers.floats(count).map(Double.init) }

    var reference = ReferenceCell(
      cell: cell, inputSize: inputSize, hiddenSize: size,
      inputWeights: random(inputSize * gates * size),
      recurrentWeights: random(size * gates * size), bias: random(gates * size),
      recurrentBias: random(gates * size))
    var xs = (0..<length).map { _ in random(inputSize) }
    var (h, c) = (random(size), random(size))
    let outGradients = (0..<length).map { _ in random(size) }
    let (hGradient, cGradient) = (random(size), random(size))

    func loss() -> Double {
      let steps = reference.forward(xs, h: h, c: c)
      var loss = 0.0
      for u in 0..<size {
        for s in 0..<length { loss += steps[s].h[u] * outGradients[s][u] }
        loss += steps[length - 1].h[u] * hGradient[u] + steps[length - 1].c[u] * cGradient[u]
      }
      return loss
    }
    func slope(_ change: (Double) -> Void) -> Double {
      let small = 1e-5
      change(small)
      let above = loss()
      change(-2 * small)
      let below = loss()
      change(small)
      return (above - below) / (2 * small)
    }
    func check(_ gradient: Double, _ slope: Double, _ what: String) {
      #expect(abs(gradient - slope) < 1e-8, "\(what): \(gradient), not \(slope)")
    }

    let result = reference.backward(
      reference.forward(xs, h: h, c: c), outGradients: outGradients, hGradient: hGradient,
      cGradient: cGradient)
    for u in 0..<size {
      check(result.h[u], slope { h[u] += $0 }, "h[\(u)]")
      if cell == RK_CELL_LSTM { check(result.c[u], slope { c[u] += $0 }, "c[\(u)]") }
      if cell == RK_CELL_GRU_RESET_AFTER {
        let sum = result.recurrentN.map { $0[u] }.reduce(0, +)
        check(sum, slope { reference.recurrentBias[2 * size + u] += $0 }, "b'[\(u)]")
      }
    }
    for column in 0..<gates * size {
      let sum = result.gates.map { $0[column] }.reduce(0, +)
      check(sum, slope { reference.bias[column] += $0 }, "b[\(column)]")
    }
    for s in 0..<length {
      for k in 0..<inputSize {
        let weights = reference.inputWeights
        let sum = (0..<gates * size).map { result.gates[s][$0] * weights[k * gates * size + $0] }
        check(sum.reduce(0, +), slope { xs[s][k] += $0 }, "x[\(s)][\(k)]")
      }
    }
  }
}
