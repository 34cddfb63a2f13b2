import ArgumentParser
import Recurrent
import RecurrentTasks

/// Which columns of a table make the series.
struct ColumnOptions: ParsableArguments {
  @Option(help: "The column to forecast. Default: Close, or the only column of numbers.")
  var target: String?

  @Option(help: "The column with dates or times. Default: found by itself.")
  var time: String?

  @Option(help: "More columns for the network to see: Open,Volume; \"all\" for all of them.")
  var covariates: NameList?

  @Option(help: "The column that tells several series in one file apart.")
  var series: String?

  @Option(
    help: "What to do about empty cells: \(MissingValues.choices). (interpolate looks ahead)")
  var missing = MissingValues.error

  /// The columns, once the table is known.
  func resolved(in table: Table) throws(DataError) -> ForecastColumns {
    let target: String
    if let name = self.target { target = name } else { target = try defaultTarget(in: table) }
    _ = try table.column(target)
    var names = covariates?.names ?? []
    if names == ["all"] {
      names = table.numericColumns.filter { $0 != target && $0 != time && $0 != series }
    }
    return ForecastColumns(
      target: target, time: time, covariates: names, series: series, missing: missing)
  }

  private func defaultTarget(in table: Table) throws(DataError) -> String {
    let numeric = table.numericColumns.filter { $0 != time && $0 != series }
    if numeric.contains("Close") { return "Close" }
    if let only = numeric.first, numeric.count == 1 { return only }
    throw DataError(
      file: table.source,
      problem: numeric.isEmpty
        ? "there is no column of numbers; columns are \(table.columnNames.joined(separator: ", "))"
        : "there are several columns of numbers: \(numeric.joined(separator: ", "))",
      advice: "Name the one to forecast with --target")
  }
}

/// What is forecast, and on what scale.
struct ForecastOptionsGroup: ParsableArguments {
  @Option(help: "Rows the network looks back.")
  var window = ForecasterOptions().window

  @Option(help: "Rows it forecasts at once.")
  var horizon = ForecasterOptions().horizon

  @Option(help: "Rows in a season, for the seasonal naive forecast: 12 for monthly data.")
  var season: Int?

  @Option(help: "How values are scaled: \(ScalingMethod.choices).")
  var scaling = ForecasterOptions().scaling

  @Option(help: "What training minimizes: \(ForecastLoss.choices).")
  var loss = ForecasterOptions().loss

  @Option(help: "The quantiles that --loss quantile forecasts.")
  var quantiles = NumberList(numbers: ForecasterOptions().quantiles)

  @Option(help: "The share of rows at the end that only the report sees.")
  var testFraction = ForecasterOptions().testFraction

  @Option(help: "The share of the rows before them that judges each epoch.")
  var validationFraction = ForecasterOptions().validationFraction

  func apply(to options: inout ForecasterOptions) {
    options.window = window
    options.horizon = horizon
    options.season = season
    options.scaling = scaling
    options.loss = loss
    options.quantiles = quantiles.numbers
    options.testFraction = testFraction
    options.validationFraction = validationFraction
  }
}

/// What the network is and how it is trained.
struct NetworkOptions: ParsableArguments {
  @Option(help: "The recurrent layer: \(CellKind.choices).")
  var cell = ForecasterOptions().cell

  @Option(help: "Hidden units of a layer.")
  var hidden = ForecasterOptions().hiddenSize

  @Option(help: "Recurrent layers.")
  var layers = ForecasterOptions().layers

  @Option(help: "Dropout between layers.")
  var dropout = ForecasterOptions().dropout

  @Option(help: "Epochs at most.")
  var epochs = ForecasterOptions().epochs

  @Option(help: "Windows in a training step.")
  var batch = ForecasterOptions().batchSize

  @Option(help: "Adam's learning rate.")
  var learningRate = ForecasterOptions().learningRate

  @Option(help: "Epochs without a better validation loss before training stops.")
  var patience = ForecasterOptions().patience

  func apply(to options: inout ForecasterOptions) {
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.dropout = dropout
    options.epochs = epochs
    options.batchSize = batch
    options.learningRate = learningRate
    options.patience = patience
    options.seed = seed
  }

  @Option(help: "Where random numbers come from. Same seed, same bits.")
  var seed: UInt64 = 0
}

/// How the program runs; no result depends on it.
struct RunOptions: ParsableArguments {
  @Option(help: "Threads. Default: one for each processor.")
  var threads: Int?

  @Option(help: "Progress on standard error: \(ProgressMode.choices).")
  var progress = ProgressMode.automatic

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("Threads lie in 1...1024, not \(threads).")
    }
  }

  func apply() {
    if let threads { Parallelism.threads = threads }
  }
}

/// Names separated by commas.
struct NameList: ExpressibleByArgument {
  let names: [String]

  init?(argument: String) {
    names = argument.split(separator: ",").map(String.init)
    if names.isEmpty { return nil }
  }
}

/// Numbers separated by commas.
struct NumberList: ExpressibleByArgument, CustomStringConvertible {
  let numbers: [Float]

  init(numbers: [Float]) { self.numbers = numbers }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    numbers = parts.compactMap { Float($0) }
    if numbers.count != parts.count { return nil }
  }

  var description: String { numbers.map { "\($0)" }.joined(separator: ",") }
  var defaultValueDescription: String { description }
}

extension CaseIterable where Self: RawRepresentable<String> {
  /// All values, for help texts: a|b|c.
  static var choices: String { allCases.map(\.rawValue).joined(separator: "|") }
}

extension CellKind: ExpressibleByArgument {}
extension ScalingMethod: ExpressibleByArgument {}
extension ForecastLoss: ExpressibleByArgument {}
extension MissingValues: ExpressibleByArgument {}
extension ProgressMode: ExpressibleByArgument {}
