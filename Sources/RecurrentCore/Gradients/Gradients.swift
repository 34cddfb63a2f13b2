/// The gradient of a loss with respect to each parameter of a model, in the order the model visits
/// them.
public struct Gradients: Sendable {
  /// The parameters' names, as in ``Module/parameters``.
  public let names: [String]
  /// The gradients by parameter, as they came: whole, or by rows.
  private(set) var parts: [Gradient?]

  /// What the statistics change by; nil if the pass did not measure. Not part of the gradients:
  /// neither norm nor clipping counts them.
  private(set) var statisticChanges: [Tensor?]

  init(names: [String], parts: [Gradient?], statisticChanges: [Tensor?] = []) {
    self.names = names
    self.parts = parts
    self.statisticChanges = statisticChanges
  }

  /// One tensor a parameter, of its shape; nil if the loss does not depend on it.
  public var tensors: [Tensor?] { parts.map { $0?.tensor } }

  /// The gradient of the parameter of that name; nil if there is none or the loss does not depend
  /// on it.
  public subscript(name: String) -> Tensor? { part(name)?.tensor }

  /// The same if it consists of rows, as that of an ``Embedding``: the others are 0, and nothing as
  /// large as the parameter was made. Nil if it is a whole tensor.
  public func rows(of name: String) -> SparseRows? { part(name)?.rows }

  private func part(_ name: String) -> Gradient? {
    names.firstIndex(of: name).flatMap { parts[$0] }
  }

  /// The Euclidean norm of all gradients taken as one vector.
  public var norm: Float {
    Float(parts.reduce(0) { $0 + ($1?.sumOfSquares ?? 0) }.squareRoot())
  }

  /// The name of the first parameter whose gradient has an element that is infinite or not a
  /// number.
  public var firstNonFinite: String? {
    zip(names, parts).first { _, part in
      part.map { !$0.isFinite } ?? false
    }?.0
  }

  /// Scaled by min(1, `limit` / (norm + 1e-6)), as PyTorch's `clip_grad_norm_`.
  public func clipped(toNorm limit: Float) -> Gradients {
    clipped(.norm(limit))
  }

  /// The gradients with every element limited to ±`limit`.
  public func clipped(toValue limit: Float) -> Gradients {
    clipped(.value(limit))
  }

  /// The gradients, clipped by the rule.
  public func clipped(_ rule: GradientClipping) -> Gradients { clipped(rule, norm: norm) }

  /// Clipped gradients, where the norm is known already.
  func clipped(_ rule: GradientClipping, norm: @autoclosure () -> Float) -> Gradients {
    var result = self
    switch rule {
    case .norm(let limit):
      let factor = min(1, limit / (norm() + 1e-6))
      result.scale { _ in factor }
    case .kerasNorm(let limit):
      let factor = limit * min(1 / norm(), 1 / limit)
      result.scale { _ in factor }
    case .normPerParameter(let limit):
      result.scale { part in
        let norm = Float(part.sumOfSquares.squareRoot())
        return norm > limit ? limit / norm : 1
      }
    case .value(let limit):
      result.parts = parts.map { $0?.mapped { $0.clamped(to: -limit...limit) } }
    }
    return result
  }

  /// Adds to the gradient of the parameter at `index`.
  mutating func add(_ tensor: Tensor, at index: Int) {
    guard var sum = parts[index] else {
      parts[index] = Gradient(tensor)
      return
    }
    sum.add(Gradient(tensor))
    parts[index] = sum
  }

  /// The gradients of parameters and, behind them, the changes of statistics.
  var leaves: [Gradient?] { parts + statisticChanges.map { $0.map(Gradient.init) } }

  /// Adds others of the same model.
  mutating func add(_ others: Gradients) {
    for index in parts.indices { parts[index].add(others.parts[index]) }
    statisticChanges = zip(statisticChanges, others.statisticChanges).map {
      $0.map(Gradient.init).added($1.map(Gradient.init))?.tensor
    }
  }

  /// Becomes the mean of these and others, which count as much as `share`.
  mutating func mix(with other: Gradients, share: Float) {
    func mean(_ own: Gradient?, _ other: Gradient?) -> Gradient? {
      guard let other = other?.mapped({ $0 * share }) else {
        return own?.mapped { $0 * (1 - share) }
      }
      guard var sum = own?.mapped({ $0 * (1 - share) }) else { return other }
      sum.add(other)
      return sum
    }
    for index in parts.indices {
      let own = parts[index]
      parts[index] = nil
      parts[index] = mean(own, other.parts[index])
    }
    statisticChanges = zip(statisticChanges, other.statisticChanges).map {
      mean($0.map(Gradient.init), $1.map(Gradient.init))?.tensor
    }
  }

  private mutating func scale(by factor: (Gradient) -> Float) {
    parts = parts.map { part in
      guard let part else { return nil }
      let factor = factor(part)
      return factor == 1 ? part : part.scaled(by: factor)
    }
  }
}

/// How gradients are limited before an update.
public enum GradientClipping: Sendable, Codable, Equatable {
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

extension Gradient? {
  /// The sum; of what is not there, the other.
  func added(_ other: Gradient?) -> Gradient? {
    var sum = self
    sum.add(other)
    return sum
  }

  /// Adds another, in place.
  mutating func add(_ other: Gradient?) {
    guard let other else { return }
    // Taken out, so that nothing else holds its memory.
    guard var sum = take() else {
      self = other
      return
    }
    sum.add(other)
    self = sum
  }
}
