import RecurrentKernels

/// A tensor of which only some rows are not zero: the gradient of an ``Embedding``, where a step
/// reaches the few tokens that occurred.
public struct SparseRows: Sendable {
  /// The shape of the whole tensor, `[V, …]`.
  public let shape: [Int]
  /// The rows that are there, in ascending order, each once.
  public let indices: [Int]
  /// Their values, `[n, …]`.
  public let values: Tensor

  /// The rows at `indices`, which ascend, of a tensor of `shape`.
  public init(shape: [Int], indices: [Int], values: Tensor) {
    precondition(
      values.shape == [indices.count] + shape.dropFirst() && !shape.isEmpty,
      "\(indices.count) rows of a tensor of shape \(shape) cannot have shape \(values.shape)")
    precondition(
      zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 }
        && (indices.first ?? 0) >= 0 && (indices.last ?? 0) < max(1, shape[0]),
      "rows of \(shape[0]) are given in ascending order, each once, not as \(indices)")
    self.shape = shape
    self.indices = indices
    self.values = values
  }

  /// Sums rows: row r of `values` belongs to row `places[r]` of a tensor of `shape`. Rows on one
  /// place add up in their order.
  init(shape: [Int], places: [Int], values: Tensor) {
    let indices = Array(Set(places)).sorted()
    var slot: [Int: Int] = [:]
    slot.reserveCapacity(indices.count)
    for (position, index) in indices.enumerated() { slot[index] = position }
    self.init(
      shape: shape, indices: indices,
      values: values.scatteredRows(to: places.map { slot[$0] ?? 0 }, of: indices.count))
  }

  /// The elements of a row.
  var width: Int { shape.dropFirst().reduce(1, *) }

  /// The whole tensor.
  public var dense: Tensor { values.scatteredRows(to: indices, of: shape[0]) }

  /// The same rows with other values.
  func with(_ values: Tensor) -> SparseRows {
    SparseRows(shape: shape, indices: indices, values: values)
  }

  /// The sum with other rows of a tensor of the same shape.
  func adding(_ other: SparseRows) -> SparseRows {
    SparseRows(
      shape: shape, places: indices + other.indices,
      values: .concatenated([values, other.values], along: 0))
  }

  /// Calls `body` with each row and where it starts among the elements of the whole tensor.
  func forEachRow(_ body: (_ start: Int, _ row: UnsafePointer<Float>) -> Void) {
    for (position, index) in indices.enumerated() {
      body(index * width, values.pointer + position * width)
    }
    withExtendedLifetime(values) {}
  }

  /// The sum of squares with the bits that it has for the whole tensor: sixteen running sums by
  /// the element's place there, then a tree.
  var sumOfSquares: Double {
    var sums = [Double](repeating: 0, count: 16)
    forEachRow { start, row in
      for k in 0..<width { sums[(start + k) % 16] += Double(row[k]) * Double(row[k]) }
    }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { sums[lane] += sums[lane + half] }
    }
    return sums[0]
  }
}

extension Tensor {
  /// Adds `rows` of a tensor of the same shape, in place. For accumulation: not recorded.
  mutating func add(_ rows: SparseRows) {
    precondition(shape == rows.shape, "cannot add rows of shape \(rows.shape) to shape \(shape)")
    let target = mutablePointer()
    rows.forEachRow { start, row in rk_add_scaled(1, row, target + start, Int64(rows.width)) }
  }
}
