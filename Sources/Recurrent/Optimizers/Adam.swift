import Foundation
import RecurrentKernels

/// Adam (Kingma and Ba 2015, arXiv:1412.6980), with AMSGrad (Reddi et al. 2018) by choice.
///
///     m = β₁·m + (1 - β₁)·g    v = β₂·v + (1 - β₂)·g²
///     w -= η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)          ε = 1e-8 (PyTorch)
///     w -= η·√(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)            ε = 1e-7 (Keras)
///
/// Weight decay is added to the gradient (PyTorch) or decoupled (Keras); ``AdamW`` decouples it
/// always.
public struct Adam: Optimizer {
  /// η.
  public var learningRate: Float
  /// The rules shared with the other members of the family.
  public let rule: AdamRule
  /// Moments m and v, and AMSGrad's maximum.
  public var state = OptimizerState()

  /// An optimizer before its first update.
  public init(
    learningRate: Float = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float? = nil,
    weightDecay: Float = 0, amsgrad: Bool = false, convention: OptimizerConvention = .pytorch
  ) {
    self.learningRate = learningRate
    rule = AdamRule(
      beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isDecoupled: convention == .keras, amsgrad: amsgrad, convention: convention)
  }

  /// m, v, and AMSGrad's maximum.
  public func initialSlots(for parameter: Tensor) -> [Tensor] { rule.initialSlots(for: parameter) }

  /// One update of one parameter.
  public func update(
    _ parameter: inout Tensor, along gradient: Tensor, slots: inout [Tensor], step: Int
  ) {
    let correction = 1 - pow(rule.beta1, Double(step))
    rule.update(
      &parameter, along: gradient, slots: &slots, step: step, learningRate: learningRate,
      momentStep: Double(learningRate) / correction, gradientStep: 0)
  }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101): w *= 1 - η·λ
/// before each update.
public struct AdamW: Optimizer {
  /// η.
  public var learningRate: Float
  /// The rules shared with the other members of the family.
  public let rule: AdamRule
  /// Moments m and v, and AMSGrad's maximum.
  public var state = OptimizerState()

  /// An optimizer before its first update. The weight decay is 0.01 (PyTorch) or 0.004 (Keras) if
  /// not given.
  public init(
    learningRate: Float = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float? = nil,
    weightDecay: Float? = nil, amsgrad: Bool = false, convention: OptimizerConvention = .pytorch
  ) {
    self.learningRate = learningRate
    rule = AdamRule(
      beta1: beta1, beta2: beta2, epsilon: epsilon,
      weightDecay: weightDecay ?? (convention == .pytorch ? 0.01 : 0.004), isDecoupled: true,
      amsgrad: amsgrad, convention: convention)
  }

  /// m, v, and AMSGrad's maximum.
  public func initialSlots(for parameter: Tensor) -> [Tensor] { rule.initialSlots(for: parameter) }

  /// One update of one parameter.
  public func update(
    _ parameter: inout Tensor, along gradient: Tensor, slots: inout [Tensor], step: Int
  ) {
    let correction = 1 - pow(rule.beta1, Double(step))
    rule.update(
      &parameter, along: gradient, slots: &slots, step: step, learningRate: learningRate,
      momentStep: Double(learningRate) / correction, gradientStep: 0)
  }
}

/// Adam with Nesterov momentum (Dozat 2016).
///
///     μₜ = β₁·(1 - 0.96^(t·ψ) / 2)      ψ = 0.004 (PyTorch) or 1 (Keras)
///     w -= (η·μₜ₊₁ / (1 - Π μ…μₜ₊₁)·m + η·(1 - μₜ) / (1 - Π μ…μₜ)·g) / (√v / √(1 - β₂ᵗ) + ε)
public struct NAdam: Optimizer {
  /// η.
  public var learningRate: Float
  /// ψ.
  public let momentumDecay: Float
  /// The rules shared with the other members of the family.
  public let rule: AdamRule
  /// Moments m and v.
  public var state = OptimizerState()

  /// An optimizer before its first update. The learning rate is 2e-3 (PyTorch) or 1e-3 (Keras) if
  /// not given.
  public init(
    learningRate: Float? = nil, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Float? = nil,
    weightDecay: Float = 0, momentumDecay: Float? = nil, convention: OptimizerConvention = .pytorch
  ) {
    self.learningRate = learningRate ?? (convention == .pytorch ? 2e-3 : 1e-3)
    self.momentumDecay = momentumDecay ?? (convention == .pytorch ? 0.004 : 1)
    rule = AdamRule(
      beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
      isDecoupled: convention == .keras, amsgrad: false, convention: .pytorch,
      epsilonConvention: convention)
  }

  /// m and v.
  public func initialSlots(for parameter: Tensor) -> [Tensor] { rule.initialSlots(for: parameter) }

  private var momentStep = 0.0
  private var gradientStep = 0.0

  /// Computes what is the same for all parameters.
  public mutating func willUpdate(step: Int) {
    let now = product(through: step)
    let next = momentum(step + 1)
    momentStep = Double(learningRate) * next / (1 - now * next)
    gradientStep = Double(learningRate) * (1 - momentum(step)) / (1 - now)
  }

  /// One update of one parameter.
  public func update(
    _ parameter: inout Tensor, along gradient: Tensor, slots: inout [Tensor], step: Int
  ) {
    rule.update(
      &parameter, along: gradient, slots: &slots, step: step, learningRate: learningRate,
      momentStep: momentStep, gradientStep: gradientStep)
  }

  /// μₜ.
  private func momentum(_ step: Int) -> Double {
    rule.beta1 * (1 - 0.5 * pow(0.96, Double(step) * Double(momentumDecay)))
  }

  /// μ₁·μ₂ ⋯ μₜ; 0 once it no longer changes 1 - product.
  private func product(through step: Int) -> Double {
    var product = 1.0
    for step in 1...step where product > 1e-18 { product *= momentum(step) }
    return product
  }
}

/// What the members of Adam's family share.
public struct AdamRule: Sendable {
  /// The decay of the first moment.
  public let beta1: Double
  /// The decay of the second moment.
  public let beta2: Double
  /// Added to the root in the denominator.
  public let epsilon: Float
  /// λ.
  public let weightDecay: Float
  /// Whether the decay acts on the weights alone and not through the gradient.
  public let isDecoupled: Bool
  /// Whether the largest second moment so far stands in the denominator.
  public let amsgrad: Bool
  /// Whose formula.
  public let convention: OptimizerConvention

  init(
    beta1: Double, beta2: Double, epsilon: Float?, weightDecay: Float, isDecoupled: Bool,
    amsgrad: Bool, convention: OptimizerConvention,
    epsilonConvention: OptimizerConvention? = nil
  ) {
    precondition(
      (0..<1).contains(beta1) && (0..<1).contains(beta2),
      "decay rates lie in 0..<1, not \(beta1) and \(beta2)")
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon ?? ((epsilonConvention ?? convention) == .pytorch ? 1e-8 : 1e-7)
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.amsgrad = amsgrad
    self.convention = convention
  }

  func initialSlots(for parameter: Tensor) -> [Tensor] {
    Array(repeating: .zeros(parameter.shape), count: amsgrad ? 3 : 2)
  }

  /// w -= (momentStep·m + gradientStep·g) / (√v / √(1 - β₂ᵗ) + ε).
  func update(
    _ parameter: inout Tensor, along gradient: Tensor, slots: inout [Tensor], step: Int,
    learningRate: Float, momentStep: Double, gradientStep: Double
  ) {
    let root = (1 - pow(beta2, Double(step))).squareRoot()
    let isKeras = convention == .keras
    var rule = rk_adam(
      l2: isDecoupled ? 0 : weightDecay, decay: isDecoupled ? 1 - learningRate * weightDecay : 1,
      beta1: beta1, beta2: beta2, m_step: Float(isKeras ? momentStep * root : momentStep),
      g_step: Float(gradientStep), root_scale: isKeras ? 1 : Float(1 / root), epsilon: epsilon)
    rk_update_adam(
      &rule, parameter.mutablePointer(), gradient.pointer, slots[0].mutablePointer(),
      slots[1].mutablePointer(), amsgrad ? slots[2].mutablePointer() : nil,
      Int64(parameter.count))
    withExtendedLifetime(gradient) {}
  }
}
