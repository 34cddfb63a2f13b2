import ArgumentParser
import Recurrent
import RecurrentTasks

/// Which table a forecaster is trained on, and how.
struct ForecasterFlags: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A CSV file with a header, also one packed by gzip, xz, bzip2 or zstd; - is standard input.",
      valueName: "file.csv"), completion: .file())
  var file: String?

  @OptionGroup(title: "Columns") var columns: ColumnOptions
  @OptionGroup(title: "Times") var times: TimeFlags
  @OptionGroup(title: "Forecast") var forecast: ForecastOptionsGroup
  @OptionGroup(title: "Forecast") var split: SplitFlags<TrainForecaster>
  @OptionGroup(title: "Forecast") var parts: ForecastPartFlags
  @OptionGroup(title: "Network and training") var network: NetworkFlags<TrainForecaster>
  @OptionGroup(title: "Network and training") var more: ForecastNetworkOptions
  @OptionGroup(title: "Network and training") var course: CourseFlags<TrainForecaster>

  var options: ForecasterOptions {
    var options = ForecasterOptions()
    forecast.apply(to: &options)
    split.apply(to: &options)
    network.apply(to: &options)
    more.apply(to: &options)
    course.apply(to: &options)
    return options
  }

  /// What was read of a table.
  struct Read {
    let table: Table
    let columns: ForecastColumns
    let series: [Series]
    /// The parts of each; nil where shares say them.
    let splits: [ForecastSplit]?
    let remarks: [String]

    /// What is printed of it, with the series that are used.
    func preface(of series: [Series]) -> String {
      TrainingPreface(table: table, columns: columns, series: series, remarks: remarks).description
    }
  }

  /// Reads the file, or the bundled one.
  ///
  /// - Parameter model: one that was trained on a table written alike.
  func read(like model: Forecaster? = nil) throws -> Read {
    let format = columns.table.format(
      columns.reading.encoding, like: model?.configuration.columns?.format)
    let table =
      try file.map { try Table(csv: $0, format: format) }
      ?? Table(csvText: BundledData.goog, source: "GOOG.csv (bundled)")
    var columns = try columns.resolved(in: table, like: model?.configuration.columns)
    let known = model?.configuration.columns?.times
    columns.times = known?.overridden(by: times.options) ?? times.options
    let reading = try columns.reading(table, like: model?.recent.first?.times)
    let kept = try parts.cut(reading.series)
    let (series, remarks) = try parts.followed(kept) { path in
      try columns.reading(try Table(csv: path, format: format), like: kept[0].times).series
    }
    return Read(
      table: table, columns: columns, series: series,
      splits: try parts.splits(of: series, known: kept.map(\.count), options: options),
      remarks: reading.remarks + remarks)
  }
}
