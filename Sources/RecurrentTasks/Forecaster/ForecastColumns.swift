import Recurrent

/// Which columns of a table make the series of a forecaster.
public struct ForecastColumns: Sendable, Codable, Equatable {
  /// What is forecast.
  public var target: String
  /// The times, or several columns that make one, as `Date,Time`; nil: found by itself.
  public var time: String?
  /// What is known beside the target.
  public var covariates: [String]
  /// The column that tells series apart, if the table holds many.
  public var series: String?
  /// What to do about missing values.
  public var missing: MissingValues
  /// How times are to be read; nil: by the evidence.
  public var times: TimeOptions?
  /// How the table is written, where that was said; nil: the table tells.
  public var format: TableFormat?
  /// How the table holds many series without a column that names them; nil: it does not.
  public var wide: WideForm?
  /// What is known of rows before they come; nil: nothing.
  public var known: [String]?
  /// What is the same for all rows of a series; nil: nothing.
  public var statics: [String]?

  /// A choice of columns.
  public init(
    target: String, time: String? = nil, covariates: [String] = [], series: String? = nil,
    missing: MissingValues = .error, times: TimeOptions? = nil, format: TableFormat? = nil,
    wide: WideForm? = nil, known: [String] = [], statics: [String] = []
  ) {
    self.target = target
    self.time = time
    self.covariates = covariates
    self.series = series
    self.missing = missing
    self.times = times
    self.format = format
    self.wide = wide
    self.known = known.isEmpty ? nil : known
    self.statics = statics.isEmpty ? nil : statics
  }

  /// The series of a table, oldest row first.
  ///
  /// - Parameter model: times that were written alike, whose reading and frequency are preferred.
  public func read(_ table: Table, like model: TimeAxis? = nil) throws(DataError) -> [Series] {
    try reading(table, like: model).series
  }

  /// The series of a table, and what is to be said of how they were read.
  ///
  /// - Parameter model: times that were written alike, whose reading and frequency are preferred.
  public func reading(
    _ table: Table, like model: TimeAxis? = nil
  ) throws(DataError) -> SeriesReading {
    try reading(table, like: model, words: [])
  }

  /// - Parameter words: columns that hold words though they may look like numbers.
  func reading(
    _ table: Table, like model: TimeAxis?, words: Set<String>
  ) throws(DataError) -> SeriesReading {
    if let wide {
      let long = try table.long(wide, time: time)
      let moments = long.columnNames.filter { !["series", "value"].contains($0) }
      return try SeriesReading(
        long, value: "value", time: moments.isEmpty ? nil : moments.joined(separator: ","),
        groupedBy: "series", missing: missing, times: times ?? TimeOptions(), like: model)
    }
    return try SeriesReading(
      table, value: target, time: time, covariates: covariates, groupedBy: series,
      missing: missing, times: times ?? TimeOptions(), like: model,
      known: KnownChoice(rows: known ?? [], statics: statics ?? [], words: words))
  }
}

extension Forecaster {
  /// The series of a table with the columns that this forecaster was trained on.
  ///
  /// Times are read as those that it was trained on, if the table allows it.
  ///
  /// - Parameter times: how times are to be read; nil: as for training.
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func read(_ path: String, times: TimeOptions? = nil) throws(DataError) -> [Series] {
    try reading(path, times: times).series
  }

  /// The series of a table with the columns that this forecaster was trained on, and what is to be said
  /// of how they were read.
  ///
  /// - Parameters:
  ///   - times: how times are to be read; nil: as for training.
  ///   - missing: what to do about missing values; nil: as in training.
  ///   - format: how the table is written; nil: as that of the training.
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func reading(
    _ path: String, times: TimeOptions? = nil, missing: MissingValues? = nil,
    format: TableFormat? = nil
  ) throws(DataError) -> SeriesReading {
    try reading(times: times, missing: missing, format: format) { format throws(DataError) in
      try Table(csv: path, format: format)
    }
  }

  /// The series of a table in memory, as those of a file.
  ///
  /// - Parameter source: what messages call the table.
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func reading(
    csvText: String, source: String, times: TimeOptions? = nil
  ) throws(DataError) -> SeriesReading {
    try reading(times: times, missing: nil, format: nil) { format throws(DataError) in
      try Table(csvText: csvText, source: source, format: format)
    }
  }

  private func reading(
    times: TimeOptions?, missing: MissingValues?, format: TableFormat?,
    _ table: (TableFormat) throws(DataError) -> Table
  ) throws(DataError) -> SeriesReading {
    var columns =
      configuration.columns
      ?? ForecastColumns(
        target: configuration.channels[0], covariates: Array(configuration.channels.dropFirst()))
    if let times { columns.times = (columns.times ?? TimeOptions()).overridden(by: times) }
    if let missing { columns.missing = missing }
    return try columns.reading(
      table(format ?? columns.format ?? TableFormat()),
      like: recent.first?.times, words: configuration.known?.choice.words ?? [])
  }
}
