import Foundation
import RecurrentFiles

/// Labels read from the outputs of a network trained with
/// ``connectionistTemporalClassification(logits:labels:blank:reduction:zeroInfinity:)``.
public struct CTCHypothesis: Sendable, Equatable {
  /// The labels.
  public let labels: [Int]
  /// The log of their probability, as far as the search saw it.
  public let logProbability: Double
}

/// Reads the labels of the most probable path of each row: the best class of each step, repeats
/// merged, blanks removed. The log-probability is that of this one path.
///
/// - Parameters:
///   - logits: `[B, T, C]`; log-probabilities may be given too.
///   - blank: the class that stands for no label.
public func ctcBestPath(_ logits: SequenceBatch, blank: Int = 0) -> [CTCHypothesis] {
  logits.placesByRow.map { places in
    let steps = logProbabilities(logits, places)
    var labels: [Int] = []
    var previous = blank
    var total = 0.0
    for step in steps {
      let best = step.indices.reduce(0) { step[$1] > step[$0] ? $1 : $0 }
      if best != blank, best != previous { labels.append(best) }
      previous = best
      total += step[best]
    }
    return CTCHypothesis(labels: labels, logProbability: total)
  }
}

/// The most probable labels of each row, best first, by prefix beam search (Graves and Jaitly 2014;
/// Hannun et al. 2014, arXiv:1408.2873): paths that spell the same are counted together.
///
/// - Parameters:
///   - logits: `[B, T, C]`; log-probabilities may be given too.
///   - width: how many prefixes are kept at each step, and how many results a row has at most. With
///     enough of them the probabilities are exact.
///   - blank: the class that stands for no label.
public func ctcBeamSearch(
  _ logits: SequenceBatch, width: Int, blank: Int = 0
) -> [[CTCHypothesis]] {
  require(width >= 1, "a beam keeps at least 1 prefix, not \(width)")
  let places = logits.placesByRow
  let steps = places.reduce(0) { $0 + $1.count }
  return Parallelism.map(places.count, operations: 100 * steps * logits.features * width) { row in
    var beam = [Prefix(labels: [], blank: 0, label: -.infinity)]
    for step in logProbabilities(logits, places[row]) {
      beam = Array(extended(beam, by: step, blank: blank).sorted(by: <).prefix(width))
    }
    return beam.map { CTCHypothesis(labels: $0.labels, logProbability: $0.total) }
  }
}

/// Labels, and the log-probability of the paths so far that spell them.
private struct Prefix: Comparable {
  let labels: [Int]
  /// The log probability of the paths that end with a blank.
  var blank: Double
  /// The log probability of the paths that end with the last label.
  var label: Double

  var total: Double { logAddExp(blank, label) }

  /// The more probable comes first; of equals the one whose labels come first.
  static func < (a: Prefix, b: Prefix) -> Bool {
    a.total != b.total ? a.total > b.total : a.labels.lexicographicallyPrecedes(b.labels)
  }
}

/// The prefixes after one more step, in the order in which they were met.
private func extended(_ beam: [Prefix], by step: [Double], blank: Int) -> [Prefix] {
  var next: [Prefix] = []
  var places: [[Int]: Int] = [:]
  func add(_ labels: [Int], blank: Double = -.infinity, label: Double = -.infinity) {
    if let place = places[labels] {
      next[place].blank = logAddExp(next[place].blank, blank)
      next[place].label = logAddExp(next[place].label, label)
    } else {
      places[labels] = next.count
      next.append(Prefix(labels: labels, blank: blank, label: label))
    }
  }
  for prefix in beam {
    for (index, logProbability) in step.enumerated() {
      if index == blank {
        add(prefix.labels, blank: prefix.total + logProbability)
      } else if index == prefix.labels.last {
        // Again without a blank between: the same label; with one: another.
        add(prefix.labels, label: prefix.label + logProbability)
        add(prefix.labels + [index], label: prefix.blank + logProbability)
      } else {
        add(prefix.labels + [index], label: prefix.total + logProbability)
      }
    }
  }
  return next.filter { $0.total > -.infinity }
}

/// The log-softmax of each step at `places`, in double precision.
func logProbabilities(_ logits: SequenceBatch, _ places: [Int]) -> [[Double]] {
  let classes = logits.features
  return places.map { place in
    let x = (0..<classes).map { Double(logits.values[flat: place * classes + $0]) }
    let total = logSumExp(classes) { x[$0] }
    return x.map { $0 - total }
  }
}
