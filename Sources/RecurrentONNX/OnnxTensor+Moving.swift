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
        let source = tensor.pointer
        Self.forEachRow(outer, count: count / max(block, 1)) { index, start, offsets in
          var target = y + index * block
          if block == 1 {
            for offset in offsets {
              target.pointee = start < 0 || offset < 0 ? empty : source[start + offset]
              target += 1
            }
            return
          }
          for offset in offsets {
            if start < 0 || offset < 0 {
              target.update(repeating: empty, count: block)
            } else {
              target.update(from: source + start + offset, count: block)
            }
            target += block
          }
        }
        withExtendedLifetime(tensor) {}
      }
      return OnnxTensor(result, elementType)
    case .integers(let values):
      let empty = fill?.integers?.first ?? 0
      var result: [Int64] = []
      result.reserveCapacity(count)
      Self.forEachRow(outer, count: count / max(block, 1)) { _, start, offsets in
        for offset in offsets {
          if start < 0 || offset < 0 {
            result += repeatElement(empty, count: block)
          } else {
            result += values[start + offset..<start + offset + block]
          }
        }
      }
      return OnnxTensor(result, shape: shape, elementType)
    }
  }

  /// Calls `body` for each of the `count` sums of offsets in row-major order, those of the last dimension together:
  /// how many came before, the sum of the others (negative where one of them is), and the last dimension's.
  private static func forEachRow(
    _ offsets: [[Int]], count: Int,
    _ body: (_ index: Int, _ start: Int, _ offsets: UnsafeBufferPointer<Int>) -> Void
  ) {
    guard count > 0 else { return }
    let rows = offsets.last ?? [0]
    let outer = offsets.dropLast()
    let sizes = outer.map(\.count)
    let tables = outer.flatMap { $0 }
    var places = [Int](repeating: 0, count: sizes.count)
    rows.withUnsafeBufferPointer { rows in
      for index in stride(from: 0, to: count, by: rows.count) {
        var (start, first) = (0, 0)
        for axis in places.indices {
          let offset = tables[first + places[axis]]
          start = start < 0 || offset < 0 ? -1 : start + offset
          first += sizes[axis]
        }
        body(index, start, rows)
        var axis = places.count - 1
        while axis >= 0 {
          places[axis] += 1
          if places[axis] < sizes[axis] { break }
          places[axis] = 0
          axis -= 1
        }
      }
    }
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
