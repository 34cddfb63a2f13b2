/// What one batch shows of a network: how far gradients reach back through its recurrent layers, what
/// their gates and units do, and how large its weights, gradients and updates are.
///
/// ```swift
/// let diagnosis = NetworkDiagnosis(of: model) { model in
///   meanSquaredError(model(windows), targets)
/// }
/// print(diagnosis.layers[0].gradient, diagnosis.layers[0].halfLife ?? .infinity)
/// ```
///
/// Nothing is trained by it. Layers are those made of ``SimpleRNN``, ``LSTM``, ``GRU`` and
/// ``MogrifierLSTM``, alone, in stacks or in both directions. It runs them one step at a time, twice,
/// so a few rows are enough for it.
public struct NetworkDiagnosis: Sendable, Codable, Equatable {
  /// The loss of the batch.
  public let loss: Double
  /// The recurrent layers, in the order in which they run.
  public let layers: [LayerDiagnosis]
  /// The parameters, in the order in which the model visits them.
  public let weights: [WeightDiagnosis]

  /// The diagnosis of a model by its loss on a batch.
  ///
  /// - Parameters:
  ///   - model: the network.
  ///   - update: from a model and gradients to the model after one update along them, which is then
  ///     compared with the weights; nil: updates are left out.
  ///   - loss: from the model to one number, in prediction mode: of dropout nothing is measured.
  /// - Complexity: about three to six training steps of the batch.
  public init<Model: Module>(
    of model: Model, update: ((Model, Gradients) -> Model)? = nil, _ loss: (Model) -> Tensor
  ) {
    let (value, gradients) = valueAndGradients(of: model, loss)
    self.loss = Double(value).written
    weights = WeightDiagnosis.all(of: model, gradients, after: update?(model, gradients))
    let ofLoss = ProbedPass(model, .loss, loss)
    let ofStates = ProbedPass(model, .memory, loss)
    layers = ofLoss.layers.map { LayerDiagnosis($0, loss: ofLoss, memory: ofStates) }
  }
}

/// A parameter, its gradient, and what an update changes.
public struct WeightDiagnosis: Sendable, Codable, Equatable {
  /// The parameter's name, as ``Module/parameters`` has it.
  public let name: String
  /// |w|, the Euclidean norm.
  public let norm: Double
  /// |∂L/∂w|; 0 if the loss does not depend on it.
  public let gradient: Double
  /// |Δw| / |w| of one update; nil where there is none or the weights are all 0.
  public let updateRatio: Double?

  static func all<Model: Module>(
    of model: Model, _ gradients: Gradients, after updated: Model?
  ) -> [WeightDiagnosis] {
    let after = updated?.parameters
    return zip(model.parameters, gradients.tensors).enumerated().map { index, pair in
      let ((name, tensor), gradient) = pair
      let norm = tensor.elements.norm
      let change = after.map { after in
        zip(after[index].tensor.elements, tensor.elements).lazy.map { $0 - $1 }.norm
      }
      return WeightDiagnosis(
        name: name, norm: norm.written, gradient: (gradient?.elements.norm ?? 0).written,
        updateRatio: norm > 0 ? change.map { ($0 / norm).written } : nil)
    }
  }
}

extension Sequence<Float> {
  /// The square root of the sum of squares.
  var norm: Double { sumOfSquares.squareRoot() }

  /// The sum of squares.
  var sumOfSquares: Double { reduce(0) { $0 + Double($1) * Double($1) } }
}

extension Double {
  /// The number as JSON can hold it: what is not finite is the largest number there is.
  var written: Double { isFinite ? self : .greatestFiniteMagnitude }
}
