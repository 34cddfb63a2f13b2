/// The gradient of `function` at `point` by central differences.
///
/// Each step is about the cube root of the machine precision relative to its coordinate, where the
/// truncation error (quadratic in the step) and the rounding error (inverse to it) balance: for
/// smooth functions about 10 digits are right.
public func finiteDifferenceGradient(
  at point: [Double], of function: ([Double]) throws -> Double
) rethrows -> [Double] {
  var point = point
  var gradient: [Double] = []
  for index in point.indices {
    let center = point[index]
    let step = 6e-6 * max(abs(center), 1)
    point[index] = center + step
    let (above, valueAbove) = (point[index], try function(point))
    point[index] = center - step
    let (below, valueBelow) = (point[index], try function(point))
    point[index] = center
    // The difference of the coordinates as rounded, not twice the step.
    gradient.append((valueAbove - valueBelow) / (above - below))
  }
  return gradient
}
