import Foundation
import RecurrentKernels

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
