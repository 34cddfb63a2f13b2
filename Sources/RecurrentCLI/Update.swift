import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent update MODEL FILE`
struct Update: ResumableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give a forecaster newer rows: it learns them and forecasts from their end.",
    discussion: flowing(
      """
      Rows that the model holds, its last ones, are passed over; those behind them are
      new, and a series that it does not know is a new one. Scales and the interval
      stay. The report is of the new rows before they were learned.

      Examples:
        recurrent update model june.csv
        recurrent update model june.csv --epochs 0
        recurrent update model corrected.csv --on-conflict replace --output newer
      """))

  @Argument(help: "The folder of a forecaster.", completion: .directory) var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns; - is standard input.", valueName: "file.csv"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "Epochs over the windows that forecast new rows; 0: they are taken and not learned.",
      valueName: "count"))
  var epochs = ForecastUpdate.Course().epochs

  @Option(
    help: ArgumentHelp("Adam's learning rate. (default: a tenth of the model's)", valueName: "rate")
  )
  var learningRate: Float?

  @Option(
    help: ArgumentHelp(
      "What to do about rows that the model holds and the file has otherwise.",
      valueName: "policy"))
  var onConflict = RowConflicts.error

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder to write. (default: that of the model)", valueName: "folder"),
    completion: .directory)
  var output: String?

  @OptionGroup(title: "Table") var table: TableOptions
  @OptionGroup(title: "Table") var reading: EncodingOption
  @OptionGroup(title: "Table") var times: TimeFlags
  @Flag(help: "Give up an update that was stopped, and begin anew.")
  var restart = false
  @OptionGroup var answer: AnswerFlags
  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard (0...1_000_000).contains(epochs) else {
      throw ValidationError("--epochs is between 0 and 1000000, not \(epochs).")
    }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate is a positive number, not \(learningRate).")
    }
  }

  mutating func run() throws {
    try go(arguments: Array(CommandLine.arguments.dropFirst()), resumes: false)
  }

  mutating func go(arguments: [String], resumes: Bool) throws {
    let output = output ?? model
    try checkKept(
      [file],
      whenWriting: ["history.csv", "loss.svg", CommandRecord.file].map { "\(output)/\($0)" })
    let forecaster = try Forecaster(contentsOf: model)
    if output != model {
      _ = try FormerModel.check(output, for: TrainForecaster.name, force: false)
    }
    let read = try table.reading(
      file, reading.encoding, times: times.options, for: forecaster)
    var course = ForecastUpdate.Course()
    (course.epochs, course.learningRate) = (epochs, learningRate)
    (course.conflicts, course.missing) = (onConflict, table.missing)
    let update = try ForecastUpdate(of: forecaster, with: read.series, course: course)
    let remarks = read.remarks + update.remarks
    guard update.changesRows else {
      let text = "\(file): no new rows; \(model) stays as it is"
      if answer.quiet, !answer.json { return }
      for remark in remarks { note("\(remark).") }
      if answer.json { return note(text) }
      return printText(text)
    }
    var record = CommandRecord(arguments: arguments, inputs: [model, file])
    record.options = try CommandRecord(inRun: model)?.trainingWords
    let training = try TrainingRun(
      to: output, progress: progress, answer: answer, record: record, resumes: resumes,
      restarts: restart)
    do {
      try training.begin(description(update, remarks))
      let (epochs, unit) = (epochs, TrainForecaster.words.unit)
      var shown = training
      let trained = try update.plan?.train(
        checkpoints: training.checkpoints,
        callbacks: [
          { event, run in
            shown.show(
              event, run, epochs: epochs, unit: unit, members: update.plan?.options.networks ?? 1)
          }
        ])
      let updated = update.updated(trained)
      let heading = update.evaluation.map {
        "\($0.size) of the new rows, before they were learned:"
      }
      try training.finish(
        updated, seed: updated.options.seed,
        .init(
          heading: heading
            ?? "No window of new rows is as long as the horizon; the report of before:",
          next: "recurrent predict \(output.shellQuoted)"))
    } catch {
      try training.end(error)
    }
  }

  private func description(_ update: ForecastUpdate, _ remarks: [String]) -> String {
    let found = update.found
    func sum(_ path: KeyPath<SeriesUpdate, Int>) -> Int {
      found.reduce(0) { $0 + $1[keyPath: path] }
    }
    var parts = ["\(update.added - sum(\.filled)) new"]
    for (count, words) in [
      (sum(\.known), "as the model has them"), (sum(\.earlier), "before those that it holds"),
      (sum(\.differing), onConflict == .keep ? "other than held, left out" : "replaced"),
      (sum(\.filled), "in a gap, filled by --missing"),
    ] where count > 0 {
      parts.append("\(count) \(words)")
    }
    var lines = ["\(file): rows: \(listedWithAnd(parts))"]
    lines += remarks.map { "note        \($0)" }
    if let plan = update.plan {
      let epochs = epochs == 1 ? "1 epoch" : "\(epochs) epochs"
      lines.append(
        "learns      \(plan.windowCounts.training) windows in \(epochs), learning rate "
          + NumberFormat.short(plan.options.learningRate))
    } else {
      lines.append(
        "learns      nothing: "
          + (epochs == 0 ? "--epochs 0" : "no series has a horizon of new rows"))
    }
    return lines.joined(separator: "\n")
  }
}

extension RowConflicts: ExpressibleByArgument {}
