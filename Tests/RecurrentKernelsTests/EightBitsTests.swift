import RecurrentKernels
import TestSupport
import Testing

/// Whole numbers of eight bits: sums are exact on every path, whatever the sizes.
@Suite struct EightBitsTests {
  struct Sizes: CustomTestStringConvertible {
    let rows, columns, depth: Int
    var testDescription: String { "\(rows) × \(depth) · \(depth) × \(columns)" }
  }

  static let sizes: [Sizes] = [
    .init(rows: 1, columns: 1, depth: 1), .init(rows: 1, columns: 64, depth: 4),
    .init(rows: 3, columns: 65, depth: 7), .init(rows: 2, columns: 130, depth: 255),
    .init(rows: 5, columns: 7, depth: 256), .init(rows: 4, columns: 128, depth: 3),
    .init(rows: 0, columns: 5, depth: 5), .init(rows: 3, columns: 5, depth: 0),
  ]

  @Test(arguments: KernelPath.all, sizes) func productsAreExact(_ path: KernelPath, _ sizes: Sizes)
  {
    let (rows, columns, depth) = (sizes.rows, sizes.columns, sizes.depth)
    var generator = SeededGenerator(seed: 3)
    // The extremes often: two products of them do not fit 16 bits.
    let a = (0..<rows * depth).map { _ in
      Bool.random(using: &generator) ? UInt8.max : UInt8.random(in: 0...255, using: &generator)
    }
    let b = (0..<depth * columns).map { _ in
      [Int8.min, .max, Int8.random(in: -128...127, using: &generator)].randomElement(
        using: &generator) ?? 0
    }
    let (table, wide, deep) = (path.table, Int64(columns), Int64(depth))
    var packed = [Int8](repeating: 9, count: Int(table.packed_bytes_size(wide, deep)))
    table.pack_bytes(b, wide, deep, &packed)
    var c = [Int32](repeating: -7, count: rows * columns + 1)
    table.multiply_bytes(a, Int64(rows), packed, wide, deep, &c)
    var expected = [Int32](repeating: 0, count: rows * columns) + [-7]
    for row in 0..<rows {
      for column in 0..<columns {
        for k in 0..<depth {
          expected[row * columns + column] +=
            Int32(a[row * depth + k]) * Int32(b[k * columns + column])
        }
      }
    }
    #expect(c == expected)
  }

  @Test(arguments: KernelPath.all) func roundsTiesToEvenAndStaysWithinAByte(_ path: KernelPath) {
    let table = path.table
    let x: [Float] = [
      0, 0.25, 0.75, 1.25, -0.25, -0.75, 63, 64, 1e30, -1e30, .infinity, -.infinity, .nan, 60.2,
      -9.9, 5.5, 1, 2, 3,
    ]
    var bytes = [UInt8](repeating: 99, count: x.count)
    table.round_to_bytes(0.5, 10, x, &bytes, Int64(x.count))
    #expect(
      bytes == [10, 10, 12, 12, 10, 8, 136, 138, 255, 0, 255, 0, 0, 130, 0, 21, 12, 14, 16])
    var (least, most): (Float, Float) = (5, 5)
    table.range(x.filter(\.isFinite), 16, &least, &most)
    #expect(least == -1e30 && most == 1e30)
    table.range([3, 4, .nan], 3, &least, &most)
    #expect(least == 0 && most == 4)
    table.range([], 0, &least, &most)
    #expect(least == 0 && most == 0)
  }

  /// (a - zero)·(b - zeros) in whole numbers, then scales and a start, once in one way and once in another.
  @Test(arguments: KernelPath.all) func scalesSums(_ path: KernelPath) {
    let (depth, columns) = (5, 19)
    let a: [Int32] = [3, 250, 0, 17, 99]
    let b = (0..<depth * columns).map { Int32($0 * 37 % 255) - 128 }
    let zeros = (0..<columns).map { Int32($0 % 3) - 1 }
    let scales = (0..<columns).map { Float($0 + 1) / 64 }
    let start = (0..<columns).map { Float($0) - 4 }
    var sums = [Int32](repeating: 0, count: columns)
    var products = sums
    var expected = start
    for column in 0..<columns {
      var exact: Int32 = 0
      for k in 0..<depth {
        sums[column] += b[k * columns + column]
        products[column] += a[k] * b[k * columns + column]
        exact += (a[k] - 7) * (b[k * columns + column] - zeros[column])
      }
      expected[column] += Float(exact) * (0.25 * scales[column])
    }
    var y = [Float](repeating: .nan, count: columns)
    sums.withUnsafeBufferPointer { sums in
      zeros.withUnsafeBufferPointer { zeros in
        scales.withUnsafeBufferPointer { scales in
          guard let sums = sums.baseAddress, let zeros = zeros.baseAddress,
            let scales = scales.baseAddress
          else { return }
          var matrix = rk_byte_columns(
            columns: Int64(columns), depth: Int64(depth), sums: sums, zeros: zeros, scales: scales)
          path.table.floats_of_sums(&matrix, products, a.reduce(0, +), 0.25, 7, start, &y)
        }
      }
    }
    // All are multiples of 2^-8 that 24 bits hold.
    #expect(y == expected)
  }
}
