import RecurrentFiles
internal import RecurrentKernels

/// The simple recurrent network (Elman 1990): h' = f(W x + U h + b). f is tanh, unless
/// ``RecurrentOptions/activation`` says otherwise.
///
/// `[B, T, I]` to `[B, T, H]`, all steps by one fused kernel.
public struct SimpleRNN: Layer {
  /// The parameters, of one gate.
  public var weights: RecurrentWeights
  /// Activation and dropout.
  public var options: RecurrentOptions {
    didSet { options.check(for: cell) }
  }

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, options: RecurrentOptions = RecurrentOptions(),
    bias: Bool = true, initialization: RecurrentInitialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(
      weights: RecurrentWeights(
        cell: RK_CELL_RNN_TANH, inputSize: inputSize, hiddenSize: hiddenSize, bias: bias,
        initialization: initialization, using: &generator),
      options: options)
  }

  /// A layer with these parameters, of one gate.
  public init(weights: RecurrentWeights, options: RecurrentOptions = RecurrentOptions()) {
    require(weights.gates == 1, "a simple RNN has 1 gate; these weights have \(weights.gates)")
    require(
      weights.peepholes == nil && weights.projection == nil,
      "a simple RNN has no peepholes and no projection")
    self.weights = weights
    self.options = options
    options.check(for: cell)
  }

  private var cell: rk_cell {
    options.activation == .relu ? RK_CELL_RNN_RELU : RK_CELL_RNN_TANH
  }

  /// How the layer runs: by one fused kernel.
  public var paths: [LayerPath] { [fused.path("RNN")] }

  /// Whether the kernel keeps one thread busy only: for few units and rows.
  public func keepsOneThread(batchSize: Int) -> Bool { fused.keepsOneThread(batchSize: batchSize) }

  var fused: FusedRecurrence {
    FusedRecurrence(cell: cell, weights: weights, options: options)
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> HiddenState {
    HiddenState(hidden: .zeros([batchSize, weights.hiddenSize]))
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout HiddenState, mode: Mode
  ) -> SequenceBatch {
    let result = fused(
      input, hidden: state.hidden, mode: mode)
    state.hidden = result.hidden
    return result.output
  }

  /// Visits the weights.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}
