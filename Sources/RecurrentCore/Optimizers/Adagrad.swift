internal import RecurrentKernels

/// Adagrad (Duchi et al. 2011).
///
///     s += g²;  w -= η / (1 + (t - 1)·δ) · g / (√s + ε)     s starts at 0,   ε = 1e-10 (PyTorch)
///     s += g²;  w -= η·g / √(s + ε)                         s starts at 0.1, ε = 1e-7 (Keras)
public struct Adagrad: Optimizer {
  /// η, the learning rate.
  public var learningRate: Float
  /// δ, PyTorch's decay of the learning rate.
  public let learningRateDecay: Float
  /// The start value of the sum of squares s.
  public let initialAccumulator: Float
  /// ε, which keeps divisors from 0.
  public let epsilon: Float
  /// λ, added to the gradient (PyTorch) or decoupled (Keras).
  public let weightDecay: Float
  /// The framework whose formula is followed.
  public let convention: OptimizerConvention
  /// s, the sum of squares of each parameter.
  public var state = OptimizerState()

  /// An optimizer before its first update. The learning rate is 1e-2 (PyTorch) or 1e-3 (Keras) if
  /// not given.
  public init(
    learningRate: Float? = nil, learningRateDecay: Float = 0, initialAccumulator: Float? = nil,
    epsilon: Float? = nil, weightDecay: Float = 0, convention: OptimizerConvention = .pytorch
  ) {
    let isKeras = convention == .keras
    self.learningRate = learningRate ?? (isKeras ? 1e-3 : 1e-2)
    self.learningRateDecay = learningRateDecay
    self.initialAccumulator = initialAccumulator ?? (isKeras ? 0.1 : 0)
    self.epsilon = epsilon ?? (isKeras ? 1e-7 : 1e-10)
    self.weightDecay = weightDecay
    self.convention = convention
  }

  /// s of a parameter before the first update.
  public func initialSlots(for parameter: Tensor) -> [Tensor] {
    [Tensor(repeating: initialAccumulator, shape: parameter.shape)]
  }

  /// One update of one parameter. Without weight decay a gradient by rows touches these rows only.
  public func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool {
    let isKeras = convention == .keras
    let rule = rk_adagrad(
      clip: gradient.factor, l2: isKeras ? 0 : weightDecay,
      decay: isKeras ? 1 - learningRate * weightDecay : 1,
      step: learningRate / (1 + Float(step - 1) * learningRateDecay), epsilon: epsilon,
      epsilon_inside: isKeras)
    let (w, s) = (parameter.mutablePointer(), slots[0].mutablePointer())
    return withUnsafePointer(to: rule) { rule in
      gradient.updateRuns(rowsOnly: weightDecay == 0) { start, g, count in
        rk_update_adagrad(rule, w + start, g, s + start, count)
      }
    }
  }
}
