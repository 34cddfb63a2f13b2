import RecurrentCore
import RecurrentFiles

extension OnnxTensor {
  /// Floats from row to row of each dimension.
  static func strides(of shape: [Int]) -> [Int] {
    var (strides, stride) = ([Int](repeating: 0, count: shape.count), 1)
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    return strides
  }

  /// Elements moved: for each dimension of the result the offsets of its entries among the elements
  /// here, which add up. A negative offset stands for `fill`.
  ///
  /// Transposing, slicing, padding, repeating and picking are such tables.
  func moved(_ offsets: [[Int]], fill: OnnxTensor? = nil) -> OnnxTensor {
    let shape = offsets.map(\.count)
    // Of the last dimensions that stand as they are, whole blocks move at once.
    var (block, axis) = (1, offsets.count)
    while axis > 0, offsets[axis - 1].indices.allSatisfy({ offsets[axis - 1][$0] == $0 * block }) {
      axis -= 1
      block *= shape[axis]
    }
    let outer = Array(offsets[..<axis])
    let count = shape.reduce(1, *)
    switch elements {
    case .floats(let tensor):
      let empty = fill?.floats.first ?? 0
      let result = Tensor(shape: shape) { y in
        guard count > 0 else { return }
        forEachBlock(outer) { index, source in
          if let source {
            (y + index * block).update(from: tensor.pointer + source, count: block)
          } else {
            (y + index * block).update(repeating: empty, count: block)
          }
        }
      }
      return OnnxTensor(result, elementType)
    case .integers(let values):
      let empty = fill?.integers?.first ?? 0
      var result: [Int64] = []
      result.reserveCapacity(count)
      if count > 0 {
        forEachBlock(outer) { _, source in
          if let source {
            result += values[source..<source + block]
          } else {
            result += repeatElement(empty, count: block)
          }
        }
      }
      return OnnxTensor(result, shape: shape, elementType)
    }
  }

  /// Calls `body` with each sum of offsets in row-major order; nil where one of them is negative.
  private func forEachBlock(_ offsets: [[Int]], _ body: (_ index: Int, _ source: Int?) -> Void) {
    var index = 0
    func visit(_ axis: Int, _ source: Int?) {
      guard axis < offsets.count else {
        body(index, source)
        index += 1
        return
      }
      for offset in offsets[axis] {
        visit(axis + 1, offset < 0 ? nil : source.map { $0 + offset })
      }
    }
    visit(0, 0)
  }

  /// The dimensions in another order.
  func transposed(_ order: [Int]) -> OnnxTensor {
    let strides = Self.strides(of: shape)
    // Dimensions of one entry do not move anything.
    let moving = order.filter { shape[$0] != 1 }
    if moving == moving.sorted() { return reshaped(to: order.map { shape[$0] }) }
    return moved(
      order.map { axis in (0..<shape[axis]).map { $0 * strides[axis] } })
  }

  /// One dimension replaced by the entries at `indices`; negative ones stand for `fill`.
  func picked(_ indices: [Int], along axis: Int, fill: OnnxTensor? = nil) -> OnnxTensor {
    moved(
      picking(axis, indices), fill: fill)
  }

  private func picking(_ axis: Int, _ indices: [Int]) -> [[Int]] {
    let strides = Self.strides(of: shape)
    return shape.indices.map { dimension in
      dimension == axis
        ? indices.map { $0 < 0 ? -1 : $0 * strides[axis] }
        : (0..<shape[dimension]).map { $0 * strides[dimension] }
    }
  }

  /// Repeated along every dimension of size 1, or missing in front, to fill `shape`, which must fit.
  func broadcast(to shape: [Int]) -> OnnxTensor {
    if shape == self.shape { return self }
    let padded = Array(repeating: 1, count: shape.count - self.shape.count) + self.shape
    let strides = Self.strides(of: padded)
    return reshaped(to: padded).moved(
      shape.indices.map { axis in
        (0..<shape[axis]).map { padded[axis] == 1 ? 0 : $0 * strides[axis] }
      })
  }

  /// Tensors of one type, one after the other along one dimension; the other sizes agree.
  static func concatenated(_ tensors: [OnnxTensor], along axis: Int) -> OnnxTensor? {
    guard let first = tensors.first else { return nil }
    switch first.elements {
    case .floats:
      return OnnxTensor(
        .concatenated(tensors.compactMap(\.tensor), along: axis), first.elementType)
    case .integers:
      var shape = first.shape
      shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
      let outer = shape[..<axis].reduce(1, *)
      let parts = tensors.compactMap(\.integers)
      var values: [Int64] = []
      for block in 0..<outer {
        for part in parts {
          let width = part.count / outer
          values += part[block * width..<(block + 1) * width]
        }
      }
      return OnnxTensor(values, shape: shape, first.elementType)
    }
  }
}
