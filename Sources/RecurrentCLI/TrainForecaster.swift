import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train forecaster [FILE.csv]`
struct TrainForecaster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecaster",
    abstract: "Train a forecaster on a table of values over time.",
    discussion: """
      Without a file: the daily prices of GOOG, 2004 to 2013, that come with the program.
      The report stands on rows that training never saw, beside the naive forecast.

      Examples:
        recurrent train forecaster
        recurrent train forecaster prices.csv --covariates Open,Volume
        recurrent train forecaster airline.csv --window 36 --horizon 12 --season 12
        recurrent train forecaster sales.csv --target Sold --series Shop --horizon 7
        recurrent train forecaster load.csv --loss quantile --quantiles 0.05,0.5,0.95
      """)

  @Argument(help: ArgumentHelp("A CSV file with a header.", valueName: "file.csv"))
  var file: String?

  @OptionGroup(title: "Columns") var columns: ColumnOptions
  @OptionGroup(title: "Forecast") var forecast: ForecastOptionsGroup
  @OptionGroup(title: "Network and training") var network: NetworkOptions
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv, forecast.csv, forecast.svg and loss.svg.",
      valueName: "folder"))
  var output = "forecaster"

  func validate() throws {
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
    if output.isEmpty { throw ValidationError("--output names a folder, not nothing.") }
  }

  private var options: ForecasterOptions {
    var options = ForecasterOptions()
    forecast.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    threads.apply()
    // Before hours of training, not after.
    try ModelFolder.checkDestination(output)
    let table =
      try file.map { try Table(csv: $0) }
      ?? Table(csvText: BundledData.goog, source: "GOOG.csv (bundled)")
    let columns = try columns.resolved(in: table)
    let series = try columns.read(table)
    let plan = try ForecastPlan(series, options: options, columns: columns)
    print(TrainingPreface(table: table, columns: columns, plan: plan))
    print("")
    try flushOutput()

    Interruption.announceStop()
    let counts = plan.windowCounts
    let steps = (counts.training + options.batchSize - 1) / options.batchSize
    var progress = ProgressBar(
      epochs: options.epochs, stepsPerEpoch: steps, unit: "windows", mode: progress)
    let forecaster = try plan.train(callbacks: [{ progress.show($0) }])

    let forecasts = TestForecasts(forecaster, plan: plan)
    // Written before anything is printed: who reads the report may go away (`| head`).
    let failure = write(forecaster, forecasts)
    if counts.test > 0 {
      print(
        "\nTest part: \(counts.test) windows, weights of epoch "
          + "\(forecaster.configuration.bestEpoch), seed \(options.seed)")
    }
    print(forecaster.report)
    if let failure { throw failure }
    let chart = forecasts.chart.terminal(
      width: Terminal.chartWidth, height: 12, colour: Terminal.wantsColour)
    if counts.test > 0 { print("\n\(chart)") }
    print("\nWrote \(output): the model, history.csv, forecast.csv, forecast.svg, loss.svg")
    print("Next: recurrent predict \(output.shellQuoted) --steps \(nextSteps)")
    if case .ranAway(let error) = forecaster.stop {
      try flushOutput()
      let epoch = forecaster.configuration.bestEpoch
      warn("\(error) The model written has the weights of epoch \(epoch).")
      throw ExitCode(70)
    }
  }

  /// Steps of the next command that it can do: with covariates, no more than the horizon.
  private var nextSteps: Int {
    columns.covariates == nil ? max(5, options.horizon) : options.horizon
  }

  private func write(_ forecaster: Forecaster, _ forecasts: TestForecasts) -> DataError? {
    do throws(DataError) {
      try Interruption.deferred { () throws(DataError) in
        try forecaster.save(
          to: output,
          reports: [
            ("history.csv", Array(forecaster.history.csv.utf8)),
            ("forecast.csv", Array(forecasts.csv.utf8)),
            ("forecast.svg", Array(forecasts.chart.svg().utf8)),
            ("loss.svg", Array(forecaster.history.chart.svg().utf8)),
          ])
      }
      return nil
    } catch {
      return error
    }
  }
}

extension String {
  /// With a capital first letter.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  /// As a shell takes it for one word.
  var shellQuoted: String {
    let isPlain = allSatisfy { $0.isLetter || $0.isNumber || "/._-+,:=@%".contains($0) }
    return isPlain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
