import Foundation

/// The recurrent layers in double precision, one row, one step, one unit at a time: twins for
/// ``checkLayer``.
///
/// Parameters as the library keeps them: `input_weights` `[I, G·H]`, `recurrent_weights` `[H,
/// G·H]`, `bias` and `recurrent_bias` `[G·H]`, either of which may be missing; gates in the order i
/// f g o and r z n.
package enum PlainRecurrence: Sendable, CaseIterable {
  case lstm
  case gruResetAfter
  case gruResetBefore
  case rnnTanh
  case rnnReLU

  /// The layer's function.
  ///
  /// States are h, and c for the LSTM, each `[B, H]`.
  package var twin: LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      run(parameters, input, lengths, state)
    }
  }

  private func run(
    _ parameters: [String: PlainArray], _ input: PlainArray, _ lengths: [Int], _ state: [PlainArray]
  ) -> (output: PlainArray, state: [PlainArray]) {
    guard let w = parameters["input_weights"], let u = parameters["recurrent_weights"] else {
      preconditionFailure("a recurrent layer has weights, not \(parameters.keys)")
    }
    let (time, features, units) = (input.shape[1], input.shape[2], u.shape[0])
    let b = parameters["bias"]?.elements
    let b2 = parameters["recurrent_bias"]?.elements
    var output = [Double](repeating: 0, count: lengths.count * time * units)
    var final = state.map(\.elements)
    for (row, length) in lengths.enumerated() {
      var h = Array(final[0][row * units..<(row + 1) * units])
      var c = final.count > 1 ? Array(final[1][row * units..<(row + 1) * units]) : []
      for t in 0..<length {
        let start = (row * time + t) * features
        let x = Array(input.elements[start..<start + features])
        let wx = Self.product(x, w.elements, plus: b, width: w.shape[1])
        let before = h
        switch self {
        case .lstm:
          let uh = Self.product(h, u.elements, plus: b2, width: 4 * units)
          for j in 0..<units {
            let (i, f) = (Self.sigmoid(wx[j] + uh[j]), Self.sigmoid(wx[units + j] + uh[units + j]))
            let g = tanh(wx[2 * units + j] + uh[2 * units + j])
            let o = Self.sigmoid(wx[3 * units + j] + uh[3 * units + j])
            c[j] = f * c[j] + i * g
            h[j] = o * tanh(c[j])
          }
        case .gruResetAfter:
          let uh = Self.product(h, u.elements, plus: b2, width: 3 * units)
          for j in 0..<units {
            let (r, z) = (Self.sigmoid(wx[j] + uh[j]), Self.sigmoid(wx[units + j] + uh[units + j]))
            let n = tanh(wx[2 * units + j] + r * uh[2 * units + j])
            h[j] = (1 - z) * n + z * before[j]
          }
        case .gruResetBefore:
          let uh = Self.product(h, u.elements, plus: b2, width: 3 * units)
          let reset = (0..<units).map { Self.sigmoid(wx[$0] + uh[$0]) * before[$0] }
          let urh = Self.product(reset, u.elements, plus: b2, width: 3 * units)
          for j in 0..<units {
            let z = Self.sigmoid(wx[units + j] + uh[units + j])
            let n = tanh(wx[2 * units + j] + urh[2 * units + j])
            h[j] = (1 - z) * n + z * before[j]
          }
        case .rnnTanh, .rnnReLU:
          let uh = Self.product(h, u.elements, plus: b2, width: units)
          for j in 0..<units {
            h[j] = self == .rnnTanh ? tanh(wx[j] + uh[j]) : max(0, wx[j] + uh[j])
          }
        }
        let place = (row * time + t) * units
        output.replaceSubrange(place..<place + units, with: h)
      }
      final[0].replaceSubrange(row * units..<(row + 1) * units, with: h)
      if !c.isEmpty { final[1].replaceSubrange(row * units..<(row + 1) * units, with: c) }
    }
    return (
      PlainArray(output, shape: [lengths.count, time, units]),
      zip(final, state).map { PlainArray($0, shape: $1.shape) }
    )
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// x·W + b.
  private static func product(
    _ x: [Double], _ weights: [Double], plus bias: [Double]?, width: Int
  ) -> [Double] {
    var y = bias ?? [Double](repeating: 0, count: width)
    for (k, x) in x.enumerated() {
      for j in 0..<width { y[j] += x * weights[k * width + j] }
    }
    return y
  }
}
