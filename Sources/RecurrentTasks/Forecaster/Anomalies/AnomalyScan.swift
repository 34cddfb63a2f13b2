import Recurrent

/// Which rows of series are other than a forecaster expects from the rows before them.
///
/// ```swift
/// let scan = try AnomalyScan(of: forecaster.read("june.csv"), by: forecaster, alpha: 0.01)
/// print(scan)
/// ```
///
/// Each row with a whole window before it is forecast from rows before it only; where a series goes on right
/// behind the rows that the model holds, these stand before it. Its p-value is the share of
/// one-step errors that are at least as large, of windows that the network was not trained on; both
/// directions count.
public struct AnomalyScan: Sendable {
  /// A row of a series, beside its forecast.
  public struct Row: Sendable, Equatable {
    /// The row's number in its series, from 0.
    public let row: Int
    /// The value that came, in the target's unit.
    public let value: Double
    /// The value that was forecast, in the target's unit.
    public let forecast: Double
    /// The ends of what is no anomaly.
    public let lower, upper: Double
    /// The p-value.
    public let p: Double
    /// The p-value that all rows together allow for (Benjamini and Hochberg 1995): of rows with one of at
    /// most α, a share of about α at most is none.
    public internal(set) var adjusted: Double
    /// Whether it is one.
    public fileprivate(set) var isAnomaly: Bool
  }

  /// A series and its rows.
  public struct Part: Sendable {
    /// The series.
    public let series: Series
    /// The rows that have a whole window before them.
    public fileprivate(set) var rows: [Row]
  }

  /// The scans of the series, one for each.
  public let parts: [Part]
  /// The p-value up to which a row is an anomaly.
  public let alpha: Double
  /// Whether that is of the adjusted one.
  public let isAdjusted: Bool
  /// How many errors p-values are counted in.
  public let errorCount: Int
  /// What these are errors of.
  let errorSource: String
  /// Why other series are not looked at, as sentences without a full stop.
  public let remarks: [String]

  /// The smallest p-value that there can be.
  public var smallest: Double { 1 / Double(errorCount + 1) }

  /// - Parameters:
  ///   - series: what is looked at.
  ///   - alpha: the share of usual rows that may be called anomalies; nil: 0.01, or what the number of errors
  ///     allows.
  ///   - usual: series of which all is as it should be, whose errors count; nil: those of the model's
  ///     validation part.
  ///   - isAdjusted: whether all rows are allowed for.
  /// - Throws: ``DataError`` if no series holds a window and a row behind it, there are no errors to count
  ///   in, or too few for `alpha`.
  public init(
    of series: [Series], by forecaster: Forecaster, alpha: Double? = nil, usual: [Series]? = nil,
    isAdjusted: Bool = false
  ) throws(DataError) {
    require(alpha.map { $0 > 0 && $0 < 1 } ?? true, "alpha lies between 0 and 1, not \(alpha ?? 0)")
    let errors = try Self.errors(forecaster, usual)
    let level = alpha ?? max(0.01, errors.smallest)
    guard let bound = errors.bound(level) else {
      throw DataError(
        file: "the p-values",
        problem: "cannot be below \(NumberFormat.significant(errors.smallest)) with "
          + "\(errors.count) errors, expected some of at most \(NumberFormat.short(Float(level)))",
        advice: "Use a larger --alpha, or a longer --usual file")
    }
    var (usable, remarks) = try Self.usable(series, forecaster)
    let window = forecaster.options.window
    if let led = usable.first(where: { $0.held > 0 }) {
      remarks.append(
        "the rows that the model holds, up to \(led.whole.times.label(led.held - 1)), were put before "
          + (usable.count == 1 ? "the series" : "series that go on right behind them"))
    }
    let alone = usable.count { $0.held == 0 }
    if alone > 0 {
      let whose =
        alone == usable.count
        ? usable.count == 1 ? "the series" : "each series" : "each of \(alone) series"
      remarks.append(
        "the first \(window) rows of \(whose) have no whole window before them: they are not judged"
      )
    }
    let learned = usable.reduce(0) { sum, one in
      sum + (one.held > 0 ? 0 : max(0, forecaster.learnedRows(of: one.series) - window))
    }
    if learned > 0 {
      remarks.append(
        "the model has learned \(NumberFormat.grouped(learned)) of the rows that are judged: of these it "
          + "expects more than of new ones")
    }
    let known = usual?.reduce(0) { $0 + max(0, forecaster.learnedRows(of: $1) - window) } ?? 0
    if known > 0 {
      remarks.append(
        "the model has learned \(NumberFormat.grouped(known)) of the usual rows, so that their errors "
          + "are smaller than those of new rows, and more of these are flagged")
    }
    errorSource =
      usual == nil
      ? "rows that were not trained on"
      : known > 0 ? "the usual rows, learned ones among them," : "the usual rows"
    var parts: [Part] = []
    for one in usable {
      var rows: [Row] = []
      forecaster.forEachNextRow(of: one) { row, forecast in
        let value = one.series.numbers[row]
        let score = forecast.score(of: value)
        let p = score.map(errors.pValue) ?? (value == forecast.value ? 1 : errors.smallest)
        let ends = [forecast.value(atScore: -bound), forecast.value(atScore: bound)]
        rows.append(
          Row(
            row: row, value: value, forecast: forecast.value, lower: ends[0], upper: ends[1], p: p,
            adjusted: p, isAnomaly: p <= level + 1e-9))
      }
      parts.append(Part(series: one.series, rows: rows))
    }
    let adjusted = Self.adjusted(parts.flatMap { $0.rows.map(\.p) })
    var place = 0
    for part in parts.indices {
      for row in parts[part].rows.indices {
        parts[part].rows[row].adjusted = adjusted[place]
        if isAdjusted { parts[part].rows[row].isAnomaly = adjusted[place] <= level + 1e-9 }
        place += 1
      }
    }
    (self.parts, self.alpha, self.isAdjusted) = (parts, level, isAdjusted)
    (errorCount, self.remarks) = (errors.count, remarks)
  }

  private static func errors(
    _ forecaster: Forecaster, _ usual: [Series]?
  ) throws(DataError) -> OneStepErrors {
    if let usual {
      var scores: [Double] = []
      for one in try usable(usual, forecaster).series {
        forecaster.forEachNextRow(of: one) { row, forecast in
          if let score = forecast.score(of: one.series.numbers[row]) { scores.append(score) }
        }
      }
      return OneStepErrors(scores)
    }
    if let known = forecaster.configuration.oneStepErrors, known.count > 0 { return known }
    throw DataError(
      file: "the model", problem: "knows no errors of rows that it was not trained on",
      advice: "Name a table of rows that are as they should be with --usual, or train with a "
        + "--validation-fraction")
  }

  private static func usable(
    _ series: [Series], _ forecaster: Forecaster
  ) throws(DataError) -> (series: [Forecaster.LedSeries], remarks: [String]) {
    var (usable, remarks) = ([Forecaster.LedSeries](), [String]())
    let window = forecaster.options.window
    for one in series {
      try forecaster.checkChannels(of: one)
      let led = forecaster.led(one, isOne: series.count == 1)
      if led.whole.count > window {
        usable.append(led)
      } else {
        remarks.append(
          "\(one.name.map { "\($0): " } ?? "")not looked at: \(one.count) rows hold no window of \(window) "
            + "and a row behind it")
      }
    }
    guard !usable.isEmpty else {
      throw DataError(
        file: series.first?.source ?? "the series",
        problem: "no series has more rows than the window, \(window)", advice: "Bring more rows")
    }
    return (usable, remarks)
  }

  /// The smallest share of false discoveries at which each is one (Benjamini and Hochberg 1995).
  static func adjusted(_ p: [Double]) -> [Double] {
    var result = p
    var least = 1.0
    let order = p.indices.sorted { p[$0] < p[$1] }
    for (rank, place) in order.enumerated().reversed() {
      least = min(least, p[place] * Double(p.count) / Double(rank + 1))
      result[place] = least
    }
    return result
  }
}

extension Forecaster {
  /// A series, and the same with the rows before it that the model holds.
  struct LedSeries {
    var series: Series
    var whole: Series
    /// How many the model holds of these.
    var held: Int { whole.count - series.count }
  }

  /// A series behind the rows that the model holds of it, if it goes on right there by its times.
  ///
  /// - Parameter isOne: whether it is one alone, and needs no name.
  func led(_ series: Series, isOne: Bool) -> LedSeries {
    let held =
      isOne && recent.count == 1 ? recent[0] : recent.first { $0.name == series.name }
    guard let held, held.goesOn(with: series), let whole = try? held.followed(by: series) else {
      return LedSeries(series: series, whole: series)
    }
    return LedSeries(series: series, whole: whole)
  }

  /// What is forecast for each row with a whole window before it, from rows before it only.
  func forEachNextRow(of led: LedSeries, _ body: (_ row: Int, _ forecast: ForecastRow) -> Void) {
    let start = max(options.window, led.held)
    let channels = channels(goingOn: led.whole, knownRows: start)
    for first in stride(from: start, to: led.whole.count, by: 1024) {
      let rows = first..<min(first + 1024, led.whole.count)
      let examples = ForecastExamples(
        [channels], origins: [rows], options: options, places: [place(of: led.whole)])
      for (row, forecasts) in zip(rows, self.rows(examples)) { body(row - led.held, forecasts[0]) }
    }
  }
}

extension ForecastRow {
  /// The value of a normal score, in the unit of the target.
  func value(atScore score: Double) -> Double { power.inverse(transformed(at: score)) }
}
