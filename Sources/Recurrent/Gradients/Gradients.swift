import RecurrentKernels

/// The gradient of a loss with respect to each parameter of a model, in the order the model visits
/// them.
public struct Gradients: Sendable {
  /// The parameters' names, as in ``Module/parameters``.
  public let names: [String]
  /// One tensor a parameter, of its shape; nil if the loss does not depend on it.
  public private(set) var tensors: [Tensor?]

  init(names: [String], tensors: [Tensor?]) {
    self.names = names
    self.tensors = tensors
  }

  /// The gradient of the parameter of that name; nil if there is none or the loss does not depend
  /// on it.
  public subscript(name: String) -> Tensor? {
    names.firstIndex(of: name).flatMap { tensors[$0] }
  }

  /// The Euclidean norm of all gradients taken as one vector.
  public var norm: Float {
    Float(
      tensors.reduce(0) { $0 + ($1.map { rk_sum_of_squares($0.pointer, Int64($0.count)) } ?? 0) }
        .squareRoot())
  }

  /// The name of the first parameter whose gradient has an element that is infinite or not a
  /// number.
  public var firstNonFinite: String? {
    zip(names, tensors).first { _, tensor in
      tensor.map { !rk_all_finite($0.pointer, Int64($0.count)) } ?? false
    }?.0
  }

  /// Scaled by min(1, `limit` / (norm + 1e-6)), as PyTorch's `clip_grad_norm_`.
  public func clipped(toNorm limit: Float) -> Gradients {
    clipped(.norm(limit))
  }

  /// With every element limited to ±`limit`.
  public func clipped(toValue limit: Float) -> Gradients {
    clipped(.value(limit))
  }

  /// Clipped by the rule given.
  public func clipped(_ rule: GradientClipping) -> Gradients {
    var result = self
    switch rule {
    case .norm(let limit):
      let factor = min(1, limit / (norm + 1e-6))
      result.scale { _ in factor }
    case .kerasNorm(let limit):
      let factor = limit * min(1 / norm, 1 / limit)
      result.scale { _ in factor }
    case .normPerParameter(let limit):
      result.scale { tensor in
        let norm = Float(rk_sum_of_squares(tensor.pointer, Int64(tensor.count)).squareRoot())
        return norm > limit ? limit / norm : 1
      }
    case .value(let limit):
      for index in tensors.indices {
        result.tensors[index] = tensors[index]?.clamped(to: -limit...limit)
      }
    }
    return result
  }

  private mutating func scale(by factor: (Tensor) -> Float) {
    for index in tensors.indices {
      guard let tensor = tensors[index] else { continue }
      let factor = factor(tensor)
      if factor != 1 { tensors[index] = tensor * factor }
    }
  }
}

/// How gradients are limited before an update.
public enum GradientClipping: Sendable, Equatable {
  /// All gradients as one vector, scaled by min(1, limit / (norm + 1e-6)): PyTorch's
  /// `clip_grad_norm_`.
  case norm(Float)
  /// All gradients as one vector, scaled by limit · min(1 / norm, 1 / limit): Keras's
  /// `global_clipnorm`.
  case kerasNorm(Float)
  /// Each parameter's gradient to a norm of at most the limit: Keras's `clipnorm`.
  case normPerParameter(Float)
  /// Each element to at most ± the limit: `clip_grad_value_`, `clipvalue`.
  case value(Float)
}
