import RecurrentFiles

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
  try valueAndGradients(of: model, share: 1, loss)
}

/// The same, of a loss that counts as much as `share`: all gradients are multiplied by it, the value is
/// not.
///
/// - Parameter ready: hears of each parameter and, behind them, statistic, as soon as its gradient is
///   whole.
func valueAndGradients<Model: Module>(
  of model: Model, share: Float, ready: ((_ leaf: Int, Gradient?) -> Void)? = nil,
  _ loss: (Model) throws -> Tensor
) rethrows -> (value: Float, gradients: Gradients) {
  let (value, gradients) = try outputAndGradients(of: model, share: share, ready: ready) { model in
    let value = try loss(model)
    require(value.count == 1, "a loss has one element; this one has shape \(value.shape)")
    return (value, Tensor(repeating: share, shape: value.shape))
  }
  return (value.value, gradients)
}

/// An output of a model, and the gradient of every parameter from that of the output: the product
/// of a vector and the Jacobian, for losses that are computed elsewhere.
///
/// ```swift
/// let (outputs, gradients) = outputAndGradients(of: model, from: outputGradient) { $0(x).values }
/// ```
///
/// - Parameter outputGradient: the gradient of a loss with respect to each element of the output,
///   of the output's shape.
public func outputAndGradients<Model: Module>(
  of model: Model, from outputGradient: Tensor, _ output: (Model) throws -> Tensor
) rethrows -> (output: Tensor, gradients: Gradients) {
  try outputAndGradients(of: model) { model in
    let output = try output(model)
    require(
      output.shape == outputGradient.shape,
      "the gradient of an output of shape \(output.shape) cannot have shape \(outputGradient.shape)"
    )
    return (output, outputGradient.detached)
  }
}

private func outputAndGradients<Model: Module>(
  of model: Model, share: Float = 1, ready: ((_ leaf: Int, Gradient?) -> Void)? = nil,
  _ output: (Model) throws -> (Tensor, gradient: Tensor)
) rethrows -> (Tensor, Gradients) {
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
  let result: (tensor: Tensor, gradient: Tensor)
  do {
    result = try output(tracked)
  } catch {
    _ = tape.gradients(of: Tensor(0), along: Tensor(0), withRespectTo: [])
    throw error
  }
  // What a statistic changes by is no derivative of the loss, but counts as much.
  func shared(_ gradient: Gradient?, _ leaf: Int) -> Gradient? {
    leaf < names.count || share == 1 ? gradient : gradient?.mapped { $0 * share }
  }
  let gradients = tape.gradients(
    of: result.tensor, along: result.gradient, withRespectTo: leaves,
    ready: ready.map { ready in { leaf, gradient in ready(leaf, shared(gradient, leaf)) } })
  return (
    result.tensor.detached,
    Gradients(
      names: names, parts: Array(gradients.prefix(names.count)),
      statisticChanges: gradients.indices.dropFirst(names.count).map {
        shared(gradients[$0], $0)?.tensor
      })
  )
}
