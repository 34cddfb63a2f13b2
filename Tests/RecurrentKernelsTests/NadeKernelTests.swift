import Foundation
import RecurrentKernels
import Testing

/// The logits of a NADE and their way back, on every path of the machine; what they are is tested with
/// the library's type.
@Suite struct NadeKernelTests {
  private struct Result: Equatable {
    let logits, biasGradient, weightGradient, outputGradient: [UInt32]
  }

  /// `shares` ways to divide the hidden units.
  private func run(
    _ path: KernelPath, _ variables: Int, _ units: Int, isMasked: Bool, shares: Int = 1
  ) -> Result {
    let rows = 4
    let x = numbers(rows * variables, seed: 1).enumerated().map { place, value in
      let row = place / variables
      return row == 0 ? 0 : row == 1 ? 1 : value > 0.3 ? Float(1) : 0
    }
    let inputs = [
      x, numbers(variables * units, seed: 2), numbers(variables * units, seed: 3),
      numbers(rows * (variables + units), seed: 4, scale: 3),
      numbers(rows * units, seed: 5).map { $0 > 0 ? 2 : 0 },
      // Some logits do not count.
      numbers(rows * variables, seed: 6).map { $0 > 0.7 ? 0 : $0 },
    ].map(FloatBuffer.init)
    var nade = rk_nade(
      variables: Int64(variables), units: Int64(units), x: inputs[0].pointer,
      weights: inputs[1].pointer, output_weights: inputs[2].pointer, biases: inputs[3].pointer,
      mask: isMasked ? UnsafePointer(inputs[4].pointer) : nil)
    let logits = FloatBuffer(count: rows * variables)
    let workspace = FloatBuffer(count: max(2, variables + 2) * units)
    for row in 0..<rows {
      path.table.run_nade(&nade, Int64(row), Int64(row + 1), logits.pointer, workspace.pointer)
    }
    let biasGradient = FloatBuffer(count: rows * (variables + units), of: 0)
    let weightGradient = FloatBuffer(count: variables * units, of: 0)
    let outputGradient = FloatBuffer(count: variables * units, of: 0)
    for share in 0..<shares {
      path.table.run_nade_backward(
        &nade, Int64(rows), Int64(units * share / shares), Int64(units * (share + 1) / shares),
        inputs[5].pointer, biasGradient.pointer, weightGradient.pointer, outputGradient.pointer,
        workspace.pointer)
    }
    let all = [logits, biasGradient, weightGradient, outputGradient]
    for buffer in all + [workspace] { #expect(buffer.marginIsIntact) }
    for buffer in all { #expect(buffer.isFinite) }
    return Result(
      logits: logits.bits, biasGradient: biasGradient.bits, weightGradient: weightGradient.bits,
      outputGradient: outputGradient.bits)
  }

  @Test(arguments: [false, true])
  func sameBitsOnEveryPath(isMasked: Bool) {
    for units in KernelPath.sizes where (1..<100).contains(units) {
      for variables in [1, 2, 9, 21] {
        var first: Result?
        for path in KernelPath.fused {
          let one = run(path, variables, units, isMasked: isMasked)
          #expect(first ?? one == one, "\(path.name), D \(variables), K \(units)")
          first = first ?? one
          for shares in [2, 5] {
            #expect(run(path, variables, units, isMasked: isMasked, shares: shares) == one)
          }
        }
        let portable = KernelPath.named("portable").map {
          run($0, variables, units, isMasked: isMasked)
        }
        if let first, let portable {
          for (a, b) in zip(
            first.logits + first.outputGradient, portable.logits + portable.outputGradient)
          {
            let (a, b) = (Float(bitPattern: a), Float(bitPattern: b))
            #expect(abs(a - b) <= 1e-5 * max(1, abs(a)))
          }
        }
      }
    }
  }
}
