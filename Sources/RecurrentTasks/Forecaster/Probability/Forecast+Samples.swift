import Recurrent
import RecurrentFiles

extension Forecast {
  /// Ways in which the series may go on: paths whose rows follow one another as errors did on rows that
  /// were not trained on, and of which each row has the distribution that is forecast for it.
  ///
  /// The normal scores of a path are a chain: each depends on the one before (a Gaussian copula).
  ///
  /// - Returns: `[count][rows]`, in the unit of the target.
  public func samples(_ count: Int, seed: UInt64) -> [[Double]] {
    let dependence = Double(rows.first?.calibration?.dependence ?? 0)
    let rest = (1 - dependence * dependence).squareRoot()
    return (0..<count).map { path in
      var generator = RandomGenerator(RandomKey(seed: seed).child(path))
      var score: Double?
      return rows.map { row in
        // Never 0: the share of a score is one between 0 and 1.
        let drawn = StandardNormal.quantile((Double(generator.uniform()) + 1e-8) / (1 + 2e-8))
        let next = score.map { dependence * $0 + rest * drawn } ?? drawn
        score = next
        return row.quantile(StandardNormal.share(below: next))
      }
    }
  }
}
