internal import RecurrentKernels

/// Values that are rows of a table: what an ``Embedding`` gives.
struct TableRows: Sendable {
  /// `[V, F]`.
  let table: Tensor
  /// The rows, and the place b·T + t among the values of each of them.
  let rows: [Int]
  let places: [Int]
}

/// The input of a recurrent layer where it is few vectors, each many times, as characters give: each
/// vector is multiplied with the weights once, and the steps look up the sums. An element's sum is
/// the one that a step would make, to the bit.
///
/// On the way back the gradients d of the steps that share a vector are added up first, to D:
///
///     dx = D·Wᵀ    dW = xᵀ·D
struct InputTable: Sendable {
  /// The rows of the table that occur, ascending; U of them.
  let indices: [Int]
  /// They themselves, `[U, I]`, and the shape of the table.
  let vectors: Tensor
  let shape: [Int]
  /// `[N]` in packed order, the vector of each step.
  let rows: IndexTable
  /// `[U, G·H]` the sums that the steps start with.
  let starts: Storage

  /// Nil if the values are not of a table, or hardly a row comes twice. `width` is G·H.
  init?(_ input: SequenceBatch, width: Int) {
    let layout = input.layout
    guard let origin = input.origin, 2 * origin.table.shape[0] <= layout.packedCount else {
      return nil
    }
    var vector = [Int32](repeating: -1, count: origin.table.shape[0])
    for row in origin.rows { vector[row] = 0 }
    indices = vector.indices.filter { vector[$0] == 0 }
    for (index, row) in indices.enumerated() { vector[row] = Int32(index) }
    var vectorOfPlace = [Int32](repeating: 0, count: layout.batchSize * layout.time)
    for (row, place) in zip(origin.rows, origin.places) { vectorOfPlace[place] = vector[row] }
    rows = IndexTable(count: layout.packedCount)
    for packed in 0..<layout.packedCount {
      rows[packed] = vectorOfPlace[Int(layout.place[packed])]
    }
    vectors = origin.table.detached.rows(indices)
    shape = origin.table.shape
    starts = Storage(count: indices.count * width)
  }

  /// D `[U, G·H]`, which grows from the last step to the first.
  func add(_ gates: Storage, of packed: Range<Int>, to sums: inout Tensor) {
    let (target, width) = (sums.mutablePointer(), sums.shape[1])
    let parts = Parallelism.parts(operations: 2 * packed.count * width, atMost: (width + 63) / 64)
    Parallelism.run(parts: parts) { part in
      let columns = Parallelism.range(part, of: parts, count: width, granularity: 64)
      for place in packed.reversed() {
        rk_add_scaled(
          1, gates.pointer + (place - packed.lowerBound) * width + columns.lowerBound,
          target + Int(rows[place]) * width + columns.lowerBound, Int64(columns.count))
      }
    }
    withExtendedLifetime((self, gates)) {}
  }

  /// The gradient of the table, by rows: D·Wᵀ.
  func gradient(_ sums: Tensor, weights: Tensor) -> SparseRows {
    let (width, features) = (sums.shape[1], weights.shape[0])
    let values = Tensor(shape: [indices.count, features]) { dx in
      var product = rk_matrix_product(
        rows: indices.count, columns: features, depth: width, a: sums.pointer,
        b: weights.pointer, c: dx)
      (product.b_depth_stride, product.b_column_stride) = (1, Int64(width))
      product.run()
    }
    withExtendedLifetime((sums, weights)) {}
    return SparseRows(shape: shape, indices: indices, values: values)
  }

  /// The gradient of the weights: xᵀ·D.
  func weightGradient(_ sums: Tensor) -> Tensor {
    let (width, features) = (sums.shape[1], vectors.shape[1])
    let gradient = Tensor(shape: [features, width]) { dw in
      var product = rk_matrix_product(
        rows: features, columns: width, depth: indices.count, a: vectors.pointer,
        b: sums.pointer, c: dw)
      (product.a_row_stride, product.a_depth_stride) = (1, Int64(features))
      product.run()
    }
    withExtendedLifetime((self, sums)) {}
    return gradient
  }
}
