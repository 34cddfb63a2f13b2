import Foundation
import Recurrent

/// The LSTM in loops: one step, one unit and one sum at a time, in the order of the formulas. The
/// readable twin of the fused kernel.
///
/// - Parameters:
///   - x: the steps of one row, `[T][I]`.
///   - weights: those of an ``LSTM``, W `[I, 4·H]` and U `[H, 4·H]`.
/// - Returns: the hidden state after each step, `[T][H]`.
func lstmInLoops(_ x: [[Float]], _ weights: RecurrentWeights) -> [[Float]] {
  let (units, width) = (weights.hiddenSize, 4 * weights.hiddenSize)
  let (w, u) = (weights.input.elements, weights.recurrent.elements)
  let biases = [weights.bias, weights.recurrentBias].compactMap { $0?.elements }
  func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
  var h = [Float](repeating: 0, count: units)
  var c = h
  return x.map { x in
    let before = h
    for j in 0..<units {
      func sum(_ gate: Int) -> Float {  // one column of x·W + h·U + b
        let column = gate * units + j
        var sum: Float = 0
        for b in biases { sum += b[column] }
        for k in x.indices { sum += x[k] * w[k * width + column] }
        for k in before.indices { sum += before[k] * u[k * width + column] }
        return sum
      }
      let i = sigmoid(sum(0))
      let f = sigmoid(sum(1))
      let g = tanh(sum(2))
      let o = sigmoid(sum(3))
      c[j] = f * c[j] + i * g
      h[j] = o * tanh(c[j])
    }
    return h
  }
}
