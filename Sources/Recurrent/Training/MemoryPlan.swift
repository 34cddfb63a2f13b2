/// How a training step of recurrent layers stays within a number of bytes.
///
/// What the backward pass needs of each step is either kept, or computed again from a kept state,
/// a segment of steps at a time (Chen et al. 2016, arXiv:1604.06174). Gradients are the same to the
/// bit; a step takes up to half as long again.
public struct MemoryPlan: Sendable, Equatable {
  /// The bytes that may be used; nil: as many as it takes.
  public let limit: Int?
  /// The bytes that a step takes with this plan.
  public let bytes: Double
  /// The bytes that it takes when everything is kept.
  public let wholeBytes: Double
  /// The steps of a segment; nil: everything is kept.
  public let segmentLength: Int?
  /// T.
  public let time: Int

  /// A plan for layers one after the other, each with its input and output over the whole sequence.
  ///
  /// - Parameters:
  ///   - paths: The layers (``Layer/paths``), from the input up; those that are not fused keep
  ///     everything and are not counted.
  ///   - parameterCount: Weights of the model; each has a gradient and two moments of the
  ///     optimizer, and the model is kept twice (now and best).
  ///   - batchSize: B.
  ///   - time: T.
  ///   - limit: The bytes that may be used.
  /// - Returns: nil if even segments of one step need more.
  public init?(
    paths: [LayerPath], parameterCount: Int, batchSize: Int, time: Int, limit: Int? = nil
  ) {
    // In `Double`, where no product overflows.
    let cost = Cost(
      paths: paths, parameters: Double(parameterCount), batch: Double(batchSize),
      time: Double(time))
    wholeBytes = cost.bytes(segmentLength: nil)
    self.limit = limit
    self.time = time
    guard let limit, wholeBytes > Double(limit) else {
      (bytes, segmentLength) = (wholeBytes, nil)
      return
    }
    // Short segments leave less to keep of each and more states between them; the longest that
    // fits computes in the largest pieces.
    let lengths = Set((1...max(1, time)).map { (time + $0 - 1) / $0 }).sorted(by: >)
    let fitting = lengths.first { cost.bytes(segmentLength: Double($0)) <= Double(limit) }
    guard let fitting else { return nil }
    segmentLength = fitting
    bytes = cost.bytes(segmentLength: Double(fitting))
  }

  /// The fewest bytes that any plan takes.
  public static func smallestBytes(
    paths: [LayerPath], parameterCount: Int, batchSize: Int, time: Int
  ) -> Double {
    let cost = Cost(
      paths: paths, parameters: Double(parameterCount), batch: Double(batchSize),
      time: Double(time))
    return Set((1...max(1, time)).map { (time + $0 - 1) / $0 })
      .map { cost.bytes(segmentLength: Double($0)) }.min() ?? 0
  }

  /// Lets the library hold no more than ``limit``: buffers that wait to be used again are given
  /// back before that is passed. Without a limit, nothing.
  public func enforce() {
    if let limit { StoragePool.shared.bound(to: limit / 4) }
  }

  /// What a training step allocates.
  private struct Cost {
    let paths: [LayerPath]
    let parameters: Double
    let batch: Double
    let time: Double

    func bytes(segmentLength: Double?) -> Double {
      let steps = batch * time
      let segments = segmentLength.map { (time / $0).rounded(.up) }
      /// Forward: a layer's output, its masks, and what it keeps of its steps or of its segments'
      /// starts.
      func held(_ path: LayerPath) -> Double {
        buffer(steps * Double(path.outputSize)) + buffer(steps * Double(path.maskSize))
          + (segments.map { $0 * buffer(batch * Double(path.segmentStateSize)) }
            ?? buffer(steps * Double(path.keptSize)))
      }
      var inUse = buffer(steps * Double(paths.first?.inputSize ?? 0))
      inUse += paths.reduce(0) { $0 + held($1) }
      // Backward, from the top: gradients of output and input beside what is still held, and the
      // segment that is computed again.
      var peak = inUse
      for path in paths.reversed() {
        let gradients =
          buffer(steps * Double(path.outputSize)) + buffer(steps * Double(path.inputSize))
        let segment = segmentLength.map { buffer(batch * $0 * Double(path.keptSize)) } ?? 0
        peak = max(peak, inUse + gradients + segment)
        inUse -= held(path)
      }
      // Weights now, best and packed, gradient, two moments, and the workspace of products.
      let workspace = Double(Parallelism.threads) * 400_000
      return 4 * (peak + 6 * parameters + workspace)
    }

    /// What the pool gives for so many floats: whole quarters of a power of two.
    private func buffer(_ floats: Double) -> Double {
      guard floats > 16 else { return floats }
      let step = Double(sign: .plus, exponent: floats.exponent - 2, significand: 1)
      return (floats / step).rounded(.up) * step
    }
  }
}
