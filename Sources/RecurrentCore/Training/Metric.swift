import RecurrentFiles

/// A number that says how good outputs are, beside the loss: the mean over the examples.
///
/// ```swift
/// let withinOne = Metric<Tensor, Tensor>("within 1", isHigherBetter: true) { outputs, targets in
///   let errors = (outputs - targets).elements
///   return Double(errors.filter { abs($0) <= 1 }.count) / Double(errors.count)
/// }
/// ```
public struct Metric<Outputs, Targets>: Sendable {
  /// The metric's name, as the history has it.
  public let name: String
  /// Whether more of it is better.
  public let isHigherBetter: Bool
  /// From the outputs for a batch and its targets to the mean over the batch.
  public let mean: @Sendable (_ outputs: Outputs, _ targets: Targets) -> Double

  /// A metric with that name.
  public init(
    _ name: String, isHigherBetter: Bool,
    mean: @escaping @Sendable (_ outputs: Outputs, _ targets: Targets) -> Double
  ) {
    self.name = name
    self.isHigherBetter = isHigherBetter
    self.mean = mean
  }

  /// The mean over `examples`, each batch weighted by its examples; not a number if there are none.
  func score<Model: Layer, Examples: ExampleSet>(
    of model: Model, on examples: Examples, batchSize: Int
  ) -> EpochScore
  where Model.Output == Outputs, Examples.Batch == (inputs: Model.Input, targets: Targets) {
    var total = 0.0
    for indices in examples.batches(of: Array(0..<examples.count), size: batchSize) {
      let batch = examples.batch(indices)
      total += mean(model(batch.inputs), batch.targets) * Double(indices.count)
    }
    return EpochScore(name, total / Double(examples.count), isHigherBetter: isHigherBetter)
  }
}

extension Metric where Outputs == Tensor, Targets == [Int] {
  /// The share of rows whose largest logit, of `[B, C]`, is that of their class.
  public static var accuracy: Metric {
    Metric("accuracy", isHigherBetter: true) { logits, classes in
      require(
        logits.rank == 2 && logits.shape[0] == classes.count,
        "logits of \(classes.count) classes have shape [\(classes.count), C], not \(logits.shape)")
      let (elements, width) = (logits.elements, logits.shape[1])
      let right = classes.indices.count { row in
        let scores = elements[row * width..<(row + 1) * width]
        return scores.indices.max { scores[$0] < scores[$1] }.map { $0 - row * width }
          == classes[row]
      }
      return Double(right) / Double(max(1, classes.count))
    }
  }
}

extension Metric where Outputs == Tensor, Targets == Tensor {
  /// The mean of the absolute errors.
  public static var meanAbsoluteError: Metric {
    Metric("mean absolute error", isHigherBetter: false) { outputs, targets in
      Double(RecurrentCore.meanAbsoluteError(outputs, targets).value)
    }
  }
}
