import RecurrentCore
import RecurrentFiles

// DynamicQuantizeLSTM of ONNX Runtime: an LSTM whose matrices are whole numbers of eight bits with scales, and whose
// input and hidden state are rounded to eight bits before they meet them: the input of all steps at once, the hidden state
// of all rows at each step.
//
// An LSTM as most are runs on whole numbers (QuantizedLSTM). For what else the operator may say, a product of whole
// numbers times both scales is that of the numbers that they stand for: the weights are widened once, and the kernels of
// floats run on what rounding leaves.

extension Operators {
  static func quantizedLSTM(_ settings: NodeSettings) throws(Problem) -> Kernel {
    // A scale that is not constant is as good as a weight that is not.
    let isConstant = [1, 2, 8, 9, 10, 11].allSatisfy {
      !settings.hasInput($0) || settings.constant($0) != nil
    }
    var node = try RecurrentNode(
      NodeSettings(
        node: settings.node, opset: settings.opset,
        constants: isConstant
          ? try widened(Call(inputs: settings.constants, room: .max))
          : settings.constants.enumerated().map { $0 == 1 || $0 == 2 ? nil : $1 }), .lstm)
    node.roundsToEightBits = true
    if isConstant, node.isPlain, settings.constant(7) == nil, !settings.hasInput(7),
      !settings.hasInput(3) || settings.constant(3) != nil
    {
      node.quantized = try QuantizedLSTM.directions(Call(inputs: settings.constants, room: .max))
    }
    return { [node] (call) throws(Problem) in
      try node(
        Call(inputs: isConstant ? call.inputs : try widened(call), room: call.room))
    }
  }

  /// W or R, checked.
  static func wholeWeights(_ call: Call, _ index: Int) throws(Problem) -> OnnxTensor {
    let steps = try call.input(index)
    guard steps.shape.count == 3, steps.tensor == nil else {
      throw Problem(
        "input \(index) has shape \(steps.shape) of \(steps.elementType), expected whole numbers "
          + "[D, I, 4·H]")
    }
    return steps
  }

  /// The inputs with W and R as an LSTM has them: `[D, 4·H, I]` and `[D, 4·H, H]`.
  private static func widened(_ call: Call) throws(Problem) -> [OnnxTensor?] {
    var inputs = call.inputs
    for (index, scale) in [(1, 8), (2, 10)] {
      let steps = try wholeWeights(call, index)
      // One scale for a direction, or one for each of its columns.
      func aligned(_ input: Int) throws(Problem) -> Tensor? {
        guard let values = call.optional(input) else { return nil }
        let (directions, columns) = (steps.shape[0], steps.shape[2])
        guard [[directions], [directions, columns]].contains(values.shape) else {
          throw Problem(
            "input \(input) has shape \(values.shape), expected [\(directions)] or "
              + "[\(directions), \(columns)]")
        }
        return Tensor(values.floats, shape: [directions, 1, values.shape.count == 1 ? 1 : columns])
      }
      var values = Tensor(steps.floats, shape: steps.shape)
      if let zeros = try aligned(scale + 1) { values = values - zeros }
      if let scales = try aligned(scale) { values = values * scales }
      inputs[index] = OnnxTensor(values).transposed([0, 2, 1])
    }
    return inputs
  }
}

extension Tensor {
  /// What is left of the elements after rounding to the eight bits without sign that hold those among the first `count`
  /// entries of `axis`, and 0.
  func throughEightBits(first count: Int, along axis: Int) -> Tensor {
    let measured = count < shape[axis] ? slice(0..<count, along: axis) : self
    let scale = measured.withUnsafeElements { EightBitScale(holding: $0) }
    let bytes = withUnsafeElements { scale.rounded($0) }
    return Tensor(bytes.map { (Float($0) - scale.zero) * scale.scale }, shape: shape)
  }
}

extension RecurrentDirection {
  /// The same, one step after the other, each with what rounding leaves of the hidden state. Rows that have ended do not
  /// count.
  func roundingStates(
    _ batch: SequenceBatch, hidden: Tensor, cell: Tensor
  ) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
    let (rows, time, size, width) = (
      batch.batchSize, batch.time, hidden.shape[1], batch.features
    )
    let places = (0..<rows).map { batch.validPositions(row: $0) }
    var outputs = Tensor.zeros([rows, time, size])
    // Of rows that have ended, zeros.
    var (running, last, cell) = (hidden, hidden, cell)
    for step in 0..<(batch.lengths.max() ?? 0) {
      let lengths = places.map { step < $0.count ? 1 : 0 }
      let x = Tensor(shape: [rows, 1, width]) { x in
        for row in 0..<rows {
          let place = row * time + (lengths[row] > 0 ? places[row][step] : 0)
          (x + row * width).update(from: batch.values.pointer + place * width, count: width)
        }
      }
      let result = self(
        SequenceBatch(x, lengths: lengths),
        hidden: running.throughEightBits(first: rows, along: 0), cell: cell)
      cell = result.cell
      result.hidden.withUnsafeElements { found in
        for row in 0..<rows {
          let own = row * size..<(row + 1) * size
          running.withUnsafeMutableElements { running in
            for index in own { running[index] = lengths[row] > 0 ? found[index] : 0 }
          }
          guard lengths[row] > 0 else { continue }
          last.withUnsafeMutableElements { for index in own { $0[index] = found[index] } }
          let first = (row * time + places[row][step]) * size
          outputs.withUnsafeMutableElements { outputs in
            for unit in 0..<size { outputs[first + unit] = found[row * size + unit] }
          }
        }
      }
    }
    return (outputs, last, cell)
  }
}
