import Foundation
import RecurrentKernels

/// The recurrent cells in double precision, one row at a time, as plain as can be.
///
/// The kernels are held against it; it is itself proven by finite differences
/// (`ReferenceCellTests`).
struct ReferenceCell {
  let cell: rk_cell
  let inputSize: Int
  let hiddenSize: Int
  var inputWeights: [Double]  // [I, G·H]
  var recurrentWeights: [Double]  // [H, G·H]
  var bias: [Double]  // [G·H]
  var recurrentBias: [Double]  // [G·H]

  var gates: Int { Int(rk_cell_gates(cell)) }
  var width: Int { gates * hiddenSize }

  /// What one step computed.
  struct Step {
    var x: [Double]
    var hBefore: [Double]
    var cBefore: [Double]
    var gates: [Double]  // activated, [G·H]
    var recurrentN: [Double]  // GRU: Uh + b' of n (reset after) or r·h (reset before)
    var h: [Double]
    var c: [Double]
  }

  /// Gradients of one row.
  struct Gradients {
    var gates: [[Double]]  // of Wx + b, a step each
    var recurrentN: [[Double]]  // GRU, reset after: of Uh + b' of n
    var h: [Double]
    var c: [Double]
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  // Σ_k x[k]·weights[k, column]
  private func sum(_ x: [Double], _ weights: [Double], _ column: Int) -> Double {
    var sum = 0.0
    for k in x.indices { sum += x[k] * weights[k * width + column] }
    return sum
  }

  func step(x: [Double], h: [Double], c: [Double]) -> Step {
    let size = hiddenSize
    let wx = (0..<width).map { sum(x, inputWeights, $0) + bias[$0] }
    let uh = (0..<width).map { sum(h, recurrentWeights, $0) + recurrentBias[$0] }
    var step = Step(x: x, hBefore: h, cBefore: c, gates: [], recurrentN: [], h: [], c: c)
    switch cell {
    case RK_CELL_LSTM:
      step.gates = (0..<width).map {
        $0 / size == 2 ? tanh(wx[$0] + uh[$0]) : sigmoid(wx[$0] + uh[$0])
      }
      let y = step.gates
      step.c = (0..<size).map { y[size + $0] * c[$0] + y[$0] * y[2 * size + $0] }
      step.h = (0..<size).map { y[3 * size + $0] * tanh(step.c[$0]) }
    case RK_CELL_GRU_RESET_AFTER, RK_CELL_GRU_RESET_BEFORE:
      let rz = (0..<2 * size).map { sigmoid(wx[$0] + uh[$0]) }
      let n: [Double]
      if cell == RK_CELL_GRU_RESET_AFTER {
        step.recurrentN = Array(uh[(2 * size)...])
        n = (0..<size).map { tanh(wx[2 * size + $0] + rz[$0] * uh[2 * size + $0]) }
      } else {
        let reset = (0..<size).map { rz[$0] * h[$0] }
        step.recurrentN = reset
        n = (0..<size).map {
          tanh(
            wx[2 * size + $0] + sum(reset, recurrentWeights, 2 * size + $0)
              + recurrentBias[2 * size + $0])
        }
      }
      step.gates = rz + n
      step.h = (0..<size).map { (1 - rz[size + $0]) * n[$0] + rz[size + $0] * h[$0] }
    case RK_CELL_RNN_TANH:
      step.h = (0..<size).map { tanh(wx[$0] + uh[$0]) }
    default:
      step.h = (0..<size).map { max(0, wx[$0] + uh[$0]) }
    }
    return step
  }

  func forward(_ xs: [[Double]], h: [Double], c: [Double]) -> [Step] {
    var steps: [Step] = []
    for x in xs {
      steps.append(step(x: x, h: steps.last?.h ?? h, c: steps.last?.c ?? c))
    }
    return steps
  }

  /// Of Σ outputs·outGradients + final h·hGradient + final c·cGradient.
  func backward(
    _ steps: [Step], outGradients: [[Double]], hGradient: [Double], cGradient: [Double]
  ) -> Gradients {
    let size = hiddenSize
    var result = Gradients(
      gates: Array(repeating: Array(repeating: 0, count: width), count: steps.count),
      recurrentN: Array(repeating: [], count: steps.count), h: hGradient, c: cGradient)
    for (s, step) in steps.enumerated().reversed() {
      let dh = (0..<size).map { result.h[$0] + outGradients[s][$0] }
      var d = Array(repeating: 0.0, count: width)
      var before = Array(repeating: 0.0, count: size)  // the part of dh that bypasses the weights
      let y = step.gates
      switch cell {
      case RK_CELL_LSTM:
        for u in 0..<size {
          let (i, f, g, o) = (y[u], y[size + u], y[2 * size + u], y[3 * size + u])
          let t = tanh(step.c[u])
          let dc = result.c[u] + dh[u] * o * (1 - t * t)
          d[u] = dc * g * i * (1 - i)
          d[size + u] = dc * step.cBefore[u] * f * (1 - f)
          d[2 * size + u] = dc * i * (1 - g * g)
          d[3 * size + u] = dh[u] * t * o * (1 - o)
          result.c[u] = dc * f
        }
      case RK_CELL_GRU_RESET_AFTER, RK_CELL_GRU_RESET_BEFORE:
        for u in 0..<size {
          let (z, n) = (y[size + u], y[2 * size + u])
          d[size + u] = dh[u] * (step.hBefore[u] - n) * z * (1 - z)
          d[2 * size + u] = dh[u] * (1 - z) * (1 - n * n)
          before[u] = dh[u] * z
        }
        let dn = d
        for u in 0..<size {
          let r = y[u]
          if cell == RK_CELL_GRU_RESET_AFTER {
            d[u] = dn[2 * size + u] * step.recurrentN[u] * r * (1 - r)
          } else {
            var dReset = 0.0
            for v in 0..<size {
              dReset += dn[2 * size + v] * recurrentWeights[u * width + 2 * size + v]
            }
            d[u] = dReset * step.hBefore[u] * r * (1 - r)
            before[u] += dReset * r
          }
        }
      case RK_CELL_RNN_TANH:
        for u in 0..<size { d[u] = dh[u] * (1 - step.h[u] * step.h[u]) }
      default:
        for u in 0..<size { d[u] = step.h[u] > 0 ? dh[u] : 0 }
      }
      // What each recurrent product received: n's is scaled by r, or was handled above.
      var recurrent = d
      if cell == RK_CELL_GRU_RESET_AFTER {
        for u in 0..<size { recurrent[2 * size + u] *= y[u] }
        result.recurrentN[s] = Array(recurrent[(2 * size)...])
      } else if cell == RK_CELL_GRU_RESET_BEFORE {
        for u in 0..<size { recurrent[2 * size + u] = 0 }
      }
      for u in 0..<size {
        for column in 0..<width {
          before[u] += recurrent[column] * recurrentWeights[u * width + column]
        }
      }
      result.gates[s] = d
      result.h = before
    }
    return result
  }
}
