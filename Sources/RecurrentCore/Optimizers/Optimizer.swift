/// Changes a model's parameters along their gradients. A value: a copy is a snapshot of all it has
/// accumulated.
///
/// Formulas are PyTorch's unless ``OptimizerConvention/keras`` is chosen.
public protocol Optimizer: Sendable {
  /// The learning rate of the next update.
  var learningRate: Float { get set }

  /// What has been accumulated so far.
  var state: OptimizerState { get set }

  /// Changes one parameter. `slots` are the accumulators that belong to it, `state.steps` counts
  /// this update.
  ///
  /// Of a gradient that consists of rows, what a gradient of 0 does not change need not be touched.
  /// - Returns: whether all that was written to the parameter is finite.
  func update(
    _ parameter: inout Tensor, along gradient: Gradient, slots: inout [Tensor], step: Int
  ) -> Bool

  /// The accumulators of a parameter before its first update.
  func initialSlots(for parameter: Tensor) -> [Tensor]

  /// Called once before the parameters of an update.
  mutating func willUpdate(step: Int)
}

extension Optimizer {
  /// Nothing to prepare.
  public mutating func willUpdate(step: Int) {}

  /// Changes every parameter of `model` that has a gradient, and the statistics that the pass
  /// measured.
  ///
  /// The gradients must come from the same model (the same parameters in the same order).
  /// - Returns: the name of the first parameter or statistic to which an infinite number, or what is
  ///   not a number, was written; nil if none was.
  @discardableResult
  public mutating func update(_ model: inout some Module, along gradients: Gradients) -> String? {
    state.steps += 1
    let step = state.steps
    willUpdate(step: step)
    // Taken out while in use, so that accumulators are changed in place.
    var slots = state.slots
    state.slots = []
    var index = 0
    var notFinite: String?
    model.updateParameters { name, parameter in
      precondition(
        index < gradients.names.count && gradients.names[index] == name,
        "the gradients belong to another model: parameter \(index) is \(name)")
      if slots.count == index { slots.append(initialSlots(for: parameter)) }
      if let gradient = gradients.parts[index] {
        precondition(
          gradient.shape == parameter.shape,
          "parameter \(name) has shape \(parameter.shape), its gradient \(gradient.shape)")
        if !update(&parameter, along: gradient, slots: &slots[index], step: step) {
          notFinite = notFinite ?? name
        }
      }
      index += 1
    }
    state.slots = slots
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

/// What an optimizer has accumulated: the number of updates, and tensors for each parameter in
/// visiting order.
public struct OptimizerState: Sendable {
  /// Updates so far.
  public var steps = 0
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
