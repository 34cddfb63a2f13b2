/// The mean of each row's valid steps: `[B, T, F]` to `[B, F]`.
public struct MeanOverTime: Layer {
  /// A layer without parameters.
  public init() {}

  /// False: pooling looks at whole sequences.
  public var isCausal: Bool { false }

  /// The mean of the valid steps, `[B, F]`; zeros for an empty row.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> Tensor {
    let sums = input.weightedSum(Tensor(repeating: 1, shape: [input.batchSize, input.time]))
    let counts = input.placesByRow.map { Float(max(1, $0.count)) }
    return sums / Tensor(counts, shape: [input.batchSize, 1])
  }

  /// Visits nothing: the pooling has no parameters.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
