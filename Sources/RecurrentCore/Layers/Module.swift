internal import RecurrentKernels

/// Anything that has parameters: a layer, a model, an optimizer's view of one.
///
/// One short method lists the parameters and children by name; training, counting, saving, loading
/// and clipping all come from that one traversal.
///
/// ```swift
/// struct Gated: Module {
///   var gate: Dense
///   var scale: Tensor
///
///   mutating func visitParameters(_ visitor: inout ParameterVisitor) {
///     visitor.visit("gate", &gate)     // its parameters become gate.weights, gate.bias
///     visitor.visit("scale", &scale)
///   }
/// }
/// ```
public protocol Module: Sendable {
  /// Passes every stored parameter and every child to `visitor`, in a fixed order.
  mutating func visitParameters(_ visitor: inout ParameterVisitor)
}

/// Goes through the parameters of a module and names them by path, such as `encoder.0.bias`.
public struct ParameterVisitor {
  private var prefix = ""
  private let action: (_ name: String, _ parameter: inout Tensor) -> Void
  private let statisticAction: (_ name: String, _ statistic: inout Tensor) -> Void
  private let productAction: (_ name: String, _ parameter: inout Tensor) -> Void
  private let childAction: (_ name: String, _ child: any Module) -> Void

  init(
    action: @escaping (_ name: String, _ parameter: inout Tensor) -> Void = { _, _ in },
    statisticAction: @escaping (_ name: String, _ statistic: inout Tensor) -> Void = { _, _ in },
    productAction: @escaping (_ name: String, _ parameter: inout Tensor) -> Void = { _, _ in },
    childAction: @escaping (_ name: String, _ child: any Module) -> Void = { _, _ in }
  ) {
    self.action = action
    self.statisticAction = statisticAction
    self.productAction = productAction
    self.childAction = childAction
  }

  /// Visits a parameter.
  public mutating func visit(_ name: String, _ parameter: inout Tensor) {
    action(name.isEmpty ? String(prefix.dropLast()) : prefix + name, &parameter)
  }

  /// Visits a parameter that may be absent.
  public mutating func visit(_ name: String, _ parameter: inout Tensor?) {
    guard var present = parameter else { return }
    parameter = nil  // so that `present` is the only reference and may be changed in place
    visit(name, &present)
    parameter = present
  }

  /// Visits a parameter that a recurrent product takes as a matrix, and that may be rounded.
  mutating func visit(product name: String, _ parameter: inout Tensor) {
    visit(name, &parameter)
    productAction(prefix + name, &parameter)
  }

  /// Visits one that may be absent.
  mutating func visit(product name: String, _ parameter: inout Tensor?) {
    guard var present = parameter else { return }
    parameter = nil
    visit(product: name, &present)
    parameter = present
  }

  /// Visits a statistic: a tensor that the module measures, as ``BatchNorm`` its running mean. It
  /// is saved with the parameters and never trained.
  public mutating func visit(statistic name: String, _ statistic: inout Tensor) {
    statisticAction(prefix + name, &statistic)
  }

  /// Visits the parameters of a child.
  public mutating func visit(_ name: String, _ child: inout some Module) {
    childAction(prefix + name, child)
    let outer = prefix
    prefix += name + "."
    child.visitParameters(&self)
    prefix = outer
  }
}

extension Module {
  /// The parameters and their names, in visiting order.
  public var parameters: [(name: String, tensor: Tensor)] {
    var copy = self
    var result: [(name: String, tensor: Tensor)] = []
    copy.updateParameters { result.append(($0, $1)) }
    return result
  }

  /// The number of single weights; `Int.max` if there are more.
  public var parameterCount: Int {
    parameters.reduce(0) {
      let (sum, overflow) = $0.addingReportingOverflow($1.tensor.count)
      return overflow ? .max : sum
    }
  }

  /// The statistics and their names, in visiting order: what the module measures and training does
  /// not differentiate.
  public var statistics: [(name: String, tensor: Tensor)] {
    var copy = self
    var result: [(name: String, tensor: Tensor)] = []
    copy.updateStatistics { result.append(($0, $1)) }
    return result
  }

  /// The name of the first parameter or statistic with an element that is infinite or not a number.
  public var firstNonFinite: String? {
    (parameters + statistics).first { !rk_all_finite($0.tensor.pointer, Int64($0.tensor.count)) }?
      .name
  }

  /// Calls `body` with each parameter, which it may change, in visiting order.
  public mutating func updateParameters(_ body: (_ name: String, _ parameter: inout Tensor) -> Void)
  {
    withoutActuallyEscaping(body) { body in
      var visitor = ParameterVisitor(action: body)
      visitParameters(&visitor)
    }
  }

  /// Calls `body` with each statistic, which it may change, in visiting order.
  public mutating func updateStatistics(_ body: (_ name: String, _ statistic: inout Tensor) -> Void)
  {
    withoutActuallyEscaping(body) { body in
      var visitor = ParameterVisitor(statisticAction: body)
      visitParameters(&visitor)
    }
  }
}

extension Tensor: Module {
  /// A tensor is a module with itself as the only parameter, so that gradients can be taken with
  /// respect to it.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("", &self)
  }
}

extension Array: Module where Element: Module {
  /// Visits the elements by index.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    for index in indices { visitor.visit("\(index)", &self[index]) }
  }
}

extension Optional: Module where Wrapped: Module {
  /// Visits the value, if there is one, under the same name.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    self?.visitParameters(&visitor)
  }
}
