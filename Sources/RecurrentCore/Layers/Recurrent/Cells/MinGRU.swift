import RecurrentFiles

/// The minimal GRU (Feng et al. 2024, "Were RNNs all we needed?", arXiv:2410.01201): its gates see
/// the input alone, so all products and activations run for all steps at once, and what is left is
/// one scan.
///
///     z = σ(W_z x + b_z)    n = W_n x + b_n
///     h' = (1 - z)·h + z·n
///
/// `[B, T, I]` to `[B, T, H]`. This is the paper's plain form; its form in logarithms, where n is
/// kept positive, serves a parallel scan.
public struct MinGRU: Layer {
  /// W and b, from I to 2·H, the gates in the order z n.
  public var gates: Dense

  /// A layer with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, initialization: Initialization = .pytorch,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(
      gates: Dense(
        inputSize: inputSize, outputSize: 2 * hiddenSize, initialization: initialization,
        using: &generator))
  }

  /// A layer with these gates.
  public init(gates: Dense) {
    gates.checkGates(2)
    self.gates = gates
  }

  /// H, the number of hidden units.
  public var hiddenSize: Int { gates.weights.shape[1] / 2 }

  /// How the layer runs: as a scan of each unit alone.
  public var paths: [LayerPath] {
    [
      LayerPath(
        layer: "minGRU \(gates.weights.shape[0]) → \(hiddenSize)", method: .scan,
        reason: "no product joins one step to the next", inputSize: gates.weights.shape[0],
        outputSize: hiddenSize, keptSize: 4 * hiddenSize)
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
    let z = sums.slice(0..<units, along: 1).sigmoid()
    let n = sums.slice(units..<2 * units, along: 1)
    return input.with(validSteps: z * n)
      .scan(input.with(validSteps: 1 - z).values, from: &state)
  }

  /// Visits `gates`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("gates", &gates)
  }
}

extension Dense {
  /// Traps unless its columns are `count` gates of one size, to which nothing is applied.
  func checkGates(_ count: Int) {
    require(
      weights.shape[1] % count == 0 && activation == .identity,
      "\(count) gates have a multiple of \(count) columns and no activation, not \(weights.shape[1]) columns and \(activation)"
    )
  }
}
