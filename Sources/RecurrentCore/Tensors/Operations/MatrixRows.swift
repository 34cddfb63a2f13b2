import RecurrentFiles
internal import RecurrentKernels

// Rows that move and add up, in place; for pullbacks and buffers: nothing is recorded. A row may be named more than once
// where it is read, and where it is added to.

extension Matrix {
  /// y = x; returns y.
  @discardableResult
  func copying(_ x: Matrix) -> Matrix {
    check(x)
    for row in 0..<rows { self.row(row).update(from: x.row(row), count: columns) }
    return self
  }

  /// y += x, row after row, on several threads where that pays: each takes columns.
  func addRows(of x: Matrix, lastFirst: Bool = false) {
    check(x)
    let parts = Parallelism.parts(operations: 2 * rows * columns, atMost: (columns + 63) / 64)
    Parallelism.run(parts: parts) { part in
      let range = Parallelism.range(part, of: parts, count: columns, granularity: 64)
      for index in 0..<rows {
        let row = lastFirst ? rows - 1 - index : index
        rk_add_scaled(
          1, x.row(row) + range.lowerBound, self.row(row) + range.lowerBound, Int64(range.count))
      }
    }
  }

  /// Adds the product to one row of y.
  func add(_ x: UnsafePointer<Float>, to row: Int) {
    rk_add_scaled(1, x, self.row(row), Int64(columns))
  }

  /// y += 1ᵀ·x, with y of one row; each thread takes columns.
  func addColumnSums(of x: Matrix) {
    let parts = Parallelism.parts(operations: 4 * x.rows * columns, atMost: (columns + 63) / 64)
    Parallelism.run(parts: parts) { part in
      let range = Parallelism.range(part, of: parts, count: columns, granularity: 64)
      rk_column_sums(
        x.row(0) + range.lowerBound, Int64(x.rows), Int64(range.count), Int64(x.rowStride), true,
        row(0) + range.lowerBound)
    }
  }

  private func check(_ x: Matrix) {
    require(
      rows == x.rows && columns == x.columns && columnStride == 1 && x.columnStride == 1,
      "rows of \(x.rows) × \(x.columns) do not fit \(rows) × \(columns)")
  }
}

extension Tensor {
  /// 1ᵀ·x, `[columns]`.
  init(columnSumsOf x: Matrix) {
    self.init(shape: [x.columns]) {
      rk_column_sums(x.row(0), Int64(x.rows), Int64(x.columns), Int64(x.rowStride), false, $0)
    }
  }
}
