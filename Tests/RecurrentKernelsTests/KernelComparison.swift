import RecurrentKernels
import Testing

extension KernelPath {
  /// Those that promise the same bits: a fused multiply-add is one instruction there.
  static let fused = all.filter { $0.name != "portable" }

  /// Lengths around the vector widths, and one of many vectors.
  static let sizes = Array(0...17) + Array(31...33) + Array(63...65) + [1000]
}

/// The same numbers for the same seed, even over ±`scale`.
func numbers(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15
  return (0..<count).map { _ in
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return (Float(z >> 40) * 0x1p-23 - 1) * scale
  }
}

/// The bits of each element, so that -0, 0 and not-a-number differ.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// The rounding of one float operation, relative to its result.
let rounding = 0x1p-24

/// The place where `actual` is furthest beyond `tolerance` of `expected`; nil if nowhere.
func worst(_ actual: [Float], _ expected: [Double], tolerance: [Double]) -> String? {
  guard actual.count == expected.count, actual.count == tolerance.count else {
    return "\(actual.count) values, expected \(expected.count)"
  }
  var found: (ratio: Double, text: String)?
  for i in actual.indices {
    let error = abs(Double(actual[i]) - expected[i])
    if error <= tolerance[i] || actual[i].isNaN && expected[i].isNaN { continue }
    let ratio = error.isNaN ? .infinity : error / tolerance[i]
    if ratio > found?.ratio ?? 0 {
      found = (ratio, "[\(i)] is \(actual[i]), expected \(expected[i]) ± \(tolerance[i])")
    }
  }
  return found?.text
}
