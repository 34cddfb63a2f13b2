import RecurrentFiles

extension Tensor {
  /// The same elements in the same order under another shape. At most one size may be -1: what
  /// fits.
  public func reshaped(to shape: [Int]) -> Tensor {
    var shape = shape
    if let open = shape.firstIndex(of: -1) {
      let known = shape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      shape[open] = known > 0 ? count / known : 0
    }
    require(
      shape.reduce(1, *) == count, "\(count) elements of shape \(self.shape) do not fill \(shape)")
    if shape == self.shape { return self }
    return Tensor(storage: storage, shape: shape).recorded(from: [self]) { [from = self.shape] dy in
      [dy.reshaped(to: from)]
    }
  }

  /// Rows and columns exchanged: `[M, N]` gives `[N, M]`.
  public func transposed() -> Tensor {
    require(rank == 2, "transposed() needs two dimensions; shape is \(shape)")
    let (rows, columns) = (shape[0], shape[1])
    return Tensor(shape: [columns, rows]) { y in
      for row in 0..<rows {
        for column in 0..<columns { y[column * rows + row] = pointer[row * columns + column] }
      }
    }.recorded(from: [self]) { [$0.transposed()] }
  }

  /// The dimensions in another order: dimension d of the result is dimension `order[d]` here, so that
  /// `[B, T, F]` under `[1, 0, 2]` is `[T, B, F]`. Negative dimensions count from the end.
  public func permuted(_ order: [Int]) -> Tensor {
    let order = order.map(normalized)
    require(
      order.sorted() == Array(0..<rank),
      "an order of \(rank) dimensions names each of them once, and is not \(order)")
    var (strides, stride) = (shape, 1)
    for dimension in shape.indices.reversed() {
      strides[dimension] = stride
      stride *= shape[dimension]
    }
    var inverse = order
    for (place, dimension) in order.enumerated() { inverse[dimension] = place }
    let permuted = order.map { shape[$0] }
    return Tensor(shape: permuted) { y in
      forEachOffset(shape: permuted, strides: order.map { strides[$0] }) { y[$0] = pointer[$1] }
    }.recorded(from: [self]) { [inverse] in [$0.permuted(inverse)] }
  }

  /// A range of one dimension: of `[B, T, F]`, `slice(2..<5, along: 1)` is steps 2, 3 and 4.
  public func slice(_ range: Range<Int>, along dimension: Int) -> Tensor {
    let dimension = normalized(dimension)
    let size = shape[dimension]
    require(
      range.lowerBound >= 0 && range.upperBound <= size,
      "range \(range) lies outside dimension \(dimension) of shape \(shape)")
    var sliced = shape
    sliced[dimension] = range.count
    let inner = shape[(dimension + 1)...].reduce(1, *)
    let outer = shape[..<dimension].reduce(1, *)
    let width = range.count * inner
    let first = range.lowerBound * inner
    return Tensor(shape: sliced) { y in
      for block in 0..<outer {
        let source = pointer + (block * size * inner + first)
        (y + block * width).update(from: source, count: width)
      }
    }.recorded(from: [self]) { [shape] dy in
      var dx = Tensor.zeros(shape)
      let target = dx.mutablePointer()
      for block in 0..<outer {
        let start = target + (block * size * inner + first)
        start.update(from: dy.pointer + block * width, count: width)
      }
      return [dx]
    }
  }

  /// Tensors one after the other along one dimension; the other sizes must agree.
  public static func concatenated(_ tensors: [Tensor], along dimension: Int) -> Tensor {
    guard let first = tensors.first else {
      trap("concatenated needs at least one tensor")
    }
    let dimension = first.normalized(dimension)
    var shape = first.shape
    shape[dimension] = 0
    for tensor in tensors {
      var others = tensor.shape
      require(
        others.count == shape.count,
        "tensors of shapes \(first.shape) and \(tensor.shape) cannot be concatenated")
      shape[dimension] += others[dimension]
      others[dimension] = shape[dimension]
      require(
        others == shape,
        "tensors of shapes \(first.shape) and \(tensor.shape) cannot be concatenated along \(dimension)"
      )
    }
    guard tensors.allSatisfy(\.hasElements) else { return Tensor(withoutElements: shape) }
    let inner = shape[(dimension + 1)...].reduce(1, *)
    let outer = shape[..<dimension].reduce(1, *)
    let total = shape[dimension] * inner
    return Tensor(shape: shape) { y in
      var start = 0
      for tensor in tensors {
        let width = tensor.shape[dimension] * inner
        for block in 0..<outer {
          (y + block * total + start).update(
            from: tensor.pointer + block * width, count: width)
        }
        start += width
      }
    }.recorded(from: tensors) { [sizes = tensors.map { $0.shape[dimension] }] dy in
      var start = 0
      return sizes.map { size in
        defer { start += size }
        return dy.slice(start..<start + size, along: dimension)
      }
    }
  }

  /// Tensors of one shape side by side along a new dimension: T tensors `[B, F]` stacked along 1
  /// are `[B, T, F]`.
  public static func stacked(_ tensors: [Tensor], along dimension: Int) -> Tensor {
    concatenated(
      tensors.map { tensor in
        require(
          (0...tensor.rank).contains(dimension),
          "a new dimension \(dimension) does not fit shape \(tensor.shape)")
        var shape = tensor.shape
        shape.insert(1, at: dimension)
        return tensor.reshaped(to: shape)
      }, along: dimension)
  }

  /// The rows (entries of the first dimension) at `indices`, in that order; a row may come more
  /// than once.
  public func rows(_ indices: [Int]) -> Tensor {
    let width = rowWidth
    for index in indices {
      require(
        (0..<shape[0]).contains(index), "row \(index) does not exist in shape \(shape)")
    }
    return Tensor(shape: [indices.count] + shape.dropFirst()) { y in
      for (row, index) in indices.enumerated() {
        (y + row * width).update(from: pointer + index * width, count: width)
      }
    }.recorded(from: [self]) { [shape] dy in
      [dy.scatteredRows(to: indices, of: shape[0])]
    }
  }

  /// The reverse of ``rows(_:)``: row r goes to row `indices[r]` of `count` rows; several on one
  /// add up, others are 0.
  func scatteredRows(to indices: [Int], of count: Int) -> Tensor {
    let width = rowWidth
    let result = Tensor.zeros([count] + shape.dropFirst())
    let (x, y) = (
      Matrix(storage, rows: shape[0], columns: width),
      Matrix(result.storage, rows: count, columns: width)
    )
    for (row, index) in indices.enumerated() { y.add(x.row(row), to: index) }
    return result.recorded(from: [self]) { [$0.rows(indices)] }
  }

  /// The elements of one entry of the first dimension.
  private var rowWidth: Int {
    require(rank >= 1, "a single number has no rows")
    return shape.dropFirst().reduce(1, *)
  }
}
