import RecurrentFiles

/// The rule by which two outputs become one.
public enum Merge: String, Sendable, Codable, CaseIterable {
  /// Side by side along the features.
  case concatenate
  /// a + b.
  case sum
  /// (a + b) / 2.
  case average
  /// a·b.
  case multiply

  /// The merged tensor; all but `concatenate` need tensors of one shape.
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    require(
      self == .concatenate || a.shape == b.shape,
      "outputs of shapes \(a.shape) and \(b.shape) can only be merged by concatenation")
    return switch self {
    case .concatenate: .concatenated([a, b], along: a.rank - 1)
    case .sum: a + b
    case .average: (a + b) * 0.5
    case .multiply: a * b
    }
  }
}
