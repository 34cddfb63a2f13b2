import Foundation

/// Adam (Kingma and Ba 2015, arXiv:1412.6980), with AMSGrad (Reddi et al. 2018) by choice.
///
///     m = β₁·m + (1 - β₁)·g    v = β₂·v + (1 - β₂)·g²
///     w -= η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)          ε = 1e-8 (PyTorch)
///     w -= η·√(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)            ε = 1e-7 (Keras)
///
/// Weight decay is added to the gradient (PyTorch) or decoupled (Keras); ``AdamW`` decouples it
/// always.
public struct Adam: Optimizer {
  /// η, the learning rate.
  public var learningRate: Float
  /// The rules shared with the other members of the family.
  public let rule: AdamRule
  /// Moments m and v, and AMSGrad's maximum.
  public var state = OptimizerState()

  /// An optimizer before its first update.
  ///
  /// With `lazyRows` a gradient by rows, as that of an ``Embedding``, changes moments and weights of
  /// these rows only (PyTorch's `SparseAdam`). That is another rule, not only a faster one: a row
  /// that does not occur keeps its moments instead of moving on along them.
  public init(
    learningRate: Float = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float? = nil,
    weightDecay: Float = 0, amsgrad: Bool = false, lazyRows: Bool = false,
    convention: OptimizerConvention = .pytorch
  ) {
    self.init(
      learningRate: learningRate,
      rule: AdamRule(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
        isDecoupled: convention == .keras, amsgrad: amsgrad, lazyRows: lazyRows,
        convention: convention))
  }

  init(learningRate: Float, rule: AdamRule) {
    self.learningRate = learningRate
    self.rule = rule
  }

  /// m, v, and AMSGrad's maximum.
  public func initialSlots(for parameter: Tensor) -> [Tensor] { rule.initialSlots(for: parameter) }

  /// One update of one parameter; with `lazyRows` a gradient by rows touches these rows only.
  public func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool {
    rule.update(&parameter, along: gradient, slots: &slots, at: formula(step))
  }

  private func formula(_ step: Int) -> AdamRule.Step {
    AdamRule.Step(
      step: step, learningRate: learningRate,
      momentStep: Double(learningRate) / (1 - pow(rule.beta1, Double(step))))
  }
}
