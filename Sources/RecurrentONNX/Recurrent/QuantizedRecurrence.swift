import RecurrentCore
import RecurrentFiles

// DynamicQuantizeLSTM of ONNX Runtime: an LSTM whose matrices are whole numbers of eight bits with scales.
//
// The weights are widened once, and the fused kernels run them. What ONNX Runtime does besides, rounding the input and
// the hidden state to eight bits at each step, is not done: results are nearer to those of the model before it was
// quantized.

extension Operators {
  static func quantizedLSTM(_ settings: NodeSettings) throws(Problem) -> Kernel {
    // A scale that is not constant is as good as a weight that is not.
    let isConstant = [1, 2, 8, 9, 10, 11].allSatisfy {
      !settings.hasInput($0) || settings.constant($0) != nil
    }
    let node = try RecurrentNode(
      NodeSettings(
        node: settings.node, opset: settings.opset,
        constants: isConstant
          ? try widened(Call(inputs: settings.constants, room: .max))
          : settings.constants.enumerated().map { $0 == 1 || $0 == 2 ? nil : $1 }), .lstm)
    return { (call) throws(Problem) in
      try node(
        Call(inputs: isConstant ? call.inputs : try widened(call), room: call.room))
    }
  }

  /// The inputs with W and R as an LSTM has them: `[D, 4·H, I]` and `[D, 4·H, H]`.
  private static func widened(_ call: Call) throws(Problem) -> [OnnxTensor?] {
    var inputs = call.inputs
    for (index, scale) in [(1, 8), (2, 10)] {
      let steps = try call.input(index)
      guard steps.shape.count == 3, steps.tensor == nil else {
        throw Problem(
          "input \(index) has shape \(steps.shape) of \(steps.elementType), expected whole numbers "
            + "[D, I, 4·H]")
      }
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
