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
  /// One point a row.
  public let points: [Forecaster.Point]
}

extension Forecaster {
  /// The rows after the last one of `series`.
  ///
  /// The network forecasts its horizon at once. Beyond it, forecasts are fed back as if they had
  /// come, and intervals grow with the square root of the number of horizons.
  ///
  /// - Parameter steps: how many rows; the horizon if not given.
  /// - Throws: ``DataError`` if `steps` is less than 1, if the series is shorter than the window, has other channels, or is
  ///   one whose scale was not fitted; or if more rows than the horizon are asked for and the
  ///   network has covariates, whose future is unknown.
  public func forecast(after series: Series, steps: Int? = nil) throws(DataError) -> Forecast {
    let steps = steps ?? options.horizon
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
      // Used up when there are covariates: the horizon was all that was asked for.
      let known = channels.values[0] + block.map(\.value)
      channels = Channels(values: [known.suffix(options.window)], scales: channels.scales)
    }
    return Forecast(
      series: series.name, times: series.times.next(steps), points: Array(points.prefix(steps)))
  }

  func scales(of series: Series) -> [ChannelScale]? {
    options.scaling == .window ? nil : configuration.scales[series.name ?? ""]
  }

  func check(_ series: Series) throws(DataError) {
    let place = series.name.map { "series \"\($0)\"" }
    let found = [series.targetName] + series.covariates.map(\.name)
    // A series of any name may be the target; covariates tell the network apart only by their
    // place.
    guard found.count == configuration.channels.count,
      found.dropFirst() == configuration.channels.dropFirst()
    else {
      throw DataError(
        file: series.source, place: place,
        problem:
          "found the columns \(found.joined(separator: ", ")), expected \(configuration.channels.joined(separator: ", "))",
        advice: "Give the covariates that the model was trained with, in that order")
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

extension Forecaster {
  /// The forecasts for each window, `[windows][horizon]`, in the unit of the target.
  func points(_ examples: ForecastExamples) -> [[Point]] {
    let (horizon, outputs) = (options.horizon, options.outputs)
    // As many windows at once as make good use of the kernels, fewer if they are long.
    let chunk = max(1, min(256, 4_000_000 / (options.window * options.hiddenSize)))
    var result: [[Point]] = []
    for start in stride(from: 0, to: examples.count, by: chunk) {
      let indices = Array(start..<min(start + chunk, examples.count))
      let batch = examples.batch(indices)
      let scaled = (model(batch.inputs) + batch.base).elements
      for (place, index) in indices.enumerated() {
        let scale = examples.targetScale(index)
        result.append(
          (0..<horizon).map { step in
            let first = (place * horizon + step) * outputs
            return point(scaled[first..<first + outputs], step: step, scale: scale)
          })
      }
    }
    return result
  }

  private func point(_ scaled: ArraySlice<Float>, step: Int, scale: ChannelScale) -> Point {
    if options.loss == .quantile {
      // Quantiles that cross are put in order.
      let sorted = scaled.sorted()
      return Point(
        value: scale.restored(sorted[options.pointOutput]),
        lower: scale.restored(sorted[0]),
        upper: scale.restored(sorted[sorted.count - 1]))
    }
    let value = scale.restored(scaled[scaled.startIndex])
    // There is none yet while the errors are collected that it comes from.
    let interval = configuration.interval.isEmpty ? nil : configuration.interval[step]
    // Errors that are all to one side give an interval beside the forecast: it is drawn up to it.
    return Point(
      value: value, lower: value + min(0, interval?.lower ?? 0) * scale.scale,
      upper: value + max(0, interval?.upper ?? 0) * scale.scale)
  }
}
