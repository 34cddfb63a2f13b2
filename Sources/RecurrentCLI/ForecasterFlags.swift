import ArgumentParser
import Recurrent
import RecurrentTasks

/// Which table a forecaster is trained on, and how.
struct ForecasterFlags: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "CSV files with a header and the same columns, also packed by gzip, xz, bzip2 or zstd; - is standard input.",
      valueName: "file.csv"), completion: .file())
  var files: [String] = []

  @Option(
    name: .customLong("files"),
    help: ArgumentHelp(
      "What several files are that no column of series tells apart: rows of one series, or a series each. "
        + "(default: rows if they follow each other in time)", valueName: "what"))
  var joining: FileJoining?

  @Option(
    name: .customLong("data"),
    help: ArgumentHelp(
      "Without a file, which of the series that come with the program: co2, carbon dioxide in the air by the "
        + "week, or goog, the daily prices of GOOG. (default: co2)", valueName: "name"))
  var bundled: BundledSeries?

  @OptionGroup(title: "Columns") var columns: ColumnOptions
  @OptionGroup(title: "Times") var times: TimeFlags
  @OptionGroup(title: "Forecast") var forecast: ForecastOptionsGroup
  @OptionGroup(title: "Forecast") var split: SplitFlags<TrainForecaster>
  @OptionGroup(title: "Forecast") var parts: ForecastPartFlags
  @OptionGroup(title: "Network and training") var network: NetworkFlags<TrainForecaster>
  @OptionGroup(title: "Network and training") var more: ForecastNetworkOptions
  @OptionGroup(title: "Network and training") var course: CourseFlags<TrainForecaster>

  func validate() throws {
    if let bundled, let file = files.first {
      throw ValidationError(
        "--data \(bundled.rawValue) names a series of the program, and \(file) is a file; give one of both."
      )
    }
    let usual = ForecasterOptions()
    for (share, isGiven, others) in [
      ("--test-fraction", split.testFraction != usual.testFraction, parts.testFlags),
      (
        "--validation-fraction", split.validationFraction != usual.validationFraction,
        parts.validationFlags
      ),
    ] where isGiven && !others.isEmpty {
      throw ValidationError("\(others[0]) and \(share) say the same; give one of them.")
    }
    let options = options
    guard let base = options.base, base != .learned, !options.hasBase else { return }
    let reason =
      options.loss.isOfCounts
      ? "--loss \(options.loss.rawValue), whose network says the mean of counts by itself"
      : "--scaling \(options.scaling.rawValue), with which the network forecasts by itself"
    throw ValidationError(
      "--base \(base.rawValue) says nothing beside \(reason); give one of both.")
  }

  var options: ForecasterOptions {
    var options = ForecasterOptions()
    forecast.apply(to: &options)
    split.apply(to: &options)
    network.apply(to: &options)
    more.apply(to: &options)
    course.apply(to: &options)
    return options
  }

  /// A table of values, read, and how it was read.
  struct Read {
    let files: SeriesOfFiles
    let columns: ForecastColumns
    let series: [Series]
    /// The parts of each; nil where shares say them.
    let splits: [ForecastSplit]?
    let remarks: [String]

    /// The lines before a plan: the table, and the series that are used.
    func preface(of series: [Series]) -> String {
      TrainingPreface(files: files, columns: columns, series: series, remarks: remarks).description
    }
  }

  /// Reads the file, or the bundled one.
  ///
  /// - Parameter model: one that was trained on a table written alike.
  func read(like model: Forecaster? = nil) throws -> Read {
    let format = columns.table.format(
      columns.reading.encoding, like: model?.configuration.columns?.format)
    let own = bundled ?? .co2
    let bundled =
      files.isEmpty ? try TextFile(bytes: Array(own.text.utf8), source: own.source) : nil
    let read = try SeriesOfFiles(
      bundled.map { [TextPieces.held($0)] }
        ?? files.map { path throws(DataError) in try TextPieces(path, encoding: format.encoding) },
      format: format, joining: joining, like: model?.recent.first?.times
    ) { table throws(DataError) in
      var columns = try self.columns.resolved(in: table, like: model?.configuration.columns)
      // Weeks without a measurement lie among its rows.
      if bundled != nil, own == .co2, self.columns.table.missing == nil {
        columns.missing = .interpolate
      }
      let known = model?.configuration.columns?.times
      columns.times = known?.overridden(by: times.options) ?? times.options
      return columns
    }
    let columns = read.columns
    let kept = try parts.cut(read.series)
    let (series, known, remarks) = try parts.followed(kept, missing: columns.missing) { path in
      try columns.reading(try Table(csv: path, format: format), like: kept[0].times).series
    }
    return Read(
      files: read, columns: columns, series: series,
      splits: try parts.splits(of: series, known: known, options: options),
      remarks: read.remarks + remarks)
  }
}

extension FileJoining: ExpressibleByArgument {}

/// The series that come with the program.
enum BundledSeries: String, CaseIterable, ExpressibleByArgument {
  case co2
  case goog

  var text: String { self == .co2 ? BundledData.co2 : BundledData.goog }
  var source: String { "\(rawValue.uppercased()).csv (bundled)" }
}
