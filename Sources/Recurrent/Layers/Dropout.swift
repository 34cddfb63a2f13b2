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
    var generator = RandomGenerator(key)
    let kept = 1 / (1 - rate)
    let mask = Tensor(shape: input.shape) { mask in
      for i in 0..<input.count { mask[i] = generator.uniform() < rate ? 0 : kept }
    }
    return input * mask
  }

  /// There are none.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
