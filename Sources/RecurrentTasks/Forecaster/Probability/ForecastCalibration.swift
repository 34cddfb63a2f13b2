import Recurrent
import RecurrentFiles

/// Which scores hold which share, by what came on rows that were not trained on (conformal
/// calibration, Vovk et al. 2005): the network's own shares need not be true.
struct ForecastCalibration: Sendable, Codable, Equatable {
  /// Shares below, ascending.
  static let levels = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9,
    0.95, 0.975, 0.99, 0.995,
  ]

  /// Shares below.
  private(set) var levels: [Double]
  /// For each step of the horizon, the scores at these.
  private(set) var scores: [[Float]]
  /// How far the scores of one row of a forecast tell those of the next: the mean product of
  /// neighbours; samples follow it.
  private(set) var dependence: Float?

  /// - Parameters:
  ///   - scores: those of what came, `[steps][windows]`.
  ///   - independent: how many of the windows overlap no other: those that do repeat each other's errors.
  ///     Of few, scores are widened as Student's distribution is wider than the normal one.
  init(_ scores: [[Double]], independent: Double = .infinity) {
    levels = Self.levels
    let widening = Self.levels.map { level -> Double in
      let z = StandardNormal.quantile(level)
      guard independent < 1000, abs(z) > 1e-9 else { return 1 }
      return StudentDistribution.quantile(at: z, freedom: max(1, independent)) / z
    }
    self.scores = scores.map { own in
      let sorted = own.sorted()
      let found = zip(Self.levels, widening).map { Float(Self.quantile(sorted, $0) * $1) }
      // Quantiles that are all on one side of zero may pass one another when they are widened.
      return found.sorted()
    }
    dependence = Self.dependence(scores)
  }

  /// The calibration of a model that knows an interval alone: the ends, and no error between them.
  init(_ intervals: [ForecastInterval]) {
    levels = [(1 - ForecastInterval.coverage) / 2, 0.5, (1 + ForecastInterval.coverage) / 2]
    scores = intervals.map { [Float($0.lower), 0, Float($0.upper)] }
  }

  /// The score below which a share of what comes lies, at a step: linear in the normal score of the share
  /// between those that are known, and beyond them the last one known.
  func score(_ level: Double, step: Int) -> Double {
    let own = scores[step]
    guard let high = levels.firstIndex(where: { $0 >= level - 1e-9 }) else {
      return Double(own[own.count - 1])
    }
    guard high > 0, levels[high] > level + 1e-9 else { return Double(own[high]) }
    let ends = [levels[high - 1], levels[high], level].map { StandardNormal.quantile($0) }
    let part = (ends[2] - ends[0]) / (ends[1] - ends[0])
    return Double(own[high - 1]) + part * Double(own[high] - own[high - 1])
  }

  /// What is wrong with the calibration, as a sentence; nil if nothing is.
  func problem(horizon: Int) -> String? {
    if scores.count != horizon { return "\(scores.count) intervals for a horizon of \(horizon)" }
    let isAscending = zip(levels, levels.dropFirst()).allSatisfy { $0 < $1 }
    if levels.isEmpty || !isAscending || !levels.allSatisfy({ $0 > 0 && $0 < 1 })
      || !scores.allSatisfy({ own in
        own.count == levels.count && own.allSatisfy { abs($0) < 1e30 }
          && zip(own, own.dropFirst()).allSatisfy { $0 <= $1 }
      })
    {
      return "a calibration whose scores do not ascend"
    }
    return dependence.map { abs($0) <= 1 } ?? true ? nil : "a dependence beyond 1"
  }

  /// Place (n + 1)·share of n sorted numbers, linear between two: a new one of the same kind lies
  /// below it with that probability, also where n is small. The plain quantile of few errors makes
  /// intervals too narrow.
  static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let place = min(max(share * Double(sorted.count + 1) - 1, 0), Double(last))
    let below = Int(place)
    let above = min(below + 1, last)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// The correlation of neighbours' normal scores of ranks; nil where there is nothing to rank.
  private static func dependence(_ scores: [[Double]]) -> Float? {
    guard scores.count > 1, let count = scores.first?.count, count > 2,
      scores.allSatisfy({ $0.count == count })
    else { return nil }
    let ranked = scores.map { own in
      var ranks = [Double](repeating: 0, count: count)
      for (rank, window) in own.indices.sorted(by: { own[$0] < own[$1] }).enumerated() {
        ranks[window] = StandardNormal.quantile((Double(rank) + 0.5) / Double(count))
      }
      return ranks
    }
    var (products, squares) = (0.0, 0.0)
    for (own, next) in zip(ranked, ranked.dropFirst()) {
      for (a, b) in zip(own, next) { (products, squares) = (products + a * b, squares + a * a) }
    }
    return squares > 0 ? Float(min(max(products / squares, -1), 1)) : nil
  }
}
