/// The losses, scores and times of one epoch.
public struct EpochRecord: Sendable, Codable, Equatable {
  /// The number of the epoch, from 1.
  public let epoch: Int
  /// The mean training loss over the epoch's examples, each with the weights of its step.
  public let loss: Double
  /// The loss on the validation part after the epoch, if there is one.
  public let validationLoss: Double?
  /// What the run's judge says of the weights after the epoch, if there is one.
  public internal(set) var score: EpochScore?
  /// What else was measured of them, in the order in which the run was asked for it; nil if nothing
  /// was.
  public internal(set) var metrics: [EpochScore]?
  /// The learning rate of the epoch's last step.
  public let learningRate: Double
  /// The mean norm of the gradients before clipping.
  public let gradientNorm: Double
  /// How long the epoch took, validation included.
  public let seconds: Double
  /// How much of that was spent waiting for other ranks; nil where there are none.
  public internal(set) var exchangeSeconds: Double?

  /// The number by which epochs are compared, the lower the better: the score, with its sign changed
  /// where higher is better; without one the validation loss, without that the training loss.
  public var decidingLoss: Double {
    score.map { $0.isHigherBetter ? -$0.value : $0.value } ?? validationLoss ?? loss
  }
}

/// A number by which epochs are compared where the loss is not what counts.
public struct EpochScore: Sendable, Codable, Equatable {
  /// The score's name, as the history's table has it.
  public let name: String
  /// The number.
  public let value: Double
  /// Whether more of it is better.
  public let isHigherBetter: Bool

  /// A score.
  public init(_ name: String, _ value: Double, isHigherBetter: Bool) {
    self.name = name
    self.value = value
    self.isHigherBetter = isHigherBetter
  }
}

/// The epochs of a run, in order.
public struct TrainingHistory: Sendable, Codable, Equatable {
  /// The records of the finished epochs, in order.
  public private(set) var epochs: [EpochRecord] = []
  private var bestPlace = 0
  /// Why the run ended; nil until then.
  public var stop: StopReason?

  /// No epochs yet.
  public init() {}

  /// Adds an epoch.
  ///
  /// - Returns: whether it is ``best``.
  mutating func append(_ record: EpochRecord, minimumImprovement: Double = 0) -> Bool {
    let isJudged = record.score != nil || record.validationLoss != nil
    let isBest =
      !isJudged
      || best.map { record.decidingLoss < $0.decidingLoss - minimumImprovement } ?? true
    if isBest { bestPlace = epochs.count }
    epochs.append(record)
    return isBest
  }

  /// The epoch whose weights count: by score or validation loss the best, where a later one has to be
  /// better by more than ``EarlyStopping/minimumImprovement``. The training loss chooses no weights:
  /// if nothing else judges, the last epoch.
  public var best: EpochRecord? { epochs.indices.contains(bestPlace) ? epochs[bestPlace] : nil }

  /// Epochs since ``best``.
  public var epochsSinceBest: Int { max(0, epochs.count - 1 - bestPlace) }

  /// What the history of a run of so many epochs cannot be, as a sentence; nil if it can be one.
  func problem(epochs count: Int) -> String? {
    guard epochs.count == count, epochs.map(\.epoch) == epochs.indices.map({ $0 + 1 }) else {
      return "the history does not tell of the epochs 1 to \(count)"
    }
    let isPlace = count == 0 ? bestPlace == 0 : epochs.indices.contains(bestPlace)
    return isPlace ? nil : "the best epoch is told to be at place \(bestPlace) of \(count)"
  }

  /// A table with a header, one line an epoch; an absent validation loss is an empty cell. Scores
  /// and metrics have a column each if there are any. Equal runs have equal tables: times are not in it.
  public var csv: String {
    let score = epochs.lazy.compactMap(\.score).first?.name
    let metrics = epochs.lazy.compactMap(\.metrics).first?.map(\.name) ?? []
    var text = "epoch,loss,validation_loss,"
    for name in [score].compactMap(\.self) + metrics {
      let needsQuotes = name.contains { ",\"\n\r".contains($0) }
      text += needsQuotes ? "\"\(name.replacing("\"", with: "\"\""))\"," : name + ","
    }
    text += "learning_rate,gradient_norm\n"
    func cell(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }
    for record in epochs {
      text += "\(record.epoch),\(record.loss),\(cell(record.validationLoss)),"
      if score != nil { text += cell(record.score?.value) + "," }
      for place in metrics.indices { text += cell(record.metrics?[place].value) + "," }
      text += "\(record.learningRate),\(record.gradientNorm)\n"
    }
    return text
  }
}
