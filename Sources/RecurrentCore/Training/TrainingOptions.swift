import RecurrentFiles

/// The options by which a model is trained: epochs, batches, schedule.
public struct TrainingOptions: Sendable, Codable, Equatable {
  /// Passes over the examples, at most.
  public var epochs: Int
  /// Examples in a step; the last step of an epoch may have fewer.
  public var batchSize: Int
  /// Batches whose gradients, weighted by their examples, make one update; the last update of an
  /// epoch may have fewer. They draw the masks of one batch of all these examples.
  public var accumulate: Int
  /// Parts of each batch whose gradients are computed apart and added up in a fixed order, so that
  /// any number of ranks that share them (``Trainer/communicator``) makes the same bits; nil: a batch
  /// is one. What is measured over a batch, as by ``BatchNorm``, is measured over a shard.
  public var shards: Int?
  /// Whether each epoch takes the examples in a new order.
  public var shuffles: Bool
  /// Examples that an epoch draws from all; nil: all of them.
  public var examplesPerEpoch: Int?
  /// Where all random numbers come from: order and dropout. Same seed, same bits.
  public var seed: UInt64
  /// How gradients are limited, if they are.
  public var clipping: GradientClipping?
  /// Penalties and constraints of single parameters.
  public var rules: [ParameterRule]
  /// The decay of ``WeightAverage``, below 1; nil: no average. With one, it is the average that the
  /// validation part judges and that ``Trainer/bestModel`` gives; it takes one copy of the weights
  /// and touches training not at all.
  public var averaging: Double?
  /// Steps whose inner values fused layers keep for the backward pass at a time; nil: all
  /// (``Mode/training(_:rows:segmentLength:)``, ``MemoryPlan``).
  public var segmentLength: Int?
  /// The rule by which the learning rate changes.
  public var schedule: LearningRateSchedule.Rule
  /// When to stop before the last epoch, if at all.
  public var earlyStopping: EarlyStopping?

  /// Options; what is left out is the default.
  public init(
    epochs: Int = 100, batchSize: Int = 32, accumulate: Int = 1, shuffles: Bool = true,
    seed: UInt64 = 0,
    clipping: GradientClipping? = .norm(1), schedule: LearningRateSchedule.Rule = .constant,
    earlyStopping: EarlyStopping? = nil, rules: [ParameterRule] = [],
    averaging: Double? = nil, segmentLength: Int? = nil, examplesPerEpoch: Int? = nil,
    shards: Int? = nil
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.accumulate = accumulate
    self.shuffles = shuffles
    self.seed = seed
    self.clipping = clipping
    self.schedule = schedule
    self.earlyStopping = earlyStopping
    self.rules = rules
    self.averaging = averaging
    self.segmentLength = segmentLength
    self.examplesPerEpoch = examplesPerEpoch
    self.shards = shards
    if let problem { trap(problem) }
  }

  /// What is wrong with them, if anything is: whoever reads options from a file asks before a
  /// ``Trainer`` does.
  public var problem: String? {
    if epochs < 0 { return "the number of epochs is at least 0, not \(epochs)" }
    if batchSize < 1 { return "a batch has at least one example, not \(batchSize)" }
    if accumulate < 1 { return "an update takes at least one batch, not \(accumulate)" }
    if let shards, !(1...Self.mostShards).contains(shards) {
      return "a batch has between 1 and \(Self.mostShards) shards, not \(shards)"
    }
    if let averaging, !(0..<1).contains(averaging) {
      return "the decay lies in 0..<1, not \(averaging)"
    }
    if let examplesPerEpoch, examplesPerEpoch < 1 {
      return "an epoch has at least one example, not \(examplesPerEpoch)"
    }
    if let segmentLength, segmentLength < 1 {
      return "a segment has at least one step, not \(segmentLength)"
    }
    return schedule.problem
  }

  /// The most shards that a batch can have.
  public static let mostShards = 4096

  /// Copies of the weights that a run holds beside those that it trains and one gradient: the best
  /// ones, the same in the order in which their judging read them, an average, the gradient that
  /// further batches are added to, and with shards the sums that wait and what ranks exchange
  /// (``MemoryPlan``).
  public var weightCopies: Int {
    let waiting = shards.map { 3 + Int.bitWidth - $0.leadingZeroBitCount } ?? 0
    return 2 + (averaging == nil ? 0 : 1) + (accumulate > 1 ? 1 : 0) + waiting
  }
}

/// Stop when the validation loss, or what else judges, no longer gets better. Without either no run
/// stops early: the training loss decides nothing.
public struct EarlyStopping: Sendable, Codable, Equatable {
  /// Epochs in a row without a better loss after which training stops; 0, like 1, stops at the
  /// first.
  public var patience: Int
  /// How much lower a loss must be to count as better.
  public var minimumImprovement: Double

  /// A rule.
  public init(patience: Int = 10, minimumImprovement: Double = 0) {
    require(patience >= 0, "patience is at least 0, not \(patience)")
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }
}
