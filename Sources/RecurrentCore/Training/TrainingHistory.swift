/// What came out of one epoch.
public struct EpochRecord: Sendable, Codable, Equatable {
  /// From 1.
  public let epoch: Int
  /// The mean training loss over the epoch's examples, each with the weights of its step.
  public let loss: Double
  /// The loss on the validation part after the epoch, if there is one.
  public let validationLoss: Double?
  /// The learning rate of the epoch's last step.
  public let learningRate: Double
  /// The mean norm of the gradients before clipping.
  public let gradientNorm: Double
  /// How long the epoch took, validation included.
  public let seconds: Double

  /// The loss by which epochs are compared.
  public var decidingLoss: Double { validationLoss ?? loss }
}

/// The epochs of a run, in order.
public struct TrainingHistory: Sendable, Codable, Equatable {
  /// One record an epoch.
  public internal(set) var epochs: [EpochRecord] = []
  /// Why the run ended; nil until then.
  public var stop: StopReason?

  /// No epochs yet.
  public init() {}

  /// The epoch with the lowest deciding loss, the first of them.
  public var best: EpochRecord? {
    epochs.reduce(nil) { best, record in
      guard let best, best.decidingLoss <= record.decidingLoss else { return record }
      return best
    }
  }

  /// A table with a header, one line an epoch; an absent validation loss is an empty cell.
  public var csv: String {
    var text = "epoch,loss,validation_loss,learning_rate,gradient_norm,seconds\n"
    for record in epochs {
      let validation = record.validationLoss.map { "\($0)" } ?? ""
      text +=
        "\(record.epoch),\(record.loss),\(validation),\(record.learningRate),"
        + "\(record.gradientNorm),\(record.seconds)\n"
    }
    return text
  }
}
