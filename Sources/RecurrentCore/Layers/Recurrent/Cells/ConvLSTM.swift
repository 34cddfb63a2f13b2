import RecurrentFiles
internal import RecurrentKernels

/// The convolutional LSTM (Shi et al. 2015, arXiv:1506.04214) over frames, which are rows of pixels
/// or pictures: an LSTM whose products are convolutions, so that each place of the grid has units of
/// its own and sees only its neighbours.
///
///     i = σ(W_i∗x + U_i∗h + b_i)        f = σ(W_f∗x + U_f∗h + b_f)
///     g = tanh(W_g∗x + U_g∗h + b_g)     o = σ(W_o∗x + U_o∗h + b_o)
///     c' = f·c + i·g                    h' = o·tanh(c')
///
/// A frame `[height, width, C]` (`[width, C]`) is flattened, channels last, to the features of a step:
/// `[B, T, height·width·C]` to `[B, T, height·width·F]`. Convolutions (cross-correlations, as in all
/// frameworks) keep the grid's size, with zeros around it: of k - 1 places, (k - 1) / 2 in front. The
/// formula is that of Keras's ConvLSTM1D and ConvLSTM2D with `padding="same"`; the paper's peepholes
/// are left out.
public struct ConvLSTM: Layer {
  /// W, `[kernel·C, 4·F]`: of each place of the kernel in row-major order, its channels. Gates in the
  /// order i f g o.
  public var inputWeights: Tensor
  /// U, `[kernel·F, 4·F]`.
  public var recurrentWeights: Tensor
  /// b, `[4·F]`.
  public var bias: Tensor
  /// The size of a frame: `[width]` or `[height, width]`.
  public let grid: [Int]
  /// The size of the kernel along each dimension of the grid.
  public let kernelSize: [Int]

  /// A layer from `channels` to `filters` numbers at each place, its parameters as Keras starts them:
  /// Glorot uniform, orthogonal, and zero biases but for a forget bias of 1.
  public init(
    grid: [Int], channels: Int, filters: Int, kernelSize: [Int],
    using generator: inout some RandomNumberGenerator
  ) {
    let places = kernelSize.reduce(1, *)
    require(
      channels >= 1 && filters >= 1,
      "a convolution has at least one channel and one filter, not \(channels) and \(filters)")
    // The fans of a convolution count every place of the kernel.
    let limit = (6 / Float(places * (channels + 4 * filters))).squareRoot()
    var bias = Initializer.zeros([4 * filters], using: &generator)
    RecurrentInitialization.GateBiases.forget(1).apply(
      to: &bias, cell: RK_CELL_LSTM, hiddenSize: filters, using: &generator)
    self.init(
      inputWeights: Initializer.uniform(limit)(
        [places * channels, 4 * filters], using: &generator),
      recurrentWeights: Initializer.orthogonal()(
        [places * filters, 4 * filters], using: &generator),
      bias: bias, grid: grid, kernelSize: kernelSize)
  }

  /// A layer with these parameters.
  public init(
    inputWeights: Tensor, recurrentWeights: Tensor, bias: Tensor, grid: [Int], kernelSize: [Int]
  ) {
    require(
      (1...2).contains(grid.count) && grid.count == kernelSize.count
        && (grid + kernelSize).allSatisfy { $0 >= 1 },
      "a grid is [width] or [height, width], its kernel as many sizes, not \(grid) and \(kernelSize)"
    )
    let (filters, places) = (bias.count / 4, kernelSize.reduce(1, *))
    require(
      filters >= 1 && bias.shape == [4 * filters]
        && recurrentWeights.shape == [places * filters, 4 * filters]
        && inputWeights.rank == 2 && inputWeights.shape[1] == 4 * filters
        && inputWeights.shape[0] > 0 && inputWeights.shape[0] % places == 0,
      "weights of kernel \(kernelSize) have shapes [\(places)·C, 4·F], [\(places)·F, 4·F] and [4·F], not \(inputWeights.shape), \(recurrentWeights.shape) and \(bias.shape)"
    )
    self.inputWeights = inputWeights
    self.recurrentWeights = recurrentWeights
    self.bias = bias
    self.grid = grid
    self.kernelSize = kernelSize
  }

  /// C, the channels of the input.
  public var channels: Int { inputWeights.shape[0] / kernelSize.reduce(1, *) }
  /// F, the channels of the output.
  public var filters: Int { bias.count / 4 }

  /// How the layer runs: one step after the other, without a fused kernel.
  public var paths: [LayerPath] {
    let size = grid.map(String.init).joined(separator: " × ")
    return [
      LayerPath(
        layer: "ConvLSTM \(size), \(channels) → \(filters)", method: .stepByStep,
        reason: "input convolutions of all steps are one product, those of the state one a step")
    ]
  }

  /// Zeros: h and c, each `[B, height·width·F]`.
  public func initialState(batchSize: Int) -> LSTM.State {
    let zeros = Tensor.zeros([batchSize, grid.reduce(filters, *)])
    return LSTM.State(hidden: zeros, cell: zeros)
  }

  /// The hidden states of all steps; `state` becomes that after each row's last valid step.
  public func forward(
    _ input: SequenceBatch, state: inout LSTM.State, mode: Mode
  ) -> SequenceBatch {
    let places = grid.reduce(1, *)
    require(
      input.features == places * channels,
      "frames of \(grid) with \(channels) channels have \(places * channels) features, not \(input.features)"
    )
    // The input's convolutions at all places of all steps are one product.
    let patches = Patches(grid: grid, kernelSize: kernelSize)
    let frames = input.validSteps
    let sums = patches.of(frames).matrixProduct(inputWeights, bias: bias)
      .reshaped(to: [frames.shape[0], places * 4 * filters])
    let steps = Recurrence(ConvolutionStep(weights: recurrentWeights, patches: patches))
    return steps.forward(input.with(validSteps: sums), state: &state, mode: mode)
  }

  /// Visits `input_weights`, `recurrent_weights` and `bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("input_weights", &inputWeights)
    visitor.visit("recurrent_weights", &recurrentWeights)
    visitor.visit("bias", &bias)
  }
}

/// What is left of a step: the input's part of the sums comes in, `[B, places·4·F]`.
private struct ConvolutionStep: Cell {
  var weights: Tensor
  let patches: Patches

  func initialState(batchSize: Int) -> LSTM.State {
    let zeros = Tensor.zeros([batchSize, patches.places * weights.shape[1] / 4])
    return LSTM.State(hidden: zeros, cell: zeros)
  }

  func step(_ input: Tensor, state: inout LSTM.State) -> Tensor {
    let (shape, filters) = (state.hidden.shape, weights.shape[1] / 4)
    let sums =
      input.reshaped(to: [-1, 4 * filters]) + patches.of(state.hidden).matrixProduct(weights)
    let gates = (0..<4).map { sums.slice($0 * filters..<($0 + 1) * filters, along: 1) }
    let (i, f) = (gates[0].sigmoid(), gates[1].sigmoid())
    let (g, o) = (gates[2].tanh(), gates[3].sigmoid())
    let cell = f * state.cell.reshaped(to: [-1, filters]) + i * g
    state.cell = cell.reshaped(to: shape)
    state.hidden = (o * cell.tanh()).reshaped(to: shape)
    return state.hidden
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("", &weights)
  }
}
