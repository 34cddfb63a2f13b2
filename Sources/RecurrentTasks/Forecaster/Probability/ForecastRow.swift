import Recurrent
import RecurrentFiles

/// What is forecast for one row, in the unit of the target.
struct ForecastRow: Sendable {
  let distribution: PredictiveDistribution
  let scale: ChannelScale
  let power: PowerTransform
  let calibration: ForecastCalibration?
  /// The row's step of the horizon.
  let step: Int
  /// How far from the forecast what is said may lie; nil: as far as it does.
  var reach: Double?
  /// What lies about rows that forecasts were fed back for: those of the first horizon, this step and
  /// the last, and how many horizons came before.
  var fedBack: Behind?

  /// Where a fed back forecast's spread comes from.
  final class Behind: Sendable {
    let (own, last): (ForecastRow, ForecastRow)
    let horizons: Double

    init(own: ForecastRow, last: ForecastRow, horizons: Int) {
      (self.own, self.last, self.horizons) = (own, last, Double(horizons))
    }
  }

  /// The forecast itself.
  var value: Double { power.inverse(centre) }

  /// The value below which a share of what comes should lie.
  func quantile(_ level: Double) -> Double {
    guard let reach else { return unbounded(level) }
    let most = reach * Double((fedBack?.horizons ?? 0) + 1).squareRoot()
    return min(max(unbounded(level), value - most), value + most)
  }

  private func unbounded(_ level: Double) -> Double {
    guard let fedBack else { return power.inverse(transformed(at: score(level))) }
    // Errors of one horizon after the other add up: their squares do, above the forecast and below it.
    let side: Double = level < 0.5 ? -1 : level > 0.5 ? 1 : 0
    let (own, last) = (
      max(0, side * fedBack.own.distance(level)), max(0, side * fedBack.last.distance(level))
    )
    return power.inverse(
      centre + side * (own * own + fedBack.horizons * last * last).squareRoot())
  }

  /// The forecast with the ends of its interval, the first and the last of some shares. Where all errors
  /// were to one side, it reaches up to the forecast.
  func point(_ levels: [Double]) -> Forecaster.Point {
    let ends = [levels[0], levels[levels.count - 1]].map(quantile)
    return Forecaster.Point(value: value, lower: min(ends[0], value), upper: max(ends[1], value))
  }

  /// The normal score of what came; nil where nothing can differ.
  func score(of value: Double) -> Double? {
    if case .counts = distribution { return distribution.score(of: value) }
    guard scale.scale > 0 else { return nil }
    let centre = distribution.centre
    // From the forecast, whose error is then exact.
    let error = (power(value) - power(power.inverse(transformed(centre)))) / scale.scale
    return distribution.score(of: centre + error)
  }

  private var centre: Double { transformed(distribution.centre) }

  private func distance(_ level: Double) -> Double {
    transformed(at: score(level)) - centre
  }

  func transformed(at score: Double?) -> Double {
    score.map { transformed(distribution.value(at: $0)) } ?? centre
  }

  private func transformed(_ scaled: Double) -> Double {
    if case .counts = distribution { return scaled }
    return scale.offset + scale.scale * scaled
  }

  /// The score of a share; nil if the network says a number alone and nothing of its errors is known yet.
  private func score(_ level: Double) -> Double? {
    if let calibration { return calibration.score(level, step: step) }
    if case .point = distribution { return nil }
    return StandardNormal.quantile(level)
  }
}

extension Forecaster {
  /// What is forecast for each window, `[windows][horizon]`.
  func rows(_ examples: ForecastExamples) -> [[ForecastRow]] {
    let (horizon, outputs) = (options.horizon, options.outputs)
    let scores = options.quantiles.map { StandardNormal.quantile(Double($0)) }
    let calibration = configuration.knownCalibration
    // As many windows at once as make good use of the kernels, fewer if they are long.
    let chunk = max(1, min(256, 4_000_000 / (options.window * options.hiddenSize)))
    var result: [[ForecastRow]] = []
    for start in stride(from: 0, to: examples.count, by: chunk) {
      let indices = Array(start..<min(start + chunk, examples.count))
      let batch = examples.batch(indices)
      let sum = models.dropFirst().reduce(model(batch)) { $0 + $1(batch) }
      let scaled = (models.count > 1 ? sum * (1 / Float(models.count)) : sum).elements
      for (place, index) in indices.enumerated() {
        let (scale, power) = (examples.targetScale(index), examples.power(index))
        // What is small on a transformed scale may be far away on the other.
        let reach =
          power.isNone
          ? nil : configuration.reaches?[examples.name(index)].map { $0 * examples.size(index) }
        result.append(
          (0..<horizon).map { step in
            let first = (place * horizon + step) * outputs
            return ForecastRow(
              distribution: options.loss.distribution(
                scaled[first..<first + outputs], scores: scores, scale: scale.scale),
              scale: scale, power: power, calibration: calibration, step: step, reach: reach)
          })
      }
    }
    return result
  }

  /// The forecasts for each window, `[windows][horizon]`, in the unit of the target.
  func points(_ examples: ForecastExamples) -> [[Point]] {
    let levels = shownLevels
    return rows(examples).map { $0.map { $0.point(levels) } }
  }
}

extension Forecaster.Configuration {
  /// The calibration that was found, or of a model of old the interval alone.
  var knownCalibration: ForecastCalibration? {
    calibration ?? (interval.isEmpty ? nil : ForecastCalibration(interval))
  }
}
