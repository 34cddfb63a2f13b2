import Recurrent

extension Forecaster {
  /// A forecast of one row: the value, and the ends of its interval.
  public struct Point: Sendable, Codable, Equatable {
    /// The forecast.
    public var value: Double
    /// The lower end of the interval.
    public var lower: Double
    /// The upper end of the interval.
    public var upper: Double
  }
}

/// What comes after the last row of a series.
public struct Forecast: Sendable, Equatable {
  /// The series' name, if it has one.
  public let series: String?
  /// The times of the rows that are forecast.
  public let times: TimeAxis
  /// The forecast points, one a row.
  public let points: [Forecaster.Point]
  let rows: [ForecastRow]

  /// The values below which a share of what comes should lie, one a row.
  ///
  /// - Parameter level: the share, in 0...1.
  public func quantile(_ level: Double) -> [Double] { rows.map { $0.quantile(level) } }

  /// Whether series, times and points are the same.
  public static func == (one: Self, other: Self) -> Bool {
    one.series == other.series && one.times == other.times && one.points == other.points
  }
}

extension Forecaster {
  /// The rows after the last one of `series`.
  ///
  /// The network forecasts its horizon at once. Beyond it, forecasts are fed back as if they had
  /// come, and the squares of errors add up: those of each horizon before to the step's own.
  ///
  /// A series that the network was not trained on is forecast as well: each window by its own scale,
  /// or, where scales are fitted, by one fitted on its rows.
  ///
  /// - Parameter steps: how many rows; if not given, those of ``Series/future`` (with covariates no more
  ///   than the horizon), else the horizon.
  /// - Throws: ``DataError`` if `steps` is less than 1, if the series is shorter than the window or has
  ///   other channels; or if more rows than the horizon are asked for and the network has covariates,
  ///   whose future is unknown.
  public func forecast(after series: Series, steps: Int? = nil) throws(DataError) -> Forecast {
    let steps = steps ?? defaultSteps(after: series)
    var rules = OptionRules()
    rules.require(["the number of steps": steps])
    try require(rules.problem, of: "the forecast")
    try check(series)
    if steps > options.horizon, !series.covariates.isEmpty {
      throw DataError(
        file: series.source,
        problem:
          "\(steps) steps were asked for, but the model forecasts \(options.horizon); beyond that it would need the future of \(series.covariates.map(\.name).joined(separator: ", "))",
        advice: "Ask for at most \(options.horizon) steps, or train with --horizon \(steps)")
    }
    try checkKnown(series, steps: steps)
    let (rows, levels) = (rows(after: series, count: steps), shownLevels)
    return Forecast(
      series: series.name, times: series.times(next: steps),
      points: rows.map { $0.point(levels) }, rows: rows)
  }

  private func rows(after series: Series, count: Int) -> [ForecastRow] {
    var channels = channels(series)
      .with(configuration.known, of: series, ahead: count + options.horizon)
    var rows: [ForecastRow] = []
    while rows.count < count {
      let end = channels.values[0].count
      let examples = ForecastExamples(
        [channels], origins: [end..<end + 1], options: options, places: [place(of: series)])
      let horizons = rows.count / options.horizon
      let block = self.rows(examples)[0].map { row in
        guard horizons > 0 else { return row }
        var row = row
        row.fedBack = .init(
          own: rows[row.step], last: rows[options.horizon - 1], horizons: horizons)
        return row
      }
      rows += block
      // Used up when there are covariates: the horizon was all that was asked for.
      channels = channels.target(last: options.window, followedBy: block.map(\.value))
    }
    return Array(rows.prefix(count))
  }

  /// Throws if rows are asked for of which the table tells nothing that the network is told of others.
  private func checkKnown(_ series: Series, steps: Int) throws(DataError) {
    let (future, names) = (series.future?.count ?? 0, configuration.known?.rowColumns ?? [])
    guard !names.isEmpty, steps > future else { return }
    throw DataError(
      file: series.source, place: series.name.map { "series \"\($0)\"" },
      problem: "\(steps) rows were asked for, but \(names.joined(separator: ", ")) of "
        + (future == 0 ? "none of them is known" : "only \(future) of them are known"),
      advice: "Bring a table with rows behind the last value of the target that hold "
        + names.joined(separator: ", ")
        + (future > 0 ? ", or ask for \(future) steps" : ""))
  }

  private func defaultSteps(after series: Series) -> Int {
    guard let future = series.future?.count else { return options.horizon }
    return configuration.channels.count > 1 ? min(future, options.horizon) : min(future, 100_000)
  }

  /// The rows after each series, and why others are not forecast.
  ///
  /// - Throws: ``DataError`` as ``forecast(after:steps:)``, if not one can be forecast.
  public func forecasts(
    after series: [Series], steps: Int? = nil
  ) throws(DataError) -> (forecasts: [Forecast], remarks: [String]) {
    var (forecasts, remarks, first) = ([Forecast](), [String](), DataError?.none)
    let trained = Set(recent.map(\.name)).subtracting(configuration.leftOut ?? [])
    for one in series {
      let name = one.name.map { "\($0): " } ?? ""
      do throws(DataError) {
        let forecast = try forecast(after: one, steps: steps)
        forecasts.append(forecast)
        if let remark = transformRemark(on: one) { remarks.append(remark) }
        if let future = one.future?.count, steps == nil, future > forecast.points.count {
          remarks.append(
            "\(name)\(future) rows are to be forecast, but the model forecasts \(options.horizon); for more, "
              + "train with --horizon \(future)")
        }
        if one.name != nil, !trained.contains(one.name) {
          remarks.append("\(name)not trained on; forecast by the network of the others")
        }
      } catch {
        first = first ?? error
        remarks.append("\(name)not forecast: \(error.problem)")
      }
    }
    if let first, forecasts.isEmpty || series.count == 1 { throw first }
    return (forecasts, remarks)
  }

  /// The place of a series among those that have weights of their own; nil if it has none.
  func place(of series: Series) -> Int? {
    configuration.ownVectors?.firstIndex(of: series.name ?? "")
  }

  /// What the target of a series goes through: as in training, or by the rows that are known.
  func power(of series: Series, rows: Range<Int>) -> PowerTransform {
    guard let transform = options.transform else { return PowerTransform() }
    return configuration.powers?[series.name ?? ""]
      ?? transform.power(of: series.target[rows], season: options.season)
  }

  /// How windows of a series are scaled, as they were in training; nil if its scale is not known.
  func rule(of series: Series) -> Channels.Rule? {
    guard let window = options.scaling.window else {
      return configuration.scales[series.name ?? ""].map {
        options.scaling == .level ? .level($0) : .fitted($0)
      }
    }
    return configuration.leastScale.map { .window(least: $0, window) } ?? .unguardedWindow
  }

  /// The channels of a series of which all rows are known: a scale that was not fitted is fitted on
  /// them. The rows that the model kept go on from those that it did not keep, and other rows of such a
  /// series that never vary are taken to be in its unit.
  func channels(_ series: Series) -> Channels {
    var channels = scaled(series)
    channels.base = base(of: series, channels, fittedRows: series.count)
    return channels
  }

  /// The base forecast of a series, fitted on its first rows.
  func base(of series: Series, _ channels: Channels, fittedRows: Int) -> BaseForecast {
    let usual: ForecastBase = configuration.base == .season ? .season : .last
    let kind =
      options.base == .learned ? .learned : configuration.bases?[series.name ?? ""] ?? usual
    return BaseForecast(
      kind, channels.values[0].array, fittedRows: fittedRows, seasons: options.seasons)
  }

  private func scaled(_ series: Series) -> Channels {
    let power = power(of: series, rows: 0..<series.count)
    guard let rule = rule(of: series) else {
      return Channels(series, power: power, options: options, trainingRows: 0..<series.count)
    }
    guard let kept = keptChannels(of: series, rule, power) else {
      return Channels(series, rule: rule, power: power)
    }
    return recent.contains(series)
      ? kept : Channels(series, rule: rule, power: power, fallback: kept.typicalSteps)
  }

  /// The channels of the rows that the model kept of a series of this name; nil if there are none.
  func keptChannels(
    of series: Series, _ rule: Channels.Rule, _ power: PowerTransform
  ) -> Channels? {
    recent.firstIndex { $0.name == series.name }.map { place in
      Channels(recent[place], rule: rule, power: power, before: extras.before[place])
    }
  }

  /// Throws if a series has other channels than the network.
  func checkChannels(of series: Series) throws(DataError) {
    let place = series.name.map { "series \"\($0)\"" }
    let found = [series.targetName] + series.covariates.map(\.name)
    if options.loss.isOfCounts {
      try series.checkCounts(
        options.loss, advice: "Give counts, or train on such values with another --loss")
    }
    // A series of any name may be the target; covariates tell the network apart only by their
    // place.
    let known = configuration.known?.columns ?? []
    guard
      zip(known, series.known).allSatisfy({
        $0.name == $1.name && $0.isStatic == $1.isStatic && ($0.words != nil) == $1.isOfWords
      }), known.count == series.known.count
    else {
      throw DataError(
        file: series.source, place: place,
        problem:
          "found \(series.known.isEmpty ? "no known columns" : "the known columns " + series.known.map(\.name).joined(separator: ", ")), "
          + "expected \(known.isEmpty ? "none" : known.map(\.name).joined(separator: ", "))",
        advice: "Give the columns that the model was trained with, of words or numbers as there")
    }
    guard found.count == configuration.channels.count,
      found.dropFirst() == configuration.channels.dropFirst()
    else {
      throw DataError(
        file: series.source, place: place,
        problem:
          "found the columns \(found.joined(separator: ", ")), expected \(configuration.channels.joined(separator: ", "))",
        advice: "Give the covariates that the model was trained with, in that order")
    }
  }

  /// What is to be said of values that the transform of a series cannot take, without a full stop; nil: it
  /// takes all.
  func transformRemark(on series: Series) -> String? {
    guard let power = configuration.powers?[series.name ?? ""], !power.isNone else { return nil }
    let low = series.target.indices.filter { series.target[$0] < power.least }
    guard let first = low.first else { return nil }
    return (series.name.map { "\($0): " } ?? "")
      + "\(low.count == 1 ? "1 value is" : "\(low.count) values are") below "
      + "\(NumberFormat.significant(power.least)), the least that the model's "
      + "\(power.power == 0 ? "logarithms" : "powers") know, and taken for it; the first is "
      + "\(NumberFormat.significant(series.target[first])) at \(series.times.label(first))"
  }

  /// Throws if a series cannot be forecast.
  func check(_ series: Series) throws(DataError) {
    try checkChannels(of: series)
    guard series.count >= options.fewestSeen else {
      throw DataError(
        file: series.source, place: series.name.map { "series \"\($0)\"" },
        problem:
          "found \(series.count) rows, expected at least \(options.fewestSeen): the model looks back \(options.window) rows",
        advice: "Bring more rows")
    }
  }
}

extension Series {
  /// The times of `count` rows behind the last one: those of the future, as far as they are known.
  fileprivate func times(next count: Int) -> TimeAxis {
    guard let future, future.count < count else {
      return future?.prefix(count) ?? times.next(count)
    }
    return future.followed(by: count - future.count)
  }
}
