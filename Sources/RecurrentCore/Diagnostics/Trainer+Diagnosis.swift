extension Trainer {
  /// The diagnosis of the weights now by some examples, with the update that these would make: with
  /// the options' rules and clipping, and what the optimizer has accumulated. The run stays as it is,
  /// to the bit.
  ///
  /// - Parameters:
  ///   - indices: a few examples, always the same if diagnoses are to be compared; those of
  ///     ``diagnosedExamples(of:)``, for instance. Of streams, one piece.
  ///   - examples: what they are of.
  ///   - updating: whether that update is looked at.
  public func diagnosis(
    of indices: [Int], in examples: Examples, updating: Bool = true
  ) -> NetworkDiagnosis {
    let batch = examples.batch(indices)
    func updated(_ model: Model, _ gradients: Gradients) -> Model {
      var (model, optimizer) = (model, state.optimizer)
      let gradients = options.rules.penalized(gradients, of: model)
      optimizer.update(&model, along: options.clipping.map { gradients.clipped($0) } ?? gradients)
      options.rules.constrain(&model)
      return model
    }
    return NetworkDiagnosis(of: state.model, update: updating ? updated : nil) { model in
      var carried: [Tensor] = []
      return loss(model, batch, .prediction, &carried)
    }
  }

  /// At most eight examples, from all over the set, and never more than a batch: what a diagnosis
  /// looks at, the same each time.
  public func diagnosedExamples(of examples: Examples) -> [Int] {
    let count = min(8, options.batchSize, examples.count)
    return (0..<count).map { $0 * examples.count / count }
  }
}
