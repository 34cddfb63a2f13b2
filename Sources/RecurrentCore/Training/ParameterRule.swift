import RecurrentFiles
internal import RecurrentKernels

/// A penalty and a constraint for the parameters of some names.
///
/// ```swift
/// TrainingOptions(rules: [
///   ParameterRule("recurrent_weights", l2: 1e-4, constraint: .maxNorm(3)),
///   ParameterRule("0.input_weights", constraint: .nonNegative),
/// ])
/// ```
public struct ParameterRule: Sendable, Codable, Equatable {
  /// Parameters whose name is this or ends with `.` and this.
  public let name: String
  /// Adds l1·|w| to the loss of each weight.
  public let l1: Float
  /// Adds l2·w² to the loss of each weight, as Keras does; weight decay λ of PyTorch's SGD is an
  /// `l2` of λ/2.
  public let l2: Float
  /// The constraint that holds after each step.
  public let constraint: Constraint?

  /// A rule for the parameters called `name`, or ending with it after a dot.
  public init(_ name: String, l1: Float = 0, l2: Float = 0, constraint: Constraint? = nil) {
    require(l1 >= 0 && l2 >= 0, "penalties are at least 0, not \(l1) and \(l2)")
    self.name = name
    self.l1 = l1
    self.l2 = l2
    self.constraint = constraint
  }

  /// What a parameter is after each step. Norms are of columns: of a matrix `[I, O]`, the incoming
  /// weights of one output; a vector is one column.
  public enum Constraint: Sendable, Codable, Equatable {
    /// Columns longer than this are shortened to it.
    case maxNorm(Float)
    /// Every column has length 1; a column of zeros stays.
    case unitNorm
    /// Negative weights become 0.
    case nonNegative
    /// Every weight stays within ± this.
    case limit(Float)

    /// The parameter under the constraint.
    public func callAsFunction(_ parameter: Tensor) -> Tensor {
      if self == .nonNegative { return parameter.relu() }
      if case .limit(let limit) = self { return parameter.clamped(to: -limit...limit) }
      let columns = parameter.rank < 2 ? 1 : parameter.shape[parameter.rank - 1]
      let rows = columns == 0 ? 0 : parameter.count / columns
      var factors = [Float](repeating: 1, count: columns)
      for column in 0..<columns {
        var sum = 0.0
        for row in 0..<rows {
          let weight = Double(parameter.pointer[row * columns + column])
          sum += weight * weight
        }
        let norm = sum.squareRoot()
        switch self {
        case .maxNorm(let limit) where norm > Double(limit):
          factors[column] = Float(Double(limit) / norm)
        case .unitNorm where norm > 0: factors[column] = Float(1 / norm)
        default: break
        }
      }
      return parameter * (parameter.rank < 2 ? Tensor(factors[0]) : Tensor(factors))
    }
  }

  func applies(to parameter: String) -> Bool {
    parameter == name || parameter.hasSuffix("." + name)
  }
}

extension [ParameterRule] {
  /// Traps if a rule is for no parameter of `model`.
  func check(for model: some Module) {
    let names = model.parameters.map(\.name)
    for rule in self {
      require(
        names.contains(where: rule.applies),
        "a rule is for \"\(rule.name)\", but the parameters are \(names)")
    }
  }

  /// Adds the penalties' gradients.
  func penalized(_ gradients: Gradients, of model: some Module) -> Gradients {
    guard contains(where: { $0.l1 > 0 || $0.l2 > 0 }) else { return gradients }
    var result = gradients
    for (index, (name, parameter)) in model.parameters.enumerated() {
      for rule in self where rule.applies(to: name) && (rule.l1 > 0 || rule.l2 > 0) {
        result.add(
          parameter.mapped { w in 2 * rule.l2 * w + (w > 0 ? rule.l1 : w < 0 ? -rule.l1 : 0) },
          at: index)
      }
    }
    return result
  }

  /// Puts the parameters under their constraints.
  func constrain(_ model: inout some Module) {
    guard contains(where: { $0.constraint != nil }) else { return }
    model.updateParameters { name, parameter in
      for rule in self where rule.applies(to: name) {
        if let constraint = rule.constraint { parameter = constraint(parameter) }
      }
    }
  }
}
