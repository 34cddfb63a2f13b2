import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent tune JOB …`: the flags of `recurrent train JOB`, and what is searched.
struct TuneJob<Job: JobCommand>: ResumableCommand, RankedCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Job.name,
      abstract: "Search options: \(Job.plural).",
      discussion: flowing(
        """
        Takes what recurrent train \(Job.name) takes. A flag that is given stays as it
        is; the others are searched, or those that --search names. What is found is
        trained as recurrent train would, and written with trials.jsonl and trials.svg.

        A search that was stopped goes on with recurrent resume.
        """))
  }

  @OptionGroup(title: "Search") var flags: TuningFlags<Job>
  @OptionGroup var job: Job

  private static var files: [String] { ["trials.jsonl", "trials.svg"] }
  var threads: ThreadOptions { job.threads }

  func validate() throws {
    guard job.running.from == nil else {
      throw ValidationError("--from has no place here: options of a trained model stay.")
    }
    guard !job.running.watching.diagnose else {
      throw ValidationError("--diagnose has no place here: train what is found with it.")
    }
    guard !job.inputs.contains("-") else {
      throw ValidationError(
        "Each trial reads the data, and standard input can be read once; keep it in a file.")
    }
  }

  mutating func run() throws {
    try go(arguments: try OptionReuse.words.get().arguments, resumes: false)
  }

  mutating func go(arguments: [String], resumes: Bool) throws {
    guard Ranks.all == nil || job.options.shards == nil else {
      throw ValidationError("--shards has no place here under mpirun: ranks share the trials.")
    }
    let words = TrainingWords(Array(arguments.dropFirst(2)), switches: Self.switches)
    let space = try flags.space(keeping: words.given)
    let run = RunFolder.path(for: job.running.output)
    let (training, replaced) = try job.start(
      arguments: arguments, resumes: resumes, writing: Self.files)
    do {
      let log = run + "/trials.jsonl"
      if Ranks.isFirst, try !training.checkpoints.exist {
        try? FileManager.default.removeItem(atPath: log)
      }
      let (first, preface) = try job.planInFlags(from: nil)
      let plan = first.followingSize(keeping: job.course.given)
      let tuning = flags.tuning(seed: plan.options.seed)
      try training.begin(
        "\(preface)\n\(job.reusedOptions(resumes: resumes))\(plan)\n\(plan.courseDescription)\(replaced)\n"
          + description(tuning, space, plan.options))
      let best = try search(tuning, space, words, log, training)
      // A trial is kept as the training of its options is.
      let result = best.result
      let chosen = try parsed(words.with(result.best.values, space), result.best)
      // The best goes on where it was: in the first process.
      guard Ranks.isFirst else { return }
      training.say(told(result, words.with(result.best.values, space)))
      let bestPlan = try chosen.planInFlags(from: nil).plan
        .followingSize(keeping: chosen.course.given)
      let model = try chosen.train(bestPlan, in: training, checkpoints: best.checkpoints)
      var closing = try chosen.closing(model, bestPlan)
      closing.files += [
        (Self.files[0], try result.jsonLines), (Self.files[1], Array(result.svg.utf8)),
      ]
      closing.options = words.with(result.best.values, space)
      try training.finish(model, seed: bestPlan.options.seed, closing)
    } catch {
      try training.end(error)
    }
  }

  private func search(
    _ tuning: Tuning, _ space: [TunableOption<Job.Options>], _ words: TrainingWords, _ log: String,
    _ training: TrainingRun
  ) throws -> (result: TuningResult<Job.Options>, checkpoints: Checkpoints) {
    let tuner = Tuner<Job.Plan>(from: job.options, tuning: tuning, space: space) { choice in
      let command = try parsed(words.with(choice.values, space), choice)
      return try command.planInFlags(from: nil).plan.followingSize(keeping: command.course.given)
    }
    let isSilent = job.running.progress == .silent || job.running.answer.quiet
    let result = try tuner.run(
      file: log, checkpoints: training.checkpoints, communicator: Ranks.all,
      callbacks: [{ _, _ in Interruption.requested == nil ? .proceed : .stop }]
    ) { record, records in
      guard !isSilent, Ranks.isFirst else { return }
      let score = record.score.map { NumberFormat.significant($0) } ?? record.problem ?? ""
      let drawn = space.compactMap { option in
        record.drawn[option.name].map { "\(option.name) \($0)" }
      }
      note(
        "trial \(record.trial) of \(tuning.trials), \(record.epochs) of \(record.allEpochs) epochs: "
          + score + (drawn.isEmpty ? "" : " (\(drawn.joined(separator: ", ")))"))
    }
    return (result, training.checkpoints.trial(result.best.trial))
  }

  /// The command of a trial.
  private func parsed(
    _ words: [String], _ choice: TuningChoice<Job.Options>
  ) throws -> Job {
    do {
      return try Job.parse(words)
    } catch {
      throw DataError(
        file: "the options",
        problem: Job.message(for: error).trimmingCharacters(in: .init(charactersIn: ". \n")))
    }
  }

  // MARK: Words

  /// The options that are searched, a line each.
  private func description(
    _ tuning: Tuning, _ space: [TunableOption<Job.Options>], _ options: Job.Options
  ) -> String {
    let time = tuning.budget.map { ", for at most \(NumberFormat.short(Float($0))) s" } ?? ""
    var lines = [
      "search      \(tuning.trials) trials\(time), judged on the validation part, seed \(tuning.seed)"
    ]
    for option in space {
      lines.append("            \(option.name) \(range(of: option, space, options))")
    }
    return lines.joined(separator: "\n")
  }

  private func range(
    of option: TunableOption<Job.Options>, _ space: [TunableOption<Job.Options>],
    _ options: Job.Options
  ) -> String {
    if let range = option.range(options) { return "\(range)" }
    for other in space {
      guard case .choices(let values)? = other.range(options) else { continue }
      for value in values {
        var options = options
        guard other.apply(value, to: &options), let range = option.range(options) else { continue }
        return "\(range), with \(other.name) \(value)"
      }
    }
    return "nothing with these options"
  }

  /// The result of a search, as lines.
  private func told(_ result: TuningResult<Job.Options>, _ words: [String]) -> String {
    var lines = ["\nThe best of \(Set(result.records.map(\.trial)).count) trials:", result.table()]
    if let failures = result.failures { lines.append(failures) }
    if result.isOutOfTime {
      lines.append(
        "The budget ended the search: what it found depends on the machine; --trials alone gives the "
          + "same each time.")
    }
    let command = (["recurrent", "train", Job.name] + words).map(\.shellQuoted)
    lines.append("\nTrained now, as this would:\n  \(command.joined(separator: " "))\n")
    return lines.joined(separator: "\n")
  }

  private static var switches: Set<String> {
    Set(Job.Options.tunable.filter(\.isSwitch).map(\.name))
  }
}

/// The words of a training command, without those of the search.
struct TrainingWords {
  private let words: [String]
  /// Flags that have no value.
  private let switches: Set<String>

  init(_ arguments: [String], switches: Set<String>) {
    self.switches = switches
    words = Self.without(["trials", "budget", "search"], in: arguments, switches: [])
  }

  /// The names of the flags that are given.
  var given: Set<String> {
    Set(words.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) })
  }

  /// The words with drawn values in the place of those given.
  func with<Options>(
    _ values: [(name: String, value: String)], _ space: [TunableOption<Options>]
  ) -> [String] {
    guard !values.isEmpty else { return words }
    // What was not drawn because it means nothing here would break a rule.
    let kept = Self.without(Set(space.map(\.name)), in: words, switches: switches)
    return kept
      + values.flatMap { name, value in
        switches.contains(name) ? (value == "on" ? ["--\(name)"] : []) : ["--\(name)", value]
      }
  }

  private static func without(
    _ names: Set<String>, in words: [String], switches: Set<String>
  ) -> [String] {
    var (kept, skips) = ([String](), false)
    for word in words {
      if skips {
        skips = false
        continue
      }
      let name = String(word.dropFirst(2).prefix { $0 != "=" })
      guard word.hasPrefix("--"), names.contains(name) else {
        kept.append(word)
        continue
      }
      skips = !word.contains("=") && !switches.contains(name)
    }
    return kept
  }
}
