import RecurrentFiles

/// A convolution over time: `[B, T, I]` to `[B, T', O]`.
///
///     y_o = bias + Σ_k x_(o·stride + k·dilation - left)·weights_k        k = 0 ..< K
///
/// What lies before a row's first and behind its last valid step is 0, or what the padding mode puts
/// there of the row's own steps, so that a row alone gives what it gives in a batch. With n valid
/// steps, of which there is at least one, and a reach of R = (K - 1)·dilation:
///
/// | padding | left | right |
/// |---|---|---|
/// | `same` | half (rounded down) of P = max(0, (⌈n / stride⌉ - 1)·stride + R + 1 - n), with stride 1: of R | P - left |
/// | `causal` | R: an output sees no later input | 0 |
/// | `valid` | 0 | 0 |
/// | `explicit(left:right:)` | as it says | as it says |
///
/// There are ⌊(left + n + right - R - 1) / stride⌋ + 1 output steps, at least 0; of an empty row
/// there are none.
///
/// These are Keras's formulas, and PyTorch's `padding="same"`, `padding=0` and `padding=p`
/// (`explicit(left: p, right: p)`) with its `padding_mode` `zeros`, `reflect` or `replicate` (`edge`);
/// a row too short to be reflected, which PyTorch refuses, is reflected again. Keras's kernel is
/// `weights`; PyTorch's `weight` `[O, I, K]` is its transpose.
///
/// A causal convolution of stride 1 has a state, its last R inputs: a sequence in chunks gives the
/// bits of the whole. The others look at whole sequences.
public struct Conv1D: Layer {
  /// How many steps are added around a row before it is convolved.
  public enum Padding: Sendable, Hashable {
    /// Steps on both sides: with stride 1 as many outputs as inputs.
    case same
    /// Steps in front.
    case causal
    /// None: outputs only where the whole kernel fits.
    case valid
    /// So many in front and behind.
    case explicit(left: Int, right: Int)
  }

  /// The inputs that later outputs still see.
  public struct State: LayerState {
    /// `[B, R, I]`, zeros before the first step; nil for a layer that is not causal.
    public var inputs: Tensor?

    /// The inputs, if the layer is causal.
    public var tensors: [Tensor] {
      get { inputs.map { [$0] } ?? [] }
      set { inputs = newValue.first }
    }
  }

  /// `[K, I, O]`.
  public var weights: Tensor
  /// b, the bias, `[O]`; nil: none.
  public var bias: Tensor?
  /// Input steps from output to output.
  public let stride: Int
  /// Input steps from one element of the kernel to the next.
  public let dilation: Int
  /// How many steps are added around a row.
  public let padding: Padding
  /// What stands in the steps that are added.
  public let paddingMode: PaddingMode

  /// A layer with a kernel of `kernelSize` steps. Initialized uniformly in ± 1/√(I·K) (PyTorch), or
  /// by Glorot's rule with fans K·I and K·O and a zero bias (Keras).
  public init(
    inputSize: Int, outputSize: Int, kernelSize: Int, stride: Int = 1, dilation: Int = 1,
    padding: Padding = .same, paddingMode: PaddingMode = .zeros, bias: Bool = true,
    initialization: Initialization = .pytorch, using generator: inout some RandomNumberGenerator
  ) {
    let shape = [kernelSize, inputSize, outputSize]
    require(
      shape.allSatisfy { $0 >= 1 }, "a kernel has sizes [K, I, O] of at least 1, not \(shape)")
    let draw: (kernel: Initializer, bias: Initializer)
    switch initialization {
    case .pytorch:
      let plain = Initializer.uniform(1 / Float(inputSize * kernelSize).squareRoot())
      draw = (plain, plain)
    case .keras:
      let fans = Float(kernelSize * (inputSize + outputSize))
      draw = (.uniform((6 / fans).squareRoot()), .zeros)
    }
    self.init(
      weights: draw.kernel(shape, using: &generator),
      bias: bias ? draw.bias([outputSize], using: &generator) : nil, stride: stride,
      dilation: dilation, padding: padding, paddingMode: paddingMode)
  }

  /// A layer with these parameters: weights `[K, I, O]`, bias `[O]`.
  public init(
    weights: Tensor, bias: Tensor?, stride: Int = 1, dilation: Int = 1, padding: Padding = .same,
    paddingMode: PaddingMode = .zeros
  ) {
    require(
      weights.rank == 3 && weights.shape[0] >= 1,
      "convolution weights have shape [K, I, O], not \(weights.shape)")
    require(
      bias.map { $0.shape == [weights.shape[2]] } ?? true,
      "the bias of \(weights.shape[2]) outputs cannot have shape \(bias?.shape ?? [])")
    require(
      stride >= 1 && dilation >= 1,
      "stride and dilation are at least 1, not \(stride) and \(dilation)")
    if case .explicit(let left, let right) = padding {
      require(
        left >= 0 && right >= 0,
        "at least 0 steps are added around a row, not \(left) and \(right)")
    }
    self.weights = weights
    self.bias = bias
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.paddingMode = paddingMode
  }

  /// R, the inputs before the one at its own place that a causal output sees.
  public var reach: Int { (weights.shape[0] - 1) * dilation }

  /// Whether no output sees a later input, or another than zeros before the first, with stride 1: it
  /// then takes sequences in chunks. So it is with `causal`, and with R steps in front told explicitly.
  public var isCausal: Bool {
    stride == 1 && paddingMode == .zeros
      && (padding == .causal || padding == .explicit(left: reach, right: 0))
  }

  /// Whether there are as many outputs as inputs, each at its input's place.
  package var keepsSteps: Bool {
    let added = margins(of: 1)
    return stride == 1 && added.left + added.right == reach
  }

  /// The output steps of a row with so many valid steps.
  public func outputLength(of length: Int) -> Int {
    let added = margins(of: length)
    return length == 0
      ? 0 : max(0, (added.left + length + added.right - reach - 1 + stride) / stride)
  }

  /// The steps that are added around a row of so many.
  package func margins(of length: Int) -> (left: Int, right: Int) {
    switch padding {
    case .same:
      let outputs = (length + stride - 1) / stride
      let added = max(0, (outputs - 1) * stride + reach + 1 - length)
      return (added / 2, added - added / 2)
    case .causal: return (reach, 0)
    case .valid: return (0, 0)
    case .explicit(let left, let right): return (left, right)
    }
  }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> State {
    State(inputs: isCausal ? .zeros([batchSize, reach, weights.shape[1]]) : nil)
  }

  /// The outputs. With stride 1 and as many outputs as inputs they stand where the inputs stand; else
  /// from the first step on.
  public func forward(_ input: SequenceBatch, state: inout State, mode: Mode) -> SequenceBatch {
    let (kernel, features, outputs) = (weights.shape[0], weights.shape[1], weights.shape[2])
    require(
      input.features == features,
      "a convolution of \(features) features got sequences with \(input.features)")
    let places = input.placesByRow
    var origins: [Window.Origin] = []
    var lengths: [Int] = []
    for (row, steps) in places.enumerated() {
      let length = outputLength(of: steps.count)
      let left = margins(of: steps.count).left
      lengths.append(length)
      for output in 0..<length {
        for k in 0..<kernel {
          let step = output * stride + k * dilation - left
          if let source = paddingMode.source(of: step, size: steps.count) {
            origins.append(.input(steps[source]))
          } else {
            origins.append(isCausal ? .state(row * reach + reach + step) : .zero)
          }
        }
      }
    }
    let windows = Window.gather(origins, from: input.values, state.inputs)
    let rows = windows.reshaped(to: [lengths.reduce(0, +), kernel * features])
    let result = rows.matrixProduct(
      weights.reshaped(to: [kernel * features, outputs]), bias: bias)
    if let before = state.inputs {
      state.inputs = Window.gather(lastInputs(places), from: input.values, before)
        .reshaped(to: before.shape)
    }
    if keepsSteps { return input.with(validSteps: result) }
    let time = outputLength(of: input.time)
    let targets = lengths.indices.flatMap { b in (0..<lengths[b]).map { b * time + $0 } }
    let values = result.scatteredRows(to: targets, of: input.batchSize * time)
    return SequenceBatch(
      values.reshaped(to: [input.batchSize, time, outputs]), lengths: lengths)
  }

  /// Where the last R inputs of each row are found: in the input or, if it is short, in the state.
  private func lastInputs(_ places: [[Int]]) -> [Window.Origin] {
    places.enumerated().flatMap { row, steps in
      (0..<reach).map { index -> Window.Origin in
        let step = steps.count - reach + index
        return step >= 0 ? .input(steps[step]) : .state(row * reach + reach + step)
      }
    }
  }

  /// Visits `weights` and `bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("weights", &weights)
    visitor.visit("bias", &bias)
  }
}

/// The rows under a kernel, one after the other.
private enum Window {
  /// The source of a row of the patches.
  enum Origin {
    /// Row b·T + t of the input.
    case input(Int)
    /// Row b·R + r of the state.
    case state(Int)
    /// Nowhere: zeros.
    case zero
  }

  /// The rows at `origins`, `[n, I]`, of the input `[B, T, I]` and the state `[B, R, I]`.
  static func gather(_ origins: [Origin], from input: Tensor, _ state: Tensor?) -> Tensor {
    let width = input.shape[2]
    let (x, before) = (input.matrix, state?.matrix)
    let y = Tensor(shape: [origins.count, width]) { y in
      for (row, origin) in origins.enumerated() {
        let target = y + row * width
        switch origin {
        case .input(let place): target.update(from: x.row(place), count: width)
        case .state(let place):
          if let before { target.update(from: before.row(place), count: width) }
        case .zero: target.update(repeating: 0, count: width)
        }
      }
    }
    let shape = input.shape
    return y.recorded(from: [input] + (state.map { [$0] } ?? [])) {
      [stateShape = state?.shape] dy in
      var dInput = Tensor.zeros(shape)
      var dState = stateShape.map { Tensor.zeros($0) }
      let (dx, dBefore, dy) = (dInput.mutableMatrix(), dState?.mutableMatrix(), dy.matrix)
      for (row, origin) in origins.enumerated() {
        switch origin {
        case .input(let place): dx.add(dy.row(row), to: place)
        case .state(let place): dBefore?.add(dy.row(row), to: place)
        case .zero: break
        }
      }
      return [dInput, dState]
    }
  }
}
