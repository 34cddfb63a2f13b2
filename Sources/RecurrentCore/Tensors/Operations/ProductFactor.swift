import RecurrentFiles
internal import RecurrentKernels

/// The right factor of many products, in the order in which kernels read it.
package struct ProductFactor: Sendable {
  private let matrix: Matrix

  /// A matrix `[K, N]`.
  package init(_ weights: Tensor) {
    require(weights.rank == 2, "the factor of a product is a matrix, not of shape \(weights.shape)")
    matrix = weights.count > 0 ? weights.matrix.packed() : weights.matrix
  }

  /// K.
  package var rows: Int { matrix.rows }
  /// N.
  package var columns: Int { matrix.columns }

  /// x·w, plus `bias` (`[N]`) in every row: `[…, K]` gives `[…, N]`. Not recorded.
  package func product(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
    require(x.shape.last == rows, "a product needs […, \(rows)], not shape \(x.shape)")
    return Tensor(product: x.matrix, matrix, bias: bias, shape: x.shape.dropLast() + [columns])
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
