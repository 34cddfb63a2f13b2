import RecurrentFiles

extension Tensor {
  /// The shape of a ∘ b: sizes aligned at the end, equal or one of them 1.
  static func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = max(a.count, b.count)
    let paddedA = Array(repeating: 1, count: rank - a.count) + a
    let paddedB = Array(repeating: 1, count: rank - b.count) + b
    return zip(paddedA, paddedB).map { sizeA, sizeB in
      require(
        sizeA == sizeB || sizeA == 1 || sizeB == 1,
        "shapes \(a) and \(b) do not fit: aligned at the end, sizes must be equal or 1")
      return sizeA == 1 ? sizeB : sizeA
    }
  }

  /// The values repeated along every dimension of size 1 (or missing in front) to fill `shape`.
  public func broadcast(to shape: [Int]) -> Tensor {
    if shape == self.shape { return self }
    require(
      Tensor.broadcastShape(self.shape, shape) == shape,
      "shape \(self.shape) cannot be broadcast to \(shape)")
    let strides = broadcastStrides(in: shape)
    return Tensor(shape: shape) { y in
      forEachOffset(shape: shape, strides: strides) { index, offset in
        y[index] = pointer[offset]
      }
    }.recorded(from: [self]) { [from = self.shape] dy in [dy.reduced(to: from)] }
  }

  /// The reverse of ``broadcast(to:)``: the sum over everything that stands for one element of
  /// `shape`.
  func reduced(to shape: [Int]) -> Tensor {
    if shape == self.shape { return self }
    let size = shape.reduce(1, *)
    if self.shape.hasSuffix(shape), size > 0 {
      return Tensor(columnSumsOf: Matrix(storage, rows: count / size, columns: size))
        .reshaped(to: shape)
    }
    let strides = Tensor.zeros(shape).broadcastStrides(in: self.shape)
    return Tensor(shape: shape) { y in
      y.update(repeating: 0, count: size)
      forEachOffset(shape: self.shape, strides: strides) { index, offset in
        y[offset] += pointer[index]
      }
    }
  }

  private func broadcastStrides(in shape: [Int]) -> [Int] {
    var stride = 1
    var strides = [Int](repeating: 0, count: shape.count)
    for (position, size) in zip(shape.indices.suffix(rank), self.shape).reversed() {
      strides[position] = size == 1 ? 0 : stride
      stride *= size
    }
    return strides
  }
}

/// Calls `body` for each index of `shape` in row-major order with the offset that `strides` give.
func forEachOffset(shape: [Int], strides: [Int], _ body: (_ index: Int, _ offset: Int) -> Void) {
  let count = shape.reduce(1, *)
  var position = [Int](repeating: 0, count: shape.count)
  var offset = 0
  for index in 0..<count {
    body(index, offset)
    var dimension = shape.count - 1
    while dimension >= 0 {
      position[dimension] += 1
      offset += strides[dimension]
      if position[dimension] < shape[dimension] { break }
      offset -= strides[dimension] * shape[dimension]
      position[dimension] = 0
      dimension -= 1
    }
  }
}
