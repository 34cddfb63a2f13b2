import RecurrentFiles

/// The rule by which outputs become one.
public enum Merge: String, Sendable, Codable, CaseIterable {
  /// Side by side along the features.
  case concatenate
  /// a + b + …
  case sum
  /// (a + b + …) / n.
  case average
  /// a·b·…
  case multiply

  /// Two tensors, merged; all but `concatenate` need tensors of one shape.
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor { self([a, b]) }

  /// The merged tensor, of at least one; all but `concatenate` need tensors of one shape.
  public func callAsFunction(_ tensors: [Tensor]) -> Tensor {
    guard let first = tensors.first else { trap("there is at least one output to merge") }
    if self == .concatenate { return .concatenated(tensors, along: first.rank - 1) }
    let others = tensors.dropFirst()
    for other in others {
      require(
        other.shape == first.shape,
        "outputs of shapes \(first.shape) and \(other.shape) can only be merged by concatenation")
    }
    let result = others.reduce(first) { self == .multiply ? $0 * $1 : $0 + $1 }
    return self == .average ? result * Self.share(of: tensors.count) : result
  }

  /// What each of so many counts in their average.
  package static func share(of count: Int) -> Float { 1 / Float(count) }
}

/// Outputs of layers that may become one (``Branches``).
public protocol Mergeable: BatchValue {
  /// The values, at least one, as one.
  static func merged(_ values: [Self], by merge: Merge) -> Self
}

extension Tensor: Mergeable {
  /// The tensors as one, along the last dimension where they stand side by side.
  public static func merged(_ values: [Tensor], by merge: Merge) -> Tensor { merge(values) }
}

extension SequenceBatch: Mergeable {
  /// Sequences as one, step by step.
  ///
  /// - Precondition: They have the same lengths.
  public static func merged(_ values: [SequenceBatch], by merge: Merge) -> SequenceBatch {
    guard let first = values.first else { trap("there is at least one sequence to merge") }
    for other in values {
      require(
        other.lengths == first.lengths && other.time == first.time,
        "sequences of lengths \(first.lengths) and \(other.lengths) cannot be merged step by step")
    }
    return first.with(merge(values.map(\.values)))
  }
}
