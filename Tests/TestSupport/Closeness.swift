import Recurrent
import Testing

/// Where found numbers differ most from expected ones.
public struct WorstDifference: Sendable, Equatable, CustomStringConvertible {
  /// Position in row-major order.
  public var position: Int
  /// The same position, an index for each dimension.
  public var index: [Int]
  /// What was expected there.
  public var expected: Double
  /// What was found there.
  public var found: Double
  /// The difference relative to the largest expected magnitude (the difference itself if all
  /// expected are zero); infinite where only one of the two is a finite number.
  public var error: Double

  /// The place, both numbers and the error, for an issue.
  public var description: String {
    "at \(index): expected \(expected), found \(found), error \(error)"
  }
}

/// The place where `found` differs most from `expected`, or nil if both are empty.
///
/// Differences are relative to the largest magnitude of all that is expected: elements near zero
/// are sums of larger terms, whose rounding they carry. NaN agrees with NaN only, and an infinity
/// only with itself.
public func worstDifference<Value: BinaryFloatingPoint>(
  found: [Value], expected: [Value], shape: [Int]
) -> WorstDifference? {
  precondition(found.count == expected.count, "compare shapes first")
  let largest = expected.lazy.filter(\.isFinite).map { Double($0.magnitude) }.max() ?? 0
  let scale = largest == 0 ? 1 : largest
  var worst: (position: Int, error: Double)?
  for position in found.indices {
    let (found, expected) = (Double(found[position]), Double(expected[position]))
    let error =
      if found == expected || (found.isNaN && expected.isNaN) {
        0.0
      } else if found.isFinite && expected.isFinite {
        abs(found - expected) / scale
      } else {
        Double.infinity
      }
    if error > worst?.error ?? -1 { worst = (position, error) }
  }
  return worst.map { position, error in
    var rest = position
    var index: [Int] = []
    for extent in shape.reversed() {
      index.insert(rest % extent, at: 0)
      rest /= extent
    }
    return WorstDifference(
      position: position, index: index, expected: Double(expected[position]),
      found: Double(found[position]), error: error)
  }
}

/// Expects numbers of the same shape, each within `tolerance` of the expected one relative to the
/// largest expected.
///
/// An issue tells the worst place. Returns whether the expectation held.
@discardableResult
public func expectClose<Value: BinaryFloatingPoint>(
  _ found: [Value], shape foundShape: [Int], to expected: [Value], shape expectedShape: [Int],
  within tolerance: Double, _ name: String = "values",
  sourceLocation: SourceLocation = #_sourceLocation
) -> Bool {
  guard foundShape == expectedShape else {
    Issue.record(
      "\(name): found shape \(foundShape), expected \(expectedShape)",
      sourceLocation: sourceLocation)
    return false
  }
  guard found.count == expected.count, expected.count == expectedShape.reduce(1, *) else {
    Issue.record(
      "\(name): found \(found.count) values, expected \(expected.count), for shape \(expectedShape)",
      sourceLocation: sourceLocation)
    return false
  }
  guard let worst = worstDifference(found: found, expected: expected, shape: expectedShape),
    !(worst.error <= tolerance)
  else { return true }
  Issue.record(
    "\(name) \(expectedShape): worst \(worst), allowed \(tolerance)", sourceLocation: sourceLocation
  )
  return false
}

/// Expects a stored tensor close to a reference; see the function on arrays.
@discardableResult
public func expectClose(
  _ found: StoredTensor, to expected: StoredTensor, within tolerance: Double,
  _ name: String = "tensor", sourceLocation: SourceLocation = #_sourceLocation
) -> Bool {
  expectClose(
    found.values, shape: found.shape, to: expected.values, shape: expected.shape, within: tolerance,
    name, sourceLocation: sourceLocation)
}
