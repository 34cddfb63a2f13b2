import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// A training command from its first word to its last.
struct TrainingRun {
  /// What is written and told after training.
  struct Closing {
    /// What is written beside the model, history and loss.
    var files: [(name: String, bytes: [UInt8])] = []
    /// The same, of files that may be larger than the memory; they stand first where files are named.
    var largeFiles: [(name: String, contents: FileContents)] = []
    /// What stands above the report; nil: which part it is of.
    var heading: String?
    /// The details that follow the report.
    var details: String?
    /// The command to try.
    var next: String?
    /// The flags that `recurrent train` would be given, where others were.
    var options: [String]?
  }

  private let output: String
  /// Nil at all ranks but the first, which alone writes and speaks.
  private let folder: RunFolder?
  private let progress: ProgressMode
  private var answer: AnswerFlags
  let record: CommandRecord
  /// The checkpoints of the run.
  let checkpoints: Checkpoints
  private var bars: [Int: ProgressBar] = [:]
  private var hasWarned = false
  /// What happens when a reader of what is printed goes away: nothing, until the model is written.
  private let readerLeft = signal(SIGPIPE, SIG_IGN)

  /// Checks the folder before hours of training, not after.
  ///
  /// - Parameters:
  ///   - record: what it is told and reads.
  ///   - resumes: whether it goes on with what stopped in that folder.
  ///   - restarts: whether it may give that up.
  init(
    to output: String, progress: ProgressMode, answer: AnswerFlags, record: CommandRecord,
    resumes: Bool, restarts: Bool
  ) throws {
    guard !output.isEmpty else {
      throw ValidationError("--output names a folder, not nothing.")
    }
    let folder = try ModelFolder.startRun(output)
    self.folder = folder
    self.output = output
    self.progress = answer.quiet ? .silent : progress
    self.answer = answer
    self.record = record
    checkpoints = Checkpoints(in: folder.path + "/checkpoints", digest: record.digest)
    if resumes {
      do {
        try CommandRecord(inRun: folder.path)?.checkSame(as: record)
        if try !checkpoints.exist {
          warn("it stopped before its first checkpoint: it begins anew.")
        }
      } catch {
        folder.close()
        throw error
      }
    } else if try checkpoints.exist {
      guard restarts else {
        folder.close()
        throw DataError(
          .unwritable, file: output, problem: "holds a training that was stopped",
          advice: "Go on with it by recurrent resume \(output.shellQuoted), give it up with "
            + "--restart, or choose another folder")
      }
      checkpoints.remove()
    }
    try writeAtomically(try record.bytes(), to: folder.path + "/" + CommandRecord.file)
  }

  /// What a rank has that neither writes nor speaks.
  init(ofOtherRankThan output: String, answer: AnswerFlags, record: CommandRecord) {
    (folder, self.output, progress) = (nil, output, .silent)
    self.answer = answer
    self.answer.quiet = true
    self.record = record
    checkpoints = Checkpoints(
      in: RunFolder.path(for: output) + "/checkpoints", digest: record.digest)
  }

  /// Says something to people who want to hear it: beside JSON, on standard error.
  func say(_ text: String) {
    if answer.quiet { return }
    answer.json ? note(text) : printText(text)
  }

  /// Says what is known before training.
  func begin(_ plan: String) throws {
    say("\(plan)\n")
    try flushOutput(readerMayLeave: true)
    Ranks.advice.withLock {
      $0 =
        "It goes on with: mpirun -n \(Ranks.all?.size ?? 1) recurrent resume \(output.shellQuoted)"
    }
    Interruption.watch()
  }

  /// Shows what a callback hears of. Where a signal asks for it, stops the run.
  ///
  /// - Parameters:
  ///   - members: runs in all.
  ///   - name: what one of them is called.
  mutating func show(
    _ event: TrainingEvent, _ run: any TrainingState, epochs: Int, unit: String, members: Int,
    called name: String = "network"
  ) -> TrainingDecision {
    var stepsPerEpoch = 1
    if case .step(_, _, let count, _, _) = event { stepsPerEpoch = count }
    if case .resumed(let found) = event {
      for warning in found.warnings { warn("passed over: \(warning)") }
      if answer.quiet { return .proceed }
      let network = members > 1 ? "\(name) \(run.member) of \(members), " : ""
      let isTrained =
        switch run.history.stop {
        case nil, .requested: run.epoch >= epochs
        case .allEpochs, .noImprovement, .ranAway: true
        }
      if isTrained, members > 1 {
        warn("\(name) \(run.member) of \(members) is trained.")
        return .proceed
      }
      warn("going on with \(network)epoch \(min(run.epoch + 1, epochs)) of \(epochs).")
      return .proceed
    }
    if case .checkpoint(.failure(let error)) = event, !hasWarned {
      warn("no checkpoint could be written; training goes on. \(error)")
      hasWarned = true
    }
    if bars[run.member] == nil, members > 1, progress != .silent {
      warn("\(name) \(run.member) of \(members)")
    }
    let score = run.history.epochs.last?.score.map {
      "\($0.name.hasSuffix("f1") ? "F1" : "accuracy") \(NumberFormat.fixed($0.value * 100, 2)) %"
    }
    let decision = bars[
      run.member,
      default: ProgressBar(
        epochs: epochs, stepsPerEpoch: stepsPerEpoch, unit: unit, mode: progress)
    ].show(event, note: score)
    return Interruption.requested == nil ? decision : .stop
  }

  /// Ends a training that has no model: what can go on is kept, and said how; of another nothing is
  /// left.
  func end(_ error: any Error) throws {
    guard let folder else {
      guard error is TrainingPause else { throw error }
      throw ExitCode(128 + (Interruption.requested ?? SIGTERM))
    }
    guard let pause = error as? TrainingPause else {
      let isKept = (try? checkpoints.exist) ?? true
      if isKept, !(error is NonFiniteError) { folder.close() } else { folder.remove() }
      throw error
    }
    folder.close()
    warn(
      "training was stopped in epoch \(pause.epoch), after step \(pause.step). "
        + "It goes on with: recurrent resume \(output.shellQuoted)")
    throw ExitCode(128 + (Interruption.requested ?? SIGINT))
  }

  /// Writes the model and tells how training went.
  func finish(_ model: some Job, seed: UInt64, _ closing: Closing) throws {
    guard let folder else { return }
    // Of several networks, the history of the first.
    var record = record
    record.folder = nil
    record.options = closing.options ?? record.options
    record.seconds = model.histories.map { $0.epochs.map(\.seconds) }
    let course = [
      ("history.csv", Array(model.history.csv.utf8)), ("loss.svg", Array(model.history.svg.utf8)),
    ]
    let others = closing.files + [(CommandRecord.file, try record.bytes())]
    let names = course.map(\.0) + closing.largeFiles.map(\.name) + others.map(\.0)
    // Written before anything is printed: who reads the report may go away (`| head`).
    let failure = failure { () throws(DataError) in
      try Interruption.deferred { () throws(DataError) in
        try ModelFolder.saveSomewhere(output) { path throws(DataError) in
          try model.save(
            to: path, reports: course + others, largeReports: closing.largeFiles)
        }
        folder.remove()
      }
    }
    signal(SIGPIPE, readerLeft)
    let epochs = model.histories.map { "\($0.best?.epoch ?? 0)" }.joined(separator: ", ")
    if let heading = closing.heading {
      say("\n\(heading)")
    } else if let test = model.configuration.evaluation?.size {
      say("\nTest part: \(test), weights of epoch \(epochs), seed \(seed)")
    }
    say(model.report)
    for (network, history) in model.histories.enumerated() {
      guard let remark = history.remark(canGoOn: model.parts.judged.isEmpty) else { continue }
      say("\n\(model.histories.count > 1 ? "Network \(network + 1): " : "")\(remark)")
    }
    if let failure { throw failure }
    if let details = closing.details { say("\n\(details)") }
    say("\nWrote \(output): the model, \(names.joined(separator: ", "))")
    if answer.json {
      var report = ModelReport(model, in: output)
      report.files = names
      print(try report.text)
    }
    if let next = closing.next { say("Next: \(next)") }
    for history in model.histories {
      guard case .ranAway(let error) = history.stop else { continue }
      try flushOutput()
      warn("\(error) The model written has the weights of epoch \(epochs).")
      throw ExitCode(70)
    }
    // It came when training was over.
    if let number = Interruption.requested { throw ExitCode(128 + number) }
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
