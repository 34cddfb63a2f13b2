import RecurrentFiles

/// What a checkpoint says of a run beside its tensors, and what a run must have in common with it to
/// go on from it.
struct RunRecord: Codable {
  /// What the caller says of data, options and program.
  var digest: [String: String]
  /// The options of the run.
  var options: TrainingOptions
  /// The optimizer's kind and settings, with the learning rate of the run.
  var optimizer: String
  /// Examples of an epoch.
  var examples: Int

  var learningRate: Float
  /// The learning rate of the last step.
  var rateOfStep: Float
  var schedule: LearningRateSchedule
  var seed: UInt64
  var epoch: Int
  var step: Int
  var progress: EpochProgress
  var history: TrainingHistory
  /// The updates of each parameter.
  var updates: [Int]
  var stepsOfAverage: Int?
  /// Whether the best weights are those that are judged now, and stand in the file once.
  var bestIsJudged: Bool

  /// What another run than that of `own` is told by, as parts of a sentence.
  func differences(from own: RunRecord) -> [String] {
    let keys = Set(digest.keys).union(own.digest.keys).sorted()
    var pairs = keys.map { ($0, digest[$0], own.digest[$0]) }
    pairs.append(("optimizer", optimizer, own.optimizer))
    pairs.append(("examples", "\(examples)", "\(own.examples)"))
    func shown(_ value: String?) -> String { value ?? "not told" }
    let differing = pairs.filter { $0.1 != $0.2 }.map {
      "\($0.0) (then \(shown($0.1)), now \(shown($0.2)))"
    }
    let (then, now) = (options.members, own.options.members)
    guard then != now else { return differing }
    func only(_ members: [String], not others: [String]) -> String {
      members.filter { !others.contains($0) }.joined(separator: " ")
    }
    return differing + ["options (then \(only(then, not: now)), now \(only(now, not: then)))"]
  }

  /// What no run could have written, if anything is.
  func problem(parameters: Int) -> String? {
    // Far more than any run does, and far from where sums overflow.
    let counts = 0...1 << 53
    let numbers = [
      ("epoch", epoch, 0...options.epochs), ("step", step, counts),
      ("progress.batches", progress.batches, counts),
      ("progress.steps", progress.steps, 0...max(0, progress.batches)),
      ("progress.examples", progress.examples, counts),
      ("stepsOfAverage", stepsOfAverage ?? 0, 0...max(0, step)),
    ]
    for (name, number, range) in numbers where !range.contains(number) {
      return "\(name) is \(number), expected \(range.lowerBound) to \(range.upperBound)"
    }
    if let number = updates.first(where: { !(0...step).contains($0) }) {
      return "a parameter had \(number) updates in \(step) steps"
    }
    if !updates.isEmpty, updates.count != parameters {
      return "updates are told of \(updates.count) parameters, expected \(parameters)"
    }
    if (stepsOfAverage != nil) != (options.averaging != nil) {
      return "an average is there or missing against the options"
    }
    if schedule.rule != options.schedule { return "the schedule is not that of the options" }
    return history.problem(epochs: epoch) ?? schedule.problem(epochs: epoch)
  }
}

extension TrainingOptions {
  /// The record's members, a line each, but for what no bit depends on.
  fileprivate var members: [String] {
    var options = self
    options.segmentLength = nil
    let text = (try? encodeJSON(options, file: "")).map { String(decoding: $0, as: UTF8.self) }
    return (text ?? "\(options)").split(separator: "\n").map { $0.filter { !" ,".contains($0) } }
  }
}
