import Foundation
import RecurrentFiles

extension Trainer {
  /// Takes the run from its newest checkpoint, if there is one. The trainer was made like the one
  /// that wrote it: the same model, optimizer and options; of several ranks, whose number may be
  /// another, the first one reads it for all.
  ///
  /// - Parameters:
  ///   - checkpoints: where the run was kept.
  ///   - examples: those that the run goes on with.
  /// - Returns: what the run goes on from; nil: there is no checkpoint, and nothing has changed.
  /// - Throws: ``DataError`` if the checkpoint is of another run, with what differs; or if there are
  ///   checkpoints, but all are damaged. The trainer is then unchanged.
  @discardableResult
  public mutating func resume(
    from checkpoints: Checkpoints, on examples: Examples
  ) throws(DataError) -> ResumedCheckpoint? {
    guard let newest = try checkpoints.newest(sharedBy: others) else { return nil }
    state = try state(
      in: newest.file, checkpoints.record(of: newest.file), checkpoints, on: examples)
    resumed = newest.number
    return ResumedCheckpoint(file: newest.file.source, warnings: newest.warnings)
  }

  private func state(
    in file: SafetensorsFile, _ record: RunRecord, _ checkpoints: Checkpoints, on examples: Examples
  ) throws(DataError) -> State {
    let own = Self.record(of: state, options, examples: examples.count, checkpoints.digest)
    let differences = record.differences(from: own)
    guard differences.isEmpty else {
      throw DataError(
        file: file.source, problem: "is of another run: \(listed(differences)) differ",
        advice: "Go on with what it was made with, or remove \(checkpoints.folder) to train from "
          + "the start")
    }
    if let problem = record.problem(parameters: state.model.parameters.count) {
      throw DataError(file: file.source, problem: problem, advice: "The file is damaged")
    }
    let isCarrying = file.shape(of: "carried.0") != nil
    var tensors = RunTensors(
      model: state.model, best: record.bestIsJudged ? nil : state.model,
      average: record.stepsOfAverage.map { _ in state.model },
      optimizer: record.updates.isEmpty
        ? [] : state.model.parameters.map { state.optimizer.initialSlots(for: $0.tensor) },
      carried: isCarrying
        ? (carriedShapes?(state.model, examples, options.shards ?? 1) ?? []).joined().map {
          .zeros($0)
        }
        : [])
    // A moment may overflow while weights do not: a division by it is 0.
    try tensors.load(from: file, of: "this run") { !$0.hasPrefix("optimizer.") }
    var result = state
    result.model = tensors.model
    result.optimizer.learningRate = record.rateOfStep
    result.optimizer.state.steps = record.updates
    result.optimizer.state.slots = tensors.optimizer.map { $0.map(\.lasting) }
    result.learningRate = record.learningRate
    result.schedule = record.schedule
    if let average = tensors.average, let steps = record.stepsOfAverage {
      result.average?.model = average
      result.average?.steps = steps
    }
    (result.seed, result.epoch, result.step) = (record.seed, record.epoch, record.step)
    (result.progress, result.carried) = (record.progress, tensors.carried)
    result.history = record.history
    result.best = tensors.best ?? result.judged
    return result
  }

  private static func record(
    of state: State, _ options: TrainingOptions, examples: Int, _ digest: [String: String]
  ) -> RunRecord {
    var optimizer = state.optimizer
    (optimizer.state, optimizer.learningRate) = (OptimizerState(), state.learningRate)
    // It may be what ran away; then no step follows.
    let rateOfStep = state.optimizer.learningRate
    return RunRecord(
      digest: digest, options: options, optimizer: "\(optimizer)", examples: examples,
      learningRate: state.learningRate,
      rateOfStep: rateOfStep.isFinite ? rateOfStep : state.learningRate,
      schedule: state.schedule, seed: state.seed, epoch: state.epoch, step: state.step,
      progress: state.progress, history: state.history, updates: state.optimizer.state.steps,
      stepsOfAverage: state.average?.steps, bestIsJudged: state.bestIsJudged)
  }

  /// The callback that writes checkpoints; none where there is no place for them.
  ///
  /// - Parameter callbacks: hear of each one written.
  func writing(
    _ checkpoints: Checkpoints?, of examples: Examples, _ callbacks: [TrainingCallback]
  ) -> [TrainingCallback] {
    guard let checkpoints, communicator?.rank ?? 0 == 0 else { return [] }
    let (options, count) = (options, examples.count)
    var last = resumed ?? (try? checkpoints.numbers())?.first
    var clock = CheckpointClock(interval: checkpoints.interval / .seconds(1))
    return [
      { event, state in
        guard clock.isDue(event), let state = state as? State else { return .proceed }
        let result = Result { () throws(DataError) in
          let number = try checkpoints.write(
            Self.record(of: state, options, examples: count, checkpoints.digest),
            RunTensors(state), after: last)
          last = number
          return checkpoints.path(number)
        }
        clock.written()
        for callback in callbacks { _ = callback(.checkpoint(result), state) }
        return .proceed
      }
    ]
  }
}

/// When checkpoints are written, in seconds.
private struct CheckpointClock {
  let interval: Double
  private var last = ProcessInfo.processInfo.systemUptime
  private var began = 0.0
  /// The seconds that the last checkpoint took.
  private var cost = 0.01

  init(interval: Double) { self.interval = interval }

  mutating func isDue(_ event: TrainingEvent) -> Bool {
    began = ProcessInfo.processInfo.systemUptime
    switch event {
    case .step: return began - last >= interval
    case .epoch: return began - last >= min(interval, 100 * cost)
    case .finished: return true
    case .checkpoint, .resumed: return false
    }
  }

  mutating func written() {
    last = ProcessInfo.processInfo.systemUptime
    cost = last - began
  }
}

/// All tensors of a run, under the names that a file has for them.
private struct RunTensors<Model: Module>: Module {
  var model: Model
  var best: Model?
  var average: Model?
  var optimizer: [[Tensor]]
  var carried: [Tensor]

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("model", &model)
    visitor.visit("best", &best)
    visitor.visit("average", &average)
    visitor.visit("optimizer", &optimizer)
    visitor.visit("carried", &carried)
  }
}

extension RunTensors {
  init<Rule, Examples>(_ state: Trainer<Model, Rule, Examples>.State) {
    self.init(
      model: state.model, best: state.bestIsJudged ? nil : state.best,
      average: state.average?.model, optimizer: state.optimizer.state.slots,
      carried: state.carried)
  }
}

extension Trainer.State {
  /// Whether the best weights are the judged ones, not in value alone but in memory.
  fileprivate var bestIsJudged: Bool {
    let (one, other) = (best.parameters + best.statistics, judged.parameters + judged.statistics)
    return one.count == other.count
      && zip(one, other).allSatisfy { $0.tensor.pointer == $1.tensor.pointer }
  }
}
