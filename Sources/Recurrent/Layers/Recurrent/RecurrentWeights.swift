import RecurrentKernels

/// The parameters of a recurrent layer with G gates.
///
/// The gates of one kind stand together: columns 0..<H belong to the first gate, H..<2H to the
/// second, and so on, in the order i f g o for the LSTM and r z n for the GRU. This is the one
/// place that fixes it; importers convert.
public struct RecurrentWeights: Module {
  /// W, `[I, G·H]`.
  public var input: Tensor
  /// U, `[H, G·H]`.
  public var recurrent: Tensor
  /// b, `[G·H]`.
  public var bias: Tensor?
  /// b', `[G·H]`: a second bias, added to U·h. PyTorch's layers have it, and the reset-after GRU's
  /// candidate needs it; elsewhere it only adds to b.
  public var recurrentBias: Tensor?

  /// These parameters; their shapes must belong together.
  public init(input: Tensor, recurrent: Tensor, bias: Tensor?, recurrentBias: Tensor?) {
    precondition(
      input.rank == 2 && recurrent.rank == 2 && input.shape[1] == recurrent.shape[1]
        && recurrent.shape[1] % max(1, recurrent.shape[0]) == 0,
      "recurrent weights have shapes [I, G·H] and [H, G·H], not \(input.shape) and \(recurrent.shape)"
    )
    for bias in [bias, recurrentBias].compactMap(\.self) {
      precondition(
        bias.shape == [input.shape[1]],
        "a bias of these weights has shape [\(input.shape[1])], not \(bias.shape)")
    }
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.recurrentBias = recurrentBias
  }

  init(
    cell: rk_cell, inputSize: Int, hiddenSize: Int, bias: Bool, initialization: Initialization,
    using generator: inout some RandomNumberGenerator
  ) {
    precondition(
      inputSize >= 1 && hiddenSize >= 1,
      "a recurrent layer has sizes of at least 1, not \(inputSize) and \(hiddenSize)")
    let width = Int(rk_cell_gates(cell)) * hiddenSize
    switch initialization {
    case .pytorch:
      let draw = Initializer.uniform(1 / Float(hiddenSize).squareRoot())
      input = draw([inputSize, width], using: &generator)
      recurrent = draw([hiddenSize, width], using: &generator)
      self.bias = bias ? draw([width], using: &generator) : nil
      recurrentBias = bias ? draw([width], using: &generator) : nil
    case .keras:
      input = Initializer.glorotUniform([inputSize, width], using: &generator)
      recurrent = Initializer.orthogonal()([hiddenSize, width], using: &generator)
      var first = Tensor.zeros([width])
      if cell == RK_CELL_LSTM {
        first.withUnsafeMutableElements { elements in
          for unit in hiddenSize..<2 * hiddenSize { elements[unit] = 1 }
        }
      }
      self.bias = bias ? first : nil
      recurrentBias = bias && cell == RK_CELL_GRU_RESET_AFTER ? .zeros([width]) : nil
    }
  }

  /// I.
  public var inputSize: Int { input.shape[0] }
  /// H.
  public var hiddenSize: Int { recurrent.shape[0] }
  /// G.
  public var gates: Int { recurrent.shape[1] / hiddenSize }

  /// Visits `input_weights`, `recurrent_weights`, `bias` and `recurrent_bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("input_weights", &input)
    visitor.visit("recurrent_weights", &recurrent)
    visitor.visit("bias", &bias)
    visitor.visit("recurrent_bias", &recurrentBias)
  }

  /// The parameters that there are, in visiting order.
  var tensors: [Tensor] {
    [input, recurrent] + [bias, recurrentBias].compactMap(\.self)
  }
}
