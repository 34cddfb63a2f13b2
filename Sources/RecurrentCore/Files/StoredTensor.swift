import RecurrentFiles

/// Numbers and their shape as a file holds them: 32-bit floating point, row-major.
///
/// Files know nothing of the tensors that models compute with, so that either can change without
/// the other. In a file they take fewer bytes where that loses nothing: ``precision``.
public struct StoredTensor: Sendable, Equatable {
  /// The extent of each dimension, outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements, the last dimension varying fastest.
  public let values: [Float]
  /// What they lie on, and how a file holds them: BF16, or I8 beside the columns' scales.
  let grid: WeightGrid?

  /// The precision in which a file holds the elements.
  public var precision: WeightPrecision { grid?.precision ?? .float32 }

  /// True for the same shape and equal elements, whatever a file holds them in.
  public static func == (a: StoredTensor, b: StoredTensor) -> Bool {
    a.shape == b.shape && a.values == b.values
  }

  /// Creates a tensor of `shape` from its elements; their number must be the product of `shape`.
  public init(shape: [Int], values: [Float]) {
    self.init(shape: shape, values: values, grid: nil)
  }

  init(shape: [Int], values: [Float], grid: WeightGrid?) {
    require(
      elementCount(ofShape: shape) == values.count,
      "a stored tensor has as many values as its shape says: shape \(shape), \(values.count) values"
    )
    self.shape = shape
    self.values = values
    self.grid = grid
  }
}

/// Whole numbers and their shape as a file holds them, row-major.
public struct StoredIntegers: Sendable, Equatable {
  /// The extent of each dimension, outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements, the last dimension varying fastest.
  public let values: [Int64]

  /// Creates a tensor of `shape` from its elements; their number must be the product of `shape`.
  public init(shape: [Int], values: [Int64]) {
    require(
      elementCount(ofShape: shape) == values.count,
      "stored integers have as many values as their shape says: shape \(shape), \(values.count) values"
    )
    self.shape = shape
    self.values = values
  }
}

/// The product of `shape`, or nil if an extent is negative or the product does not fit an `Int`.
///
/// Extents of 0 do not hide an overflow among the others: a shape that passes can be multiplied in
/// any order.
package func elementCount(ofShape shape: [Int]) -> Int? {
  var product = 1
  var isEmpty = false
  for extent in shape {
    guard extent >= 0 else { return nil }
    if extent == 0 { isEmpty = true }
    let (next, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
    guard !overflow else { return nil }
    product = next
  }
  return isEmpty ? 0 : product
}
