internal import RecurrentKernels

extension Tensor {
  /// The matrix product of `[M, K]` and `[K, N]`, plus `bias` (`[N]`) in every row: `[M, N]`.
  ///
  /// Dimensions of `self` before the last are rows: `[B, T, K]` gives `[B, T, N]`.
  public func matrixProduct(_ other: Tensor, bias: Tensor? = nil) -> Tensor {
    precondition(
      rank >= 1 && other.rank == 2 && shape[rank - 1] == other.shape[0],
      "a matrix product needs […, K] and [K, N]; shapes are \(shape) and \(other.shape)")
    let (depth, columns) = (other.shape[0], other.shape[1])
    precondition(
      bias.map { $0.shape == [columns] } ?? true,
      "the bias of a product with \(columns) columns has shape [\(columns)], not \(bias?.shape ?? [])"
    )
    let rows = depth == 0 ? shape.dropLast().reduce(1, *) : count / depth
    let y = Tensor(shape: shape.dropLast() + [columns]) { y in
      var product = rk_matrix_product(
        rows: rows, columns: columns, depth: depth, a: pointer, b: other.pointer, c: y)
      product.bias = bias.map { UnsafePointer($0.pointer) }
      product.run()
    }
    return y.recorded(from: [self, other] + (bias.map { [$0] } ?? [])) {
      [x = Operand(self), w = Operand(other)] dy in
      var gradients: [Tensor?] = [nil, nil, nil]
      if x.isTracked {
        // dx = dy · wᵀ
        gradients[0] = Tensor(shape: x.values.shape) { dx in
          var product = rk_matrix_product(
            rows: rows, columns: depth, depth: columns, a: dy.pointer, b: w.values.pointer, c: dx)
          (product.b_depth_stride, product.b_column_stride) = (1, Int64(columns))
          product.run()
        }
      }
      if w.isTracked {
        // dw = xᵀ · dy
        gradients[1] = Tensor(shape: [depth, columns]) { dw in
          var product = rk_matrix_product(
            rows: depth, columns: columns, depth: rows, a: x.values.pointer, b: dy.pointer, c: dw)
          (product.a_row_stride, product.a_depth_stride) = (1, Int64(depth))
          product.run()
        }
      }
      gradients[2] = dy.reduced(to: [columns])
      withExtendedLifetime((x, w, dy)) {}
      return gradients
    }
  }
}

extension rk_matrix_product {
  /// C = A·B, all row-major: A `[rows, depth]`, B `[depth, columns]`. Other strides may be set
  /// afterwards.
  init(
    rows: Int, columns: Int, depth: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    c: UnsafeMutablePointer<Float>
  ) {
    self.init(
      rows: Int64(rows), columns: Int64(columns), depth: Int64(depth), a: a,
      a_row_stride: Int64(depth), a_depth_stride: 1, b: b, b_depth_stride: Int64(columns),
      b_column_stride: 1, c: c, c_row_stride: Int64(columns), a_row_index: nil,
      a_depth_index: nil, c_row_index: nil, bias: nil, accumulate: false,
      also: nil, packed_b: nil)
  }

  /// B in the order in which the kernels read it, for `packed_b` of this product and of others with
  /// the same B.
  func packedB() -> Storage {
    let packed = Storage(count: Int(rk_packed_product_size(columns, depth)))
    withUnsafePointer(to: self) { rk_pack_product($0, packed.pointer) }
    return packed
  }

  /// Computes the product, on several threads where that pays. Each thread takes rows or columns of
  /// C, so that no element's sum is divided. `alone` for a caller that has divided its work already.
  func run(alone: Bool = false) {
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
  static func run(_ products: [rk_matrix_product]) {
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
