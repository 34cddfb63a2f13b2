import Foundation

extension LayerTwin {
  /// The twin of a cell in double precision, one row and one step at a time: `step` changes the
  /// state, whose first part is the output.
  package static func cell(
    _ step:
      @escaping @Sendable (
        _ parameters: [String: PlainArray], _ x: [Double], _ state: inout [[Double]]
      ) -> Void
  ) -> LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      let (time, features, width) = (input.shape[1], input.shape[2], state[0].shape[1])
      var output = [Double](repeating: 0, count: lengths.count * time * width)
      var final = state.map(\.elements)
      for (row, length) in lengths.enumerated() {
        var own = zip(final, state).map { all, one in
          Array(all[row * one.shape[1]..<(row + 1) * one.shape[1]])
        }
        for t in 0..<length {
          let start = (row * time + t) * features
          step(parameters, Array(input.elements[start..<start + features]), &own)
          let place = (row * time + t) * width
          output.replaceSubrange(place..<place + width, with: own[0])
        }
        for (index, own) in own.enumerated() {
          final[index].replaceSubrange(row * own.count..<(row + 1) * own.count, with: own)
        }
      }
      return (
        PlainArray(output, shape: [lengths.count, time, width]),
        zip(final, state).map { PlainArray($0, shape: $1.shape) }
      )
    }
  }
}

/// The cells beyond LSTM, GRU and simple RNN in double precision: twins for ``checkLayer``.
package enum PlainCell {
  /// Parameters `gates.weights` and `gates.bias`, z n.
  package static let minGRU = LayerTwin.cell { parameters, x, state in
    let units = state[0].count
    let sums = product(x, parameters["gates.weights"], plus: parameters["gates.bias"])
    for j in 0..<units {
      let z = sigmoid(sums[j])
      state[0][j] = (1 - z) * state[0][j] + z * sums[units + j]
    }
  }

  /// Parameters `gates.weights` and `gates.bias`, f i n.
  package static let minLSTM = LayerTwin.cell { parameters, x, state in
    let units = state[0].count
    let sums = product(x, parameters["gates.weights"], plus: parameters["gates.bias"])
    for j in 0..<units {
      let (f, i) = (sigmoid(sums[j]), sigmoid(sums[units + j]))
      state[0][j] = (f * state[0][j] + i * sums[2 * units + j]) / (f + i)
    }
  }

  /// Parameters `input.weights`, `input.bias` and `recurrent_weights`.
  package static func indRNN(_ function: @escaping @Sendable (Double) -> Double) -> LayerTwin {
    .cell { parameters, x, state in
      let sums = product(x, parameters["input.weights"], plus: parameters["input.bias"])
      let u = parameters["recurrent_weights"]?.elements ?? []
      for j in sums.indices { state[0][j] = function(sums[j] + u[j] * state[0][j]) }
    }
  }

  /// Parameters of an LSTM, i f g o; states h, c, n, m. `forget` is the forget gate's function.
  package static func sLSTM(_ forget: @escaping @Sendable (Double) -> Double) -> LayerTwin {
    .cell { parameters, x, state in
      let units = state[0].count
      let sums = zip(
        product(x, parameters["input_weights"], plus: parameters["bias"]),
        product(state[0], parameters["recurrent_weights"], plus: nil)
      ).map { $0 + $1 }
      for j in 0..<units {
        // Without the stabilizer: what is stored stands for e^m times as much.
        let (i, f) = (exp(sums[j]), forget(sums[units + j]))
        let scale = exp(state[3][j])
        let c = f * state[1][j] * scale + i * tanh(sums[2 * units + j])
        let n = f * state[2][j] * scale + i
        let m = state[2][j] == 0 ? sums[j] : max(log(f) + state[3][j], sums[j])
        (state[1][j], state[2][j], state[3][j]) = (c / exp(m), n / exp(m), m)
        state[0][j] = sigmoid(sums[3 * units + j]) * c / n
      }
    }
  }

  /// Parameters of an LSTM, i f g o, and `input_gain`, `recurrent_gain`, `cell_gain`, `cell_bias`.
  package static let layerNormLSTM = LayerTwin.cell { parameters, x, state in
    let units = state[0].count
    func normalized(_ x: [Double]) -> [Double] {
      let mean = x.reduce(0, +) / Double(x.count)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
      return x.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
    }
    func values(_ name: String) -> [Double] { parameters[name]?.elements ?? [] }
    let wx = normalized(product(x, parameters["input_weights"], plus: nil))
    let uh = normalized(product(state[0], parameters["recurrent_weights"], plus: nil))
    let (a1, a2, b) = (values("input_gain"), values("recurrent_gain"), values("bias"))
    let sums = wx.indices.map { a1[$0] * wx[$0] + a2[$0] * uh[$0] + b[$0] }
    for j in 0..<units {
      state[1][j] =
        sigmoid(sums[units + j]) * state[1][j] + sigmoid(sums[j]) * tanh(sums[2 * units + j])
    }
    let c = normalized(state[1])
    let (a3, b3) = (values("cell_gain"), values("cell_bias"))
    for j in 0..<units {
      state[0][j] = sigmoid(sums[3 * units + j]) * tanh(a3[j] * c[j] + b3[j])
    }
  }

  /// Parameters `input_weights` `[kernel·C, 4·F]`, `recurrent_weights` `[kernel·F, 4·F]` and
  /// `bias`, i f g o; the grid has two dimensions.
  package static func convLSTM(grid: [Int], kernel: [Int]) -> LayerTwin {
    .cell { parameters, x, state in
      let bias = parameters["bias"]?.elements ?? []
      let filters = bias.count / 4
      let before = state[0]
      for row in 0..<grid[0] {
        for column in 0..<grid[1] {
          var sums = bias
          for (source, name) in [(x, "input_weights"), (before, "recurrent_weights")] {
            let weights = parameters[name]?.elements ?? []
            let channels = source.count / (grid[0] * grid[1])
            for kr in 0..<kernel[0] {
              for kc in 0..<kernel[1] {
                let (r, c) = (row + kr - (kernel[0] - 1) / 2, column + kc - (kernel[1] - 1) / 2)
                guard (0..<grid[0]).contains(r), (0..<grid[1]).contains(c) else { continue }
                for channel in 0..<channels {
                  let value = source[(r * grid[1] + c) * channels + channel]
                  let at = ((kr * kernel[1] + kc) * channels + channel) * 4 * filters
                  for j in 0..<4 * filters { sums[j] += value * weights[at + j] }
                }
              }
            }
          }
          for j in 0..<filters {
            let place = (row * grid[1] + column) * filters + j
            let (i, f) = (sigmoid(sums[j]), sigmoid(sums[filters + j]))
            state[1][place] = f * state[1][place] + i * tanh(sums[2 * filters + j])
            state[0][place] = sigmoid(sums[3 * filters + j]) * tanh(state[1][place])
          }
        }
      }
    }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// x·W + b.
  private static func product(
    _ x: [Double], _ weights: PlainArray?, plus bias: PlainArray?
  ) -> [Double] {
    guard let weights else { preconditionFailure("a parameter is missing") }
    let width = weights.shape[1]
    var y = bias?.elements ?? [Double](repeating: 0, count: width)
    for (k, x) in x.enumerated() {
      for j in 0..<width { y[j] += x * weights.elements[k * width + j] }
    }
    return y
  }
}
