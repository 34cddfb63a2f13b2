import RecurrentCore
import RecurrentFiles

// Operators that are matrix products. Constant factors are packed once, when the graph is planned.

extension Operators {
  static let products: [String: Maker] = [
    "MatMul": matMul, "Gemm": gemm,
    "Conv": { (settings) throws(Problem) in try Convolution(settings).kernel },
    "LSTM": recurrent(.lstm), "GRU": recurrent(.gru), "RNN": recurrent(.rnn),
  ]

  private static func recurrent(_ cell: OnnxCell) -> Maker {
    { (settings) throws(Problem) in
      let node = try RecurrentNode(settings, cell)
      return { (call) throws(Problem) in try node(call) }
    }
  }

  private static func matMul(_ settings: NodeSettings) throws(Problem) -> Kernel {
    if let weights = settings.constant(1)?.tensor, weights.rank == 2 {
      let factor = ProductFactor(weights)
      return { (call) throws(Problem) in
        let a = try call.floats(0)
        guard a.shape.last == factor.rows else {
          throw Problem("shapes \(a.shape) and \(weights.shape) do not fit a product")
        }
        try call.fitting(a.shape.dropLast() + [factor.columns])
        return [OnnxTensor(factor.product(a))]
      }
    }
    return { (call) throws(Problem) in
      [OnnxTensor(try product(call, try call.floats(0), try call.floats(1)))]
    }
  }

  /// The product of stacks of matrices; a vector counts as one row on the left, one column on the
  /// right.
  private static func product(_ call: Call, _ a: Tensor, _ b: Tensor) throws(Problem) -> Tensor {
    let misfit = Problem("shapes \(a.shape) and \(b.shape) do not fit a product")
    guard a.rank > 0, b.rank > 0 else { throw misfit }
    let (left, right) = (
      a.rank == 1 ? [1] + a.shape : a.shape, b.rank == 1 ? b.shape + [1] : b.shape
    )
    let (rows, depth, columns) = (
      left[left.count - 2], left[left.count - 1], right[right.count - 1]
    )
    guard depth == right[right.count - 2] else { throw misfit }
    let (stackA, stackB) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    let stack = try call.broadcast(stackA, stackB)
    try call.fitting(stack + [rows, columns])
    func starts(_ own: [Int], _ size: Int) -> [Int] {
      let count = own.reduce(1, *)
      let places = OnnxTensor((0..<count).map { Int64($0 * size) }, shape: own, .int64)
      return (places.broadcast(to: stack).integers ?? []).map { Int($0) }
    }
    let result = Tensor.products(
      a, b,
      starts: zip(starts(stackA, rows * depth), starts(stackB, depth * columns)).map { ($0, $1) },
      rows: rows, depth: depth, columns: columns)
    var shape = stack
    if a.rank > 1 { shape.append(rows) }
    if b.rank > 1 { shape.append(columns) }
    return result.reshaped(to: shape)
  }

  private static func gemm(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let alpha = try settings.float("alpha", default: 1)
    let beta = try settings.float("beta", default: 1)
    let turnsA = try settings.integer("transA", default: 0) != 0
    let turnsB = try settings.integer("transB", default: 0) != 0
    @Sendable func factor(_ b: Tensor) throws(Problem) -> Tensor {
      guard b.rank == 2 else { throw Problem("input 1 has shape \(b.shape), expected a matrix") }
      let turned = turnsB ? b.transposed() : b
      return alpha == 1 ? turned : turned * alpha
    }
    let packed = try settings.constant(1)?.tensor.map { (b) throws(Problem) in
      ProductFactor(try factor(b))
    }
    return { (call) throws(Problem) in
      var a = try call.floats(0)
      guard a.rank == 2 else { throw Problem("input 0 has shape \(a.shape), expected a matrix") }
      if turnsA { a = a.transposed() }
      let b =
        if let packed { packed } else { ProductFactor(try factor(try call.floats(1))) }
      guard a.shape[1] == b.rows else {
        throw Problem("\(a.shape[1]) columns and \(b.rows) rows do not fit a product")
      }
      let shape = try call.fitting([a.shape[0], b.columns])
      guard var c = try call.optionalFloats(2), beta != 0 else { return [OnnxTensor(b.product(a))] }
      if beta != 1 { c = c * beta }
      if c.count == b.columns, c.shape.last == b.columns {
        return [OnnxTensor(b.product(a, bias: c.reshaped(to: [b.columns])))]
      }
      guard try call.broadcast(c.shape, shape) == shape else {
        throw Problem("input 2 of shape \(c.shape) does not fit shape \(shape)")
      }
      return [OnnxTensor(b.product(a) + c)]
    }
  }
}
