import RecurrentKernels

/// What reaches a tensor on the way back: a gradient of its shape, or rows of one. One of the two
/// is there.
struct Gradient: Sendable {
  private(set) var dense: Tensor?
  private(set) var rows: SparseRows?

  init(_ dense: Tensor) { self.dense = dense }
  init(_ rows: SparseRows) { self.rows = rows }

  /// All of it as one tensor.
  var tensor: Tensor { dense ?? rows?.dense ?? Tensor(0) }

  /// The values that are kept: those of the rows, if these are all there is.
  var values: Tensor { dense ?? rows?.values ?? Tensor(0) }

  var shape: [Int] { dense?.shape ?? rows?.shape ?? [] }

  var sumOfSquares: Double {
    dense.map { rk_sum_of_squares($0.pointer, Int64($0.count)) } ?? rows?.sumOfSquares ?? 0
  }

  /// The sum has the same bits as if both were whole tensors.
  mutating func add(_ other: Gradient) {
    switch (rows, other.rows) {
    case (nil, nil): if let added = other.dense { dense?.add(added) }
    case (nil, let added?): dense?.add(added)
    case (let own?, nil):
      rows = nil
      dense = other.dense
      dense?.add(own)
    case (let own?, let added?): rows = own.adding(added)
    }
  }

  /// The values changed by a function under which 0 stays 0.
  func mapped(_ function: (Tensor) -> Tensor) -> Gradient {
    rows.map { Gradient($0.with(function($0.values))) } ?? Gradient(function(tensor))
  }
}
