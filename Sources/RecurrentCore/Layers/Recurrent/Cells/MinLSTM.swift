/// The minimal LSTM (Feng et al. 2024, "Were RNNs all we needed?", arXiv:2410.01201): its gates see
/// the input alone, so all products and activations run for all steps at once, and what is left is
/// one scan.
///
///     f = σ(W_f x + b_f)    i = σ(W_i x + b_i)    n = W_n x + b_n
///     h' = f / (f + i)·h + i / (f + i)·n
///
/// `[B, T, I]` to `[B, T, H]`. This is the paper's plain form; its form in logarithms, where n is
/// kept positive, serves a parallel scan.
public struct MinLSTM: Layer {
  /// W and b, from I to 3·H, the gates in the order f i n.
  public var gates: Dense

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(
      gates: Dense(
        inputSize: inputSize, outputSize: 3 * hiddenSize, initialization: initialization,
        using: &generator))
  }

  /// A layer with these gates.
  public init(gates: Dense) {
    gates.checkGates(3)
    self.gates = gates
  }

  /// H, the number of hidden units.
  public var hiddenSize: Int { gates.weights.shape[1] / 3 }

  /// How the layer runs: as a scan of each unit alone.
  public var paths: [LayerPath] {
    [
      LayerPath(
        layer: "minLSTM \(gates.weights.shape[0]) → \(hiddenSize)", method: .scan,
        reason: "no product joins one step to the next", inputSize: gates.weights.shape[0],
        outputSize: hiddenSize, keptSize: 6 * hiddenSize)
    ]
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> HiddenState {
    HiddenState(hidden: .zeros([batchSize, hiddenSize]))
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout HiddenState, mode: Mode
  ) -> SequenceBatch {
    let (sums, units) = (gates(input.validSteps), hiddenSize)
    // f / (f + i) = σ(log f - log i), which also holds where both gates round to 0.
    let logForget = -(-sums.slice(0..<units, along: 1)).softplus()
    let logInput = -(-sums.slice(units..<2 * units, along: 1)).softplus()
    let kept = (logForget - logInput).sigmoid()
    let n = sums.slice(2 * units..<3 * units, along: 1)
    return input.with(validSteps: (1 - kept) * n)
      .scan(input.with(validSteps: kept).values, from: &state)
  }

  /// Visits `gates`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("gates", &gates)
  }
}
