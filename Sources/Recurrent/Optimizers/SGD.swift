import RecurrentKernels

/// Stochastic gradient descent, with momentum and Nesterov's variant.
///
///     g' = g + λ·w;  b = μ·b + (1 - τ)·g';  w -= η·(nesterov ? g' + μ·b : b)      (PyTorch)
///     w -= η·λ·w;    v = μ·v - η·g;         w += (nesterov ? μ·v - η·g : v)       (Keras)
///
/// The two differ when the learning rate changes: Keras's momentum remembers old rates.
public struct SGD: Optimizer {
  /// η.
  public var learningRate: Float
  /// μ.
  public let momentum: Float
  /// τ, PyTorch's dampening.
  public let dampening: Double
  /// Whether the step looks ahead along the momentum.
  public let nesterov: Bool
  /// λ.
  public let weightDecay: Float
  /// Whose formula.
  public let convention: OptimizerConvention
  /// Momentum buffers.
  public var state = OptimizerState()

  /// An optimizer before its first update.
  public init(
    learningRate: Float, momentum: Float = 0, dampening: Double = 0, nesterov: Bool = false,
    weightDecay: Float = 0, convention: OptimizerConvention = .pytorch
  ) {
    precondition(
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

  /// One update of one parameter.
  public func update(
    _ parameter: inout Tensor, along gradient: Tensor, slots: inout [Tensor], step: Int
  ) {
    var rule = rule(step: step)
    let count = Int64(parameter.count)
    let buffer = momentum > 0 ? slots[0].mutablePointer() : nil
    rk_update_sgd(&rule, parameter.mutablePointer(), gradient.pointer, buffer, count)
    withExtendedLifetime(gradient) {}
  }

  /// Without momentum and weight decay only the rows that have a gradient are touched.
  public func update(
    _ parameter: inout Tensor, along rows: SparseRows, slots: inout [Tensor], step: Int
  ) {
    guard momentum == 0, weightDecay == 0 else {
      return update(&parameter, along: rows.dense, slots: &slots, step: step)
    }
    var rule = rule(step: step)
    let w = parameter.mutablePointer()
    rows.forEachRow { start, row in
      rk_update_sgd(&rule, w + start, row, nil, Int64(rows.width))
    }
  }

  private func rule(step: Int) -> rk_sgd {
    let isKeras = convention == .keras
    return rk_sgd(
      l2: isKeras ? 0 : weightDecay, decay: isKeras ? 1 - learningRate * weightDecay : 1,
      momentum: momentum, dampening: dampening, gradient_scale: isKeras ? learningRate : 1,
      step_scale: isKeras ? 1 : learningRate, nesterov: nesterov, first: step == 1)
  }
}
