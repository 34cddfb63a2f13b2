import Recurrent
import RecurrentFiles

extension ForecastEvaluation {
  /// How good all that a forecaster says of values is.
  public struct Probability: Sendable, Codable, Equatable, CustomStringConvertible {
    /// Shares that quantiles are forecast for.
    public let levels: [Double]
    /// The share of values that lay below each.
    public let below: [Double]
    /// The mean pinball loss of each, in the unit of the target.
    public let pinball: [Double]
    /// The continuous ranked probability score, in the unit of the target: the mean of twice the pinball
    /// loss over the shares 0.05, 0.1 … 0.95. Of a forecast without a spread it is the MAE.
    public let crps: Double
    /// CRPS with each series in the unit of its naive forecast's error, as MASE is.
    public let scaledCRPS: Double?
    /// The share of values below the quantiles of 0.05, 0.1 … 0.95.
    public let calibration: [Double]?

    /// Two lines.
    public var description: String {
      func percent(_ share: Double) -> String {
        let rounded = (share * 1000).rounded() / 10
        return rounded == rounded.rounded()
          ? NumberFormat.fixed(rounded, 0) : NumberFormat.fixed(rounded, 1)
      }
      func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }
      let shares = below.map { NumberFormat.fixed($0 * 100, 0) }
      return
        "Below the quantiles of \(list(levels.map(percent))) % lay \(list(shares)) % of the values."
        + "\nCRPS \(NumberFormat.significant(crps))"
        + (scaledCRPS.map { ", \(NumberFormat.fixedOrShort($0, 3)) in the unit of MASE" } ?? "")
        + "; of a forecast without a spread it would be its MAE."
    }
  }
}

/// Pinball losses of quantiles, added up.
struct PinballLosses {
  /// The shares that CRPS is the mean over.
  static let grid = (1...19).map { Double($0) / 20 }

  private var levels: [Double] = []
  private var below: [Double] = []
  private var losses: [Double] = []
  private var scaledGrid = 0.0
  private var (values, scaledValues) = (0.0, 0.0)

  mutating func add(_ window: JudgedWindow) {
    if values == 0 {
      levels = window.levels
      losses = (levels + Self.grid).map { _ in 0 }
      below = losses
    }
    let all = levels + Self.grid
    for (value, quantiles) in zip(window.actual, window.quantiles) {
      values += 1
      var ofGrid = 0.0
      for (place, quantile) in quantiles.enumerated() {
        let error = value - quantile
        let loss = max(all[place] * error, (all[place] - 1) * error)
        losses[place] += loss
        if error < 0 { below[place] += 1 }
        if place >= levels.count { ofGrid += loss }
      }
      if window.naiveScale > 0 {
        scaledValues += 1
        scaledGrid += ofGrid / window.naiveScale
      }
    }
  }

  var probability: ForecastEvaluation.Probability? {
    guard values > 0 else { return nil }
    let count = Double(Self.grid.count)
    return .init(
      levels: levels, below: below.prefix(levels.count).map { $0 / values },
      pinball: losses.prefix(levels.count).map { $0 / values },
      crps: 2 * losses.dropFirst(levels.count).reduce(0, +) / count / values,
      scaledCRPS: scaledValues > 0 ? 2 * scaledGrid / count / scaledValues : nil,
      calibration: below.dropFirst(levels.count).map { $0 / values })
  }
}

extension Forecaster {
  /// The shares whose quantiles reports show: those that were trained for, or the ends and the middle of
  /// the interval.
  var shownLevels: [Double] {
    options.loss == .quantile
      ? options.quantiles.map { Double("\($0)") ?? Double($0) }
      : [(1 - nominalCoverage) / 2, 0.5, (1 + nominalCoverage) / 2]
  }
}
