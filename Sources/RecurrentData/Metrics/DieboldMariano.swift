import Foundation
import RecurrentFiles

/// Whether one forecast's losses are lower than another's by more than chance makes of it (Diebold and
/// Mariano 1995, with the correction for few forecasts by Harvey, Leybourne and Newbold 1997).
public struct DieboldMariano: Sendable, Equatable {
  /// The statistic, below 0 where the first forecast's losses are lower.
  public let statistic: Double
  /// How often a difference as large comes about between forecasts that are equally good, in 0...1.
  public let pValue: Double

  /// The test of two forecasts' losses on the same `n` origins, in their order; nil if there are too
  /// few, or the losses do not differ.
  ///
  /// - Parameter overlap: how many forecasts in a row share rows; 1: none do. A forecast of h rows
  ///   at every row shares with h.
  public init?(_ losses: [Double], _ others: [Double], overlap: Int = 1) {
    require(
      losses.count == others.count && overlap >= 1,
      "as many losses of one as of the other, and an overlap of at least 1: \(losses.count), \(others.count), \(overlap)"
    )
    let count = Double(losses.count)
    let differences = zip(losses, others).map { $0 - $1 }
    let mean = differences.reduce(0, +) / count
    func covariance(_ lag: Int) -> Double {
      zip(differences, differences.dropFirst(lag)).reduce(0) {
        $0 + ($1.0 - mean) * ($1.1 - mean)
      } / count
    }
    let own = covariance(0)
    var variance = own + 2 * (1..<overlap).reduce(0) { $0 + covariance($1) }
    // The sum of few covariances may come out below 0.
    if variance <= 0 { variance = own }
    let h = Double(overlap)
    let correction = (count + 1 - 2 * h + h * (h - 1) / count) / count
    guard losses.count > overlap, correction > 0, variance > 0, variance.isFinite else {
      return nil
    }
    statistic = mean / (variance / count).squareRoot() * correction.squareRoot()
    pValue = studentTail(statistic, freedom: count - 1)
  }
}

/// How often a number of Student's distribution lies as far from 0 as `t`, or farther.
func studentTail(_ t: Double, freedom: Double) -> Double {
  let x = freedom / (freedom + t * t)
  return incompleteBeta(x, freedom / 2, 0.5)
}
