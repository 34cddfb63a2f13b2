internal import RecurrentKernels

/// A mask of random factors: factor i is `low` where the uniform number i of the key's
/// ``RandomGenerator`` is below `rate`, else `high`. It is a function of its key, so it can be drawn
/// again wherever it is needed.
struct RandomMask: Sendable {
  private let mask: rk_mask

  init(key: RandomKey, rate: Float, low: Float, high: Float) {
    mask = rk_mask(seed: key.seed, stream: key.stream, rate: rate, low: low, high: high)
  }

  /// `count` factors from number `first` on, times x (nil: 1).
  func apply(
    from first: Int = 0, to x: UnsafePointer<Float>?, result y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    withUnsafePointer(to: mask) { rk_apply_mask($0, Int64(first), x, y, Int64(count)) }
  }
}
