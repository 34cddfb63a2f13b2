internal import RecurrentKernels

/// RMSprop (Tieleman and Hinton 2012), centered (Graves 2013, arXiv:1308.0850) and with momentum by
/// choice.
///
///     v = α·v + (1 - α)·g²    a = α·a + (1 - α)·g (centered: v - a² below for v)
///     b = μ·b + g / (√v + ε);     w -= η·b        α = 0.99, ε = 1e-8 (PyTorch)
///     b = μ·b + η·g / √(v + ε);   w -= b          α = 0.9,  ε = 1e-7 (Keras)
public struct RMSprop: Optimizer {
  /// η, the learning rate.
  public var learningRate: Float
  /// α, the decay of the mean square.
  public let rho: Double
  /// ε, which keeps divisors from 0.
  public let epsilon: Float
  /// μ, the momentum.
  public let momentum: Float
  /// Whether the mean gradient is subtracted.
  public let centered: Bool
  /// λ, added to the gradient (PyTorch) or decoupled (Keras).
  public let weightDecay: Float
  /// The framework whose formula is followed.
  public let convention: OptimizerConvention
  /// v, the mean if centered, the buffer if there is momentum.
  public var state = OptimizerState()

  /// An optimizer before its first update. The learning rate is 1e-2 (PyTorch) or 1e-3 (Keras) if
  /// not given.
  public init(
    learningRate: Float? = nil, rho: Double? = nil, epsilon: Float? = nil, momentum: Float = 0,
    centered: Bool = false, weightDecay: Float = 0, convention: OptimizerConvention = .pytorch
  ) {
    let isKeras = convention == .keras
    self.learningRate = learningRate ?? (isKeras ? 1e-3 : 1e-2)
    self.rho = rho ?? (isKeras ? 0.9 : 0.99)
    self.epsilon = epsilon ?? (isKeras ? 1e-7 : 1e-8)
    self.momentum = momentum
    self.centered = centered
    self.weightDecay = weightDecay
    self.convention = convention
  }

  /// v, the mean if centered, the buffer if there is momentum.
  public func initialSlots(for parameter: Tensor) -> [Tensor] {
    Array(
      repeating: .zeros(parameter.shape), count: 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0))
  }

  /// Updates one parameter by its gradient.
  public func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool {
    let isKeras = convention == .keras
    let rule = rk_rmsprop(
      clip: gradient.factor, l2: isKeras ? 0 : weightDecay,
      decay: isKeras ? 1 - learningRate * weightDecay : 1, rho: rho, epsilon: epsilon,
      momentum: momentum, gradient_scale: isKeras ? learningRate : 1,
      step_scale: isKeras ? 1 : learningRate, epsilon_inside: isKeras)
    let mean = centered ? slots[1].mutablePointer() : nil
    let buffer = momentum > 0 ? slots[slots.count - 1].mutablePointer() : nil
    let (w, v) = (parameter.mutablePointer(), slots[0].mutablePointer())
    return withUnsafePointer(to: rule) { rule in
      gradient.updateRuns { start, g, count in
        rk_update_rmsprop(
          rule, w + start, g, v + start, mean.map { $0 + start }, buffer.map { $0 + start }, count)
      }
    }
  }
}
