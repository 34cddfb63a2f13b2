internal import RecurrentKernels

// Kernels on plain pointers, for who has planned where values stand. Each gives the bits that the operation of tensors
// of its name gives; source and target may be the same.

/// y = f(x), element by element.
package struct ElementKernel: Sendable {
  private let function: rk_function

  /// e^x.
  package static let exp = ElementKernel(function: RK_EXP)
  /// The natural logarithm.
  package static let log = ElementKernel(function: RK_LOG)
  /// The square root.
  package static let squareRoot = ElementKernel(function: RK_SQRT)
  /// The absolute value.
  package static let absolute = ElementKernel(function: RK_ABS)
  /// x².
  package static let squared = ElementKernel(function: RK_SQUARE)
  /// 1 / x.
  package static let reciprocal = ElementKernel(function: RK_RECIPROCAL)
  /// The hyperbolic tangent.
  package static let tanh = ElementKernel(function: RK_TANH)
  /// 1 / (1 + e^-x).
  package static let sigmoid = ElementKernel(function: RK_SIGMOID)
  /// max(0, x).
  package static let relu = ElementKernel(function: RK_RELU)
  /// log(1 + e^x).
  package static let softplus = ElementKernel(function: RK_SOFTPLUS)

  /// Of `count` elements.
  package func callAsFunction(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    rk_map(function, x, y, Int64(count))
  }
}

/// y = a ∘ b, element by element.
package struct PairKernel: Sendable {
  private let function: rk_operator

  /// The sum.
  package static let sum = PairKernel(function: RK_ADD)
  /// The difference.
  package static let difference = PairKernel(function: RK_SUBTRACT)
  /// The product.
  package static let product = PairKernel(function: RK_MULTIPLY)
  /// The quotient.
  package static let quotient = PairKernel(function: RK_DIVIDE)
  /// The larger of the two.
  package static let maximum = PairKernel(function: RK_MAXIMUM)
  /// The smaller of the two.
  package static let minimum = PairKernel(function: RK_MINIMUM)

  /// An operand: its elements, and how far from one to the next: 0 for one that stands for all.
  package typealias Operand = (start: UnsafePointer<Float>, stride: Int)

  /// Of `count` elements.
  package func callAsFunction(
    _ a: Operand, _ b: Operand, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    rk_combine(function, a.start, Int64(a.stride), b.start, Int64(b.stride), y, Int64(count))
  }
}
