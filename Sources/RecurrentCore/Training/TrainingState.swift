/// A run as callbacks see it, whatever its model: ``Trainer/State``.
public protocol TrainingState: Sendable {
  /// The type of the model that is trained.
  associatedtype Model: Module
  /// The weights now.
  var model: Model { get }
  /// The weights that are judged and given away: the average, if there is one.
  var judged: Model { get }
  /// Which of several networks that are trained one after the other, from 1.
  var member: Int { get }
  /// Epochs done.
  var epoch: Int { get }
  /// Updates done, over all epochs.
  var step: Int { get }
  /// How far the epoch after the finished ones is.
  var progress: EpochProgress { get }
  /// The records of the finished epochs.
  var history: TrainingHistory { get }
}

/// How far an epoch is.
public struct EpochProgress: Sendable, Codable, Equatable {
  /// Batches done: the index of the next one in the epoch's order, which follows from seed and epoch.
  public var batches = 0
  /// Updates done.
  public var steps = 0
  /// Examples seen.
  public var examples = 0
  /// The losses of the examples, added up.
  var lossSum = 0.0
  /// The norms of the updates' gradients, added up.
  var normSum = 0.0
  /// The seconds that the epoch took so far.
  public var seconds = 0.0
  /// How much of that was spent waiting for other ranks; nil where there are none.
  public var exchangeSeconds: Double?

  /// An epoch before its first batch.
  public init() {}

  /// The mean loss of the examples so far.
  public var loss: Double { lossSum / Double(max(1, examples)) }
}
