import RecurrentFiles

extension Series {
  /// Reads one series from the CSV file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - value: The column to forecast.
  ///   - time: The column of times, or several that make one, as `Date,Time`. `nil` takes the first
  ///     column that is named like a time and holds times, else the first that holds calendar dates,
  ///     else numbers the rows.
  ///   - covariates: Columns that are known beside the target.
  ///   - missing: What to do with cells that hold no value.
  /// - Throws: ``DataError`` with file, line and column.
  public init(
    csv path: String, value: String, time: String? = nil, covariates: [String] = [],
    missing: MissingValues = .error
  ) throws(DataError) {
    let all = try Series.read(
      Table(csv: path), value: value, time: time, covariates: covariates, missing: missing)
    self = all[0]
  }

  /// Reads the series of `table`, in the order in which they first appear.
  ///
  /// - Parameters:
  ///   - table: The table.
  ///   - value: The column to forecast.
  ///   - time: The column of times, ascending within each series; `nil` as in
  ///     ``init(csv:value:time:covariates:missing:)``.
  ///   - covariates: Columns that are known beside the target.
  ///   - seriesColumn: The column that tells series apart; `nil` when the table is one series.
  ///   - missing: What to do with cells that hold no value, and with rows that regular times ask for
  ///     and that are absent; gaps are filled within a series.
  ///   - options: How the times are to be read, where that is not left to the evidence.
  ///   - model: Times that were written alike: their reading and frequency are preferred.
  ///   - known: Columns that are known before their rows come.
  /// - Returns: At least one series; exactly one without `seriesColumn`.
  /// - Throws: ``DataError`` with file, line and column.
  public static func read(
    _ table: Table, value: String, time: String? = nil, covariates: [String] = [],
    groupedBy seriesColumn: String? = nil, missing: MissingValues = .error,
    times options: TimeOptions = TimeOptions(), like model: TimeAxis? = nil,
    known: KnownChoice = KnownChoice()
  ) throws(DataError) -> [Series] {
    try SeriesReading(
      table, value: value, time: time, covariates: covariates, groupedBy: seriesColumn,
      missing: missing, times: options, like: model, known: known
    ).series
  }
}
