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
  /// T, the number of time steps.
  public let time: Int

  /// A plan for layers one after the other, each with its input and output over the whole sequence.
  ///
  /// - Parameters:
  ///   - paths: The layers (``Layer/paths``), from the input up; those that are not fused keep
  ///     everything and are not counted.
  ///   - parameterCount: Weights of the model; each has a gradient and two moments of the
  ///     optimizer.
  ///   - weightCopies: What the run holds beside them (``TrainingOptions/weightCopies``).
  ///   - batchSize: B.
  ///   - time: T.
  ///   - limit: The bytes that may be used.
  /// - Returns: nil if even segments of one step need more.
  public init?(
    paths: [LayerPath], parameterCount: Int, batchSize: Int, time: Int, weightCopies: Int = 2,
    limit: Int? = nil
  ) {
    func bytes(_ segmentLength: Int?) -> Double {
      Self.bytes(paths, parameterCount, batchSize, time, weightCopies, segmentLength)
    }
    wholeBytes = bytes(nil)
    self.limit = limit
    self.time = time
    guard let limit, wholeBytes > Double(limit) else {
      (self.bytes, segmentLength) = (wholeBytes, nil)
      return
    }
    // Short segments leave less to keep of each and more states between them; the longest that
    // fits computes in the largest pieces.
    let lengths = Self.segmentLengths(of: time).sorted(by: >)
    let fitting = lengths.first { bytes($0) <= Double(limit) }
    guard let fitting else { return nil }
    segmentLength = fitting
    self.bytes = bytes(fitting)
  }

  /// The fewest bytes that any plan takes.
  public static func smallestBytes(
    paths: [LayerPath], parameterCount: Int, batchSize: Int, time: Int, weightCopies: Int = 2
  ) -> Double {
    segmentLengths(of: time)
      .map { bytes(paths, parameterCount, batchSize, time, weightCopies, $0) }.min() ?? 0
  }

  /// The lengths of all but the last segment, of one segment and of more.
  private static func segmentLengths(of time: Int) -> Set<Int> {
    Set((1...max(1, time)).map { count in (time + count - 1) / count })
  }

  /// Runs `body` with no more than ``limit``: in a context of its own, whose buffers that wait to be
  /// used again go back before that is passed. Without a limit, as it is.
  @discardableResult
  public func enforced<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let limit else { return try body() }
    let threads = ExecutionContext.current.threads
    return try ExecutionContext(threads: threads, memoryLimit: limit).run(body)
  }

  /// The step, and what the run holds beside it.
  private static func bytes(
    _ paths: [LayerPath], _ parameterCount: Int, _ batchSize: Int, _ time: Int,
    _ weightCopies: Int, _ segmentLength: Int?
  ) -> Double {
    let step = StepCost.training(
      paths: paths, parameterCount: parameterCount, batchSize: batchSize, time: time,
      segmentLength: segmentLength)
    // A little more for what is small: states, tables of steps, losses, biases that are packed too.
    return 1.02 * (step.peak + Double(weightCopies) * step.parameters)
  }
}
