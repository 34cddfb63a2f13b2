import RecurrentCore
import RecurrentFiles

/// One direction of a DynamicQuantizeLSTM on whole numbers: input and hidden state are rounded to eight bits, and the sums of
/// products are exact. A quarter of the bytes of floats are read for each step.
struct QuantizedLSTM: Sendable {
  private let input: EightBitMatrix
  private let recurrent: EightBitMatrix
  /// Both biases, `[4·H]`, in ONNX's order: input, output, forget, new.
  private let bias: Tensor

  /// The directions of a node whose weights were checked as floats.
  static func directions(_ call: Call) throws(Problem) -> [QuantizedLSTM] {
    let biases = try call.optionalFloats(3)
    let count = try Operators.wholeWeights(call, 1).shape[0]
    var directions: [QuantizedLSTM] = []
    for direction in 0..<count {
      let input = try matrix(call, weights: 1, direction)
      let columns = input.columns
      let bias = biases?.slice(direction..<direction + 1, along: 0).reshaped(to: [2, columns])
      directions.append(
        QuantizedLSTM(
          input: input, recurrent: try matrix(call, weights: 2, direction),
          bias: bias?.sum(along: 0) ?? .zeros([columns])))
    }
    return directions
  }

  /// W or R of a direction, `[I, 4·H]`; scales and zero points are one for a direction, or one a column.
  private static func matrix(
    _ call: Call, weights index: Int, _ direction: Int
  ) throws(Problem) -> EightBitMatrix {
    let weights = try Operators.wholeWeights(call, index)
    guard let values = weights.signedBytes else {
      throw Problem("input \(index) is of \(weights.elementType), expected eight bits")
    }
    let (depth, columns) = (weights.shape[1], weights.shape[2])
    func own<Value>(_ all: [Value]?) -> [Value]? {
      guard let all, all.count > 0 else { return nil }
      let each = all.count / weights.shape[0]
      let part = all[direction * each..<(direction + 1) * each]
      return each == columns ? Array(part) : Array(repeating: part[part.startIndex], count: columns)
    }
    let (scale, size) = (index == 1 ? 8 : 10, depth * columns)
    let zeros = own(try call.optional(scale + 1)?.zeroPoints(ofInput: index))
    return EightBitMatrix(
      Array(values[direction * size..<(direction + 1) * size]), depth: depth,
      zeros: (zeros ?? Array(repeating: 0, count: columns)).map { $0 - weights.shiftOfBytes },
      scales: own(call.optional(scale)?.floats) ?? Array(repeating: 1, count: columns))
  }

  /// All outputs `[B, T, H]` and the state `[B, H]` after each row's last step. Rows that have ended do not count where the
  /// hidden states of a step are rounded.
  func callAsFunction(
    _ batch: SequenceBatch, scale: EightBitScale, hidden: Tensor, cell: Tensor
  ) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
    let (rows, time, size) = (batch.batchSize, batch.time, recurrent.depth)
    let columns = input.columns
    let places = (0..<rows).map { batch.validPositions(row: $0) }
    // Of the input, all steps at once.
    let ofInput = Tensor(shape: [rows * time, columns]) { y in
      var product = EightBitMatrix.Rounding(input, rows: rows * time)
      bias.withUnsafeElements { bias in
        batch.values.withUnsafeElements { x in
          guard let bias = bias.baseAddress, let x = x.baseAddress else { return }
          product.multiply(x, scale: scale, from: { _ in bias }, into: y)
        }
      }
    }
    // The states of all rows side by side: running, at each row's last step, of the cells; behind them the sums of a step.
    let states = rows * size
    var work = Tensor.concatenated(
      [hidden, hidden, cell, .zeros([rows, columns])].map { $0.reshaped(to: [$0.count]) }, along: 0)
    var outputs = Tensor.zeros([rows, time, size])
    var product = EightBitMatrix.Rounding(recurrent, rows: rows)
    ofInput.withUnsafeElements { ofInput in
      work.withUnsafeMutableElements { work in
        outputs.withUnsafeMutableElements { outputs in
          guard let ofInput = ofInput.baseAddress, let running = work.baseAddress,
            let outputs = outputs.baseAddress
          else { return }
          let (last, cell, sums) = (running + states, running + 2 * states, running + 3 * states)
          for step in 0..<(batch.lengths.max() ?? 0) {
            let own = EightBitScale(holding: UnsafeBufferPointer(start: running, count: states))
            func place(_ row: Int) -> Int {
              row * time + (step < places[row].count ? places[row][step] : 0)
            }
            product.multiply(
              running, scale: own, from: { ofInput + place($0) * columns }, into: sums)
            for row in 0..<rows {
              let state = running + row * size
              guard step < places[row].count else {
                state.update(repeating: 0, count: size)
                continue
              }
              EightBitMatrix.finishLSTMStep(
                units: size, sums + row * columns, cell: cell + row * size, hidden: state)
              (last + row * size).update(from: state, count: size)
              (outputs + place(row) * size).update(from: state, count: size)
            }
          }
        }
      }
    }
    func part(_ place: Int) -> Tensor {
      work.slice(place * states..<(place + 1) * states, along: 0).reshaped(to: [rows, size])
    }
    return (outputs, part(1), part(2))
  }
}
