import Foundation
import Recurrent
import RecurrentFiles

/// What the network says of one value, in scaled units (counts: as they are).
///
/// Every kind speaks in normal scores: `z` names the value below which the share Φ(z) lies. Calibration
/// moves scores, and so serves all kinds alike.
enum PredictiveDistribution: Sendable {
  /// A number alone; a score is a distance from it.
  case point(Double)
  /// Quantiles: scores and values, both ascending. Between and beyond them the value is linear in the
  /// score, as a normal distribution's is.
  case quantiles(scores: [Double], values: [Double])
  case normal(mean: Double, deviation: Double)
  case studentT(centre: Double, scale: Double, freedom: Double)
  case counts(CountDistribution)

  /// The forecast itself.
  var centre: Double {
    switch self {
    case .point(let value), .normal(let value, _), .studentT(let value, _, _): value
    case .quantiles(let scores, let values):
      values[scores.indices.min { abs(scores[$0]) < abs(scores[$1]) } ?? 0]
    case .counts(let said): (1 - said.zeros) * said.mean
    }
  }

  /// The value below which the share Φ(z) lies.
  func value(at z: Double) -> Double {
    switch self {
    case .point(let value): return value + z
    case .normal(let mean, let deviation): return mean + z * deviation
    case .quantiles(let scores, let values):
      let (low, slope) = Self.piece(scores, values) { scores[$0] <= z }
      return z == scores[low] ? values[low] : values[low] + (z - scores[low]) * slope
    case .studentT(let centre, let scale, let freedom):
      return centre + scale * StudentDistribution.quantile(at: z, freedom: freedom)
    case .counts(let said): return Self.smallestCount(said, share: StandardNormal.share(below: z))
    }
  }

  /// The score of a value: the inverse of ``value(at:)``.
  func score(of value: Double) -> Double {
    switch self {
    case .point(let own): return value - own
    case .normal(let mean, let deviation): return (value - mean) / deviation
    case .quantiles(let scores, let values):
      let (low, slope) = Self.piece(scores, values) { values[$0] <= value }
      return slope > 0 ? scores[low] + (value - values[low]) / slope : scores[low]
    case .studentT(let centre, let scale, let freedom):
      let t = (value - centre) / scale
      let tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
      let z = StandardNormal.quantile(max(tail, 1e-300))
      return t < 0 ? z : -z
    case .counts(let said):
      // Half of what the count itself has is below it.
      let share = (said.share(upTo: value - 1) + said.share(upTo: value)) / 2
      return StandardNormal.quantile(min(max(share, 1e-12), 1 - 1e-12))
    }
  }

  /// The knot at or before a place, and the slope of the value from there on. Outside of the knots, that of
  /// all of them.
  private static func piece(
    _ scores: [Double], _ values: [Double], isBefore: (Int) -> Bool
  ) -> (low: Int, slope: Double) {
    let last = scores.count - 1
    guard last > 0 else { return (0, 0) }
    let behind = scores.indices.first { !isBefore($0) } ?? scores.count
    let (from, to) =
      behind == 0 || behind > last ? (0, last) : (behind - 1, behind)
    let slope = (values[to] - values[from]) / (scores[to] - scores[from])
    return (behind == 0 ? 0 : min(behind - 1, last), slope)
  }

  private static func smallestCount(_ said: CountDistribution, share: Double) -> Double {
    let share = min(share, 1 - 1e-12)
    var (low, high) = (-1.0, 1.0)
    while said.share(upTo: high) < share, high < 1e15 { (low, high) = (high, 2 * high) }
    while high - low > 1 {
      let middle = ((low + high) / 2).rounded(.down)
      (low, high) = said.share(upTo: middle) < share ? (middle, high) : (low, middle)
    }
    return high
  }
}

/// Student's t distribution.
enum StudentDistribution {
  /// The number below which the share Φ(z) of Student's distribution lies: Newton's rule on the
  /// logarithm of the tail, which is concave, from the normal's side.
  static func quantile(at z: Double, freedom: Double) -> Double {
    guard z != 0 else { return 0 }
    let tail = log(max(StandardNormal.share(below: -abs(z)), 1e-300))
    let (upper, lower): (Double, Double) = (lgamma((freedom + 1) / 2), lgamma(freedom / 2))
    let front = upper - lower - 0.5 * log(freedom * Double.pi)
    var t = abs(z)
    for _ in 0..<100 {
      let share = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
      let density = exp(front - (freedom + 1) / 2 * log1p(t * t / freedom))
      let change = (log(max(share, 1e-300)) - tail) * share / density
      t += change
      if !(abs(change) > 1e-12 * t) { break }
    }
    return z < 0 ? -t : t
  }
}

extension ForecastLoss {
  /// What outputs of the network say of one value.
  func distribution(
    _ raw: ArraySlice<Float>, scores: [Double], scale: Double
  ) -> PredictiveDistribution {
    let numbers = raw.map(Double.init)
    func positive(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
    switch self {
    case .mse, .mae, .huber: return .point(numbers[0])
    // Models of old may let them cross: they are put in order.
    case .quantile: return .quantiles(scores: scores, values: numbers.sorted())
    case .normal: return .normal(mean: numbers[0], deviation: positive(numbers[1]) + 1e-3)
    case .studentT:
      return .studentT(
        centre: numbers[0], scale: positive(numbers[1]) + 1e-3, freedom: 2 + positive(numbers[2]))
    case .negativeBinomial, .zeroInflated:
      return .counts(CountDistribution(numbers, scale: scale))
    }
  }
}
