import ArgumentParser
import Recurrent
import RecurrentTasks

/// What every training command is told about its run.
struct TrainingRunOptions: ParsableArguments {
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic
}

/// A command that trains.
protocol TrainingCommand: ThreadedCommand {
  var running: TrainingRunOptions { get }
}

extension TrainingCommand {
  var threads: ThreadOptions { running.threads }
}

/// A training command from its first word to its last.
struct TrainingRun {
  private let output: String
  private let progress: ProgressMode
  private var bars: [Int: ProgressBar] = [:]

  /// Checks the folder before hours of training, not after.
  init(to output: String, _ options: TrainingRunOptions) throws {
    guard !output.isEmpty else {
      throw ValidationError("--output names a folder, not nothing.")
    }
    try ModelFolder.checkDestination(output)
    self.output = output
    progress = options.progress
  }

  /// Prints what is known before training.
  func begin(_ plan: String) throws {
    print("\(plan)\n")
    try flushOutput()
    Interruption.announceStop()
  }

  /// Shows what a callback hears of: of which network, of how many.
  mutating func show(
    _ event: TrainingEvent, epochs: Int, unit: String,
    member: (number: Int, count: Int) = (1, 1), note: String? = nil
  ) -> TrainingDecision {
    var stepsPerEpoch = 1
    if case .step(_, _, let count, _, _) = event { stepsPerEpoch = count }
    if bars[member.number] == nil, member.count > 1, progress != .silent {
      warn("network \(member.number) of \(member.count)")
    }
    return bars[
      member.number,
      default: ProgressBar(
        epochs: epochs, stepsPerEpoch: stepsPerEpoch, unit: unit, mode: progress)
    ].show(event, note: note)
  }

  /// Writes the model and tells how training went.
  ///
  /// - Parameters:
  ///   - test: the test part, as "140 texts"; nil without one.
  ///   - files: what is written beside the model, history and loss.
  ///   - details: what follows the report.
  ///   - next: the command to try.
  func finish(
    _ model: some TrainedModel, test: String?, seed: UInt64,
    files: [(name: String, bytes: [UInt8])] = [], details: String? = nil, next: String?
  ) throws {
    // Of several networks, the history of the first.
    let reports =
      [
        ("history.csv", Array(model.histories[0].csv.utf8)),
        ("loss.svg", Array(model.histories[0].chart.svg().utf8)),
      ] + files
    // Written before anything is printed: who reads the report may go away (`| head`).
    let failure = failure { () throws(DataError) in
      try Interruption.deferred { () throws(DataError) in
        try model.save(to: output, reports: reports)
      }
    }
    let epochs = model.histories.map { "\($0.best?.epoch ?? 0)" }.joined(separator: ", ")
    if let test { print("\nTest part: \(test), weights of epoch \(epochs), seed \(seed)") }
    print(model.report)
    if let failure { throw failure }
    if let details { print("\n\(details)") }
    print("\nWrote \(output): the model, \(reports.map(\.name).joined(separator: ", "))")
    if let next { print("Next: \(next)") }
    for history in model.histories {
      guard case .ranAway(let error) = history.stop else { continue }
      try flushOutput()
      warn("\(error) The model written has the weights of epoch \(epochs).")
      throw ExitCode(70)
    }
  }

  private func failure(of body: () throws(DataError) -> Void) -> DataError? {
    do throws(DataError) {
      try body()
      return nil
    } catch {
      return error
    }
  }
}
