import RecurrentFiles
internal import RecurrentKernels

/// Floats as whole numbers of eight bits without sign: x ≈ (byte - zero)·scale.
package struct EightBitScale: Sendable {
  package let scale: Float
  /// A whole number from 0 to 255.
  package let zero: Float

  /// The scale that holds all of `values`, and 0. What is not a number does not count.
  package init(holding values: UnsafeBufferPointer<Float>) {
    var (least, most): (Float, Float) = (0, 0)
    if let start = values.baseAddress { rk_range(start, Int64(values.count), &least, &most) }
    scale = least == most ? 1 : (most - least) / 255
    zero = min(max((-least / scale).rounded(.toNearestOrEven), 0), 255)
  }

  /// Rounds `count` floats.
  package func round(
    _ values: UnsafePointer<Float>, count: Int, into bytes: UnsafeMutablePointer<UInt8>
  ) {
    rk_round_to_bytes(scale, zero, values, bytes, Int64(count))
  }

  /// The floats rounded.
  package func rounded(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: values.count) { bytes, count in
      count = values.count
      guard let from = values.baseAddress, let to = bytes.baseAddress else { return }
      round(from, count: values.count, into: to)
    }
  }
}

/// A matrix `[K, N]` of whole numbers of eight bits, packed for products with rows of bytes. Sums are exact in 32 bits, and
/// so the same with any kernels; larger ones are taken modulo 2^32.
package struct EightBitMatrix: Sendable {
  /// K.
  package let depth: Int
  /// N.
  package let columns: Int
  private let packed: [Int8]
  private let sums: [Int32]
  private let zeros: [Int32]
  private let scales: [Float]
  private let hasZeros: Bool

  /// - Parameters:
  ///   - values: `[K, N]`, row by row.
  ///   - zeros: what stands for 0, a number a column.
  ///   - scales: what a step of 1 stands for, a number a column.
  package init(_ values: [Int8], depth: Int, zeros: [Int32], scales: [Float]) {
    let columns = zeros.count
    require(
      values.count == depth * columns && scales.count == columns,
      "\(values.count) numbers, \(columns) zeros and \(scales.count) scales are of no matrix with \(depth) rows"
    )
    (self.depth, self.columns, self.zeros, self.scales) = (depth, columns, zeros, scales)
    hasZeros = zeros.contains { $0 != 0 }
    var sums = [Int32](repeating: 0, count: columns)
    for k in 0..<depth {
      for n in 0..<columns { sums[n] &+= Int32(values[k * columns + n]) }
    }
    self.sums = sums
    let size = Int(rk_packed_bytes_size(Int64(columns), Int64(depth)))
    packed = [Int8](unsafeUninitializedCapacity: size) { packed, count in
      count = size
      guard let to = packed.baseAddress else { return }
      values.withUnsafeBufferPointer { values in
        if let from = values.baseAddress { rk_pack_bytes(from, Int64(columns), Int64(depth), to) }
      }
    }
  }

  /// Σ (a - zero)·(b - zeros) for rows of bytes a, `[rows, N]`.
  package func products(_ bytes: [UInt8], zero: Int32) -> [Int32] {
    let rows = depth > 0 ? bytes.count / depth : 0
    var products = [Int32](repeating: 0, count: rows * columns)
    multiply(bytes, rows: rows, into: &products)
    for row in 0..<rows {
      let rest = sum(ofRow: row, in: bytes) &- Int32(truncatingIfNeeded: depth) &* zero
      for n in 0..<columns { products[row * columns + n] &-= zero &* sums[n] &+ rest &* zeros[n] }
    }
    return products
  }

  private func multiply(_ bytes: [UInt8], rows: Int, into products: inout [Int32]) {
    bytes.withUnsafeBufferPointer { bytes in
      packed.withUnsafeBufferPointer { packed in
        products.withUnsafeMutableBufferPointer { products in
          guard let a = bytes.baseAddress, let b = packed.baseAddress, let c = products.baseAddress
          else { return }
          rk_multiply_bytes(a, Int64(rows), b, Int64(columns), Int64(depth), c)
        }
      }
    }
  }

  /// The sum of a row of bytes, for what meets the columns' zeros; 0 where there are none.
  private func sum(ofRow row: Int, in bytes: [UInt8]) -> Int32 {
    guard hasZeros else { return 0 }
    return bytes[row * depth..<(row + 1) * depth].reduce(Int32(0)) { $0 &+ Int32($1) }
  }

  /// Products of rows of floats with such a matrix, rounded first, in buffers that are used again.
  package struct Rounding {
    private let matrix: EightBitMatrix
    private let rows: Int
    private var bytes: [UInt8]
    private var products: [Int32]

    /// Of so many rows.
    package init(_ matrix: EightBitMatrix, rows: Int) {
      (self.matrix, self.rows) = (matrix, rows)
      bytes = Array(repeating: 0, count: rows * matrix.depth)
      products = Array(repeating: 0, count: rows * matrix.columns)
    }

    /// y = start + x·B, row by row.
    ///
    /// - Parameters:
    ///   - x: `[rows, K]`
    ///   - scale: what x is rounded to.
    ///   - start: N floats for a row.
    ///   - y: `[rows, N]`
    package mutating func multiply(
      _ x: UnsafePointer<Float>, scale: EightBitScale, from start: (Int) -> UnsafePointer<Float>,
      into y: UnsafeMutablePointer<Float>
    ) {
      bytes.withUnsafeMutableBufferPointer { bytes in
        if let to = bytes.baseAddress { scale.round(x, count: bytes.count, into: to) }
      }
      matrix.multiply(bytes, rows: rows, into: &products)
      let (columns, zero) = (matrix.columns, Int32(scale.zero))
      matrix.withColumns { b in
        products.withUnsafeBufferPointer { products in
          guard let products = products.baseAddress else { return }
          for row in 0..<rows {
            rk_floats_of_sums(
              b, products + row * columns, matrix.sum(ofRow: row, in: bytes), scale.scale, zero,
              start(row), y + row * columns)
          }
        }
      }
    }
  }

  private func withColumns(_ body: (UnsafePointer<rk_byte_columns>) -> Void) {
    sums.withUnsafeBufferPointer { sums in
      zeros.withUnsafeBufferPointer { zeros in
        scales.withUnsafeBufferPointer { scales in
          guard let sums = sums.baseAddress, let zeros = zeros.baseAddress,
            let scales = scales.baseAddress
          else { return }
          var columns = rk_byte_columns(
            columns: Int64(columns), depth: Int64(depth), sums: sums, zeros: zeros, scales: scales)
          body(&columns)
        }
      }
    }
  }

  /// The rest of a step of an LSTM, one row: from `z` `[4·H]` of its input, output and forget gate and of what is new, the
  /// cell `[H]`, replaced, and the hidden state `[H]`.
  package static func finishLSTMStep(
    units: Int, _ z: UnsafePointer<Float>, cell: UnsafeMutablePointer<Float>,
    hidden: UnsafeMutablePointer<Float>
  ) {
    rk_lstm_step(Int64(units), z, cell, hidden)
  }
}
