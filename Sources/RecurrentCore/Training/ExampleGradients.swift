/// What some examples say of the weights: the loss, the mean over the examples, and its gradients.
public struct ExampleGradients: Sendable {
  /// The mean loss.
  public var loss: Double
  /// The gradients of the example's loss.
  public var gradients: Gradients
  /// The number of examples.
  public var examples: Int

  /// Takes in what other examples say of the same weights: the means over all of them, as of batches
  /// that make one update, or of the parts of a batch that several machines have.
  public mutating func merge(_ other: ExampleGradients) {
    let share = Double(other.examples) / Double(max(1, examples + other.examples))
    loss += share * (other.loss - loss)
    gradients.mix(with: other.gradients, share: Float(share))
    examples += other.examples
  }
}
