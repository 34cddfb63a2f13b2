import Foundation
import Recurrent

/// The recurrent layers in double precision, one row, one step, one unit at a time: twins for
/// ``checkLayer``.
///
/// Parameters as the library keeps them: `input_weights` `[I, G·H]`, `recurrent_weights` `[H,
/// G·H]`, `bias` and `recurrent_bias` `[G·H]`, `peepholes` `[3, H]` and `projection` `[H, P]`, all
/// but the first two of which may be missing; gates in the order i f g o (i g o coupled) and r z n.
package enum PlainRecurrence: Sendable, CaseIterable {
  case lstm
  case gruResetAfter
  case gruResetBefore
  case rnnTanh
  case rnnReLU

  /// The layer's function without options.
  package var twin: LayerTwin { twin(RecurrentOptions()) }

  /// The layer's function in prediction.
  ///
  /// States are h, and c for the LSTM, each `[B, H]`.
  package func twin(_ options: RecurrentOptions) -> LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      guard let w = parameters["input_weights"], let u = parameters["recurrent_weights"] else {
        preconditionFailure("a recurrent layer has weights, not \(parameters.keys)")
      }
      let step = PlainStep(
        kind: self, options: options, w: w, u: u, b: parameters["bias"]?.elements,
        b2: parameters["recurrent_bias"]?.elements, peepholes: parameters["peepholes"]?.elements,
        projection: parameters["projection"])
      let (time, features, size) = (input.shape[1], input.shape[2], u.shape[0])
      var output = [Double](repeating: 0, count: lengths.count * time * size)
      var final = state.map(\.elements)
      for (row, length) in lengths.enumerated() {
        var h = Array(final[0][row * size..<(row + 1) * size])
        let units = step.units
        var c = final.count > 1 ? Array(final[1][row * units..<(row + 1) * units]) : []
        for t in 0..<length {
          let start = (row * time + t) * features
          step.run(Array(input.elements[start..<start + features]), &h, &c)
          let place = (row * time + t) * size
          output.replaceSubrange(place..<place + size, with: h)
        }
        final[0].replaceSubrange(row * size..<(row + 1) * size, with: h)
        if !c.isEmpty { final[1].replaceSubrange(row * units..<(row + 1) * units, with: c) }
      }
      return (
        PlainArray(output, shape: [lengths.count, time, size]),
        zip(final, state).map { PlainArray($0, shape: $1.shape) }
      )
    }
  }
}

/// One step of one row.
private struct PlainStep {
  let kind: PlainRecurrence
  let options: RecurrentOptions
  let w: PlainArray
  let u: PlainArray
  let b: [Double]?
  let b2: [Double]?
  let peepholes: [Double]?
  let projection: PlainArray?

  var units: Int { projection?.shape[0] ?? u.shape[0] }

  func run(_ x: [Double], _ h: inout [Double], _ c: inout [Double]) {
    let (units, width) = (units, w.shape[1])
    let wx = Self.product(x, w.elements, plus: b, width: width)
    let uh = Self.product(h, u.elements, plus: b2, width: width)
    let before = h
    var new = [Double](repeating: 0, count: units)
    switch kind {
    case .lstm:
      let coupled = width == 3 * units
      for j in 0..<units {
        func sum(_ gate: Int) -> Double { wx[gate * units + j] + uh[gate * units + j] }
        func peep(_ gate: Int) -> Double { peepholes?[gate * units + j] ?? 0 }
        let i = gate(sum(0) + peep(0) * c[j])
        let f = coupled ? 1 - i : gate(sum(1) + peep(1) * c[j])
        let g = candidate(sum(coupled ? 1 : 2))
        let limit = Double(options.cellClip ?? .infinity)
        let next = min(max(f * c[j] + i * g, -limit), limit)
        let o = gate(sum(coupled ? 2 : 3) + peep(2) * next)
        new[j] = o * (options.activation ?? .tanh).plain(next)
        let share = Double(options.cellZoneout)
        c[j] = share * c[j] + (1 - share) * next
      }
      if let projection {
        new = Self.product(new, projection.elements, plus: nil, width: projection.shape[1])
      }
    case .gruResetAfter, .gruResetBefore:
      let r = (0..<units).map { gate(wx[$0] + uh[$0]) }
      let reset = Self.product(
        zip(r, h).map { $0 * $1 }, u.elements, plus: b2, width: width)
      for j in 0..<units {
        let n = 2 * units + j
        let z = gate(wx[units + j] + uh[units + j])
        let candidate = candidate(
          wx[n] + (kind == .gruResetAfter ? r[j] * uh[n] : reset[n]))
        new[j] = (1 - z) * candidate + z * before[j]
      }
    case .rnnTanh, .rnnReLU:
      for j in 0..<units { new[j] = candidate(wx[j] + uh[j]) }
    }
    let share = Double(options.zoneout)
    h = zip(before, new).map { share * $0 + (1 - share) * $1 }
  }

  private func clipped(_ x: Double) -> Double {
    let limit = Double(options.gateClip ?? .infinity)
    return min(max(x, -limit), limit)
  }

  private func gate(_ x: Double) -> Double {
    (options.gateActivation ?? .sigmoid).plain(clipped(x))
  }

  private func candidate(_ x: Double) -> Double {
    (options.activation ?? (kind == .rnnReLU ? .relu : .tanh)).plain(clipped(x))
  }

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

extension Activation {
  /// The function in double precision.
  package func plain(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .relu: max(0, x)
    case .softplus: log1p(exp(x))
    case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
    case .silu: x / (1 + exp(-x))
    case .elu: x > 0 ? x : expm1(x)
    case .leakyReLU: x > 0 ? x : x / 100
    case .leakyReLUKeras: x > 0 ? x : x / 5
    case .selu: 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))
    case .exponential: exp(x)
    case .softsign: x / (1 + abs(x))
    case .hardSigmoid: min(max(x / 6 + 0.5, 0), 1)
    case .hardSigmoidONNX: min(max(0.2 * x + 0.5, 0), 1)
    case .softmax: preconditionFailure("softmax is no function of one element")
    }
  }
}
