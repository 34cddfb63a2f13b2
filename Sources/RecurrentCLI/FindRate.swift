import ArgumentParser
import Recurrent
import RecurrentFiles
import RecurrentTasks

/// `recurrent find-rate …`: one subcommand a job.
struct FindRateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-rate",
    abstract: "Find a learning rate by a range test.",
    discussion: flowing(
      """
      The learning rate grows from update to update, by the same factor each time, until the
      loss diverges. No model is written.

      Examples:
        recurrent find-rate forecaster prices.csv
        recurrent find-rate tagger train.conll --updates 200 --highest 0.3
      """),
    subcommands: Jobs.all.map { command(of: $0) })

  private static func command<Job: JobCommand>(of job: Job.Type) -> any ParsableCommand.Type {
    FindRate<Job>.self
  }
}

/// How the range test goes.
struct RateRangeFlags: ParsableArguments {
  @Option(help: ArgumentHelp("The learning rate of the first update.", valueName: "rate"))
  var lowest = 1e-6

  @Option(help: ArgumentHelp("The learning rate of the last update.", valueName: "rate"))
  var highest = 1.0

  @Option(help: ArgumentHelp("Updates at most.", valueName: "count"))
  var updates = 100

  @Option(help: ArgumentHelp("The table to write.", valueName: "file"), completion: .file())
  var csv = "find-rate.csv"

  @Option(help: ArgumentHelp("The chart to write.", valueName: "file"), completion: .file())
  var svg = "find-rate.svg"

  func validate() throws {
    guard lowest > 0, highest > lowest, highest <= 1e6 else {
      throw ValidationError(
        "--lowest is above 0, --highest above that and at most 1e6, not \(lowest) and \(highest).")
    }
    guard (2...10_000).contains(updates) else {
      throw ValidationError("--updates is between 2 and 10000, not \(updates).")
    }
  }
}

/// `recurrent find-rate JOB …`: the flags of `recurrent train JOB`, and how far the rate grows.
struct FindRate<Job: JobCommand>: ThreadedCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Job.name,
      abstract: "Find a learning rate: \(Job.plural).",
      discussion: flowing(
        """
        Takes what recurrent train \(Job.name) takes, and trains the first network as that
        would, but for the learning rate. --output is not touched.
        """))
  }

  @OptionGroup(title: "Range test") var range: RateRangeFlags
  @OptionGroup var job: Job

  var threads: ThreadOptions { job.threads }

  mutating func run() throws {
    try checkKept(job.inputs, whenWriting: [range.csv, range.svg])
    let isJSON = job.running.answer.json
    func say(_ text: String) { isJSON ? note(text) : printText(text) }
    let origin = try job.running.from.map { path throws(DataError) in
      try Job.Trained(contentsOf: path)
    }
    let (read, preface) = try job.planInFlags(from: origin)
    let plan = read.followingSize(keeping: job.course.given)
    say("\(preface)\n\n\(plan)\n")
    Interruption.watch()
    let found = try plan.learningRateRange(
      rates: range.lowest...range.highest, updates: range.updates,
      stops: { Interruption.requested != nil })
    if let number = Interruption.requested { throw ExitCode(128 + number) }
    try writeAtomically(found.csv, to: range.csv)
    try writeAtomically(found.chart.svg(), to: range.svg)
    say(
      found.chart.terminal(width: Terminal.chartWidth, height: 12, colour: Terminal.wantsColour))
    say("\n\(found.points.count) updates. \(found.reading)")
    say("\nWrote \(range.csv), \(range.svg)")
    if isJSON { print(try jsonText(RateReport(found, files: [range.csv, range.svg]))) }
  }
}

/// What a range test found, as JSON.
private struct RateReport: Encodable {
  let suggestion: Double?
  let reading: String
  let diverged: Bool
  let updates: [LearningRateRange.Point]
  let files: [String]

  init(_ range: LearningRateRange, files: [String]) {
    (suggestion, reading, diverged) = (range.suggestion, range.reading, range.diverged)
    (updates, self.files) = (range.points, files)
  }
}
