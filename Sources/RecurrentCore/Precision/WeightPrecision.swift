import RecurrentFiles
internal import RecurrentKernels

/// How weights are kept for prediction: in 32 bits, or on a coarser grid that takes fewer.
///
/// Rounding changes the weights once, as ``Module/rounded(to:)`` says. What follows is exact: the
/// kernels widen each narrow weight to the float it stands for and add in 32 bits, so a model gives
/// the same bits whether its weights are read as floats or as what they are rounded to.
public enum WeightPrecision: String, Sendable, Codable, CaseIterable {
  /// 32-bit floating point: as trained.
  case float32
  /// The upper half of a 32-bit float, which leaves 8 significant bits: half the size.
  case bfloat16
  /// q·s with a whole q in -127...127 and one s for each column of a matrix, which is a gate of a
  /// unit: a quarter of the size.
  case int8
}

/// The grid on which the elements of a tensor are known to lie.
enum WeightGrid: Sendable, Equatable {
  case bfloat16
  /// Whole numbers -127 … 127 with, for each column of a matrix, the distance between neighbours.
  case int8(scales: [Float])

  var precision: WeightPrecision {
    switch self {
    case .bfloat16: .bfloat16
    case .int8: .int8
    }
  }
}

extension Tensor {
  /// What the elements can be stored in without a loss. A tensor that is changed is `float32` again.
  public var precision: WeightPrecision { grid?.precision ?? .float32 }

  /// The grid, as long as the columns are those that were rounded.
  var grid: WeightGrid? {
    if case .int8(let scales) = storage.grid, rank != 2 || scales.count != shape[1] { return nil }
    return storage.grid
  }

  /// A tensor of elements that lie on `grid`.
  init(_ elements: [Float], shape: [Int], grid: WeightGrid?) {
    self.init(elements, shape: shape)
    storage.grid = grid
  }

  /// The nearest elements of a precision; where two are as near, the even one.
  ///
  /// To `int8`, the largest element of a column in size becomes ±127 steps of it. A column of zeros
  /// stays one.
  ///
  /// - Precondition: the elements are finite, and for `int8` those of a matrix.
  public func rounded(to precision: WeightPrecision) -> Tensor {
    let values = elements
    require(values.allSatisfy(\.isFinite), "weights to be rounded are finite")
    switch precision {
    case .float32:
      return Tensor(values, shape: shape)
    case .bfloat16:
      return Tensor(values.map { $0.roundedToBFloat16 }, shape: shape, grid: .bfloat16)
    case .int8:
      if self.precision == .int8 { return detached }
      require(rank == 2, "columns are rounded to int8 in a matrix, not in shape \(shape)")
      let columns = shape[1]
      var scales = [Float](repeating: 0, count: columns)
      for (index, value) in values.enumerated() {
        scales[index % columns] = max(scales[index % columns], abs(value))
      }
      scales = scales.map { largest in
        let scale = largest / 127
        return (127 * scale).isFinite ? scale : scale.nextDown
      }
      let rounded = values.enumerated().map { index, value in
        Float(value.steps(of: scales[index % columns])) * scales[index % columns]
      }
      return Tensor(rounded, shape: shape, grid: .int8(scales: scales))
    }
  }
}

extension Float {
  /// The nearest number whose lower 16 bits are 0, the even one of two; the largest there is for
  /// those beyond it.
  var roundedToBFloat16: Float {
    let lowest = (bitPattern >> 16) & 1
    let rounded = Float(bitPattern: (bitPattern + 0x7FFF + lowest) & 0xFFFF_0000)
    return rounded.isFinite ? rounded : Float(bitPattern: 0x7F7F_0000 | (bitPattern & 0x8000_0000))
  }

  /// The nearest whole number of steps of this size, within ±127.
  func steps(of scale: Float) -> Int8 {
    scale > 0 ? Int8(max(-127, min(127, (self / scale).rounded(.toNearestOrEven)))) : 0
  }
}
