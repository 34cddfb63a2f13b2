import Foundation
import RecurrentKernels
import Testing

@Suite struct CrossEntropyKernelTests {
  /// Losses and gradients beside their formulas in double precision, for every combination of label
  /// smoothing and class weights; losses are the same whether gradients are made or not.
  @Test(arguments: [Float(0), 0.2], [false, true])
  func isItsFormula(epsilon: Float, weighted: Bool) {
    for size in KernelPath.sizes where size > 0 {
      var first: [[UInt32]]?
      for path in KernelPath.all {
        let rows = 3
        let x = numbers(rows * size, seed: 11, scale: 6)
        let classes = (0..<rows).map { Int32(($0 * 5 + size / 2) % size) }
        let w = weighted ? numbers(size, seed: 12).map { abs($0) } : nil
        let weights = w ?? [Float](repeating: 1, count: size)
        var rule = rk_cross_entropy(
          columns: Int64(size), own: 1 - epsilon, smoothing: epsilon / Float(size),
          class_weights: nil, weight_sum: weights.reduce(0, +), gradient_scale: 0.7,
          gradients: false)
        var (plain, gradient) = (x + [-7], x + [-7])
        var (losses, again) = ([Float](repeating: -7, count: rows + 1), [Float]())
        again = losses
        weights.withUnsafeBufferPointer { buffer in
          rule.class_weights = weighted ? buffer.baseAddress : nil
          path.table.run_cross_entropy([rule], &plain, Int64(rows), classes, &losses)
          rule.gradients = true
          path.table.run_cross_entropy([rule], &gradient, Int64(rows), classes, &again)
        }
        #expect(plain == x + [-7] && gradient.last == -7 && losses.last == -7)
        #expect(bits(losses) == bits(again))
        var (expectedLosses, expected, scale): ([Double], [Double], [Double]) = ([], [], [])
        for row in 0..<rows {
          let logits = x[row * size..<(row + 1) * size].map(Double.init)
          let total = logits.reduce(0) { $0 + exp($1) }
          let own = Int(classes[row])
          let parts = (0..<size).map { j in
            Double(weights[j])
              * ((j == own ? 1 - Double(epsilon) : 0) + Double(epsilon) / Double(size))
          }
          expectedLosses.append(
            zip(parts, logits).reduce(0) { $0 + $1.0 * (log(total) - $1.1) })
          let sum = parts.reduce(0, +)
          for j in 0..<size {
            expected.append(
              Double(rule.gradient_scale) * (sum * exp(logits[j]) / total - parts[j]))
            scale.append(sum)
          }
        }
        let label = "\(path.name), \(size) classes"
        let message = worst(
          Array(losses.prefix(rows)), expectedLosses, tolerance: expectedLosses.map { _ in 4e-6 })
        #expect(message == nil, "\(label): \(message ?? "")")
        let gradientMessage = worst(
          Array(gradient.dropLast()), expected, tolerance: scale.map { 8 * rounding * $0 })
        #expect(gradientMessage == nil, "\(label): \(gradientMessage ?? "")")
        guard path.name != "portable" else { continue }
        let result = [bits(losses), bits(gradient)]
        #expect(first == nil || first == result, "\(label) has other bits")
        first = result
      }
    }
  }
}
