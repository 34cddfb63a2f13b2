import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent backtest [FILE.csv]`
struct Backtest: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Forecast from one moment of a table after another, and compare with what came.",
    discussion: flowing(
      """
      Each forecast knows only the rows before its moment, its origin; the last one
      covers the last rows of the table. Beside the network stand the naive forecasts,
      drift, theta, a damped trend and a ridge regression on the same window.

      Examples:
        recurrent backtest --origins 20 --epochs 10
        recurrent backtest load.csv --window 168 --horizon 24 --season 24 --stride 24
        recurrent backtest sales.csv --horizon 7 --refit every --csv forecasts.csv
      """))

  @Option(help: ArgumentHelp("Moments to forecast from.", valueName: "count"))
  var origins = ForecastBacktest.Origins().count

  @Option(
    help: ArgumentHelp(
      "Rows from one to the next. (default: the horizon)", valueName: "rows"))
  var stride: Int?

  @Option(
    help: ArgumentHelp(
      "Rows before a moment that training does not see; forecasts do.", valueName: "rows"))
  var gap = ForecastBacktest.Origins().gap

  @Option(
    help: ArgumentHelp(
      "When the network is trained: never again after the first moment, or at every one.",
      valueName: "when"))
  var refit = ForecastBacktest.Origins().refit

  @Option(
    help: ArgumentHelp("Write a line for each row that was forecast.", valueName: "file.csv"),
    completion: .file())
  var csv: String?

  @Option(
    help: ArgumentHelp("Draw the error by step as SVG.", valueName: "file.svg"),
    completion: .file())
  var plot: String?

  @OptionGroup var answer: JSONFlag
  @Flag(name: .shortAndLong, help: "No plan and no progress: the result alone.")
  var quiet = false
  @OptionGroup var flags: ForecasterFlags
  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if let problem = flags.options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
    for (name, value, least) in [
      ("origins", origins, 1), ("stride", stride ?? 1, 1), ("gap", gap, 0),
    ] where !(least...1_000_000_000).contains(value) {
      throw ValidationError("--\(name) is a number of at least \(least), not \(value).")
    }
    guard !flags.parts.isGiven else {
      throw ValidationError(
        "The flags of test and validation parts say nothing here: --origins and --stride do.")
    }
    guard flags.split.testFraction == ForecasterOptions().testFraction else {
      throw ValidationError("--test-fraction says nothing here: --origins and --stride do.")
    }
  }

  mutating func run() throws {
    try checkDrawing("--plot", plot)
    try checkKept(flags.files, whenWriting: [csv, plot])
    for path in [csv, plot].compactMap(\.self) { try checkPlace(of: path) }
    let read = try flags.read()
    var moments = ForecastBacktest.Origins()
    (moments.count, moments.stride, moments.gap, moments.refit) = (origins, stride, gap, refit)
    let backtest = try ForecastBacktest(
      read.series, options: flags.options, origins: moments, columns: read.columns,
      keeping: flags.course.given)
    let plan = "\(read.preface(of: backtest.series))\n\(backtest)\n"
    if !quiet { answer.json ? note(plan) : printText(plan) }
    try flushOutput()
    let (mode, epochs) = (quiet ? .silent : progress, backtest.epochs)
    let report = try backtest.run { training in
      if backtest.trainings > 1, mode != .silent {
        warn("training \(training + 1) of \(backtest.trainings)")
      }
      var bar: ProgressBar?
      return [
        { event, _ in
          if bar == nil, case .step(_, _, let steps, _, _) = event {
            bar = ProgressBar(epochs: epochs, stepsPerEpoch: steps, unit: "windows", mode: mode)
          }
          return bar?.show(event) ?? .proceed
        }
      ]
    }
    if let csv { try writeAtomically(report.csv, to: csv) }
    if let plot { try ChartFile.write(report.chart, to: plot) }
    if answer.json { return print(try jsonText(report.evaluation)) }
    printText("\(report)")
    let files = [csv, plot].compactMap(\.self)
    if !files.isEmpty { print("\nWrote \(listedWithAnd(files))") }
  }
}

/// Refuses a file whose folder cannot be written, before hours of work.
private func checkPlace(of path: String) throws(DataError) {
  var isFolder: ObjCBool = false
  let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
  let problem =
    FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    ? "is a folder"
    : FileManager.default.isWritableFile(atPath: folder) ? nil : "lies in no folder to write to"
  if let problem {
    throw DataError(.unwritable, file: path, problem: problem, advice: "Choose another place")
  }
}

extension ForecastBacktest.Refit: ExpressibleByArgument {}
