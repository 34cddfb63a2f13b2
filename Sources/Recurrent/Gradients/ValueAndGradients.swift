/// The loss of a model and its gradient with respect to every parameter.
///
/// `loss` gets the model with its parameters tracked and returns a tensor with one element.
/// Everything it computes from the parameters by tensor operations is differentiated, a cell or
/// layer of your own included.
///
/// ```swift
/// let (loss, gradients) = valueAndGradients(of: model) { model in
///   meanSquaredError(model(windows), targets)
/// }
/// optimizer.update(&model, along: gradients.clipped(toNorm: 1))
/// ```
///
/// Calls may run on several threads at once; they may not be nested.
public func valueAndGradients<Model: Module>(
  of model: Model, _ loss: (Model) throws -> Tensor
) rethrows -> (value: Float, gradients: Gradients) {
  let tape = Tape()
  var tracked = model
  var names: [String] = []
  var leaves: [Tensor] = []
  tracked.updateParameters { name, parameter in
    parameter = tape.track(parameter)
    names.append(name)
    leaves.append(parameter)
  }
  tracked.updateStatistics { _, statistic in
    statistic = tape.track(statistic)
    leaves.append(statistic)
  }
  let value: Tensor
  do {
    value = try loss(tracked)
  } catch {
    _ = tape.gradients(of: Tensor(0), withRespectTo: [])
    throw error
  }
  precondition(value.count == 1, "a loss has one element; this one has shape \(value.shape)")
  let gradients = tape.gradients(of: value, withRespectTo: leaves)
  return (
    value.value,
    Gradients(
      names: names, parts: Array(gradients.prefix(names.count)),
      statisticChanges: gradients.dropFirst(names.count).map { $0?.tensor })
  )
}
