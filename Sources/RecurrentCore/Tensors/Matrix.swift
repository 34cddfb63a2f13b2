/// A matrix as it lies in a storage, which it keeps alive: rows one after the other, some of them, in any order, or
/// seen as columns. Nothing is copied to look at it in another way. It is what kernels read and write.
///
/// Who writes to one has just made its storage, or has it from ``Tensor/mutableMatrix()``.
struct Matrix: Sendable {
  let storage: Storage
  private(set) var start: Int
  private(set) var rows: Int
  private(set) var columns: Int
  private(set) var rowStride: Int
  private(set) var columnStride = 1
  /// Which row, or column, of the storage stands at each place; nil: one after the other.
  private(set) var rowIndex: IndexTable?
  private(set) var columnIndex: IndexTable?
  /// The elements in the order in which products read them; nil: not packed.
  private(set) var packing: Storage?

  /// Rows in `storage` from its float `start` on. `stride`: from row to row, where that is not the columns.
  init(_ storage: Storage, from start: Int = 0, rows: Int, columns: Int, stride: Int? = nil) {
    self.storage = storage
    (self.start, self.rows, self.columns) = (start, rows, columns)
    rowStride = stride ?? columns
  }

  /// A new one, not initialized.
  init(rows: Int, columns: Int) {
    self.init(Storage(count: rows * columns), rows: rows, columns: columns)
  }

  /// Rows as columns.
  var transposed: Matrix {
    var result = self
    (result.rows, result.columns) = (columns, rows)
    (result.rowStride, result.columnStride) = (columnStride, rowStride)
    (result.rowIndex, result.columnIndex) = (columnIndex, rowIndex)
    result.packing = nil
    return result
  }

  func rows(_ range: Range<Int>) -> Matrix {
    var result = self
    result.rows = range.count
    result.rowIndex = rowIndex?.suffix(from: range.lowerBound)
    if rowIndex == nil { result.start += range.lowerBound * rowStride }
    result.packing = nil
    return result
  }

  func columns(_ range: Range<Int>) -> Matrix { transposed.rows(range).transposed }

  /// The first rows that `table` names, in its order.
  func rows(at table: IndexTable, count: Int) -> Matrix {
    var result = self
    (result.rows, result.rowIndex, result.packing) = (count, table, nil)
    return result
  }

  /// From the last row to the first.
  var reversed: Matrix {
    var result = self
    result.start += max(0, rows - 1) * rowStride
    (result.rowStride, result.packing) = (-rowStride, nil)
    return result
  }

  /// The matrix packed as the right factor of many products.
  func packed() -> Matrix {
    var result = self
    result.packing = packedForProducts()
    return result
  }

  /// The floats of a row, for code that goes through them one by one; there as long as the matrix is.
  func row(_ row: Int) -> UnsafeMutablePointer<Float> {
    storage.pointer + (start + (rowIndex.map { Int($0[row]) } ?? row) * rowStride)
  }
}

extension Tensor {
  /// The elements as rows of the last dimension.
  var matrix: Matrix {
    Matrix(storage, rows: shape.dropLast().reduce(1, *), columns: shape.last ?? 1)
  }

  /// The matrix to write to, after making sure that nobody else sees the elements; the tensor becomes a constant.
  mutating func mutableMatrix() -> Matrix {
    _ = mutablePointer()
    return matrix
  }
}

/// Whole numbers in a pooled buffer, as index tables of kernels.
struct IndexTable: Sendable {
  private let storage: Storage
  private let start: Int

  init(count: Int) { self.init(Storage(count: count), from: 0) }

  init(_ indices: [Int32]) {
    self.init(count: indices.count)
    for (place, index) in indices.enumerated() { mutable[place] = index }
  }

  /// The numbers that stand in `storage` from its word `start` on.
  init(_ storage: Storage, from start: Int) { (self.storage, self.start) = (storage, start) }

  func suffix(from index: Int) -> IndexTable { IndexTable(storage, from: start + index) }

  var pointer: UnsafePointer<Int32> { UnsafePointer(mutable) }

  private var mutable: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Int32.self) + start
  }

  subscript(index: Int) -> Int32 {
    get { mutable[index] }
    nonmutating set { mutable[index] = newValue }
  }
}
