import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Rounding of single tensors.
@Suite struct RoundingTests {
  private func bfloat16(_ values: Float...) -> [Float] {
    Tensor(values).rounded(to: .bfloat16).elements
  }

  @Test func bfloat16IsTheNearestEven() {
    // 8 significant bits: neighbours of 1 are 2^-7 apart above it, 2^-8 below.
    let step: Float = 0x1p-7
    #expect(
      bfloat16(1, 1 + 0.49 * step, 1 + 0.51 * step, 1 + 0.5 * step, 1 + 1.5 * step, -1 - 1.5 * step)
        == [1, 1, 1 + step, 1, 1 + 2 * step, -1 - 2 * step])
    #expect(bfloat16(1 - 0.25 * step, 1 - 0.24 * step, 1 - 0.76 * step) == [1, 1, 1 - step])
    #expect(bfloat16(-0.0)[0].bitPattern == Float(-0.0).bitPattern)
  }

  @Test func bfloat16StaysFinite() {
    let largest = Float(bitPattern: 0x7F7F_0000)
    let most = Float.greatestFiniteMagnitude
    #expect(bfloat16(most, -most, largest) == [largest, -largest, largest])
  }

  @Test func bfloat16OfSubnormals() {
    let step = Float(bitPattern: 0x0001_0000)  // the smallest there is
    let least = Float.leastNonzeroMagnitude
    #expect(
      bfloat16(least, -least, 0.5 * step, 0.51 * step, 1.5 * step) == [0, 0, 0, step, 2 * step])
    let normal = Float.leastNormalMagnitude
    #expect(bfloat16(normal, normal.nextDown) == [normal, normal])
  }

  /// Every result is a multiple of its column's scale, at most half of it away.
  @Test func int8IsTheNearestStep() throws {
    var numbers = SeededGenerator(seed: 3)
    let (rows, columns) = (29, 5)
    let weights = Tensor(
      (0..<rows * columns).map { index in
        Float.random(in: -1...1, using: &numbers) * [1, 1e-3, 40, 1e-30, 0.2][index % columns]
      }, shape: [rows, columns])
    let rounded = weights.rounded(to: .int8)
    #expect(rounded.precision == .int8 && weights.precision == .float32)
    for column in 0..<columns {
      let exact = (0..<rows).map { weights[$0, column] }
      let scale = try #require(exact.map(abs).max()) / 127
      for row in 0..<rows {
        let steps = (Double(rounded[row, column]) / Double(scale))
        #expect(abs(steps - steps.rounded()) < 1e-5 && abs(steps.rounded()) <= 127)
        #expect(abs(rounded[row, column] - exact[row]) <= 0.5001 * scale)
      }
      #expect((0..<rows).contains { abs(rounded[$0, column]) == 127 * scale })
    }
  }

  @Test func int8HalfwayGoesToTheEven() {
    let column: [Float] = [127, 0.5, 1.5, -2.5, 126.5, -126.5]
    let rounded = Tensor(column, shape: [6, 1]).rounded(to: .int8)
    #expect(rounded.elements == [127, 0, 2, -2, 126, -126])
  }

  @Test func int8AtTheEnds() {
    let most = Float.greatestFiniteMagnitude
    let least = Float.leastNonzeroMagnitude
    // Columns: the largest numbers; zeros; numbers below any scale; subnormal ones.
    let weights = Tensor(
      [
        most, 0, least, 700_000 * least, -most, -0.0, -least, -200_000 * least, most / 3, 0, 0,
        140_000 * least,
      ], shape: [3, 4])
    let rounded = weights.rounded(to: .int8)
    #expect(rounded.elements.allSatisfy { $0.isFinite })
    #expect((0..<3).allSatisfy { rounded[$0, 1] == 0 && rounded[$0, 2] == 0 })
    #expect(abs(rounded[0, 0] / most - 1) < 1e-6 && rounded[1, 0] == -rounded[0, 0])
    for row in 0..<3 { #expect(abs(rounded[row, 3] - weights[row, 3]) <= 2800 * least) }
  }

  @Test func roundingAgainChangesNothing() {
    var numbers = SeededGenerator(seed: 4)
    let weights = Tensor(
      (0..<600).map { _ in Float.random(in: -2...2, using: &numbers) }, shape: [50, 12])
    for precision in WeightPrecision.allCases {
      let once = weights.rounded(to: precision)
      #expect(once.precision == precision)
      #expect(once.rounded(to: precision).isIdentical(to: once))
    }
  }

  /// What is known of a tensor does not outlive a change of it, or of what its columns are.
  @Test func changesAreFloat32() {
    let rounded = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]).rounded(to: .int8)
    var changed = rounded
    changed.withUnsafeMutableElements { $0[0] = 0.3 }
    #expect(changed.precision == .float32 && rounded.precision == .int8)
    #expect(rounded.detached.precision == .int8)
    #expect((rounded * 2).precision == .float32)
    #expect(rounded.transposed().precision == .float32)
    #expect(rounded.reshaped(to: [3, 2]).precision == .float32)
  }
}
