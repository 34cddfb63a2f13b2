import RecurrentFiles

/// The series of a table, and what is to be said of how they were read.
public struct SeriesReading: Sendable {
  /// At least one.
  public let series: [Series]
  /// Sentences without a full stop about rows that were turned, filled, left out, or are the future.
  public let remarks: [String]

  /// Reads the series of a table, as ``Series/read(_:value:time:covariates:groupedBy:missing:times:like:known:)``.
  ///
  /// Rows from the newest to the oldest are turned. Rows behind the last value of the target are the
  /// future, of which only the times are kept.
  ///
  /// - Parameter ownName: the name of the one series of a table without `seriesColumn`.
  public init(
    _ table: Table, value: String, time: String? = nil, covariates: [String] = [],
    groupedBy seriesColumn: String? = nil, missing: MissingValues = .error,
    times options: TimeOptions = TimeOptions(), like model: TimeAxis? = nil,
    known choice: KnownChoice = KnownChoice(), named ownName: String? = nil
  ) throws(DataError) {
    var parts = SeriesParts(
      value: value, time: time, covariates: covariates, groupedBy: seriesColumn, missing: missing,
      times: options, like: model, known: choice, named: ownName)
    try parts.add(table)
    self = try parts.finish()
  }

  package init(_ series: [Series], remarks: [String]) {
    (self.series, self.remarks) = (series, remarks)
  }
}
