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

  /// x·w, plus `bias` (`[N]`) in every row: `[…, K]` gives `[…, N]`. Not recorded.
  package func product(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
    require(x.shape.last == rows, "a product needs […, \(rows)], not shape \(x.shape)")
    return product(x.matrix, bias: bias, shape: x.shape.dropLast() + [columns])
  }

  /// The same for rows that are nowhere written down: element (m, k) of the left factor is the float
  /// `rows[m] + depth[k]` of `x`. `[M, N]`; not recorded.
  package func product(
    _ x: Tensor, rows: [Int32], depth: [Int32], bias: Tensor? = nil
  ) -> Tensor {
    require(
      depth.count == self.rows, "a product needs \(self.rows) columns, not \(depth.count)")
    var a = Matrix(x.storage, rows: rows.count, columns: depth.count, stride: 1)
    a = a.rows(at: IndexTable(rows), count: rows.count)
    // Kernels are faster where they see that the depth has no gaps.
    if !depth.indices.allSatisfy({ depth[$0] == $0 }) {
      a = a.transposed.rows(at: IndexTable(depth), count: depth.count).transposed
    }
    return product(a, bias: bias, shape: [rows.count, columns])
  }

  private func product(_ a: Matrix, bias: Tensor?, shape: [Int]) -> Tensor {
    var start = parts[0].rows
    var sum = Tensor(product: a.columns(0..<start), parts[0], bias: bias, shape: shape)
    for part in parts.dropFirst() {
      sum.add(Tensor(product: a.columns(start..<start + part.rows), part, shape: shape))
      start += part.rows
    }
    return sum
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
