import Foundation

/// Adam with Nesterov momentum (Dozat 2016).
///
///     μₜ = β₁·(1 - 0.96^(t·ψ) / 2)      ψ = 0.004 (PyTorch) or 1 (Keras)
///     w -= (η·μₜ₊₁ / (1 - Π μ…μₜ₊₁)·m + η·(1 - μₜ) / (1 - Π μ…μₜ)·g) / (√v / √(1 - β₂ᵗ) + ε)
public struct NAdam: Optimizer {
  /// η, the learning rate.
  public var learningRate: Float
  /// ψ, the decay of the momentum.
  public let momentumDecay: Float
  /// The rules shared with the other members of the family.
  public let rule: AdamRule
  /// Moments m and v, and Π μ.
  public var state = OptimizerState()

  /// An optimizer before its first update. The learning rate is 2e-3 (PyTorch) or 1e-3 (Keras) if
  /// not given; whether the decay acts on the weights alone and not through the gradient is the
  /// convention's choice (Keras: yes; PyTorch: `decoupled_weight_decay`).
  public init(
    learningRate: Float? = nil, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float? = nil,
    weightDecay: Float = 0, isDecoupled: Bool? = nil, momentumDecay: Float? = nil,
    convention: OptimizerConvention = .pytorch
  ) {
    self.learningRate = learningRate ?? (convention == .pytorch ? 2e-3 : 1e-3)
    self.momentumDecay = momentumDecay ?? (convention == .pytorch ? 0.004 : 1)
    rule = AdamRule(
      beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isDecoupled: isDecoupled ?? (convention == .keras), amsgrad: false, convention: .pytorch,
      epsilonConvention: convention)
  }

  /// m, v and Π μ.
  public func initialSlots(for parameter: Tensor) -> [Tensor] {
    rule.initialSlots(for: parameter) + [Tensor(1)]
  }

  /// Updates one parameter by its gradient.
  public func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool {
    let (rate, now, next) = (Double(learningRate), momentum(step), momentum(step + 1))
    let product = Double(slots[2].value) * now
    slots[2].mutablePointer()[0] = Float(product)
    return rule.update(
      &parameter, along: gradient, slots: &slots,
      at: AdamRule.Step(
        step: step, learningRate: learningRate, momentStep: rate * next / (1 - product * next),
        gradientStep: rate * (1 - now) / (1 - product)))
  }

  /// μₜ.
  private func momentum(_ step: Int) -> Double {
    rule.beta1 * (1 - 0.5 * pow(0.96, Double(step) * Double(momentumDecay)))
  }
}
