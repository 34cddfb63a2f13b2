/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101): w *= 1 - η·λ
/// before each update.
public struct AdamW: Optimizer {
  private var adam: Adam

  /// An optimizer before its first update. The weight decay is 0.01 (PyTorch) or 0.004 (Keras) if
  /// not given. `lazyRows` is that of ``Adam``; the decay too then acts on these rows only.
  public init(
    learningRate: Float = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float? = nil,
    weightDecay: Float? = nil, amsgrad: Bool = false, lazyRows: Bool = false,
    convention: OptimizerConvention = .pytorch
  ) {
    adam = Adam(
      learningRate: learningRate,
      rule: AdamRule(
        beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: weightDecay ?? (convention == .pytorch ? 0.01 : 0.004), isDecoupled: true,
        amsgrad: amsgrad, lazyRows: lazyRows, convention: convention))
  }

  /// η, the learning rate.
  public var learningRate: Float {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }

  /// The rules shared with the other members of the family.
  public var rule: AdamRule { adam.rule }

  /// Moments m and v, and AMSGrad's maximum.
  public var state: OptimizerState {
    get { adam.state }
    set { adam.state = newValue }
  }

  /// m, v, and AMSGrad's maximum.
  public func initialSlots(for parameter: Tensor) -> [Tensor] {
    adam.initialSlots(for: parameter)
  }

  /// One update of one parameter; with `lazyRows` a gradient by rows touches these rows only.
  public func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool {
    adam.update(&parameter, along: gradient, slots: &slots, step: step)
  }
}
