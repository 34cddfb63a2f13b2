import RecurrentFiles
internal import RecurrentKernels

extension Tensor {
  /// The matrix product of `[M, K]` and `[K, N]`, plus `bias` (`[N]`) in every row: `[M, N]`.
  ///
  /// Dimensions of `self` before the last are rows: `[B, T, K]` gives `[B, T, N]`.
  public func matrixProduct(_ other: Tensor, bias: Tensor? = nil) -> Tensor {
    require(
      rank >= 1 && other.rank == 2 && shape[rank - 1] == other.shape[0],
      "a matrix product needs […, K] and [K, N]; shapes are \(shape) and \(other.shape)")
    let columns = other.shape[1]
    require(
      bias.map { $0.shape == [columns] } ?? true,
      "the bias of a product with \(columns) columns has shape [\(columns)], not \(bias?.shape ?? [])"
    )
    let y = Tensor(
      product: matrix, other.matrix, bias: bias, shape: shape.dropLast() + [columns])
    return y.recorded(from: [self, other] + (bias.map { [$0] } ?? [])) {
      [x = Operand(self), w = Operand(other)] dy in
      // dx = dy · wᵀ    dw = xᵀ · dy
      [
        x.isTracked
          ? Tensor(product: dy.matrix, w.values.matrix.transposed, shape: x.values.shape) : nil,
        w.isTracked ? Tensor(product: x.values.matrix.transposed, dy.matrix) : nil,
        dy.reduced(to: [columns]),
      ]
    }
  }

  /// a·b, plus `bias` in every row; of shape `[a.rows, b.columns]`, or another of as many elements.
  init(product a: Matrix, _ b: Matrix, bias: Tensor? = nil, shape: [Int]? = nil) {
    let c = Matrix(rows: a.rows, columns: b.columns)
    Matrix.multiply(a, b, into: c, bias: bias)
    self.init(storage: c.storage, shape: shape ?? [c.rows, c.columns])
  }
}

extension Matrix {
  /// c = a·b, plus `bias` in every row or, to accumulate, what c holds. `alone` for a caller that has divided its work
  /// among threads already.
  static func multiply(
    _ a: Matrix, _ b: Matrix, into c: Matrix, bias: Tensor? = nil, accumulate: Bool = false,
    alone: Bool = false
  ) {
    var product = rk_matrix_product(a, b, c)
    product.bias = bias.map { UnsafePointer($0.pointer) }
    product.accumulate = accumulate
    product.run(alone: alone)
    withExtendedLifetime((a, b, c, bias)) {}
  }

  /// c += a·b for each of several a with their c. They share b, which is then read once for all of them.
  static func multiply(_ factors: [(a: Matrix, c: Matrix)], _ b: Matrix) {
    rk_matrix_product.run(
      factors.map {
        var product = rk_matrix_product($0.a, b, $0.c)
        product.accumulate = true
        return product
      })
    withExtendedLifetime((factors, b)) {}
  }

  /// What kernels read in place of this right factor.
  func packedForProducts() -> Storage {
    let packed = Storage(count: Int(rk_packed_product_size(Int64(columns), Int64(rows))))
    let empty = Matrix(storage, rows: 0, columns: rows)
    withUnsafePointer(
      to: rk_matrix_product(empty, self, Matrix(storage, rows: 0, columns: columns))
    ) {
      rk_pack_product($0, packed.pointer)
    }
    return packed
  }
}

extension rk_matrix_product {
  /// c = a·b, the one place where matrices become what kernels take.
  fileprivate init(_ a: Matrix, _ b: Matrix, _ c: Matrix) {
    require(
      a.rows == c.rows && a.columns == b.rows && b.columns == c.columns && c.columnStride == 1
        && b.rowIndex == nil && b.columnIndex == nil && c.columnIndex == nil,
      "no kernel multiplies \(a.rows) × \(a.columns) by \(b.rows) × \(b.columns) to \(c.rows) × \(c.columns)"
    )
    self.init(
      rows: Int64(c.rows), columns: Int64(c.columns), depth: Int64(b.rows),
      a: a.storage.pointer + a.start, a_row_stride: Int64(a.rowStride),
      a_depth_stride: Int64(a.columnStride), b: b.storage.pointer + b.start,
      b_depth_stride: Int64(b.rowStride), b_column_stride: Int64(b.columnStride),
      c: c.storage.pointer + c.start, c_row_stride: Int64(c.rowStride),
      a_row_index: a.rowIndex?.pointer, a_depth_index: a.columnIndex?.pointer,
      c_row_index: c.rowIndex?.pointer, bias: nil, accumulate: false, also: nil,
      packed_b: b.packing?.pointer)
  }

  /// c = a·b of a packed b, where a and c are floats that somebody else keeps: rows of a `rowStride` apart.
  init(
    a: UnsafePointer<Float>, rows: Int, rowStride: Int, _ b: Matrix,
    c: UnsafeMutablePointer<Float>
  ) {
    self.init(
      rows: Int64(rows), columns: Int64(b.columns), depth: Int64(b.rows), a: a,
      a_row_stride: Int64(rowStride), a_depth_stride: 1, b: b.storage.pointer + b.start,
      b_depth_stride: Int64(b.rowStride), b_column_stride: Int64(b.columnStride), c: c,
      c_row_stride: Int64(b.columns), a_row_index: nil, a_depth_index: nil, c_row_index: nil,
      bias: nil, accumulate: false, also: nil, packed_b: b.packing?.pointer)
  }

  /// Computes the product, on several threads where that pays. Each thread takes rows or columns of
  /// C, so that no element's sum is divided.
  func run(alone: Bool) {
    guard rows > 0, columns > 0 else { return }
    let parts =
      alone
      ? 1
      : Parallelism.parts(
        operations: 2 * Int(rows) * Int(columns) * Int(depth), atMost: Int(max(rows, columns) / 16))
    Parallelism.run(parts: parts) { part in
      var share = self
      if rows >= columns {
        let range = Parallelism.range(part, of: parts, count: Int(rows), granularity: 8)
        share.rows = Int64(range.count)
        if let index = a_row_index {
          share.a_row_index = index + range.lowerBound
        } else {
          share.a += range.lowerBound * Int(a_row_stride)
        }
        if let index = c_row_index {
          share.c_row_index = index + range.lowerBound
        } else {
          share.c += range.lowerBound * Int(c_row_stride)
        }
      } else {
        let range = Parallelism.range(part, of: parts, count: Int(columns), granularity: 32)
        share.columns = Int64(range.count)
        share.b += range.lowerBound * Int(b_column_stride)
        share.packed_b = packed_b.map { $0 + range.lowerBound * Int(depth) }
        share.c += range.lowerBound
        share.bias = bias.map { $0 + range.lowerBound }
      }
      guard share.rows > 0, share.columns > 0 else { return }
      let workspace = Storage(
        count: Int(rk_multiply_workspace(share.rows, share.columns, share.depth)))
      rk_multiply(&share, workspace.pointer)
    }
  }

  /// Computes products that share B, columns and depth, which is then read once for all of them. Each thread takes
  /// columns.
  fileprivate static func run(_ products: [rk_matrix_product]) {
    guard let first = products.first, first.columns > 0 else { return }
    let rows = products.reduce(0) { $0 + $1.rows }
    let parts = Parallelism.parts(
      operations: 2 * Int(rows * first.columns * first.depth), atMost: Int(first.columns / 16))
    Parallelism.run(parts: parts) { part in
      let range = Parallelism.range(
        part, of: parts, count: Int(first.columns), granularity: 32)
      guard !range.isEmpty else { return }
      var shares = products
      shares.withUnsafeMutableBufferPointer { shares in
        for index in shares.indices {
          shares[index].columns = Int64(range.count)
          shares[index].b += range.lowerBound * Int(first.b_column_stride)
          shares[index].c += range.lowerBound
          if index > 0, let base = shares.baseAddress {
            shares[index - 1].also = UnsafePointer(base + index)
          }
        }
        let workspace = Storage(
          count: Int(
            rk_multiply_workspace(
              products.reduce(0) { max($0, $1.rows) }, Int64(range.count), first.depth)))
        if let head = shares.baseAddress { rk_multiply(head, workspace.pointer) }
      }
    }
  }
}
