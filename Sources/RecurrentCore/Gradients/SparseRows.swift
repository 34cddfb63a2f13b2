import RecurrentFiles
internal import RecurrentKernels

/// A tensor of which only some rows are not zero: the gradient of an ``Embedding``, where a step
/// reaches the few tokens that occurred.
public struct SparseRows: Sendable {
  /// The shape of the whole tensor, `[V, …]`.
  public let shape: [Int]
  /// The rows that are there, in ascending order, each once.
  public let indices: [Int]
  /// The rows' values, `[n, …]`.
  public let values: Tensor

  /// The rows at `indices`, which ascend, of a tensor of `shape`.
  public init(shape: [Int], indices: [Int], values: Tensor) {
    require(
      values.shape == [indices.count] + shape.dropFirst() && !shape.isEmpty,
      "\(indices.count) rows of a tensor of shape \(shape) cannot have shape \(values.shape)")
    require(
      zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 }
        && (indices.first ?? 0) >= 0 && (indices.last ?? 0) < max(1, shape[0]),
      "rows of \(shape[0]) are given in ascending order, each once, not as \(indices)")
    self.shape = shape
    self.indices = indices
    self.values = values
  }

  /// Sums rows: of `values`, seen as rows of `shape`, row `sources[r]` (nil: r) belongs to row
  /// `places[r]`. Rows on one place add up in their order.
  init(shape: [Int], places: [Int], values: Tensor, sources: [Int]? = nil) {
    // Sorted by place, equal places in their order.
    let order = places.indices.sorted { (places[$0], $0) < (places[$1], $1) }
    var starts: [Int] = []
    for (position, entry) in order.enumerated()
    where position == 0 || places[entry] != places[order[position - 1]] {
      starts.append(position)
    }
    let (indices, width) = (starts.map { places[order[$0]] }, shape.dropFirst().reduce(1, *))
    let sums = Tensor(shape: [indices.count] + shape.dropFirst()) { y in
      let parts = Parallelism.parts(operations: 2 * places.count * width, atMost: indices.count)
      Parallelism.run(parts: parts) { part in
        for slot in Parallelism.range(part, of: parts, count: indices.count, granularity: 1) {
          let target = y + slot * width
          target.update(repeating: 0, count: width)
          let end = slot + 1 < starts.count ? starts[slot + 1] : order.count
          for entry in order[starts[slot]..<end] {
            let source = values.pointer + (sources?[entry] ?? entry) * width
            rk_add_scaled(1, source, target, Int64(width))
          }
        }
      }
    }
    withExtendedLifetime(values) {}
    self.init(shape: shape, indices: indices, values: sums)
  }

  /// The elements of a row.
  var width: Int { shape.dropFirst().reduce(1, *) }

  /// The whole tensor.
  public var dense: Tensor { values.scatteredRows(to: indices, of: shape[0]) }

  /// Rows of the same indices with other values.
  func with(_ values: Tensor) -> SparseRows {
    SparseRows(shape: shape, indices: indices, values: values)
  }

  /// The sum with other rows of a tensor of the same shape.
  func adding(_ other: SparseRows) -> SparseRows {
    SparseRows(
      shape: shape, places: indices + other.indices,
      values: .concatenated([values, other.values], along: 0))
  }

  /// Where the rows that lie in a range of rows stand among ``indices``.
  func positions(of rows: Range<Int>) -> Range<Int> {
    func first(from row: Int) -> Int {
      var range = indices.startIndex..<indices.endIndex
      while !range.isEmpty {
        let middle = (range.lowerBound + range.upperBound) / 2
        range =
          indices[middle] < row ? middle + 1..<range.upperBound : range.lowerBound..<middle
      }
      return range.lowerBound
    }
    return first(from: rows.lowerBound)..<first(from: rows.upperBound)
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
    forEachRow { start, row in rk_add_squares(row, Int64(width), Int64(start), &sums) }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { sums[lane] += sums[lane + half] }
    }
    return sums[0]
  }
}

extension Tensor {
  /// Adds `rows` of a tensor of the same shape, in place. For accumulation: not recorded.
  mutating func add(_ rows: SparseRows) {
    require(shape == rows.shape, "cannot add rows of shape \(rows.shape) to shape \(shape)")
    let target = mutablePointer()
    rows.forEachRow { start, row in rk_add_scaled(1, row, target + start, Int64(rows.width)) }
  }
}
