import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train forecaster [FILE.csv]`
struct TrainForecaster: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecaster",
    abstract: "Train a forecaster on a table of values over time.",
    discussion: flowing(
      """
      Without a file: carbon dioxide in the air of Mauna Loa by the week, 1958 to 2001, or, with
      --data goog, the daily prices of GOOG, 2004 to 2013; both come with the program.
      The report stands on rows that training never saw, beside the naive forecast.
      What is written is then trained once more on all rows (--refit).

      Examples:
        recurrent train forecaster
        recurrent train forecaster --data goog
        recurrent train forecaster prices.csv --covariates Open,Volume
        recurrent train forecaster shops.csv --series Shop --known Promo,Holiday
        recurrent train forecaster 2022.csv 2023.csv 2024.csv.gz
        recurrent train forecaster airline.csv --window 36 --horizon 12
        recurrent train forecaster sales.csv --target Sold --series Shop --horizon 7
        recurrent train forecaster load.csv --loss quantile --quantiles 0.05,0.5,0.95
        recurrent train forecaster visits.csv --loss negative-binomial
        xz -dc meter.csv.xz | recurrent train forecaster - --missing interpolate
      """))

  @OptionGroup var flags: ForecasterFlags
  @Option(
    help: ArgumentHelp(
      "What is learned from anew once validation chose the epochs: after, all rows, when the report is made; "
        + "known, training and validation rows, before it; all, as known and then as after; or "
        + "none. (default: after)",
      valueName: "rows"))
  var refit: ForecastRefit?
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] { flags.files + [flags.parts.testFile].compactMap(\.self) }

  static let plural = "forecasters"
  static let words = FlagWords(unit: "windows")
  static let reports = ["forecast.csv", "forecast.svg", "errors.svg"]

  var course: CourseFlags<Self> { flags.course }
  var options: ForecasterOptions {
    var options = flags.options
    if let refit { options.refit = refit == ForecastRefit.none ? nil : refit }
    return options
  }

  func plan(from model: Forecaster?) throws -> (plan: ForecastPlan, preface: String) {
    let read = try flags.read(like: model)
    let plan = try ForecastPlan(
      read.series, options: options, columns: read.columns, splits: read.splits, from: model)
    return (plan, read.preface(of: plan.series))
  }

  func closing(_ forecaster: Forecaster, _ plan: ForecastPlan) -> TrainingRun.Closing {
    let forecasts = TestForecasts(forecaster, plan: plan)
    let chart = forecasts.chart
    return TrainingRun.Closing(
      files: [("forecast.svg", Array(chart.svg().utf8))]
        + (forecaster.configuration.evaluation?.chart(of: forecaster.configuration.channels[0])
          .map { [("errors.svg", Array($0.svg().utf8))] } ?? []),
      largeFiles: [("forecast.csv", forecasts.writeCSV)],
      details: forecaster.configuration.evaluation.map { _ in
        chart.terminal(width: Terminal.chartWidth, height: 12, colour: Terminal.wantsColour)
      },
      next: "recurrent predict \(running.output.shellQuoted) --steps \(forecaster.nextSteps)")
  }
}

extension Forecaster {
  /// Steps of the next command that it can do: with covariates, no more than the horizon.
  fileprivate var nextSteps: Int { max(configuration.channels.count > 1 ? 1 : 5, options.horizon) }
}

extension String {
  /// With a capital first letter.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  /// The text quoted so that a shell takes it for one word.
  var shellQuoted: String {
    let isPlain = allSatisfy { $0.isLetter || $0.isNumber || "/._-+,:=@%".contains($0) }
    return isPlain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
