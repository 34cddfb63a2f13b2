import Foundation
import RecurrentKernels
import Testing

/// The shape of every reduction: sixteen running values, then the upper half onto the lower.
private func reduce<Value>(
  _ count: Int, from start: Value, step: (Value, Int) -> Value, join: (Value, Value) -> Value
) -> Value {
  var running = [Value](repeating: start, count: 16)
  for i in 0..<count { running[i % 16] = step(running[i % 16], i) }
  for width in [8, 4, 2, 1] {
    for lane in 0..<width { running[lane] = join(running[lane], running[lane + width]) }
  }
  return running[0]
}

@Suite struct ReductionTests {
  @Test(arguments: KernelPath.all)
  func sumsHaveTheFixedShape(path: KernelPath) {
    for size in KernelPath.sizes {
      let x = numbers(size, seed: 1) + [.nan]  // beyond the end
      let y = numbers(size, seed: 2) + [.nan]
      let count = Int64(size)
      #expect(path.table.sum(x, count) == reduce(size, from: 0, step: { $0 + x[$1] }, join: +))
      let fused = reduce(size, from: 0, step: { $0.addingProduct(x[$1], y[$1]) }, join: +)
      let plain = reduce(size, from: 0, step: { $0 + x[$1] * y[$1] }, join: +)
      let dot = path.table.dot(x, y, count)
      #expect(dot == fused || path.name == "portable" && dot == plain)
      let squares = reduce(
        size, from: 0.0, step: { $0 + Double(x[$1]) * Double(x[$1]) }, join: +)
      #expect(path.table.sum_of_squares(x, count) == squares)
      // In parts, from whatever place on.
      for cut in [0, 1, size / 3, size] where cut <= size {
        var sums = [Double](repeating: 0, count: 16)
        path.table.add_squares(Array(x[..<cut]), Int64(cut), 0, &sums)
        path.table.add_squares(Array(x[cut..<size]), Int64(size - cut), Int64(cut), &sums)
        for width in [8, 4, 2, 1] { for l in 0..<width { sums[l] += sums[l + width] } }
        #expect(sums[0] == squares)
      }
      let largest = x.prefix(size).max() ?? -.infinity
      #expect(path.table.maximum(x, count) == largest)
    }
  }

  @Test(arguments: KernelPath.all)
  func sumOfSquaresDoesNotOverflow(path: KernelPath) {
    let x = [Float](repeating: 3e38, count: 21)
    let square = Double(Float(3e38)) * Double(Float(3e38))
    let result = path.table.sum_of_squares(x, 21)
    #expect(abs(result - 21 * square) <= 21 * square * 0x1p-50)
  }

  /// Each place is seen, also in the tail, and nothing beyond the end is.
  @Test(arguments: KernelPath.all)
  func everyPlaceCounts(path: KernelPath) {
    for size in KernelPath.sizes where size < 100 {
      var x = numbers(size, seed: 4) + [.infinity]
      let count = Int64(size)
      #expect(path.table.all_finite(x, count))
      for place in 0..<size {
        let kept = x[place]
        for value in [Float.infinity, -.infinity, .nan] {
          x[place] = value
          #expect(!path.table.all_finite(x, count))
        }
        #expect(path.table.maximum(x, count).isNaN)
        x[place] = 2
        #expect(path.table.maximum(x, count) == 2)
        x[place] = Float.greatestFiniteMagnitude
        #expect(path.table.all_finite(x, count))
        x[place] = kept
      }
    }
    let negative = [Float](repeating: -3, count: 5)
    #expect(path.table.maximum(negative, 5) == -3)
  }

  @Test(arguments: KernelPath.all, [false, true])
  func columnSumsAreInOrder(path: KernelPath, accumulate: Bool) {
    for rows in [0, 1, 7, 8, 9, 21] {
      for columns in KernelPath.sizes {
        let stride = columns + 3
        let x = numbers(rows * stride + 1, seed: 5)
        let start = numbers(columns, seed: 6)
        var y = start + [-7]
        path.table.column_sums(x, Int64(rows), Int64(columns), Int64(stride), accumulate, &y)
        let expected = (0..<columns).map { n in
          (0..<rows).reduce(accumulate ? start[n] : 0) { $0 + x[$1 * stride + n] }
        }
        #expect(y == expected + [-7], "\(rows) × \(columns)")
      }
    }
  }

  /// log Σ e^x of a row, from the maximum.
  private func logSum(_ row: ArraySlice<Float>) -> Double {
    let maximum = Double(row.max() ?? 0)
    return maximum + log(row.reduce(0) { $0 + exp(Double($1) - maximum) })
  }

  @Test(arguments: KernelPath.all)
  func softmaxOfRows(path: KernelPath) {
    for columns in KernelPath.sizes where columns > 0 {
      let rows = 3
      let count = rows * columns
      // The last row is far from 0, where e^x would overflow.
      let x = numbers(count, seed: 8, scale: 6).enumerated().map {
        $0.offset < 2 * columns ? $0.element : $0.element + 120
      }
      var y = [Float](repeating: -7, count: count + 1)
      path.table.softmax(x, &y, Int64(rows), Int64(columns))
      #expect(y.removeLast() == -7)
      var z = [Float](repeating: -7, count: count + 1)
      path.table.log_softmax(x, &z, Int64(rows), Int64(columns))
      #expect(z.removeLast() == -7)
      var logarithms: [Double] = []
      var span: [Double] = []
      for row in 0..<rows {
        let slice = x[row * columns..<(row + 1) * columns]
        let total = logSum(slice)
        logarithms += slice.map { Double($0) - total }
        span += slice.map { Double(slice.max()! - $0) }
      }
      // The exponent x - max is rounded once; of e^x, the sum and the division come a few roundings
      // more. The sixteen running sums are columns / 16 + 4 additions deep.
      let depth = Double(columns) / 16 + 4
      let exponentials = logarithms.map(exp)
      let tolerance = zip(exponentials, span).map { $0 * rounding * ($1 + 6 + depth) }
      let message = worst(y, exponentials, tolerance: tolerance)
      #expect(message == nil, "softmax, \(columns) columns: \(message ?? "")")
      let logTolerance = zip(logarithms, span).map { rounding * (abs($0) + $1 + 12 + 2 * depth) }
      let logMessage = worst(z, logarithms, tolerance: logTolerance)
      #expect(logMessage == nil, "log-softmax, \(columns) columns: \(logMessage ?? "")")
    }
  }

  @Test(arguments: KernelPath.all)
  func softmaxOfSpecialRows(path: KernelPath) {
    let x: [Float] = [
      -.infinity, 1, -.infinity,  // one element left
      -.infinity, 2, 2,
      500, -500, 0,
      -.infinity, -.infinity, -.infinity,
      1, .nan, 2,
    ]
    var y = [Float](repeating: -7, count: 15)
    path.table.softmax(x, &y, 5, 3)
    #expect(Array(y[0..<9]) == [0, 1, 0, 0, 0.5, 0.5, 1, 0, 0])
    #expect(y[9...].allSatisfy { $0.isNaN })
    path.table.log_softmax(x, &y, 5, 3)
    let (half, none): (Float, Float) = (-0.6931472, -.infinity)
    let expected: [Float] = [none, 0, none, none, half, half, 0, -1000, -500]
    #expect(Array(y[0..<9]) == expected)
    #expect(y[9...].allSatisfy { $0.isNaN })

    // In place, and one column.
    var one: [Float] = [3, -4]
    one.withUnsafeMutableBufferPointer {
      path.table.softmax($0.baseAddress!, $0.baseAddress!, 2, 1)
    }
    #expect(one == [1, 1])
  }

  @Test(arguments: KernelPath.all)
  func softmaxGradients(path: KernelPath) {
    for columns in KernelPath.sizes where columns > 0 {
      let rows = 3
      let count = rows * columns
      let x = numbers(count, seed: 9, scale: 4)
      let dy = numbers(count, seed: 10)
      let start = numbers(count, seed: 11)
      var y = [Float](repeating: 0, count: count)
      var (dx, dz) = (start + [-7], start + [-7])
      path.table.softmax(x, &y, Int64(rows), Int64(columns))
      path.table.softmax_gradient(y, dy, &dx, Int64(rows), Int64(columns))
      var z = [Float](repeating: 0, count: count)
      path.table.log_softmax(x, &z, Int64(rows), Int64(columns))
      path.table.log_softmax_gradient(z, dy, &dz, Int64(rows), Int64(columns))
      #expect(dx.removeLast() == -7)
      #expect(dz.removeLast() == -7)

      var (expected, tolerance): ([Double], [Double]) = ([], [])
      var (logExpected, logTolerance): ([Double], [Double]) = ([], [])
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let weighted = range.reduce(0.0) { $0 + Double(y[$1]) * Double(dy[$1]) }
        let sum = range.reduce(0.0) { $0 + Double(dy[$1]) }
        let depth = Double(columns) / 16 + 5
        let weight = range.reduce(0.0) { $0 + Double(y[$1] * abs(dy[$1])) } * depth
        let size = range.reduce(0.0) { $0 + Double(abs(dy[$1])) } * depth
        for i in range {
          let (p, q) = (Double(y[i]), exp(Double(z[i])))
          expected.append(Double(start[i]) + p * (Double(dy[i]) - weighted))
          tolerance.append(rounding * (abs(expected[i]) + p * (weight + abs(Double(dy[i])))))
          logExpected.append(Double(start[i]) + Double(dy[i]) - q * sum)
          let terms = abs(Double(dy[i])) + q * (size + 3 * abs(sum))
          logTolerance.append(rounding * (abs(logExpected[i]) + terms))
        }
      }
      let message = worst(dx, expected, tolerance: tolerance)
      #expect(message == nil, "softmax, \(columns) columns: \(message ?? "")")
      let logMessage = worst(dz, logExpected, tolerance: logTolerance)
      #expect(logMessage == nil, "log-softmax, \(columns) columns: \(logMessage ?? "")")
    }
  }

  @Test func sameBitsOnEveryFusedPath() throws {
    let first = try #require(KernelPath.fused.first ?? KernelPath.all.first)
    for columns in KernelPath.sizes where columns > 0 {
      let x = numbers(3 * columns, seed: 12, scale: 5)
      let dy = numbers(3 * columns, seed: 13)
      func results(_ path: KernelPath) -> [[UInt32]] {
        let zero = [Float](repeating: 0, count: x.count)
        var (y, z, dx, dz) = (zero, zero, dy, dy)
        let n = Int64(columns)
        path.table.softmax(x, &y, 3, n)
        path.table.log_softmax(x, &z, 3, n)
        path.table.softmax_gradient(y, dy, &dx, 3, n)
        path.table.log_softmax_gradient(z, dy, &dz, 3, n)
        return [y, z, dx, dz].map(bits)
      }
      for path in KernelPath.fused.dropFirst() {
        #expect(results(path) == results(first), "\(path.name), \(columns) columns")
      }
    }
  }
}
