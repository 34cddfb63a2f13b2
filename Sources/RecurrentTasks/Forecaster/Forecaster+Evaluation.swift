import Recurrent

extension Forecaster {
  /// The errors of one-horizon forecasts over all windows of series that the forecaster was not
  /// trained on.
  ///
  /// MASE is scaled by the series itself, since there is no training part. Of several series those that
  /// are too short are left out, and so are windows that forecast rows which the model has learned; if
  /// there are no others, the evaluation is of these and says so (``ForecastEvaluation/rows``).
  ///
  /// - Throws: ``DataError`` as ``forecast(after:steps:)``, and if no series holds a window and its
  ///   future.
  public func evaluate(on series: [Series]) throws(DataError) -> ForecastEvaluation {
    let series = try evaluable(series).series
    let unlearned = unlearned(series)
    let units = series.map { SeriesUnit($0.target, season: options.season, name: $0.name) }
    return ForecastEvaluation(
      ForecastEvaluation.Sums(of: try examples(of: series, unlearned.origins), by: self, units),
      nominalCoverage: nominalCoverage, of: unlearned.isNone ? .learned : nil)
  }

  /// Those that hold a window and its future, which of their windows are judged in a word, and why
  /// others are not.
  public func evaluable(
    _ series: [Series]
  ) throws(DataError) -> (series: [Series], part: String, remarks: [String]) {
    var (usable, remarks) = ([Series](), [String]())
    for one in series {
      try checkChannels(of: one)
      if one.count >= options.fewestSeen + options.horizon || series.count == 1 {
        usable.append(one)
      } else {
        remarks.append(
          "\(one.name ?? ""): left out, since \(one.count) rows hold no window of \(options.window) and "
            + "horizon of \(options.horizon)")
      }
    }
    let kept = usable.isEmpty ? series : usable
    remarks += kept.compactMap(transformRemark)
    let unlearned = unlearned(kept)
    if let told = unlearned.told { remarks.append(told) }
    return (kept, unlearned.word, usable.isEmpty ? [] : remarks)
  }

  /// The windows of series that forecast rows which were not learned.
  private func unlearned(_ series: [Series]) -> Unlearned {
    Unlearned(series, origins(of: series), of: self)
  }

  /// The origins of all windows whose future is known.
  private func origins(of series: [Series]) -> [Range<Int>] {
    series.map { series in
      let first = options.firstOrigin(rows: series.count)
      return first..<max(first, series.count - options.horizon + 1)
    }
  }

  /// Windows of series whose future is known.
  ///
  /// - Parameter origins: which, by series; nil: all.
  func examples(
    of series: [Series], _ origins: [Range<Int>]? = nil
  ) throws(DataError) -> ForecastExamples {
    for one in series {
      try check(one)
      let fewest = options.fewestSeen + options.horizon
      guard one.count >= fewest else {
        throw DataError(
          file: one.source, place: one.name.map { "series \"\($0)\"" },
          problem:
            "found \(one.count) rows, expected at least \(fewest): a window of \(options.window) and a horizon of \(options.horizon)",
          advice: "Bring more rows")
      }
    }
    return ForecastExamples(
      // A scale that is not known is fitted on what the first window sees, so that nothing leaks.
      series.map { series in
        let (first, rule) = (0..<options.firstOrigin(rows: series.count), rule(of: series))
        let power = power(of: series, rows: first)
        var channels =
          rule.map {
            // What never varies is in the unit of the rows that the model kept, as in forecasts.
            Channels(
              series, rule: $0, power: power,
              fallback: series.target.allSatisfy { $0 == series.target[0] }
                ? keptChannels(of: series, $0, power)?.typicalSteps : nil)
          }
          ?? Channels(series, power: power, options: options, trainingRows: first)
        channels.base = base(of: series, channels, fittedRows: first.count)
        return channels.with(configuration.known, of: series, ahead: 0)
      },
      origins: origins ?? self.origins(of: series), options: options,
      places: series.map(place))
  }

  /// The one-horizon forecasts of all windows; without series, those that come after the training
  /// data.
  public func compared(
    with rounded: Forecaster, on series: [Series]?
  ) throws(DataError) -> Rounding.Answers? {
    let examples =
      try series.map { series throws(DataError) in
        try self.examples(of: evaluable(series).series)
      } ?? recentExamples
    var (count, largest, squares) = (0, 0.0, 0.0)
    for part in examples.parts {
      let forecasts = [self, rounded].map { $0.rows(examples[part]).joined() }
      for (one, other) in zip(forecasts[0], forecasts[1]) {
        let difference = abs(one.value - other.value)
        (count, largest) = (count + 1, max(largest, difference))
        squares += difference * difference
      }
    }
    let source = series.map { Set($0.map(\.source)).sorted().joined(separator: ", ") }
    return Rounding.Answers(
      of: "\(examples.count) \(examples.count == 1 ? "window" : "windows") of "
        + (source ?? "the end of the training data"),
      largestDifference: largest,
      rmsDifference: (squares / Double(max(1, count))).squareRoot())
  }

  /// The last window of each series of the training data; what came then is not known.
  private var recentExamples: ForecastExamples {
    ForecastExamples(
      recent.map { series in
        channels(series).with(configuration.known, of: series, ahead: options.horizon)
      },
      origins: recent.map { $0.count..<$0.count + 1 }, options: options, places: recent.map(place))
  }
}
