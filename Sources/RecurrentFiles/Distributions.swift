import Foundation

/// The derivative of log Γ(x) for x > 0: Stirling's series at x + 8, and down from there.
package func digamma(_ x: Double) -> Double {
  let y = x + 8
  let square = 1 / (y * y)
  let series =
    square
    * (1.0 / 12 + square
      * (-1.0 / 120 + square * (1.0 / 252 + square * (-1.0 / 240 + square / 132))))
  return log(y) - 0.5 / y - series - (0..<8).reduce(0) { $0 + 1 / (x + Double($1)) }
}

/// The regularized incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8).
package func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
  guard x > 0 else { return 0 }
  guard x < 1 else { return 1 }
  // The fraction converges fast on one side of the mean.
  if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
  let tiny = 1e-300
  var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
  d = 1 / (abs(d) < tiny ? tiny : d)
  var fraction = d
  for step in 1...300 {
    let m = Double(step)
    let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    var change = 1.0
    for term in [even, odd] {
      d = 1 + term * d
      c = 1 + term / c
      if abs(d) < tiny { d = tiny }
      if abs(c) < tiny { c = tiny }
      d = 1 / d
      change = c * d
      fraction *= change
    }
    if abs(change - 1) < 1e-15 { break }
  }
  let ways: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
  let front = ways + a * log(x) + b * log1p(-x)
  return exp(front) * fraction / a
}

/// The standard normal distribution.
package enum StandardNormal {
  /// The share below `z`.
  package static func share(below z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The number that a share of values lies below; ±infinity at 0 and 1.
  ///
  /// Newton's rule, from where the tail's size says; exact to 1e-14.
  package static func quantile(_ share: Double) -> Double {
    guard share > 0, share < 1 else { return share > 0 ? .infinity : -.infinity }
    // The smaller tail, which has all its digits.
    let tail = min(share, 1 - share)
    let size = (-2 * log(tail)).squareRoot()
    var z = tail < 0.02 ? size - log(size * 2.5) / size : 2.5 * (0.5 - tail)
    for _ in 0..<20 {
      let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
      let ratio = (0.5 * erfc(z / 2.0.squareRoot()) - tail) / density
      // Halley's, which forgives a first guess in the far tail.
      let change = ratio / (1 + ratio * z / 2)
      z += change
      if abs(change) < 1e-14 * max(1, abs(z)) { break }
    }
    return share < 0.5 ? -z : z
  }
}
