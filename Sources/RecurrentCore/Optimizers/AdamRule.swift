import Foundation
import RecurrentFiles
internal import RecurrentKernels

/// What the members of Adam's family share.
public struct AdamRule: Sendable {
  /// The decay of the first moment.
  public let beta1: Double
  /// The decay of the second moment.
  public let beta2: Double
  /// Added to the root in the denominator.
  public let epsilon: Float
  /// λ, the weight decay.
  public let weightDecay: Float
  /// Whether the decay acts on the weights alone and not through the gradient.
  public let isDecoupled: Bool
  /// Whether the largest second moment so far stands in the denominator.
  public let amsgrad: Bool
  /// Whether moments and weights change only in the rows that have a gradient, where a gradient
  /// comes by rows: PyTorch's `SparseAdam`.
  public let lazyRows: Bool
  /// The framework whose formula is followed.
  public let convention: OptimizerConvention

  init(
    beta1: Double, beta2: Double, epsilon: Float?, weightDecay: Float, isDecoupled: Bool,
    amsgrad: Bool, lazyRows: Bool = false, convention: OptimizerConvention,
    epsilonConvention: OptimizerConvention? = nil
  ) {
    require(
      (0..<1).contains(beta1) && (0..<1).contains(beta2),
      "decay rates lie in 0..<1, not \(beta1) and \(beta2)")
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon ?? ((epsilonConvention ?? convention) == .pytorch ? 1e-8 : 1e-7)
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.amsgrad = amsgrad
    self.lazyRows = lazyRows
    self.convention = convention
  }

  func initialSlots(for parameter: Tensor) -> [Tensor] {
    Array(repeating: .zeros(parameter.shape), count: amsgrad ? 3 : 2)
  }

  /// What the learning rate and the number of the update make of the formula.
  struct Step {
    let step: Int
    let learningRate: Float
    let momentStep: Double
    var gradientStep = 0.0
  }

  /// w -= (momentStep·m + gradientStep·g) / (√v / √(1 - β₂ᵗ) + ε).
  func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], at step: Step
  ) -> Bool {
    let root = (1 - pow(beta2, Double(step.step))).squareRoot()
    let isKeras = convention == .keras
    let rule = rk_adam(
      clip: gradient.factor, l2: isDecoupled ? 0 : weightDecay,
      decay: isDecoupled ? 1 - step.learningRate * weightDecay : 1, beta1: beta1, beta2: beta2,
      m_step: Float(isKeras ? step.momentStep * root : step.momentStep),
      g_step: Float(step.gradientStep), root_scale: isKeras ? 1 : Float(1 / root),
      epsilon: epsilon)
    let (w, m, v) = (
      parameter.mutablePointer(), slots[0].mutablePointer(), slots[1].mutablePointer()
    )
    let maximum = amsgrad ? slots[2].mutablePointer() : nil
    return withUnsafePointer(to: rule) { rule in
      gradient.updateRuns(rowsOnly: lazyRows) { start, g, count in
        rk_update_adam(
          rule, w + start, g, m + start, v + start, maximum.map { $0 + start }, count)
      }
    }
  }
}
