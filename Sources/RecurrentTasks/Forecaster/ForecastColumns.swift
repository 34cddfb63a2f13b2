import Recurrent

/// Which columns of a table make the series of a forecaster.
public struct ForecastColumns: Sendable, Codable, Equatable {
  /// What is forecast.
  public var target: String
  /// The times; nil: found by itself.
  public var time: String?
  /// What is known beside the target.
  public var covariates: [String]
  /// The column that tells series apart, if the table holds many.
  public var series: String?
  /// What to do about missing values.
  public var missing: MissingValues

  /// A choice of columns.
  public init(
    target: String, time: String? = nil, covariates: [String] = [], series: String? = nil,
    missing: MissingValues = .error
  ) {
    self.target = target
    self.time = time
    self.covariates = covariates
    self.series = series
    self.missing = missing
  }

  /// The series of a table, oldest row first.
  public func read(_ table: Table) throws(DataError) -> [Series] {
    try Series.read(
      table, value: target, time: time, covariates: covariates, groupedBy: series,
      missing: missing)
  }
}

extension Forecaster {
  /// The series of a table with the columns that this forecaster was trained on.
  ///
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func read(_ path: String) throws(DataError) -> [Series] {
    let table = try Table(csv: path)
    let columns =
      configuration.columns
      ?? ForecastColumns(
        target: configuration.channels[0], covariates: Array(configuration.channels.dropFirst()))
    return try columns.read(table)
  }
}
