internal import RecurrentKernels

/// How the work of a recurrent layer over one batch is divided: among threads, and into blocks of
/// steps. No bit of a result depends on it.
struct FusedDivision: Sendable {
  /// The threads that share the rows.
  let parts: Int
  /// The threads that share the units instead: of a few rows, each then reads a part of the weights
  /// only, but they wait for each other at each step.
  let sharesUnits: Bool
  /// Whether the input's product is taken for many steps at once, before the steps are run: for few
  /// rows, which would read the input's weights anew at each step. The order of each sum stays.
  let multipliesInputFirst: Bool
  /// Whether weights that are rounded are read in fewer bits in prediction: for few rows, if what a
  /// step reads would not stay in a cache as floats. Else widening it anew at each step takes longer
  /// than reading it.
  let readsNarrowWeights: Bool
  private let blockLength: Int

  /// `segments` pieces of time are run one after the other. `isPlain`: without options or a
  /// projection. `hasTable`: the product with the input is looked up.
  init(
    _ weights: RecurrentWeights, layout: SequenceLayout, segments: Int, isPlain: Bool,
    hasTable: Bool
  ) {
    let (rows, inputs, units, size) = (
      layout.batchSize, weights.inputSize, weights.hiddenSize, weights.outputSize
    )
    let width = weights.gates * units
    let thresholds = ExecutionContext.withCurrent { $0.thresholds }
    // An activation costs about as much as sixteen terms of the product.
    let operations = 2 * layout.packedCount * width * (inputs + size + 16)
    parts = Parallelism.parts(
      operations: operations / segments,
      atMost: (rows + Self.smallestRows - 1) / Self.smallestRows)

    // So few that a step is as long as reading the weights takes.
    let hasFewRows = rows <= 4
    let threads = Parallelism.threads
    sharesUnits =
      hasFewRows && threads > 1 && isPlain && units >= Self.sharedUnits(threads)
      && Parallelism.parts(operations: operations, atMost: threads) == threads
      && rows * width * size / threads >= thresholds.smallestStep
    multipliesInputFirst = !hasTable && hasFewRows && layout.steps > 2 && 4 * inputs >= size
    blockLength = 256 / max(1, rows)
    let depth = size + (multipliesInputFirst ? 0 : inputs)
    // To widen whole numbers takes a little longer than to widen halves.
    let least = thresholds.leastNarrowBytes
    readsNarrowWeights =
      hasFewRows
      && 4 * width * depth >= rows * (weights.kernelFormat == RK_INT8 ? least + least / 4 : least)
  }

  /// The steps that are run at once.
  func blocks(of segment: Range<Int>, keeps: Bool) -> [Range<Int>] {
    guard multipliesInputFirst, !keeps else { return [segment] }
    return stride(from: segment.lowerBound, to: segment.upperBound, by: blockLength).map {
      $0..<min($0 + blockLength, segment.upperBound)
    }
  }

  /// Whether a layer with so many units runs on one thread.
  static func keepsOneThread(batchSize: Int, units: Int) -> Bool {
    batchSize <= smallestRows && units < sharedUnits(2)
  }

  /// Rows that a thread gets at least.
  private static let smallestRows = 3

  /// The least units that so many threads share.
  private static func sharedUnits(_ threads: Int) -> Int { 64 * threads }
}
