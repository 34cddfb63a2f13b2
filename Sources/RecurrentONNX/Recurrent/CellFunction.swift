import Foundation
import RecurrentCore

/// A function of one element with its parameters, as cells and nodes of ONNX name it.
struct CellFunction: Sendable {
  /// The library's function, if it has this one: the fused kernels run it.
  let activation: Activation?
  private let scalar: @Sendable (Float) -> Float

  /// The parameters that a name takes, each with its value where none is given: those of ONNX
  /// Runtime, as the standard states none for three of them. They are handed out in the order of the
  /// functions, to those only that take one.
  static func defaults(_ name: String) -> (alpha: Float?, beta: Float?)? {
    switch name.lowercased() {
    case "affine", "scaledtanh": (0, 0)
    case "leakyrelu": (0.01, nil)
    case "thresholdedrelu": (0, nil)
    case "elu": (1, nil)
    case "hardsigmoid": (0.2, 0.5)
    case "relu", "tanh", "sigmoid", "softsign", "softplus": (nil, nil)
    default: nil
    }
  }

  /// Nil for a name that ONNX does not have.
  init?(_ name: String, alpha: Float = 0, beta: Float = 0) {
    let name = name.lowercased()
    switch name {
    case "relu": (activation, scalar) = (.relu, { max($0, 0) })
    case "tanh": (activation, scalar) = (.tanh, { tanhf($0) })
    case "sigmoid": (activation, scalar) = (.sigmoid, { 1 / (1 + expf(-$0)) })
    case "softsign": (activation, scalar) = (.softsign, { $0 / (1 + $0.magnitude) })
    case "softplus":
      (activation, scalar) = (.softplus, { max($0, 0) + log1pf(expf(-$0.magnitude)) })
    case "affine":
      (activation, scalar) = (alpha == 1 && beta == 0 ? .identity : nil, { alpha * $0 + beta })
    case "leakyrelu":
      (activation, scalar) = (
        alpha == 0.01 ? .leakyReLU : alpha == 0.2 ? .leakyReLUKeras : nil,
        { $0 < 0 ? alpha * $0 : $0 }
      )
    case "thresholdedrelu": (activation, scalar) = (nil, { $0 > alpha ? $0 : 0 })
    case "scaledtanh": (activation, scalar) = (nil, { alpha * tanhf(beta * $0) })
    case "hardsigmoid":
      (activation, scalar) = (
        alpha == 0.2 && beta == 0.5 ? .hardSigmoidONNX : nil,
        { min(max(alpha * $0 + beta, 0), 1) }
      )
    case "elu":
      (activation, scalar) = (alpha == 1 ? .elu : nil, { $0 < 0 ? alpha * expm1f($0) : $0 })
    default: return nil
    }
  }

  /// f(x) for each element.
  func callAsFunction(_ x: Tensor) -> Tensor {
    activation.map { $0(x) } ?? Operators.each(x, scalar)
  }

  /// f(x).
  func callAsFunction(_ x: Float) -> Float { scalar(x) }
}
