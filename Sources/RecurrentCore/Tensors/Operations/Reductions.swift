import RecurrentFiles
internal import RecurrentKernels

extension Tensor {
  /// The sum of all elements, of shape `[]`.
  public func sum() -> Tensor {
    Tensor(rk_sum(pointer, Int64(count))).recorded(from: [self]) { [shape] dy in
      [Tensor(repeating: dy.value, shape: shape)]
    }
  }

  /// The mean of all elements, of shape `[]`.
  public func mean() -> Tensor {
    require(count > 0, "the mean of no elements (shape \(shape)) is not defined")
    return sum() * (1 / Float(count))
  }

  /// The sum along one dimension, which disappears. Negative dimensions count from the end.
  public func sum(along dimension: Int) -> Tensor {
    let dimension = normalized(dimension)
    let inner = shape[(dimension + 1)...].reduce(1, *)
    let outer = shape[..<dimension].reduce(1, *)
    let size = shape[dimension]
    var reducedShape = shape
    reducedShape.remove(at: dimension)
    return Tensor(shape: reducedShape) { y in
      for block in 0..<outer {
        rk_column_sums(
          pointer + block * size * inner, Int64(size), Int64(inner), Int64(inner), false,
          y + block * inner)
      }
    }.recorded(from: [self]) { [shape] dy in
      var kept = shape
      kept[dimension] = 1
      return [dy.reshaped(to: kept).broadcast(to: shape)]
    }
  }

  /// The mean along one dimension, which disappears.
  public func mean(along dimension: Int) -> Tensor {
    let size = shape[normalized(dimension)]
    require(size > 0, "the mean along an empty dimension (shape \(shape)) is not defined")
    return sum(along: dimension) * (1 / Float(size))
  }

  /// The place of the largest entry along one dimension, for each place of the others in row-major
  /// order: of `[B, C]` along -1 the class of each row, B numbers.
  ///
  /// Of equal entries the first counts; NaN counts as larger than any number. Negative dimensions
  /// count from the end.
  public func argMax(along dimension: Int) -> [Int] {
    let dimension = normalized(dimension)
    let inner = shape[(dimension + 1)...].reduce(1, *)
    let outer = shape[..<dimension].reduce(1, *)
    let size = shape[dimension]
    require(
      size > 0 || inner * outer == 0,
      "the largest along an empty dimension (shape \(shape)) is not defined")
    return withUnsafeElements { elements in
      (0..<outer * inner).map { place in
        let start = place / inner * size * inner + place % inner
        var (best, largest) = (0, elements[start])
        for index in 1..<size where !largest.isNaN {
          let value = elements[start + index * inner]
          if value > largest || value.isNaN { (best, largest) = (index, value) }
        }
        return best
      }
    }
  }

  /// `dimension` counted from the start, checked.
  func normalized(_ dimension: Int) -> Int {
    let result = dimension < 0 ? dimension + rank : dimension
    require(
      (0..<rank).contains(result), "dimension \(dimension) does not exist in shape \(shape)")
    return result
  }
}
