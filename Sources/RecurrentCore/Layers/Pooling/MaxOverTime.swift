/// The largest value of each feature among a row's valid steps: `[B, T, F]` to `[B, F]`.
public struct MaxOverTime: Layer {
  /// A layer without parameters.
  public init() {}

  /// False: pooling looks at whole sequences.
  public var isCausal: Bool { false }

  /// Zeros for an empty row. Of equal values the first gets the gradient; a NaN stays one.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> Tensor {
    let (x, features, shape) = (input.values, input.features, input.values.shape)
    /// Where among the elements of x each maximum stands; -1 for an empty row.
    var origins = [Int](repeating: -1, count: input.batchSize * features)
    for (row, places) in input.placesByRow.enumerated() {
      for feature in 0..<features {
        let candidates = places.lazy.map { $0 * features + feature }
        guard var best = candidates.first else { continue }
        for candidate in candidates.dropFirst() where !x[flat: best].isNaN {
          let value = x[flat: candidate]
          if value > x[flat: best] || value.isNaN { best = candidate }
        }
        origins[row * features + feature] = best
      }
    }
    let y = Tensor(shape: [input.batchSize, features]) { y in
      for (index, origin) in origins.enumerated() { y[index] = origin < 0 ? 0 : x[flat: origin] }
    }
    return y.recorded(from: [x]) { [origins] dy in
      let dx = Tensor(shape: shape) { dx in
        dx.update(repeating: 0, count: shape.reduce(1, *))
        for (index, origin) in origins.enumerated() where origin >= 0 {
          dx[origin] = dy[flat: index]
        }
      }
      return [dx]
    }
  }

  /// Visits nothing: the pooling has no parameters.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
