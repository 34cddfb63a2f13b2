import Recurrent
import RecurrentFiles

/// Which series can be learned from.
extension ForecastPlan {
  /// Series that were left out and hold a window, transformed and scaled by all their rows, or as the model
  /// to go on from has it.
  var leftOutChannels: [(series: Series, channels: Channels)] {
    leftOut.map(\.series).filter { $0.count >= options.fewestSeen }.map { series in
      let rows = 0..<series.count
      return (
        series,
        Channels(
          series, rule: origin?.rule(of: series), power: origin?.power(of: series, rows: rows),
          options: options, trainingRows: rows)
      )
    }
  }

  /// The series that can be learned from with their splits, and why others cannot.
  ///
  /// - Throws: ``DataError`` of the first series, if there is none.
  static func usable(
    _ all: [Series], _ splits: [ForecastSplit], _ options: ForecasterOptions
  ) throws(DataError) -> (
    series: [Series], splits: [ForecastSplit], leftOut: [(series: Series, problem: String)]
  ) {
    var (series, parts) = ([Series](), [ForecastSplit]())
    var (leftOut, first) = ([(series: Series, problem: String)](), DataError?.none)
    for (one, split) in zip(all, splits) {
      try require(
        split.count > one.count
          ? "\(one.count) rows, but the split is of \(split.count)" : nil, of: one.source)
      let part = split.padded(options)
      let isLongEnough = part.isUsable(options)
      do throws(DataError) {
        guard isLongEnough else { throw tooShort(one, split, options) }
        try one.checkVaries()
        if options.loss.isOfCounts { try one.checkCounts(options.loss) }
        try checkTrainingRows(one, split)
        series.append(one)
        parts.append(part)
      } catch {
        first = first ?? error
        let needed = "\(one.count) rows, at least \(ForecastSplit.fewestRows(options)) are needed"
        leftOut.append(
          (one, isLongEnough || !isOfShares(split, one, options) ? error.problem : needed))
      }
    }
    if let first, series.isEmpty { throw first }
    return (series, parts, leftOut)
  }

  /// How many series have windows that begin before their first row.
  public var paddedCount: Int {
    splits.count { $0.training.lowerBound < options.window && !$0.training.isEmpty }
  }

  /// Why these series cannot be learned together, as a sentence; nil if they can.
  static func problem(_ series: [Series]) -> String? {
    var rules = OptionRules()
    rules.require(!series.isEmpty, else: "a forecaster needs at least one")
    rules.require(
      Set(series.map(\.name)).count == series.count,
      else: "several need names of their own, not "
        + listed(series.map { $0.name.map(quoted) ?? "none" }))
    let covariates = series.map { $0.covariates.map(\.name) }
    rules.require(
      covariates.allSatisfy { $0 == covariates[0] },
      else: "all have the same covariates, not " + listed(covariates.map { "\($0)" }))
    let known = series.map { $0.known.map { "\($0.name) \($0.isStatic) \($0.isOfWords)" } }
    rules.require(
      known.allSatisfy { $0 == known.first },
      else: "all have the same known columns, with words or numbers")
    return rules.problem
  }

  private static func isOfShares(
    _ split: ForecastSplit, _ series: Series, _ options: ForecasterOptions
  ) -> Bool { split == ForecastSplit(count: series.count, options: options) }

  private static func tooShort(
    _ series: Series, _ split: ForecastSplit, _ options: ForecasterOptions
  ) -> DataError {
    let parts = "a window of \(options.window), a horizon of \(options.horizon)"
    return DataError(
      file: series.source, place: series.name.map { "series \"\($0)\"" },
      problem: isOfShares(split, series, options)
        ? "found \(series.count) rows, expected at least \(ForecastSplit.fewestRows(options)) for \(parts), a validation fraction of \(options.validationFraction) and a test fraction of \(options.testFraction)"
        : (split.testStart < split.count && split.test.isEmpty
          ? "found \(split.count - split.testStart) rows to test"
          : split.training.isEmpty
            ? "found \(split.validationStart) rows for training"
            : "found \(split.testStart - split.validationStart) rows for validation")
          + ", too few for \(parts)",
      advice: "Use a smaller --window or --horizon, or bring more rows")
  }

  /// A part that does not change cannot be scaled by, even if later rows change.
  private static func checkTrainingRows(
    _ series: Series, _ split: ForecastSplit
  ) throws(DataError) {
    let rows = series.target[..<split.validationStart]
    guard let first = rows.first, rows.allSatisfy({ $0 == first }) else { return }
    throw DataError(
      file: series.source,
      place: "column \"\(series.targetName)\"" + (series.name.map { " of series \"\($0)\"" } ?? ""),
      problem:
        "the first \(rows.count) values, the training part, are all \(first); expected values "
        + "that change",
      advice: "Choose another column, or bring more rows")
  }
}

extension Series {
  /// Only whole numbers from zero on are counts.
  func checkCounts(
    _ loss: ForecastLoss, advice: String = "Use --loss normal, student-t or quantile"
  ) throws(DataError) {
    guard let row = target.firstIndex(where: { $0 < 0 || $0 != $0.rounded() }) else { return }
    throw DataError(
      file: source,
      place: "column \"\(targetName)\"" + (name.map { " of series \"\($0)\"" } ?? ""),
      problem:
        "found \(NumberFormat.significant(target[row])) at \(times.label(row)), expected counts: "
        + "\(loss.rawValue) is the distribution of whole numbers from 0 on",
      advice: advice)
  }
}
