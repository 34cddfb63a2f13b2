import RecurrentFiles
internal import RecurrentKernels

/// The parameters of a recurrent layer with G gates, I input features and H hidden units.
///
/// The gates of one kind stand together: columns 0..<H belong to the first gate, H..<2H to the
/// second, and so on, in the order i f g o for the LSTM (i g o where input and forget gate are
/// coupled) and r z n for the GRU. This is the one place that fixes it; importers convert.
public struct RecurrentWeights: Module {
  /// W, `[I, G·H]`.
  public var input: Tensor
  /// U, `[H, G·H]`; `[P, G·H]` with a projection.
  public var recurrent: Tensor
  /// b, `[G·H]`.
  public var bias: Tensor?
  /// b', `[G·H]`: a second bias, added to U·h. PyTorch's layers have it, and the reset-after GRU's
  /// candidate needs it; elsewhere it only adds to b.
  public var recurrentBias: Tensor?
  /// p, `[3, H]`: how much of the cell state the gates i, f and o see (LSTM; Gers and Schmidhuber
  /// 2000).
  public var peepholes: Tensor?
  /// P, `[H, P]`: the hidden state is (o·tanh(c'))·P (LSTM; Sak et al. 2014, arXiv:1402.1128).
  public var projection: Tensor?

  /// Weights of these parameters, whose shapes must belong together.
  public init(
    input: Tensor, recurrent: Tensor, bias: Tensor?, recurrentBias: Tensor?,
    peepholes: Tensor? = nil, projection: Tensor? = nil
  ) {
    require(
      input.rank == 2 && recurrent.rank == 2 && input.shape[1] == recurrent.shape[1],
      "recurrent weights have shapes [I, G·H] and [H, G·H], not \(input.shape) and \(recurrent.shape)"
    )
    require(
      projection.map { $0.rank == 2 && $0.shape[1] == recurrent.shape[0] } ?? true,
      "a projection to \(recurrent.shape[0]) has shape [H, \(recurrent.shape[0])], not \(projection?.shape ?? [])"
    )
    let units = projection?.shape[0] ?? recurrent.shape[0]
    require(
      units > 0 && input.shape[1] % units == 0,
      "the gates of \(units) units have a multiple of \(units) columns, not \(input.shape[1])")
    for bias in [bias, recurrentBias].compactMap(\.self) {
      require(
        bias.shape == [input.shape[1]],
        "a bias of these weights has shape [\(input.shape[1])], not \(bias.shape)")
    }
    require(
      peepholes.map { $0.shape == [3, units] } ?? true,
      "peepholes of \(units) units have shape [3, \(units)], not \(peepholes?.shape ?? [])")
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.recurrentBias = recurrentBias
    self.peepholes = peepholes
    self.projection = projection
  }

  init(
    cell: rk_cell, inputSize: Int, hiddenSize: Int, bias: Bool, peepholes: Bool = false,
    projectionSize: Int? = nil, initialization: RecurrentInitialization,
    using generator: inout some RandomNumberGenerator
  ) {
    let outputSize = projectionSize ?? hiddenSize
    require(
      inputSize >= 1 && hiddenSize >= 1 && outputSize >= 1,
      "a recurrent layer has sizes of at least 1, not \(inputSize), \(hiddenSize), \(outputSize)")
    let gates = Int(rk_cell_gates(cell))
    let width = gates * hiddenSize
    let plain = Initializer.uniform(1 / Float(hiddenSize).squareRoot())
    input = (initialization.input ?? plain)([inputSize, width], using: &generator)
    recurrent = (initialization.recurrent ?? plain)([outputSize, width], using: &generator)
    if bias {
      var first = (initialization.bias ?? plain)([width], using: &generator)
      initialization.gateBiases?.apply(
        to: &first, cell: cell, hiddenSize: hiddenSize, using: &generator)
      self.bias = first
      if initialization.hasRecurrentBias(cell) {
        recurrentBias = (initialization.bias ?? plain)([width], using: &generator)
      }
    }
    if peepholes {
      self.peepholes = (initialization.bias ?? plain)([3, hiddenSize], using: &generator)
    }
    projection = projectionSize.map {
      (initialization.input ?? plain)([hiddenSize, $0], using: &generator)
    }
  }

  /// I, the number of input features.
  public var inputSize: Int { input.shape[0] }
  /// H, the number of hidden units.
  public var hiddenSize: Int { projection?.shape[0] ?? recurrent.shape[0] }
  /// The size of the hidden state and the output: P with a projection, else H.
  public var outputSize: Int { recurrent.shape[0] }
  /// G, the number of gates.
  public var gates: Int { input.shape[1] / hiddenSize }

  /// Visits `input_weights`, `recurrent_weights`, `bias`, `recurrent_bias`, `peepholes` and
  /// `projection`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit(product: "input_weights", &input)
    visitor.visit(product: "recurrent_weights", &recurrent)
    visitor.visit("bias", &bias)
    visitor.visit("recurrent_bias", &recurrentBias)
    visitor.visit("peepholes", &peepholes)
    visitor.visit(product: "projection", &projection)
  }

  /// The parameters that there are, in visiting order.
  var tensors: [Tensor] {
    [input, recurrent] + [bias, recurrentBias, peepholes, projection].compactMap(\.self)
  }

  /// Whether one of them may be on a tape.
  var isTracked: Bool {
    input.slot != nil || recurrent.slot != nil || bias?.slot != nil || recurrentBias?.slot != nil
      || peepholes?.slot != nil || projection?.slot != nil
  }

  /// How the kernels keep the matrices for prediction: narrow if all lie on a grid of one kind.
  var kernelFormat: rk_weight_format {
    let precision = input.precision
    guard recurrent.precision == precision, (projection?.precision ?? precision) == precision else {
      return RK_FLOAT32
    }
    return switch precision {
    case .float32: RK_FLOAT32
    case .bfloat16: RK_BFLOAT16
    case .int8: RK_INT8
    }
  }
}
