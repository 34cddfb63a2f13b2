import Foundation
import RecurrentFiles

/// Whether probabilities mean what they say: of the predictions made with 70 %, are 70 % right?
///
/// Predictions are put into ten bins of equal width by the probability of the class that was chosen
/// (Guo et al. 2017, arXiv:1706.04599).
public struct Calibration: Sendable, Codable, Equatable {
  /// Predictions of about one probability.
  public struct Bin: Sendable, Codable, Equatable {
    /// The number of predictions in the bin.
    public var count = 0
    /// The mean probability of the bin's predictions; 0 if there are none.
    public var confidence = 0.0
    /// The share of them that was right; 0 if there are none.
    public var accuracy = 0.0
  }

  /// The bins by probability, from 0...0.1 to 0.9...1.
  public let bins: [Bin]
  /// The mean of -log of the probability given to what was true, in nats.
  public let logLoss: Double

  /// Measures `probabilities` `[N][C]` beside the true classes. What is no number, as a network that
  /// ran away gives it, counts as a probability of 0.
  public init(probabilities: [[Float]], actual: [Int]) {
    require(
      probabilities.count == actual.count,
      "\(actual.count) classes need as many rows of probabilities, not \(probabilities.count)")
    var bins = [Bin](repeating: Bin(), count: 10)
    var loss = 0.0
    for (found, actual) in zip(probabilities, actual) {
      let row = found.map { $0 > 0 ? min(Double($0), 1) : 0 }
      let chosen = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      let confidence = row[chosen]
      let bin = min(9, Int(confidence * 10))
      bins[bin].count += 1
      bins[bin].confidence += confidence
      bins[bin].accuracy += chosen == actual ? 1 : 0
      loss -= log(max(row[actual], 1e-12))
    }
    for index in bins.indices where bins[index].count > 0 {
      bins[index].confidence /= Double(bins[index].count)
      bins[index].accuracy /= Double(bins[index].count)
    }
    self.bins = bins
    logLoss = loss / Double(max(1, actual.count))
  }

  /// What is wrong with it, as a sentence; nil if it can be told. One from a file can say anything.
  package var problem: String? {
    bins.allSatisfy(\.count.isCount) ? nil : "a calibration that is not of counts"
  }

  /// The mean distance of probability and share of right predictions over the bins, each counting
  /// by its predictions: the expected calibration error, in 0...1.
  public var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    return bins.reduce(0) { $0 + Double($1.count) * abs($1.confidence - $1.accuracy) }
      / Double(max(1, total))
  }
}

extension Int {
  /// Whether it can be a count: small enough for no sum of those in a file to run over.
  var isCount: Bool { (0..<1 << 32).contains(self) }
}
