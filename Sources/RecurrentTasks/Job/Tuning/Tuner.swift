import Foundation
import Recurrent

/// Searches the options of a job: draws them at random, trains each for a part of its epochs, and goes on
/// with the best by successive halving (Jamieson and Talwalkar 2016; Li et al., Hyperband, 2018), in the
/// order of ASHA (Li et al. 2020): where one in ``Tuning/reduction`` of the trials on a rung is not on the
/// next yet, the best such goes on; else a new one begins.
///
/// Only the validation part judges. With checkpoints, trials go on from where they stopped.
///
/// ```swift
/// let tuner = Tuner<ForecastPlan>(from: ForecasterOptions()) { choice in
///   try ForecastPlan([prices], options: choice.options)
/// }
/// let result = try tuner.run()
/// let forecaster = try ForecastPlan([prices], options: result.best.options).train()
/// ```
public struct Tuner<Plan: JobPlan> {
  /// The options of the job.
  public typealias Options = Plan.Trained.Configuration.Options

  /// The way in which options are searched.
  public let tuning: Tuning
  /// The options that are searched.
  public let space: [TunableOption<Options>]
  /// The options that the search starts from.
  public let start: Options
  private let plan: (TuningChoice<Options>) throws -> Plan

  /// - Parameters:
  ///   - start: the options of the first trial, and of what is not searched.
  ///   - tuning: how to search.
  ///   - space: what to search; nil: what is usual for the job.
  ///   - plan: the plan of options.
  public init(
    from start: Options, tuning: Tuning = Tuning(), space: [TunableOption<Options>]? = nil,
    plan: @escaping (TuningChoice<Options>) throws -> Plan
  ) {
    if let problem = tuning.problem { trap(problem) }
    self.start = start
    self.tuning = tuning
    self.space = space ?? Options.tunable.filter(\.isUsual)
    self.plan = plan
  }

  /// Searches.
  ///
  /// - Parameters:
  ///   - file: where records are written, a line of JSON each, and what it goes on from if it is there;
  ///     nil: nowhere.
  ///   - checkpoints: where trials are kept; each has a folder of its own there. nil: what goes on to the
  ///     next rung is trained anew.
  ///   - communicator: other processes that make the same search: trials that are sure to come are
  ///     shared, and what is found is the same. The first rank writes the file.
  ///   - callbacks: hear of the steps and epochs of each trial; any of them may stop the search.
  ///   - report: hears of each record with all so far.
  /// - Throws: what the plan of the first trial does, ``DataError`` if there is no validation part, no
  ///   trial has a score, or the file is of another search; ``TrainingPause`` if a callback stops it. Other
  ///   trials that fail are records.
  public func run(
    file: String? = nil, checkpoints: Checkpoints? = nil,
    communicator: (any Communicator)? = nil, callbacks: [TrainingCallback] = [],
    report: (TrialRecord, [TrialRecord]) throws -> Void = { _, _ in }
  ) throws -> TuningResult<Options> {
    var log = try TrialLog(file, sharedBy: communicator)
    var known = log.records.count
    let first = try plan(choice(1))
    guard first.judge != nil || first.tuningSize > 0 else {
      throw DataError(
        file: "tuning", problem: "no validation part judges the trials",
        advice: "Use a larger --validation-fraction")
    }
    let (size, rungs) = (first.tuningSize, tuning.rungCount(epochs: first.options.epochs))
    var ladder = Ladder(tuning, rungs: rungs)
    var choices: [TuningChoice<Options>] = []
    var (seconds, isOutOfTime) = (0.0, false)
    let ranks = Double(communicator?.size ?? 1)
    /// What ranks found before its turn came.
    var early: [TrialRecord] = []
    while let next = ladder.next() {
      guard let choice = choice(ofTrial: next.trial, in: &choices) else {
        ladder.drawsNoMore()
        continue
      }
      if let found = log.record(next.trial, next.rung) {
        try check(found, choice, file: file ?? "")
        (known, seconds) = (known - 1, seconds + found.seconds / ranks)
        ladder.add(found)
        continue
      }
      if let budget = tuning.budget, seconds >= budget, !ladder.records.isEmpty {
        isOutOfTime = true
        break
      }
      if !early.contains(where: { $0.trial == next.trial && $0.rung == next.rung }) {
        // With it the new trials that come in any case.
        var turns = [(choice, next.rung)]
        let taken = Set(early.map(\.trial)).union(ladder.records.map(\.trial))
        for trial in 1...tuning.trials where turns.count < communicator?.size ?? 1 {
          guard trial != next.trial, !taken.contains(trial), log.record(trial, 0) == nil else {
            continue
          }
          guard let choice = self.choice(ofTrial: trial, in: &choices) else { break }
          turns.append((choice, 0))
        }
        func run(_ turn: Int) throws -> TrialRecord {
          let (choice, rung) = turns[turn]
          return try self.trial(
            choice, rung, of: rungs, size, checkpoints?.trial(choice.trial), callbacks)
        }
        early +=
          try communicator?.shared(Array(turns.indices), run) ?? turns.indices.map(run)
      }
      guard
        let place = early.firstIndex(where: { $0.trial == next.trial && $0.rung == next.rung })
      else { trap("each turn has its record") }
      let record = early.remove(at: place)
      seconds += record.seconds / ranks
      try log.append(record)
      ladder.add(record)
      try report(record, ladder.records)
    }
    guard known <= 0, let best = TuningResult<Options>.best(of: ladder.records) else {
      throw DataError(
        file: file ?? "tuning",
        problem: known > 0
          ? "has trials that this search would not make" : "no trial has a score",
        advice: known > 0 ? "Remove it" : ladder.records.compactMap(\.problem).first)
    }
    return TuningResult(
      records: ladder.records, best: choices[best.trial - 1], names: space.map(\.name),
      isOutOfTime: isOutOfTime)
  }

  /// Trains a trial up to the end of a rung.
  private func trial(
    _ choice: TuningChoice<Options>, _ rung: Int, of rungs: Int, _ size: Int,
    _ checkpoints: Checkpoints?, _ callbacks: [TrainingCallback]
  ) throws -> TrialRecord {
    let began = ProcessInfo.processInfo.systemUptime
    var record = TrialRecord(
      trial: choice.trial, rung: rung,
      drawn: Dictionary(choice.values.map { ($0.name, $0.value) }) { $1 })
    do {
      let plan = try plan(choice)
      for option in space { record.options[option.name] = option.value(plan.options) }
      record.allEpochs = plan.options.epochs
      try plan.checkMemory()
      guard plan.tuningSize == size else {
        throw DataError(
          file: "the validation part",
          problem:
            "has \(plan.tuningSize) \(Plan.Trained.example)s with these options, of the first "
            + "trial \(size): their scores cannot be compared")
      }
      let epochs = tuning.epochs(of: rung, rungs: rungs, epochs: plan.options.epochs)
      let trainer = try plan.trained(
        member: 1, until: rung == rungs - 1 ? .max : epochs,
        on: (plan.trainingExamples, plan.validationExamples), checkpoints: checkpoints,
        callbacks: callbacks)
      record.epochs = trainer.state.epoch
      if let score = plan.tuningScore(of: trainer.bestModel, after: trainer.state.history) {
        record.measure = score.name
        record.isHigherBetter = score.isHigherBetter
        record.score = score.value.isFinite ? score.value : nil
      }
      if record.score == nil { record.problem = "its score is no finite number" }
    } catch let pause as TrainingPause {
      throw pause
    } catch {
      record.problem = "\(error)"
    }
    record.seconds = ProcessInfo.processInfo.systemUptime - began
    return record
  }

  /// Throws if a record is of another search.
  private func check(
    _ record: TrialRecord, _ choice: TuningChoice<Options>, file: String
  ) throws(DataError) {
    let drawn = Dictionary(choice.values.map { ($0.name, $0.value) }) { $1 }
    guard record.drawn != drawn else { return }
    throw DataError(
      file: file, problem: "trial \(record.trial) is of another search", advice: "Remove it")
  }

  // MARK: Draws

  /// The choice of a trial; nil where none is left. Trials are asked for in their order.
  private func choice(
    ofTrial trial: Int, in choices: inout [TuningChoice<Options>]
  ) -> TuningChoice<Options>? {
    if trial > choices.count {
      guard let choice = newChoice(trial, unlike: choices) else { return nil }
      choices.append(choice)
    }
    return choices[trial - 1]
  }

  /// A choice that is none of these; nil where none was found in many draws.
  private func newChoice(
    _ trial: Int, unlike others: [TuningChoice<Options>]
  ) -> TuningChoice<Options>? {
    for attempt in 0..<200 {
      let choice = choice(trial, attempt)
      let isKnown = others.contains { other in
        other.options == choice.options
      }
      if !isKnown { return choice }
      if trial == 1 { break }
    }
    return nil
  }

  private func choice(_ trial: Int, _ attempt: Int = 0) -> TuningChoice<Options> {
    guard trial > 1 else { return TuningChoice(trial: 1, values: [], options: start) }
    var options = start
    var values: [(name: String, value: String)] = []
    let key = RandomKey(seed: tuning.seed).child(-2).child(trial).child(attempt)
    for (place, option) in space.enumerated() {
      guard let range = option.range(options) else { continue }
      // Each has numbers of its own: what is drawn of one does not move the others.
      var generator = RandomGenerator(key.child(place))
      let value = range.draw(using: &generator)
      if option.apply(value, to: &options) { values.append((option.name, value)) }
    }
    return TuningChoice(trial: trial, values: values, options: options)
  }
}

extension Checkpoints {
  /// The checkpoints of one trial of a search in this folder, from 1: as the training of its options keeps them.
  public func trial(_ number: Int) -> Checkpoints { network(number) }
}
