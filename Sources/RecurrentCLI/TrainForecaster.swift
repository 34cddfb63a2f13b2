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

      Examples:
        recurrent train forecaster
        recurrent train forecaster prices.csv --target Close --window 100
        recurrent train forecaster airline.csv --target Passengers --window 36 --horizon 12 --season 12
        recurrent train forecaster sales.csv --target Sold --series Shop --horizon 7
        recurrent train forecaster load.csv --target MW --loss quantile --quantiles 0.05,0.5,0.95

      The report stands on rows that training never saw, beside the naive forecast.
      """)

  @Argument(help: ArgumentHelp("A CSV file with a header.", valueName: "file.csv"))
  var file: String?

  @OptionGroup var columns: ColumnOptions
  @OptionGroup(title: "Forecast") var forecast: ForecastOptionsGroup
  @OptionGroup(title: "Network and training") var network: NetworkOptions
  @OptionGroup var execution: RunOptions

  @Option(
    name: .shortAndLong,
    help: "The model folder to write, with history.csv, forecast.csv, forecast.svg and loss.svg.")
  var output = "forecaster"

  func validate() throws {
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }

  var options: ForecasterOptions {
    var options = ForecasterOptions()
    forecast.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    execution.apply()
    try ModelFolder.checkDestination(output)
    let table =
      try file.map { try Table(csv: $0) }
      ?? Table(csvText: BundledData.goog, source: "GOOG.csv (bundled)")
    let columns = try columns.resolved(in: table)
    print(
      "\(table.source): \(table.rowCount) rows, \(table.columnNames.count) columns\n\(table.firstRows(3))\n"
    )
    let series = try columns.read(table)
    for line in series.prefix(3).flatMap(describe) { print(line) }
    let plan = try ForecastPlan(series, options: options, columns: columns)
    print("\(plan)\n")

    let counts = plan.windowCounts
    let steps = (counts.training + options.batchSize - 1) / options.batchSize
    var progress = ProgressBar(
      epochs: options.epochs, stepsPerEpoch: steps, unit: "windows", mode: execution.progress)
    let forecaster = try plan.train(callbacks: [{ progress.show($0) }])

    let forecasts = TestForecasts(forecaster, plan: plan)
    print(
      "\nTest part: \(counts.test) windows, weights of epoch \(forecaster.configuration.bestEpoch), seed \(options.seed)"
    )
    print(forecaster.report)
    try forecaster.save(
      to: output,
      reports: [
        ("history.csv", Array(forecaster.history.csv.utf8)),
        ("forecast.csv", Array(forecasts.csv.utf8)),
        ("forecast.svg", Array(forecasts.chart.svg().utf8)),
        ("loss.svg", Array(forecaster.history.chart.svg().utf8)),
      ])
    print("\n\(forecasts.chart.terminal(height: 12, colour: standardOutputWantsColour))")
    print("\nWrote \(output)/: the model, history.csv, forecast.csv, forecast.svg, loss.svg")
    print("Next: recurrent predict \(output) --steps \(max(5, options.horizon))")
  }

  private func describe(_ series: Series) -> [String] {
    let name = series.name.map { "\($0): " } ?? ""
    guard !series.times.isRowNumbers else {
      return ["\(name)no column with times was found; rows are numbered"]
    }
    let gaps = series.times.gaps
    var lines = ["\(name)\(series.times.frequency) from \(series.times.label(0))"]
    if let first = gaps.first {
      let missing = gaps.reduce(0) { $0 + $1.missing }
      lines.append(
        "\(name)\(missing) missing rows in \(gaps.count) gaps, the first after \(series.times.label(first.afterRow)); rows are taken as they follow"
      )
    }
    return lines
  }
}

extension String {
  /// With a capital first letter.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension ProgressBar {
  /// Shows what a training callback hears of.
  mutating func show(_ event: TrainingEvent) -> TrainingDecision {
    switch event {
    case .step(let epoch, let step, _, let examples, let loss):
      self.step(epoch: epoch, step: step, loss: loss, items: examples)
    case .epoch(let record, let isBest):
      endEpoch(
        record.epoch, loss: record.loss, validationLoss: record.validationLoss,
        learningRate: record.learningRate, isBest: isBest)
    case .finished(let reason):
      switch reason {
      case .allEpochs, .requested: finish()
      case .noImprovement(let epochs): finish(note: "no better for \(epochs) epochs")
      }
    }
    return .proceed
  }
}
