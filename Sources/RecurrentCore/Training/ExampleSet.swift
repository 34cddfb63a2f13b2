import RecurrentFiles

/// Examples that a model is trained on: so many, and any of them as a batch.
public protocol ExampleSet: Sendable {
  /// What a loss function gets: inputs and targets of some examples.
  associatedtype Batch

  /// The number of examples.
  var count: Int { get }

  /// The examples at `indices`, in that order.
  func batch(_ indices: [Int]) -> Batch

  /// The batches of an epoch that takes the examples in `order`, `size` at a time.
  func batches(of order: [Int], size: Int) -> [[Int]]

  /// The part of a batch that one of several shards computes; nil: none of it. Which it is depends on
  /// these numbers alone.
  func shard(_ shard: Int, of count: Int, in indices: [Int]) -> ExampleShard<Batch>?
}

/// A part of a batch.
public struct ExampleShard<Batch> {
  /// The shard's examples as the loss function gets them.
  public let batch: Batch
  /// The examples by whose numbers noise is drawn (``Mode/training(_:rows:segmentLength:)``).
  public let rows: [Int]
  /// The shard's share of the batch, and so of the loss.
  public let share: Double

  /// A part.
  public init(batch: Batch, rows: [Int], share: Double) {
    self.batch = batch
    self.rows = rows
    self.share = share
  }
}

extension ExampleSet {
  /// Batches of `size` examples, one after the other in the given order; the last may be smaller.
  public func batches(of order: [Int], size: Int) -> [[Int]] {
    stride(from: 0, to: order.count, by: size).map {
      Array(order[$0..<min($0 + size, order.count)])
    }
  }

  /// A run of the examples, as long as the other runs or one longer or shorter.
  public func shard(_ shard: Int, of count: Int, in indices: [Int]) -> ExampleShard<Batch>? {
    let rows = Array(indices[shard * indices.count / count..<(shard + 1) * indices.count / count])
    guard !rows.isEmpty else { return nil }
    return ExampleShard(
      batch: batch(rows), rows: rows, share: Double(rows.count) / Double(indices.count))
  }
}

/// Inputs and targets held in memory, row by row.
///
/// ```swift
/// let windows = TensorExamples(inputs: batch, targets: values)          // numbers to numbers
/// let reviews = ExamplePairs(inputs: TokenBatch(ids), targets: classes)  // tokens to classes
/// ```
public struct ExamplePairs<Inputs: BatchValue, Targets: BatchValue>: ExampleSet {
  /// What goes in, a row an example: for instance `[N, T, F]`.
  public let inputs: Inputs
  /// What should come out: for instance `[N, …]`, or the class of each row.
  public let targets: Targets

  /// Examples whose inputs and targets have the same number of rows.
  public init(inputs: Inputs, targets: Targets) {
    require(
      inputs.batchSize == targets.batchSize,
      "\(inputs.batchSize) inputs need as many targets, not \(targets.batchSize)")
    self.inputs = inputs
    self.targets = targets
  }

  /// The number of rows.
  public var count: Int { inputs.batchSize }

  /// The rows at `indices`.
  public func batch(_ indices: [Int]) -> (inputs: Inputs, targets: Targets) {
    (inputs.rows(indices), targets.rows(indices))
  }

  /// The examples of a range, without the others.
  public func subset(_ range: Range<Int>) -> ExamplePairs {
    ExamplePairs(inputs: inputs.rows(Array(range)), targets: targets.rows(Array(range)))
  }
}

/// Sequences of numbers `[N, T, F]` and their targets `[N, …]`.
public typealias TensorExamples = ExamplePairs<SequenceBatch, Tensor>
