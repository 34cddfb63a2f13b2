import RecurrentFiles

/// In training, each element becomes 0 with probability p, the rate, and the others are scaled by
/// 1 / (1 - p); in prediction nothing happens (Srivastava et al. 2014).
public struct Dropout: StepLayer {
  /// The probability that an element is dropped, in 0..<1.
  public let rate: Float

  /// A dropout of that rate.
  public init(rate: Float) {
    require(rate >= 0 && rate < 1, "a dropout rate lies in 0..<1, not \(rate)")
    self.rate = rate
  }

  /// `[B, …]` to the same shape. What is dropped of a row depends on the mode and on its number there
  /// alone.
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    guard rate > 0, let keys = mode.rowKeys(input.batchSize) else { return input }
    // The rows that an example has one after the other take its numbers one after the other.
    var first = 0
    let starts = keys.indices.map { row in
      if keys[row] != keys[first] { first = row }
      return first
    }
    let width = input.count / max(1, keys.count)
    // Drawn again on the way back instead of being kept.
    let masked = { @Sendable [rate] (x: Tensor) in
      Tensor(shape: x.shape) { y in
        // A draw costs about forty operations.
        let parts = Parallelism.parts(operations: 40 * x.count, atMost: keys.count)
        Parallelism.run(parts: parts) { part in
          for row in Parallelism.range(part, of: parts, count: keys.count, granularity: 1) {
            RandomMask(key: keys[row], rate: rate, low: 0, high: 1 / (1 - rate)).apply(
              from: (row - starts[row]) * width, to: x.pointer + row * width,
              result: y + row * width, count: width)
          }
        }
      }
    }
    return masked(input).recorded(from: [input]) { [masked($0)] }
  }

  /// Visits nothing: dropout has no parameters.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
