import RecurrentFiles
internal import RecurrentKernels

/// The cell of the LSTM with layer normalization (Ba et al. 2016, arXiv:1607.06450): both products of
/// a step, and the cell state on its way out, are brought to mean 0 and variance 1 over the units,
/// each with gains of its own.
///
///     i, f, g, o = α₁·norm(W x) + α₂·norm(U h) + b, each a sum
///     c' = σ(f)·c + σ(i)·tanh(g)
///     h' = σ(o)·tanh(α₃·norm(c') + β₃)
///
/// norm(x) = (x - mean) / √(variance + 10⁻⁵), of the products over all 4·H sums together. The paper's
/// β₁ and β₂ only add to b and are left out. `[B, I]` to `[B, H]`; ``Recurrence`` makes a layer of it.
public struct LayerNormLSTMCell: Cell {
  /// W, U and b, with the gates in the order i f g o.
  public var weights: RecurrentWeights
  /// α₁, `[4·H]`.
  public var inputGain: Tensor
  /// α₂, `[4·H]`.
  public var recurrentGain: Tensor
  /// α₃, `[H]`.
  public var cellGain: Tensor
  /// β₃, `[H]`.
  public var cellBias: Tensor

  /// A cell with `hiddenSize` units; gains start as 1, β₃ as 0.
  public init(
    inputSize: Int, hiddenSize: Int, initialization: RecurrentInitialization = .keras,
    using generator: inout some RandomNumberGenerator
  ) {
    var initialization = initialization
    initialization.hasTwoBiases = false
    self.init(
      weights: RecurrentWeights(
        cell: RK_CELL_LSTM, inputSize: inputSize, hiddenSize: hiddenSize, bias: true,
        initialization: initialization, using: &generator), using: &generator)
  }

  /// A cell with these parameters, of four gates; gains are 1, β₃ is 0.
  public init(weights: RecurrentWeights) {
    var nothingToDraw = SystemRandomNumberGenerator()
    self.init(weights: weights, using: &nothingToDraw)
  }

  private init(weights: RecurrentWeights, using generator: inout some RandomNumberGenerator) {
    require(
      weights.gates == 4 && weights.recurrentBias == nil && weights.peepholes == nil
        && weights.projection == nil,
      "a normalized LSTM has 4 gates, one bias, no peepholes and no projection; these weights have \(weights.gates) gates"
    )
    self.weights = weights
    let units = weights.hiddenSize
    inputGain = Initializer.constant(1)([4 * units], using: &generator)
    recurrentGain = inputGain
    cellGain = Initializer.constant(1)([units], using: &generator)
    cellBias = Initializer.zeros([units], using: &generator)
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> LSTM.State {
    let zeros = Tensor.zeros([batchSize, weights.hiddenSize])
    return LSTM.State(hidden: zeros, cell: zeros)
  }

  /// One step of the cell: `[B, I]` to `[B, H]`.
  public func step(_ input: Tensor, state: inout LSTM.State) -> Tensor {
    var sums =
      LayerNorm(gain: inputGain)(input.matrixProduct(weights.input))
      + LayerNorm(gain: recurrentGain)(state.hidden.matrixProduct(weights.recurrent))
    if let bias = weights.bias { sums = sums + bias }
    let units = weights.hiddenSize
    let gates = (0..<4).map { sums.slice($0 * units..<($0 + 1) * units, along: 1) }
    let (i, f) = (gates[0].sigmoid(), gates[1].sigmoid())
    let (g, o) = (gates[2].tanh(), gates[3].sigmoid())
    state.cell = f * state.cell + i * g
    state.hidden = o * LayerNorm(gain: cellGain, bias: cellBias)(state.cell).tanh()
    return state.hidden
  }

  /// Visits the weights, `input_gain`, `recurrent_gain`, `cell_gain` and `cell_bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    weights.visitParameters(&visitor)
    visitor.visit("input_gain", &inputGain)
    visitor.visit("recurrent_gain", &recurrentGain)
    visitor.visit("cell_gain", &cellGain)
    visitor.visit("cell_bias", &cellBias)
  }
}
