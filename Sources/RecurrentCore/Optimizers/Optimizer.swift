import RecurrentFiles

/// Changes a model's parameters along their gradients. A value: a copy is a snapshot of all it has
/// accumulated.
///
/// Formulas are PyTorch's unless ``OptimizerConvention/keras`` is chosen.
public protocol Optimizer: Sendable {
  /// The learning rate of the next update.
  var learningRate: Float { get set }

  /// The moments and step count accumulated so far.
  var state: OptimizerState { get set }

  /// Changes one parameter. `slots` are the accumulators that belong to it, `step` is the number of
  /// its updates, this one included.
  ///
  /// Of a gradient that consists of rows, what a gradient of 0 does not change need not be touched.
  /// - Returns: whether all that was written to the parameter is finite.
  func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool

  /// The accumulators of a parameter before its first update.
  func initialSlots(for parameter: Tensor) -> [Tensor]
}

extension Optimizer {
  /// Changes every parameter of `model` that has a gradient, and the statistics that the pass
  /// measured.
  ///
  /// The gradients must come from the same model (the same parameters in the same order).
  /// - Returns: the name of the first parameter or statistic to which an infinite number, or what is
  ///   not a number, was written; nil if none was.
  @discardableResult
  public mutating func update(_ model: inout some Module, along gradients: Gradients) -> String? {
    // Taken out while in use, so that accumulators are changed in place.
    var (steps, slots) = (state.steps, state.slots)
    state.slots = []
    var index = 0
    var notFinite: String?
    model.updateParameters { name, parameter in
      require(
        index < gradients.names.count && gradients.names[index] == name,
        "the gradients belong to another model: parameter \(index) is \(name)")
      if slots.count == index {
        slots.append(initialSlots(for: parameter).map(\.lasting))
        steps.append(0)
      }
      if let gradient = gradients.parts[index] {
        require(
          gradient.shape == parameter.shape,
          "parameter \(name) has shape \(parameter.shape), its gradient \(gradient.shape)")
        steps[index] += 1
        if !update(&parameter, along: gradient, slots: &slots[index], step: steps[index]) {
          notFinite = notFinite ?? name
        }
      }
      index += 1
    }
    (state.steps, state.slots) = (steps, slots)
    var changes = gradients.statisticChanges[...]
    model.updateStatistics { name, statistic in
      if let change = changes.popFirst() ?? nil {
        statistic.add(change)
        if statistic.firstNonFinite != nil { notFinite = notFinite ?? name }
      }
    }
    return notFinite
  }
}

/// What an optimizer has accumulated for each parameter, in visiting order.
public struct OptimizerState: Sendable {
  /// The updates of each parameter so far: one without a gradient is not updated, so that its first
  /// gradient is its first step, as in PyTorch. (Keras counts the updates of the model.)
  public var steps: [Int] = []
  /// The accumulators of each parameter.
  public var slots: [[Tensor]] = []

  /// The state before the first update.
  public init() {}
}

/// Whose formulas an optimizer follows, where the two differ.
public enum OptimizerConvention: String, Sendable, Codable, CaseIterable {
  /// PyTorch's.
  case pytorch
  /// Keras's: ε and the learning rate enter elsewhere, and weight decay is decoupled in every
  /// optimizer.
  case keras
}
