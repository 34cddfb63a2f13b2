import RecurrentFiles
internal import RecurrentKernels

/// Stochastic gradient descent, with momentum and Nesterov's variant.
///
///     g' = g + λ·w;  b = μ·b + (1 - τ)·g';  w -= η·(nesterov ? g' + μ·b : b)      (PyTorch)
///     w -= η·λ·w;    v = μ·v - η·g;         w += (nesterov ? μ·v - η·g : v)       (Keras)
///
/// The two differ when the learning rate changes: Keras's momentum remembers old rates.
public struct SGD: Optimizer {
  /// η, the learning rate.
  public var learningRate: Float
  /// μ, the momentum.
  public let momentum: Float
  /// τ, PyTorch's dampening.
  public let dampening: Double
  /// Whether the step looks ahead along the momentum.
  public let nesterov: Bool
  /// λ, the weight decay.
  public let weightDecay: Float
  /// The framework whose formula is followed.
  public let convention: OptimizerConvention
  /// Momentum buffers.
  public var state = OptimizerState()

  /// An optimizer before its first update.
  public init(
    learningRate: Float, momentum: Float = 0, dampening: Double = 0, nesterov: Bool = false,
    weightDecay: Float = 0, convention: OptimizerConvention = .pytorch
  ) {
    require(
      !nesterov || (momentum > 0 && dampening == 0),
      "Nesterov momentum needs a momentum above 0 and no dampening")
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.convention = convention
  }

  /// The momentum buffer, if there is momentum.
  public func initialSlots(for parameter: Tensor) -> [Tensor] {
    momentum > 0 ? [.zeros(parameter.shape)] : []
  }

  /// One update of one parameter. Without momentum and weight decay a gradient by rows touches
  /// these rows only.
  public func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool {
    let isKeras = convention == .keras
    let rule = rk_sgd(
      clip: gradient.factor, l2: isKeras ? 0 : weightDecay,
      decay: isKeras ? 1 - learningRate * weightDecay : 1,
      momentum: momentum, dampening: dampening, gradient_scale: isKeras ? learningRate : 1,
      step_scale: isKeras ? 1 : learningRate, nesterov: nesterov, first: step == 1)
    let w = parameter.mutablePointer()
    let buffer = momentum > 0 ? slots[0].mutablePointer() : nil
    return withUnsafePointer(to: rule) { rule in
      gradient.updateRuns(rowsOnly: momentum == 0 && weightDecay == 0) { start, g, count in
        rk_update_sgd(rule, w + start, g, buffer.map { $0 + start }, count)
      }
    }
  }
}
