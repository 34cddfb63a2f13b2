import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent tune …`: one subcommand a job.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Search the options of a job and train the best.",
    discussion: flowing(
      """
      Options are drawn at random and trained for a part of the epochs; the best third
      goes on, three times as long, and so on. Only the validation part judges.

      Examples:
        recurrent tune forecaster prices.csv --trials 20
        recurrent tune forecaster load.csv --budget 10min --search window=48...336
        recurrent tune tagger train.conll --search learning-rate --search hidden
      """),
    subcommands: Jobs.all.map { command(of: $0) })

  private static func command<Job: JobCommand>(of job: Job.Type) -> any ParsableCommand.Type {
    TuneJob<Job>.self
  }
}

/// What is searched, and for how long.
struct TuningFlags<Command: JobCommand>: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Options to try; the first are those that are given.", valueName: "count"))
  var trials = Tuning().trials

  @Option(
    help: ArgumentHelp(
      "A time, as 90s, 10min or 2h, after which no trial is begun or gone on with; the best is trained "
        + "behind it. What is found depends on the machine then.", valueName: "time"))
  var budget: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "An option to search, by the name of its flag: NAME, NAME=VALUE,VALUE or NAME=LOW...HIGH; may come "
        + "several times, and then nothing else is searched. all stands for "
        + listedWithAnd(Command.Options.tunable.filter(\.isUsual).map(\.name))
        + "; by name there are "
        + (listedWithAnd(Command.Options.tunable.filter { !$0.isUsual }.map(\.name)))
        + " too. (default: all that no flag says)", valueName: "name=values"))
  var search: [String] = []

  func validate() throws {
    if let problem = tuning(seed: 0).problem {
      throw ValidationError(problem.capitalizedFirst + ".")
    }
    _ = try space(keeping: [])
  }

  func tuning(seed: UInt64) -> Tuning {
    var tuning = Tuning()
    (tuning.trials, tuning.budget, tuning.seed) = (trials, budget?.seconds, seed)
    return tuning
  }

  /// What is searched.
  ///
  /// - Parameter given: the flags that are given, which stay as they are unless they are named.
  func space(keeping given: Set<String>) throws -> [TunableOption<Command.Options>] {
    let all = Command.Options.tunable
    guard !search.isEmpty else {
      return all.filter { $0.isUsual && !given.contains($0.name) }
    }
    var ranges: [String: SearchRange?] = [:]
    for text in search where text != "all" {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let name = parts.first.map { String($0.trimmingPrefix { $0 == "-" }) } ?? ""
      let names = all.map(\.name)
      guard names.contains(name) else {
        let meant = name.nearest(of: names).map { "Did you mean \($0)? " } ?? ""
        throw ValidationError(
          "--search \(text): \(name.isEmpty ? "no option is named" : "\(name) is not searched"). "
            + "\(meant)There are \(listedWithAnd(names)).")
      }
      guard ranges[name] == nil else {
        throw ValidationError("--search names \(name) twice; give its values at once.")
      }
      guard parts.count == 2 || !text.contains("=") else {
        throw ValidationError("--search \(text) has no values, such as 24,48 or 1e-4...1e-2.")
      }
      ranges[name] = .some(nil)
      guard parts.count == 2 else { continue }
      guard let range = SearchRange(parts[1]) else {
        throw ValidationError(
          "--search \(text): values are such as 24,48,96 or 1e-4...1e-2, the smaller first.")
      }
      ranges[name] = .some(range)
    }
    let hasAll = search.contains("all")
    return try all.compactMap { option in
      guard let range = ranges[option.name] else {
        return hasAll && option.isUsual && !given.contains(option.name) ? option : nil
      }
      do {
        return try range.map { try option.drawn(from: $0) } ?? option
      } catch let error as DataError {
        throw ValidationError("--search \(option.name): \(error.problem).")
      }
    }
  }
}

/// A time: `90s`, `10min`, `1.5h`, `2d`.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    let units: [(String, Double)] = [
      ("min", 60), ("m", 60), ("s", 1), ("h", 3600), ("d", 86_400),
    ]
    guard let (unit, factor) = units.first(where: { argument.hasSuffix($0.0) }),
      let number = Double(argument.dropLast(unit.count)), number > 0, number * factor <= 1e9
    else { return nil }
    seconds = number * factor
  }
}
