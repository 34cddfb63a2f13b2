import RecurrentFiles
internal import RecurrentKernels

/// The cell of the sLSTM (Beck et al. 2024, "xLSTM", arXiv:2405.04517): an LSTM whose input gate, and
/// forget gate by choice, are exponential, so that it can revise what it has stored. A normalizer
/// counts what was stored; a stabilizer keeps the exponentials in range and cancels in the output.
///
///     i, f, g, o = W x + U h + b, each a sum
///     m' = max(log f(f) + m, i)
///     c' = e^(log f(f) + m - m')·c + e^(i - m')·tanh(g)
///     n' = e^(log f(f) + m - m')·n + e^(i - m')
///     h' = σ(o)·c' / n'
///
/// f(f) is σ(f) or e^f. `[B, I]` to `[B, H]`; ``Recurrence`` makes a layer of it. Where n is 0
/// nothing is stored yet, and m does not count.
///
/// Left out of the paper's block: heads (U is one full matrix, not block-diagonal), the convolution
/// before the gates, and the group normalization and projections around the cell.
public struct SLSTMCell: Cell {
  /// The function by which the forget gate opens.
  public enum ForgetGate: String, Sendable, Codable, CaseIterable {
    /// σ(f).
    case sigmoid
    /// e^f.
    case exponential
  }

  /// The parameters, with the gates in the order i f g o.
  public var weights: RecurrentWeights
  /// The function by which the forget gate opens.
  public let forgetGate: ForgetGate

  /// A cell with `hiddenSize` units.
  public init(
    inputSize: Int, hiddenSize: Int, forgetGate: ForgetGate = .sigmoid,
    initialization: RecurrentInitialization = .keras,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(
      weights: RecurrentWeights(
        cell: RK_CELL_LSTM, inputSize: inputSize, hiddenSize: hiddenSize, bias: true,
        initialization: initialization, using: &generator),
      forgetGate: forgetGate)
  }

  /// A cell with these parameters, of four gates.
  public init(weights: RecurrentWeights, forgetGate: ForgetGate = .sigmoid) {
    require(
      weights.gates == 4 && weights.peepholes == nil && weights.projection == nil,
      "an sLSTM has 4 gates, no peepholes and no projection; these weights have \(weights.gates) gates"
    )
    self.weights = weights
    self.forgetGate = forgetGate
  }

  /// What is carried from step to step, each `[B, H]`.
  public struct State: LayerState {
    /// h, the hidden state, `[B, H]`.
    public var hidden: Tensor
    /// c, the cell state, `[B, H]`.
    public var cell: Tensor
    /// n, the normalizer of the cell state, `[B, H]`.
    public var normalizer: Tensor
    /// m, the logarithm by which the exponential gates are scaled, `[B, H]`.
    public var stabilizer: Tensor

    /// h, c, n, m.
    public var tensors: [Tensor] {
      get { [hidden, cell, normalizer, stabilizer] }
      set {
        (hidden, cell, normalizer, stabilizer) = (
          newValue[0], newValue[1], newValue[2], newValue[3]
        )
      }
    }
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return State(hidden: zeros, cell: zeros, normalizer: zeros, stabilizer: zeros)
  }

  /// One step of the cell: `[B, I]` to `[B, H]`.
  public func step(_ input: Tensor, state: inout State) -> Tensor {
    let sums =
      input.matrixProduct(weights.input, bias: weights.bias)
      + state.hidden.matrixProduct(weights.recurrent, bias: weights.recurrentBias)
    let units = weights.hiddenSize
    let gates = (0..<4).map { sums.slice($0 * units..<($0 + 1) * units, along: 1) }
    let (i, f, g, o) = (gates[0], gates[1], gates[2].tanh(), gates[3].sigmoid())

    let logForget = forgetGate == .sigmoid ? -(-f).softplus() : f
    let kept = logForget + state.stabilizer + state.whereNothingIsStored(-1e30)
    let m = Tensor.maximum(kept, i)
    let (forget, write) = ((kept - m).exp(), (i - m).exp())
    state.cell = forget * state.cell + write * g
    state.normalizer = forget * state.normalizer + write
    state.stabilizer = m
    state.hidden = o * state.cell / state.normalizer
    return state.hidden
  }

  /// Visits the weights.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
  }
}

extension SLSTMCell.State {
  /// `value` where n is 0, else 0.
  fileprivate func whereNothingIsStored(_ value: Float) -> Tensor {
    Tensor(normalizer.elements.map { $0 == 0 ? value : 0 }, shape: normalizer.shape)
  }
}
