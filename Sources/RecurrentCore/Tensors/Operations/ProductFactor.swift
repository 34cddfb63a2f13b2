import RecurrentFiles
internal import RecurrentKernels

/// The right factor of many products, in the order in which kernels read it.
package struct ProductFactor: Sendable {
  /// Rows one after the other.
  private let parts: [Matrix]
  /// K.
  package let rows: Int
  /// N.
  package let columns: Int

  /// A matrix `[K, N]`.
  ///
  /// - Parameter depth: the most products in one sum; longer sums are made of several, which rounds
  ///   less where terms cancel.
  package init(_ weights: Tensor, depth: Int = .max) {
    require(weights.rank == 2, "the factor of a product is a matrix, not of shape \(weights.shape)")
    let matrix = weights.matrix
    (rows, columns) = (matrix.rows, matrix.columns)
    guard weights.count > 0, depth < rows else {
      parts = [weights.count > 0 ? matrix.packed() : matrix]
      return
    }
    parts = stride(from: 0, to: rows, by: depth).map { start in
      matrix.rows(start..<min(start + depth, matrix.rows)).packed()
    }
  }

  /// Where the elements of the left factor `[M, K]` stand among floats: row after row, or element (m, k) at
  /// `rows[m] + depth[k]`, so that what lies under a kernel need not be written down.
  package struct Left: Sendable {
    /// M.
    package let count: Int
    /// Nil: row after row.
    fileprivate let rows: IndexTable?
    /// Nil: one after the other, which kernels read faster.
    fileprivate let depth: IndexTable?

    /// `count` rows one after the other.
    package init(count: Int) { (self.count, rows, depth) = (count, nil, nil) }

    /// Element (m, k) at `rows[m] + depth[k]`.
    package init(rows: [Int32], depth: [Int32]) {
      count = rows.count
      self.rows = IndexTable(rows)
      let hasGaps = depth.indices.contains { depth[$0] != $0 }
      self.depth = hasGaps ? IndexTable(depth) : nil
    }
  }

  /// The floats that ``multiply(_:_:bias:into:scratch:)`` needs besides for `count` rows.
  package func scratchSize(rows count: Int) -> Int { parts.count > 1 ? count * columns : 0 }

  /// c = a·w, plus `bias` (`[N]`) in every row. The floats of `a` stand from `x` on as `left` tells.
  package func multiply(
    _ x: UnsafePointer<Float>, _ left: Left, bias: UnsafePointer<Float>? = nil,
    into c: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    var start = 0
    for (index, part) in parts.enumerated() {
      var product = rk_matrix_product(
        a: x + (left.depth == nil ? start : 0), rows: left.count,
        rowStride: left.rows == nil ? rows : 1, part, c: index == 0 ? c : scratch)
      product.a_row_index = left.rows?.pointer
      product.a_depth_index = left.depth.map { $0.pointer + start }
      product.bias = index == 0 ? bias : nil
      product.run(alone: false)
      if index > 0 { rk_add_scaled(1, scratch, c, Int64(left.count * columns)) }
      start += part.rows
    }
    withExtendedLifetime(left) {}
  }

  /// x·w, plus `bias` (`[N]`) in every row: `[…, K]` gives `[…, N]`. Not recorded.
  package func product(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
    require(x.shape.last == rows, "a product needs […, \(rows)], not shape \(x.shape)")
    let count = x.shape.dropLast().reduce(1, *)
    let scratch = Storage(count: scratchSize(rows: count))
    return Tensor(shape: x.shape.dropLast() + [columns]) { c in
      multiply(
        x.pointer, Left(count: count), bias: bias.map { UnsafePointer($0.pointer) }, into: c,
        scratch: scratch.pointer)
      withExtendedLifetime((x, bias, scratch)) {}
    }
  }
}

extension Tensor {
  /// The products of `count` matrices `[M, K]` and `[K, N]` each: those of `a` begin at the floats
  /// `starts` tell, those of `b` too. `[count, M, N]`; not recorded.
  package static func products(
    _ a: Tensor, _ b: Tensor, starts: [(a: Int, b: Int)], rows: Int, depth: Int, columns: Int
  ) -> Tensor {
    let c = Storage(count: starts.count * rows * columns)
    for (index, start) in starts.enumerated() {
      Matrix.multiply(
        Matrix(a.storage, from: start.a, rows: rows, columns: depth),
        Matrix(b.storage, from: start.b, rows: depth, columns: columns),
        into: Matrix(c, from: index * rows * columns, rows: rows, columns: columns))
    }
    return Tensor(storage: c, shape: [starts.count, rows, columns])
  }
}
