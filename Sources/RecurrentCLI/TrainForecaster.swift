import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train forecaster [FILE.csv]`
struct TrainForecaster: TrainingCommand {
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
  @OptionGroup var running: TrainingRunOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv, forecast.csv, forecast.svg and loss.svg.",
      valueName: "folder"))
  var output = "forecaster"

  func validate() throws {
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }

  private var options: ForecasterOptions {
    var options = ForecasterOptions()
    forecast.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    let table =
      try file.map { try Table(csv: $0) }
      ?? Table(csvText: BundledData.goog, source: "GOOG.csv (bundled)")
    let columns = try columns.resolved(in: table)
    let series = try columns.read(table)
    let plan = try ForecastPlan(series, options: options, columns: columns)
    let preface = TrainingPreface(table: table, columns: columns, plan: plan)
    try training.begin(preface.description)

    let counts = plan.windowCounts
    let forecaster = try plan.train(callbacks: [
      { event, _ in training.show(event, epochs: plan.options.epochs, unit: "windows") }
    ])
    let forecasts = TestForecasts(forecaster, plan: plan)
    let chart = forecasts.chart
    try training.finish(
      forecaster, test: counts.test > 0 ? "\(counts.test) windows" : nil, seed: options.seed,
      files: [
        ("forecast.csv", Array(forecasts.csv.utf8)), ("forecast.svg", Array(chart.svg().utf8)),
      ],
      details: counts.test > 0
        ? chart.terminal(width: Terminal.chartWidth, height: 12, colour: Terminal.wantsColour)
        : nil,
      next: "recurrent predict \(output.shellQuoted) --steps \(nextSteps)")
  }

  /// Steps of the next command that it can do: with covariates, no more than the horizon.
  private var nextSteps: Int {
    columns.covariates == nil ? max(5, options.horizon) : options.horizon
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
