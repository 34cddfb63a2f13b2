/// In training, each element becomes 0 with probability p, the rate, and the others are scaled by
/// 1 / (1 - p); in prediction nothing happens (Srivastava et al. 2014).
public struct Dropout: Layer {
  /// The probability that an element is dropped, in 0..<1.
  public let rate: Float

  /// A dropout of that rate.
  public init(rate: Float) {
    precondition(rate >= 0 && rate < 1, "a dropout rate lies in 0..<1, not \(rate)")
    self.rate = rate
  }

  /// `[B, …]` to the same shape.
  public func forward(_ input: Tensor, state: inout NoState, mode: Mode) -> Tensor {
    guard case .training(let key, _) = mode, rate > 0 else { return input }
    let mask = RandomMask(key: key, rate: rate, low: 0, high: 1 / (1 - rate))
    return Self.masked(input, by: mask)
  }

  /// The mask is drawn again on the way back instead of being kept.
  private static func masked(_ x: Tensor, by mask: RandomMask) -> Tensor {
    mask.applied(to: x).recorded(from: [x]) { [mask.applied(to: $0)] }
  }

  /// There are none.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
