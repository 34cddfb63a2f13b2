import Recurrent

/// Which columns of a table make the series of a forecaster.
public struct ForecastColumns: Sendable, Codable, Equatable {
  /// The column that is forecast.
  public var target: String
  /// The times, or several columns that make one, as `Date,Time`; nil: found by itself.
  public var time: String?
  /// The columns that a network reads beside the target.
  public var covariates: [String]
  /// The column that tells series apart, if the table holds many.
  public var series: String?
  /// The treatment of missing values.
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

  /// - Parameters:
  ///   - words: columns that hold words though they may look like numbers.
  ///   - name: that of the one series, where no column tells it.
  ///   - isPlan: whether the values of all rows are still to come.
  func reading(
    _ table: Table, like model: TimeAxis?, words: Set<String>, named name: String? = nil,
    isPlan: Bool = false
  ) throws(DataError) -> SeriesReading {
    let long = try long(table)
    var parts = parts(of: long, like: model, words: words, named: name, isPlan: isPlan)
    try parts.add(long)
    return try parts.finish()
  }

  /// Whether a table says of its rows all but the values of the target.
  func isPlan(_ table: Table) -> Bool {
    guard wide == nil, table.rowCount > 0 else { return false }
    let names = Set(table.columnNames)
    let times = time?.split(separator: ",").map(String.init) ?? []
    guard let target = table.columnNames.firstIndex(of: target) else {
      let others = times + (known ?? []) + (statics ?? []) + (series.map { [$0] } ?? [])
      return !others.isEmpty && names.isSuperset(of: others)
    }
    let values = try? table.numbersOrNaN(column: target)
    return values?.allSatisfy(\.isNaN) ?? false
  }

  /// A table with a row for each value of a series.
  func long(_ table: Table) throws(DataError) -> Table {
    try wide.map { wide throws(DataError) in try table.long(wide, time: time) } ?? table
  }

  /// What takes the parts of a table in that form.
  ///
  /// - Parameter long: one of them.
  func parts(
    of long: Table, like model: TimeAxis?, words: Set<String> = [], named name: String? = nil,
    isPlan: Bool = false
  ) -> SeriesParts {
    if wide != nil {
      let moments = long.columnNames.filter { !["series", "value"].contains($0) }
      return SeriesParts(
        value: "value", time: moments.isEmpty ? nil : moments.joined(separator: ","),
        groupedBy: "series", missing: missing, times: times ?? TimeOptions(), like: model)
    }
    return SeriesParts(
      value: target, time: time, covariates: isPlan ? [] : covariates, groupedBy: series,
      missing: missing, times: times ?? TimeOptions(), like: model,
      known: KnownChoice(rows: known ?? [], statics: statics ?? [], words: words), named: name,
      isPlan: isPlan)
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
  ///   - takesPlan: whether a table without a value of the target tells of the rows behind those that the
  ///     model holds (``recent``), which are given with them.
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func reading(
    _ path: String, times: TimeOptions? = nil, missing: MissingValues? = nil,
    format: TableFormat? = nil, takesPlan: Bool = false
  ) throws(DataError) -> SeriesReading {
    try reading(times, missing, format, takesPlan) { format throws(DataError) in
      try Table(csv: path, format: format)
    }
  }

  /// The series of a table in memory, as those of a file.
  ///
  /// - Parameters:
  ///   - source: what messages call the table.
  ///   - takesPlan: as of a file.
  /// - Throws: ``DataError`` if the table cannot be read or lacks a column.
  public func reading(
    csvText: String, source: String, times: TimeOptions? = nil, takesPlan: Bool = false
  ) throws(DataError) -> SeriesReading {
    try reading(times, nil, nil, takesPlan) { format throws(DataError) in
      try Table(csvText: csvText, source: source, format: format)
    }
  }

  /// The one series of rows whose columns stand between tabs.
  ///
  /// - Parameters:
  ///   - names: of the columns; nil: they are time, target, covariates and what is known, as far as the
  ///     model has them, in the order in which it was told of them.
  ///   - series: its name.
  ///   - format: how numbers are written.
  /// - Throws: ``DataError`` whose line counts the rows from 2.
  package func reading(
    rows text: String, columns names: [String]?, series: String?, source: String,
    times: TimeOptions?, missing: MissingValues?, format: TableFormat
  ) throws(DataError) -> SeriesReading {
    var columns = self.columns
    (columns.series, columns.wide) = (nil, nil)
    if self.columns.wide == .rows { columns.time = "time" }
    let time = columns.time?.split(separator: ",").map(String.init) ?? []
    let names =
      names ?? time + [columns.target] + columns.covariates + (columns.known ?? [])
      + (columns.statics ?? [])
    let header = names.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: "\t")
    var own = format
    (own.hasHeader, own.headerLine) = (true, 1)
    return try reading(columns, times: times, missing: missing, named: series) {
      () throws(DataError) in
      try Table(csvText: header + "\n" + text, source: source, delimiter: "\t", format: own)
    }
  }

  /// The columns that it reads; of a model of series from a program, those that these had.
  private var columns: ForecastColumns {
    configuration.columns
      ?? ForecastColumns(
        target: configuration.channels[0], covariates: Array(configuration.channels.dropFirst()))
  }

  private func reading(
    _ times: TimeOptions?, _ missing: MissingValues?, _ format: TableFormat?, _ takesPlan: Bool,
    _ table: (TableFormat) throws(DataError) -> Table
  ) throws(DataError) -> SeriesReading {
    let columns = self.columns
    let table = try table(format ?? columns.format ?? TableFormat())
    return try reading(
      columns, times: times, missing: missing, isPlan: takesPlan && columns.isPlan(table)
    ) { () throws(DataError) in table }
  }

  private func reading(
    _ columns: ForecastColumns, times: TimeOptions?, missing: MissingValues?,
    named name: String? = nil, isPlan: Bool = false, _ table: () throws(DataError) -> Table
  ) throws(DataError) -> SeriesReading {
    var columns = columns
    if let times { columns.times = (columns.times ?? TimeOptions()).overridden(by: times) }
    if let missing { columns.missing = missing }
    var read = try columns.reading(
      table(), like: recent.first?.times, words: configuration.known?.choice.words ?? [],
      named: name, isPlan: isPlan)
    if isPlan { read = try planned(read) }
    let remarks = configuration.known?.remarks(on: read.series) ?? []
    return SeriesReading(read.series, remarks: read.remarks + remarks)
  }

  /// The rows that the model holds, with those of a plan behind them.
  private func planned(_ plan: SeriesReading) throws(DataError) -> SeriesReading {
    let isOne = recent.count == 1 && plan.series.count == 1
    let held = Dictionary(recent.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var (series, remarks, first) = ([Series](), plan.remarks, DataError?.none)
    for one in plan.series {
      do throws(DataError) {
        guard let known = isOne ? recent[0] : held[one.name] else {
          throw DataError(
            file: one.source, place: one.name.map { "series \($0.shown)" },
            problem: "has no value of \(columns.target), and the model holds no rows of it",
            advice: "Bring its last \(options.window) rows too, before those to be forecast")
        }
        series.append(try known.planned(by: one))
      } catch {
        first = first ?? error
        remarks.append((one.name.map { "\($0): " } ?? "") + "not forecast: \(error.problem)")
      }
    }
    if let first, series.isEmpty { throw first }
    if let one = series.first {
      remarks.append(
        "no row has a value of \(columns.target): they are taken for what follows the rows that the "
          + "model holds, which end at \(one.times.label(one.count - 1))")
    }
    return SeriesReading(series, remarks: remarks)
  }
}
