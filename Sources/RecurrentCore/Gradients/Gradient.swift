internal import RecurrentKernels
import Synchronization

/// The gradient of one parameter: a tensor of its shape, or rows of one, and the factor that
/// clipping gave it. Nothing is copied to clip it; an ``Optimizer``'s kernels take the factor along.
public struct Gradient: Sendable {
  // One of the two is there.
  private(set) var dense: Tensor?
  private(set) var sparse: SparseRows?
  /// What all values still are to be multiplied by.
  private(set) var factor: Float = 1

  init(_ dense: Tensor) { self.dense = dense }
  init(_ rows: SparseRows) { sparse = rows }

  /// The whole gradient as one tensor of the parameter's shape.
  public var tensor: Tensor {
    let tensor = dense ?? sparse?.dense ?? Tensor(0)
    return factor == 1 ? tensor : tensor * factor
  }

  /// The rows of a gradient that consists of rows, others being 0; nil for a whole tensor.
  public var rows: SparseRows? {
    sparse.map { factor == 1 ? $0 : $0.with($0.values * factor) }
  }

  /// The shape of the parameter.
  public var shape: [Int] { dense?.shape ?? sparse?.shape ?? [] }

  var sumOfSquares: Double {
    if factor != 1 { return applyingFactor().sumOfSquares }
    return dense.map { rk_sum_of_squares($0.pointer, Int64($0.count)) } ?? sparse?.sumOfSquares ?? 0
  }

  /// Whether no element is infinite or not a number.
  var isFinite: Bool {
    let values = dense ?? sparse?.values ?? Tensor(0)
    return factor.isFinite && rk_all_finite(values.pointer, Int64(values.count))
  }

  /// The gradient with every value multiplied by `factor`.
  func scaled(by factor: Float) -> Gradient {
    var result = applyingFactor()
    result.factor = factor
    return result
  }

  private func applyingFactor() -> Gradient {
    factor == 1 ? self : sparse == nil ? Gradient(tensor) : rows.map(Gradient.init) ?? self
  }

  /// The sum has the same bits as if both were whole tensors. Neither has been clipped.
  mutating func add(_ other: Gradient) {
    switch (sparse, other.sparse) {
    case (nil, nil): if let added = other.dense { dense?.add(added) }
    case (nil, let added?): dense?.add(added)
    case (let own?, nil):
      sparse = nil
      dense = other.dense
      dense?.add(own)
    case (let own?, let added?): sparse = own.adding(added)
    }
  }

  /// The values changed by a function under which 0 stays 0.
  func mapped(_ function: (Tensor) -> Tensor) -> Gradient {
    rows.map { Gradient($0.with(function($0.values))) } ?? Gradient(function(tensor))
  }

  /// Calls `update` with runs of elements, on several threads where that pays: where one starts,
  /// its gradient without the factor (nil: 0), and how many elements it has. The runs cover
  /// everything, or with `rowsOnly` the rows that are there. True if every call gave true.
  func updateRuns(
    rowsOnly: Bool = false,
    _ update: (_ start: Int, _ gradient: UnsafePointer<Float>?, _ count: Int64) -> Bool
  ) -> Bool {
    let allTrue = Atomic(true)
    /// Shares `count` pieces of `width` elements; an update costs about sixteen operations an
    /// element.
    func share(_ count: Int, _ width: Int, _ body: (Range<Int>) -> Bool) {
      let parts = Parallelism.parts(operations: 16 * count * width, atMost: count)
      Parallelism.run(parts: parts) { part in
        let range = Parallelism.range(part, of: parts, count: count, granularity: 1)
        if !body(range) { allTrue.store(false, ordering: .relaxed) }
      }
    }
    if let dense {
      share(dense.count, 1) {
        update($0.lowerBound, dense.pointer + $0.lowerBound, Int64($0.count))
      }
      withExtendedLifetime(dense) {}
    } else if let sparse {
      let (width, values) = (sparse.width, sparse.values)
      func updateRow(_ position: Int) -> Bool {
        update(sparse.indices[position] * width, values.pointer + position * width, Int64(width))
      }
      if rowsOnly {
        share(sparse.indices.count, width) { positions in
          positions.reduce(true) { updateRow($1) && $0 }
        }
      } else {
        share(shape[0], width) { rows in
          var (next, result) = (rows.lowerBound, true)
          for position in sparse.positions(of: rows) {
            let row = sparse.indices[position]
            if row > next {
              result = update(next * width, nil, Int64((row - next) * width)) && result
            }
            result = updateRow(position) && result
            next = row + 1
          }
          let rest = Int64((rows.upperBound - next) * width)
          return rest > 0 ? update(next * width, nil, rest) && result : result
        }
      }
      withExtendedLifetime(values) {}
    }
    return allTrue.load(ordering: .relaxed)
  }
}
