import Recurrent

/// What comes after the last row of a series.
public struct Forecast: Sendable, Equatable {
  /// The series' name, if it has one.
  public let series: String?
  /// The times of the rows that are forecast.
  public let times: TimeAxis
  /// One point a row.
  public let points: [Forecaster.Point]
}

extension Forecaster {
  /// The rows after the last one of `series`.
  ///
  /// The network forecasts its horizon at once. Beyond it, forecasts are fed back as if they had come, and intervals grow
  /// with the square root of the number of horizons.
  ///
  /// - Parameter steps: how many rows; the horizon if not given.
  /// - Throws: ``DataError`` if the series is shorter than the window, has other channels, or is one whose scale was not
  ///   fitted; or if more rows than the horizon are asked for and the network has covariates, whose future is unknown.
  public func forecast(after series: Series, steps: Int? = nil) throws(DataError) -> Forecast {
    let steps = steps ?? options.horizon
    precondition(steps >= 1, "a forecast has at least one step, not \(steps)")
    try check(series)
    if steps > options.horizon, !series.covariates.isEmpty {
      throw DataError(
        file: series.source,
        problem:
          "\(steps) steps were asked for, but the model forecasts \(options.horizon); beyond that it would need the future of \(series.covariates.map(\.name).joined(separator: ", "))",
        advice: "Ask for at most \(options.horizon) steps, or train with --horizon \(steps)")
    }
    var channels = Channels(series.suffix(options.window), scales: scales(of: series))
    var points: [Point] = []
    while points.count < steps {
      let end = channels.values[0].count
      let examples = ForecastExamples(
        [channels], origins: [end..<end + 1], options: options, base: configuration.base)
      let widening = (Double(points.count / options.horizon) + 1).squareRoot()
      let block = self.points(examples)[0]
      points += block.map { point in
        Point(
          value: point.value, lower: point.value + (point.lower - point.value) * widening,
          upper: point.value + (point.upper - point.value) * widening)
      }
      // Only the last window is kept: a long forecast takes no longer by the step than a short one.
      channels = Channels(
        values: [(channels.values[0] + block.map(\.value)).suffix(options.window)]
          + channels.values.dropFirst(),
        scales: channels.scales)
    }
    return Forecast(
      series: series.name, times: series.times.next(steps), points: Array(points.prefix(steps)))
  }

  /// The errors of one-horizon forecasts over all windows of series that the forecaster was not trained on.
  ///
  /// MASE is scaled by the series itself, since there is no training part.
  ///
  /// - Throws: ``DataError`` as ``forecast(after:steps:)``, and if no series holds a window and its future.
  public func evaluate(on series: [Series]) throws(DataError) -> ForecastEvaluation {
    for one in series {
      try check(one)
      guard one.count >= options.window + options.horizon else {
        throw DataError(
          file: one.source, place: one.name.map { "series \"\($0)\"" },
          problem:
            "found \(one.count) rows, expected at least \(options.window + options.horizon): a window of \(options.window) and a horizon of \(options.horizon)",
          advice: "Bring more rows")
      }
    }
    let examples = ForecastExamples(
      series.map { Channels($0, scales: scales(of: $0)) },
      origins: series.map { options.window..<$0.count - options.horizon + 1 }, options: options,
      base: configuration.base)
    return evaluate(
      examples,
      naiveScales: series.map { ForecastErrors.naiveScale($0.target, season: options.season ?? 1) })
  }

  private func scales(of series: Series) -> [ChannelScale]? {
    options.scaling == .window ? nil : configuration.scales[series.name ?? ""]
  }

  private func check(_ series: Series) throws(DataError) {
    let place = series.name.map { "series \"\($0)\"" }
    let found = [series.targetName] + series.covariates.map(\.name)
    guard found.count == configuration.channels.count else {
      throw DataError(
        file: series.source, place: place,
        problem:
          "found the columns \(found.joined(separator: ", ")), expected \(configuration.channels.joined(separator: ", "))",
        advice: "Give the covariates that the model was trained with")
    }
    guard series.count >= options.window else {
      throw DataError(
        file: series.source, place: place,
        problem:
          "found \(series.count) rows, expected at least \(options.window): the model looks back \(options.window) rows",
        advice: "Bring more rows")
    }
    guard options.scaling == .window || scales(of: series) != nil else {
      let known = configuration.scales.keys.sorted().joined(separator: ", ")
      throw DataError(
        file: series.source, place: place,
        problem: "the model has no scale for this series; it knows \(known)",
        advice: "Train with --scaling window for series that are not known beforehand")
    }
  }
}

extension Channels {
  init(values: [[Double]], scales: [ChannelScale]?) {
    self.values = values
    self.scales = scales
  }
}
