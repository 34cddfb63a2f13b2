import RecurrentFiles

/// What a callback hears of.
public enum TrainingEvent: Sendable {
  /// A step is done. `epoch` and `step` count from 1; `examples` were in it; `loss` is the epoch's
  /// mean so far.
  case step(epoch: Int, step: Int, stepsPerEpoch: Int, examples: Int, loss: Double)
  /// An epoch is done; `isBest` if it is ``TrainingHistory/best``.
  case epoch(EpochRecord, isBest: Bool)
  /// A checkpoint was written to this file, or could not be: the run goes on all the same. It holds
  /// the step, epoch or end that callbacks hear of next.
  case checkpoint(Result<String, DataError>)
  /// The run goes on from a checkpoint.
  case resumed(ResumedCheckpoint)
  /// Training is over.
  case finished(StopReason)
}

/// Why training ended.
public enum StopReason: Sendable, Codable, Equatable {
  /// All epochs that were asked for are done.
  case allEpochs
  /// The epochs no longer got better.
  case noImprovement(epochs: Int)
  /// A callback asked for it.
  case requested
  /// A number was no longer finite, after at least one good epoch whose weights are kept.
  case ranAway(NonFiniteError)
}

/// A callback's decision on whether training goes on.
public enum TrainingDecision: Sendable {
  /// Go on.
  case proceed
  /// Stop after this event. After a step the epoch is not done, and the run can go on there.
  case stop
  /// Go on with this learning rate in place of the optimizer's; the schedule's factor applies to it.
  case learningRate(Float)
}

/// Hears of steps and epochs, with the run as it then is, and may stop it or change its learning rate.
///
/// ```swift
/// { event, run in
///   guard case .epoch(let record, isBest: true) = event else { return .proceed }
///   try? run.judged.save(to: "best.safetensors")
///   return record.loss < 0.1 ? .learningRate(1e-4) : .proceed
/// }
/// ```
public typealias TrainingCallback = (TrainingEvent, any TrainingState) -> TrainingDecision
