import Foundation
import RecurrentFiles

/// How the losses of the rows become one.
public enum CTCReduction: String, Sendable, Codable, CaseIterable {
  /// Each loss divided by the number of its labels (at least 1), then the mean over all rows:
  /// PyTorch's `mean`.
  case mean
  /// The sum over all rows.
  case sum
  /// No reduction: one loss a row, `[B]`.
  case none
}

/// Connectionist temporal classification (Graves et al. 2006, "Connectionist temporal
/// classification: labelling unsegmented sequence data with recurrent neural networks"): -log of the
/// probability that the outputs spell the labels, whatever the timing.
///
/// A path has one class a step; it spells what is left when repeats are merged and blanks removed.
/// The probability of the labels is the sum over all paths that spell them.
///
/// - Parameters:
///   - logits: `[B, T, C]`, of which the log-softmax is taken here; log-probabilities are their own
///     log-softmax, so they may be given too. Only valid steps count.
///   - labels: one list a row of classes that are not the blank.
///   - blank: the class that stands for no label.
///   - reduction: how the losses of the rows become one.
///   - zeroInfinity: whether a row whose labels do not fit counts as 0 instead of infinity. They
///     need a step each, and one more between two that are equal. The gradient of such a row is 0
///     either way.
/// - Returns: the loss, of shape `[]`, or `[B]` without a reduction.
public func connectionistTemporalClassification(
  logits: SequenceBatch, labels: [[Int]], blank: Int = 0, reduction: CTCReduction = .mean,
  zeroInfinity: Bool = false
) -> Tensor {
  let classes = logits.features
  require(
    labels.count == logits.batchSize,
    "\(logits.batchSize) rows need as many lists of labels, not \(labels.count)")
  require(
    (0..<classes).contains(blank), "the blank is one of the classes 0..<\(classes), not \(blank)")
  for (row, list) in labels.enumerated() {
    for label in list where !(0..<classes).contains(label) || label == blank {
      trap(
        "labels are classes in 0..<\(classes) but for the blank \(blank); row \(row) has \(label)")
    }
  }
  let (values, places) = (logits.values.detached, logits.placesByRow)
  let states = zip(places, labels).reduce(0) { $0 + $1.0.count * (2 * $1.1.count + 1 + classes) }
  let passes = Parallelism.map(places.count, operations: 64 * states) { row in
    CTCPass(
      logProbabilities: logProbabilities(logits, places[row]).flatMap(\.self), classes: classes,
      labels: labels[row], blank: blank)
  }
  let losses = Tensor(
    passes.map { zeroInfinity && $0.loss == .infinity ? 0 : Float($0.loss) })
  let tracked = losses.recorded(from: [logits.values]) { dy in
    let gradients = Parallelism.map(places.count, operations: 64 * states) { row in
      passes[row].gradient
    }
    let dx = Tensor(shape: values.shape) { dx in
      dx.update(repeating: 0, count: values.count)
      for (row, gradient) in gradients.enumerated() {
        let scale = Double(dy[flat: row])
        for (t, place) in places[row].enumerated() where passes[row].loss.isFinite {
          for k in 0..<classes {
            dx[place * classes + k] = Float(scale * gradient[t * classes + k])
          }
        }
      }
    }
    return [dx]
  }
  switch reduction {
  case .none: return tracked
  case .sum: return tracked.sum()
  case .mean:
    let counts = Tensor(labels.map { Float(max(1, $0.count)) })
    return (tracked / counts).sum() * (1 / Float(max(1, labels.count)))
  }
}

/// The sums over all paths of one row, in log space and double precision.
private struct CTCPass: Sendable {
  /// `[n, C]`.
  let logProbabilities: [Double]
  let classes: Int
  /// The labels with a blank around each: S = 2·labels + 1 states.
  let states: [Int]
  /// α[t, s], `[n, S]`: log of the probability of steps 0...t on paths that are in state s then.
  let alpha: [Double]
  /// -log p(labels).
  let loss: Double

  init(logProbabilities: [Double], classes: Int, labels: [Int], blank: Int) {
    self.logProbabilities = logProbabilities
    self.classes = classes
    let states = [blank] + labels.flatMap { [$0, blank] }
    self.states = states
    let (steps, count) = (logProbabilities.count / classes, states.count)
    guard steps > 0 else {
      alpha = []
      loss = labels.isEmpty ? 0 : .infinity
      return
    }
    var alpha = [Double](repeating: -.infinity, count: steps * count)
    for s in 0..<min(2, count) { alpha[s] = logProbabilities[states[s]] }
    for t in 1..<max(1, steps) {
      for s in 0..<count {
        // From the same state, from the one before, and over a blank between different labels.
        var sum = alpha[(t - 1) * count + s]
        if s >= 1 { sum = logAddExp(sum, alpha[(t - 1) * count + s - 1]) }
        if Self.mayJump(to: s, states) { sum = logAddExp(sum, alpha[(t - 1) * count + s - 2]) }
        alpha[t * count + s] = sum + logProbabilities[t * classes + states[s]]
      }
    }
    let last = alpha[(steps - 1) * count + count - 1]
    let beforeLast = count > 1 ? alpha[(steps - 1) * count + count - 2] : -.infinity
    self.alpha = alpha
    loss = -logAddExp(last, beforeLast)
  }

  private static func mayJump(to s: Int, _ states: [Int]) -> Bool {
    s >= 2 && states[s] != states[s - 2]
  }

  /// Of the loss with respect to the logits, `[n, C]`: their softmax less the probability that a
  /// path spelling the labels takes the class at the step.
  var gradient: [Double] {
    let (steps, count) = (logProbabilities.count / classes, states.count)
    guard steps > 0, loss.isFinite else { return [] }
    var gradient = logProbabilities.map { exp($0) }
    // β[s]: log of the probability of the steps behind t on paths that are in state s at t.
    var beta = [Double](repeating: -.infinity, count: count)
    for s in max(0, count - 2)..<count { beta[s] = 0 }
    for t in (0..<steps).reversed() {
      for s in 0..<count {
        gradient[t * classes + states[s]] -= exp(alpha[t * count + s] + beta[s] + loss)
      }
      let later = (0..<count).map { beta[$0] + logProbabilities[t * classes + states[$0]] }
      for s in 0..<count {
        var sum = later[s]
        if s + 1 < count { sum = logAddExp(sum, later[s + 1]) }
        if s + 2 < count, Self.mayJump(to: s + 2, states) { sum = logAddExp(sum, later[s + 2]) }
        beta[s] = sum
      }
    }
    return gradient
  }
}

/// log(e^a + e^b); NaN if one of them is.
func logAddExp(_ a: Double, _ b: Double) -> Double {
  if a == -.infinity { return b }
  if b == -.infinity { return a }
  return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b))
}
