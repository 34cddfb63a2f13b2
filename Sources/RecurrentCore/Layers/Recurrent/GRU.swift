import RecurrentFiles
internal import RecurrentKernels

/// The gated recurrent unit (Cho et al. 2014, arXiv:1406.1078).
///
///     r = σ(W_r x + U_r h + b_r)        z = σ(W_z x + U_z h + b_z)
///     n = tanh(W_n x + b_n + r·(U_n h + b'_n))     reset after the product (PyTorch, cuDNN, Keras)
///     n = tanh(W_n x + b_n + U_n (r·h))            reset before the product (the paper, v1)
///     h' = (1 - z)·n + z·h
///
/// `[B, T, I]` to `[B, T, H]`, all steps by one fused kernel.
public struct GRU: Layer {
  /// The place where the reset gate acts, which makes two kinds of GRU.
  public enum Reset: String, Sendable, Codable, CaseIterable {
    /// On U_n h + b'_n.
    case afterProduct
    /// On h, before U_n.
    case beforeProduct

    var cell: rk_cell {
      self == .afterProduct ? RK_CELL_GRU_RESET_AFTER : RK_CELL_GRU_RESET_BEFORE
    }
  }

  /// The parameters, gates in the order r z n.
  public var weights: RecurrentWeights
  /// The place where the reset gate acts.
  public let reset: Reset
  /// Activations, limits and dropout.
  public var options: RecurrentOptions {
    didSet { options.check(for: reset.cell) }
  }

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, reset: Reset = .afterProduct,
    options: RecurrentOptions = RecurrentOptions(), bias: Bool = true,
    initialization: RecurrentInitialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(
      weights: RecurrentWeights(
        cell: reset.cell, inputSize: inputSize, hiddenSize: hiddenSize, bias: bias,
        initialization: initialization, using: &generator),
      reset: reset, options: options)
  }

  /// A layer with these parameters, of three gates.
  public init(
    weights: RecurrentWeights, reset: Reset = .afterProduct,
    options: RecurrentOptions = RecurrentOptions()
  ) {
    require(weights.gates == 3, "a GRU has 3 gates; these weights have \(weights.gates)")
    require(
      weights.peepholes == nil && weights.projection == nil,
      "a GRU has no peepholes and no projection")
    self.weights = weights
    self.reset = reset
    self.options = options
    options.check(for: reset.cell)
  }

  /// How the layer runs: by one fused kernel.
  public var paths: [LayerPath] { [fused.path("GRU")] }

  /// Whether the kernel keeps one thread busy only: for few units and rows.
  public func keepsOneThread(batchSize: Int) -> Bool { fused.keepsOneThread(batchSize: batchSize) }

  var fused: FusedRecurrence {
    FusedRecurrence(cell: reset.cell, weights: weights, options: options)
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

/// The state of a layer that carries its hidden state alone.
public struct HiddenState: LayerState {
  /// h, `[B, H]`.
  public var hidden: Tensor

  /// A state with this value.
  public init(hidden: Tensor) { self.hidden = hidden }

  /// The hidden state.
  public var tensors: [Tensor] {
    get { [hidden] }
    set { hidden = newValue[0] }
  }
}
