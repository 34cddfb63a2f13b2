import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent predict MODEL [FILE.csv]`
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Forecast beyond the last row of a table.",
    discussion: """
      Without a file: beyond the last row that the model was trained on.

      Examples:
        recurrent predict model --steps 5
        recurrent predict model prices.csv --steps 5 --json
        recurrent predict model prices.csv --steps 10 --plot next.svg
      """)

  @Argument(help: "A model folder.") var model: String
  @Argument(help: ArgumentHelp("A CSV file with the model's columns.", valueName: "file.csv"))
  var file: String?

  @Option(help: "Rows to forecast. Default: the model's horizon.")
  var steps: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: ArgumentHelp("Draw the forecast as SVG.", valueName: "file.svg"))
  var plot: String?

  @OptionGroup var execution: RunOptions

  func validate() throws {
    if let steps, !(1...1_000_000).contains(steps) {
      throw ValidationError("Steps are at least 1 (and at most a million), not \(steps).")
    }
  }

  mutating func run() throws {
    execution.apply()
    let forecaster = try Forecaster(contentsOf: model)
    let series = try file.map { try forecaster.read($0) } ?? forecaster.recent
    let forecasts = try series.map { try forecaster.forecast(after: $0, steps: steps) }
    if let plot, let first = forecasts.first, let past = series.first {
      let chart = first.chart(after: past, nominalCoverage: forecaster.nominalCoverage)
      try ChartFile.write(chart, to: plot)
    }
    if json {
      print(try ForecastReport(forecaster, forecasts, model: model).json)
    } else {
      print(ForecastReport(forecaster, forecasts, model: model))
    }
    if let plot { warn("wrote \(plot)") }
  }
}
