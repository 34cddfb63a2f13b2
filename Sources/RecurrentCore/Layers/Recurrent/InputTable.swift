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
  /// The vectors, `[U, I]`, and the shape of the table.
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
    let d = Matrix(gates, rows: packed.count, columns: sums.shape[1])
    sums.mutableMatrix().rows(at: rows.suffix(from: packed.lowerBound), count: packed.count)
      .addRows(of: d, lastFirst: true)
  }

  /// The gradient of the table, by rows: D·Wᵀ.
  func gradient(_ sums: Tensor, weights: Tensor) -> SparseRows {
    SparseRows(
      shape: shape, indices: indices,
      values: Tensor(product: sums.matrix, weights.matrix.transposed))
  }

  /// The gradient of the weights: xᵀ·D.
  func weightGradient(_ sums: Tensor) -> Tensor {
    Tensor(product: vectors.matrix.transposed, sums.matrix)
  }
}
