import Foundation
import RecurrentFiles

// The network says a distribution for each value: parameters are `[…, P]`, targets `[…, 1]`; the loss is
// the mean of -log likelihood. Numbers that must be positive are made so by softplus.

/// -log likelihood under normal distributions (Gaussian). Parameters: mean, and the deviation before
/// softplus.
///
/// - Parameter least: what the deviation is at least.
public func normalLoss(_ parameters: Tensor, _ targets: Tensor, least: Float = 1e-3) -> Tensor {
  elementLoss(parameters, targets, count: 2) { raw, target, gradient in
    let (softened, slope) = softplus(raw[1])
    let deviation = softened + Double(least)
    let z = (target - raw[0]) / deviation
    gradient[0] = -z / deviation
    gradient[1] = (1 - z * z) / deviation * slope
    return 0.5 * log(2 * Double.pi) + log(deviation) + z * z / 2
  }
}

/// -log likelihood under Student's t distributions, whose tails are heavy. Parameters: centre, and
/// before softplus the scale and the degrees of freedom beyond 2.
///
/// - Parameter least: what the scale is at least.
public func studentTLoss(_ parameters: Tensor, _ targets: Tensor, least: Float = 1e-3) -> Tensor {
  elementLoss(parameters, targets, count: 3) { raw, target, gradient in
    let (softened, slope) = softplus(raw[1])
    let (beyond, freedomSlope) = softplus(raw[2])
    let (scale, freedom) = (softened + Double(least), 2 + beyond)
    let z = (target - raw[0]) / scale
    let share = z * z / freedom
    let weight = (freedom + 1) / (freedom * (1 + share))
    gradient[0] = -weight * z / scale
    gradient[1] = (1 - weight * z * z) / scale * slope
    gradient[2] =
      freedomSlope / 2
      * (digamma(freedom / 2) - digamma((freedom + 1) / 2) + 1 / freedom + log1p(share)
        - weight * z * z / freedom)
    return lgamma(freedom / 2) - lgamma((freedom + 1) / 2)
      + 0.5 * log(freedom * Double.pi) + log(scale) + (freedom + 1) / 2 * log1p(share)
  }
}

/// -log likelihood of counts under negative binomial distributions, of mean μ and variance μ + αμ²
/// (Salinas et al. 2020, DeepAR).
///
/// Parameters: before softplus μ / scale (0 stands for a mean of `scale`) and α, and where zeros are
/// inflated the logit of a share of values that are zero whatever the rest says (Lambert 1992).
///
/// - Parameters:
///   - targets: counts divided by their scale.
///   - scales: `[rows]`, what the counts of each of the first dimension's rows were divided by.
public func negativeBinomialLoss(
  _ parameters: Tensor, _ targets: Tensor, scales: [Float], zeroInflated: Bool = false
) -> Tensor {
  let perRow = targets.count / max(1, scales.count)
  require(
    !scales.isEmpty && perRow * scales.count == targets.count,
    "one scale a row: \(scales.count) for targets \(targets.shape)")
  var place = 0
  return elementLoss(parameters, targets, count: zeroInflated ? 3 : 2) { raw, target, gradient in
    let scale = Double(scales[place / perRow])
    place += 1
    let said = CountDistribution(raw, scale: scale)
    let (mean, size) = (said.mean, said.size)
    let count = (target * scale).rounded()
    let total = size + mean
    let ways: Double = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
    let likelihood: Double = ways + size * log(size / total) + count * log(mean / total)
    var byMean = count / mean - (count + size) / total
    var bySize =
      digamma(count + size) - digamma(size) + log(size / total) + 1 - (count + size) / total
    var loss = -likelihood
    if zeroInflated {
      let zeros = said.zeros
      if count == 0 {
        let zero = exp(likelihood)
        let all = zeros + (1 - zeros) * zero
        let share = (1 - zeros) * zero / all
        (byMean, bySize) = (byMean * share, bySize * share)
        gradient[2] = -(1 - zero) / all * zeros * (1 - zeros)
        loss = -log(all)
      } else {
        gradient[2] = zeros
        loss -= log(1 - zeros)
      }
    }
    gradient[0] = -byMean * scale * softplus(raw[0] + CountDistribution.meanOffset).slope
    // size = 1 / α
    gradient[1] = bySize * size * size * softplus(raw[1]).slope
    return loss
  }
}

/// The distribution of a count that a network's output says.
package struct CountDistribution: Sendable {
  /// softplus of it is 1.
  package static let meanOffset = 0.541324854612918

  /// The mean of the negative binomial part.
  package let mean: Double
  /// 1 / α.
  package let size: Double
  /// The share of values that are zero whatever the rest says.
  package let zeros: Double

  /// Of the parameters as ``negativeBinomialLoss(_:_:scales:zeroInflated:)`` has them.
  package init(_ raw: [Double], scale: Double) {
    mean = max(1e-9, scale * softplus(raw[0] + Self.meanOffset).value)
    // A spread of which nothing is left is Poisson's.
    size = 1 / max(1e-6, softplus(raw[1]).value)
    zeros = raw.count > 2 ? min(1 - 1e-9, 1 / (1 + exp(-raw[2]))) : 0
  }

  /// The share of counts up to `count`.
  package func share(upTo count: Double) -> Double {
    guard count >= 0 else { return 0 }
    return zeros + (1 - zeros)
      * incompleteBeta(size / (size + mean), size, count.rounded(.down) + 1)
  }
}

private func softplus(_ x: Double) -> (value: Double, slope: Double) {
  (max(x, 0) + log1p(exp(-abs(x))), 1 / (1 + exp(-x)))
}

/// The mean over elements of a loss that says its own gradient by the parameters of the element.
private func elementLoss(
  _ parameters: Tensor, _ targets: Tensor, count: Int,
  _ loss: (_ raw: [Double], _ target: Double, _ gradient: inout [Double]) -> Double
) -> Tensor {
  require(
    parameters.shape.last == count && targets.shape.last == 1
      && parameters.shape.dropLast() == targets.shape.dropLast(),
    "\(count) parameters a target: shapes are \(parameters.shape) and \(targets.shape)")
  let (raw, wanted) = (parameters.elements, targets.elements)
  var (sum, slopes) = (0.0, [Float](repeating: 0, count: raw.count))
  var gradient = [Double](repeating: 0, count: count)
  let share = 1 / Double(max(1, wanted.count))
  for (place, target) in wanted.enumerated() {
    let own = place * count..<(place + 1) * count
    sum += loss(raw[own].map(Double.init), Double(target), &gradient)
    for (slot, value) in zip(own, gradient) { slopes[slot] = Float(value * share) }
  }
  let mean = Tensor([Float(sum * share)], shape: [])
  let shape = parameters.shape
  return mean.recorded(from: [parameters]) { [slopes] dy in
    let factor = dy.elements[0]
    return [Tensor(slopes.map { $0 * factor }, shape: shape)]
  }
}
