import ArgumentParser
import Recurrent
import RecurrentTasks

/// Which columns of a table make the series.
struct ColumnOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The column to forecast. (default: Close, or the only column of numbers)",
      valueName: "column"))
  var target: String?

  @Option(
    help: ArgumentHelp(
      "The column of dates or times, or several that make one: Date,Time. (default: the first that "
        + "looks like it)", valueName: "columns"))
  var time: String?

  @Option(
    help: ArgumentHelp(
      "More columns for the network to see: Open,Volume; or all.", valueName: "columns"))
  var covariates: NameList?

  @Option(
    help: ArgumentHelp(
      "Columns whose values are known before their rows come, as Promo,Holiday, of numbers or words: rows "
        + "behind the last value of the target hold them, and are what is forecast.",
      valueName: "columns"))
  var known: NameList?

  @Option(
    name: .customLong("static"),
    help: ArgumentHelp(
      "Columns that say one thing of all rows of a series, as Region, of numbers or words.",
      valueName: "columns"))
  var statics: NameList?

  @Option(
    help: ArgumentHelp(
      "The column that tells several series in one file apart.", valueName: "column"))
  var series: String?

  @Option(
    help: ArgumentHelp(
      "The table has a series a column, or a series a row of which the first cell names it.",
      valueName: "form"))
  var wide: WideForm?

  @OptionGroup var table: TableOptions
  @OptionGroup var reading: EncodingOption

  /// The columns, once the table is known; what no flag names is as a model has it.
  func resolved(
    in table: Table, like model: ForecastColumns? = nil
  ) throws(DataError) -> ForecastColumns {
    if let wide = wide ?? model?.wide {
      return ForecastColumns(
        target: "value",
        time: wide == .columns ? time ?? model?.time ?? table.timeColumnName() : nil,
        missing: self.table.missing ?? model?.missing ?? .error, format: model?.format, wide: wide)
    }
    let given = namesAll ? [] : covariates?.names ?? model?.covariates ?? []
    let (asked, series) = (self.target ?? model?.target, series ?? model?.series)
    let asksTime = self.time ?? model?.time
    let (known, statics) = (
      self.known?.names ?? model?.known ?? [], self.statics?.names ?? model?.statics ?? []
    )
    for name in [asked, series].compactMap({ $0 }) + given + known + statics {
      do throws(DataError) { _ = try table.column(name) } catch {
        var error = error
        if let advice = error.advice { error.advice = advice + headerAdvice(table) }
        throw error
      }
    }
    let times = try names(asksTime, in: table)
    let free = table.numericColumns.filter {
      !(times + known + statics).contains($0) && $0 != series
    }
    let target: String
    if let name = asked {
      target = name
    } else {
      target = try defaultTarget(in: table, numeric: free.filter { !given.contains($0) })
    }
    let used = [target] + given + known + statics + (series.map { [$0] } ?? [])
    let time = asksTime ?? table.timeColumnName(excluding: used)
    let timeNames = try names(time, in: table)
    return ForecastColumns(
      target: target, time: time,
      covariates: namesAll ? free.filter { $0 != target && !timeNames.contains($0) } : given,
      series: series, missing: self.table.missing ?? model?.missing ?? .error,
      format: table.formatOfNumbers(in: target), known: known, statics: statics)
  }

  /// The names of the columns that make a time together.
  private func names(_ time: String?, in table: Table) throws(DataError) -> [String] {
    guard let time else { return [] }
    return try table.timeColumns(time).map { table.columnNames[$0] }
  }

  func validate() throws {
    guard let wide else { return }
    for (flag, isGiven) in [
      ("--target", target != nil), ("--covariates", covariates != nil), ("--known", known != nil),
      ("--static", statics != nil), ("--series", series != nil),
    ] where isGiven {
      throw ValidationError("\(flag) names a column of a long table; leave it out with --wide.")
    }
    if wide == .rows, time != nil {
      throw ValidationError(
        "--time names a column; with --wide rows the names of the columns are the times.")
    }
  }

  private var namesAll: Bool { covariates?.names == ["all"] }

  private func defaultTarget(
    in table: Table, numeric: [String]
  ) throws(DataError) -> String {
    // Also when it holds text: the error about its cell helps more than another column.
    if table.columnNames.contains("Close") { return "Close" }
    let times = try names(
      table.timeColumnName(excluding: series.map { [$0] } ?? []), in: table)
    let numeric = numeric.filter { !times.contains($0) }
    if let only = numeric.first, numeric.count == 1 { return only }
    func listed(_ names: [String]) -> String {
      names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
        + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }
    throw DataError(
      file: table.source,
      problem: numeric.isEmpty
        ? "there is no column of numbers; the columns are \(listed(table.columnNames))"
        : "there are several columns of numbers: \(listed(numeric))",
      advice: "Name the one to forecast with --target"
        + (numeric.isEmpty ? headerAdvice(table) : ""))
  }

  /// What can be done where another line than that of the header was taken for it.
  private func headerAdvice(_ table: Table) -> String {
    table.format.hasHeader && table.format.headerLine == nil
      ? "; line \(table.headerLine) is taken for the header, and --header-line names another" : ""
  }
}

/// How a table of numbers is written, and what to do where it has gaps.
struct TableOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to do about empty cells and about rows that regular times ask for and that are absent: "
        + "error, interpolate (which uses later rows too), forward-fill, or drop, which goes on as if "
        + "there were no gap. (default: error, with a model as in its training)",
      valueName: "policy"))
  var missing: MissingValues?

  @Option(
    help: ArgumentHelp(
      "What stands before the fraction, point or comma, where a column such as 1,234 can be read in "
        + "two ways. (default: what the rest of the table tells)", valueName: "mark"))
  var decimal: DecimalMark?

  @Option(
    help: ArgumentHelp(
      "The line that names the columns, from 1. (default: the first that has as many cells as the rows)",
      valueName: "line"))
  var headerLine: Int?

  @Flag(help: "No line names the columns: they are called 1, 2 and so on.")
  var noHeader = false

  /// How the table is written: what no flag says is as a model has it.
  func format(_ encoding: TextEncoding, like model: TableFormat?) -> TableFormat {
    var format = model ?? TableFormat()
    if headerLine != nil || noHeader {
      (format.headerLine, format.hasHeader) = (headerLine, !noHeader)
    }
    if encoding != .utf8 { format.encoding = encoding }
    if let decimal { (format.decimalMark, format.isMarkSeen) = (decimal, nil) }
    return format
  }

  /// The series of a table for a model.
  ///
  /// - Parameter takesPlan: whether its rows may be those behind the ones that the model holds.
  func reading(
    _ path: String, _ encoding: TextEncoding, times: TimeOptions?, for forecaster: Forecaster,
    takesPlan: Bool = false
  ) throws(DataError) -> SeriesReading {
    try forecaster.reading(
      path, times: times, missing: missing,
      format: format(encoding, like: forecaster.configuration.columns?.format),
      takesPlan: takesPlan)
  }

  /// The flags that are given.
  var flags: JobFlags {
    JobFlags(
      [TrainForecaster.self],
      [
        "--missing": missing != nil, "--decimal": decimal != nil,
        "--header-line": headerLine != nil, "--no-header": noHeader,
      ])
  }

  func validate() throws {
    if let headerLine, headerLine < 1 || noHeader {
      throw ValidationError(
        noHeader
          ? "--header-line names the line of a header, and --no-header says that there is none."
          : "--header-line is at least 1, not \(headerLine).")
    }
  }
}

extension DecimalMark: ExpressibleByArgument {}
extension WideForm: ExpressibleByArgument {}
