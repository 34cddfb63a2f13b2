import RecurrentCore
import RecurrentFiles

// Operators that are matrix products. Constant factors are packed once, when the graph is planned.

extension Operators {
  static let products: [String: Maker] = planned.mapValues(kernel).merging(
    ["LSTM": recurrent(.lstm), "GRU": recurrent(.gru), "RNN": recurrent(.rnn)]
  ) { $1 }

  typealias PlannedMaker = @Sendable (NodeSettings) throws(Problem) -> any PlannedNode

  /// The operators that run among planned values, too.
  static let planned: [String: PlannedMaker] = [
    "MatMul": { (settings) throws(Problem) in MatrixProduct(settings) },
    "Gemm": { (settings) throws(Problem) in try GeneralProduct(settings) },
    "Conv": { (settings) throws(Problem) in try Convolution(settings) },
  ]

  private static func kernel(_ make: @escaping PlannedMaker) -> Maker {
    { (settings) throws(Problem) in
      let node = try make(settings)
      return { (call) throws(Problem) in try node(call) }
    }
  }

  private static func recurrent(_ cell: OnnxCell) -> Maker {
    { (settings) throws(Problem) in
      let node = try RecurrentNode(settings, cell)
      return { (call) throws(Problem) in try node(call) }
    }
  }
}

/// MatMul.
private struct MatrixProduct: PlannedNode {
  private let factor: ProductFactor?
  private let shape: [Int]

  init(_ settings: NodeSettings) {
    let weights = settings.constant(1)?.tensor
    shape = weights?.shape ?? []
    factor = weights?.rank == 2 ? weights.map { ProductFactor($0) } : nil
  }

  func callAsFunction(_ call: Call) throws(Problem) -> [OnnxTensor] {
    guard let factor else {
      return [OnnxTensor(try product(call, try call.floats(0), try call.floats(1)))]
    }
    let a = try call.floats(0)
    guard a.shape.last == factor.rows else {
      throw Problem("shapes \(a.shape) and \(shape) do not fit a product")
    }
    try call.fitting(a.shape.dropLast() + [factor.columns])
    return [OnnxTensor(factor.product(a))]
  }

  func placed(_ inputs: [PlacedNode.Input]) -> PlacedNode? {
    factor.map { $0.placed(rows: inputs[0].shape.dropLast().reduce(1, *), bias: nil) }
  }

  /// The product of stacks of matrices; a vector counts as one row on the left, one column on the
  /// right.
  private func product(_ call: Call, _ a: Tensor, _ b: Tensor) throws(Problem) -> Tensor {
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
}

extension ProductFactor {
  /// The product of rows that stand one after the other.
  fileprivate func placed(rows: Int, bias: Tensor?) -> PlacedNode {
    let left = Left(count: rows)
    return PlacedNode(reads: [0], scratch: scratchSize(rows: rows)) { x, _, y, scratch in
      multiply(x, left, bias: bias.map { UnsafePointer($0.pointer) }, into: y, scratch: scratch)
    }
  }
}

/// Gemm.
private struct GeneralProduct: PlannedNode {
  private let alpha, beta: Float
  private let turnsA, turnsB: Bool
  private let packed: ProductFactor?

  init(_ settings: NodeSettings) throws(Problem) {
    alpha = try settings.float("alpha", default: 1)
    beta = try settings.float("beta", default: 1)
    turnsA = try settings.integer("transA", default: 0) != 0
    turnsB = try settings.integer("transB", default: 0) != 0
    packed = try settings.constant(1)?.tensor.map { [alpha, turnsB] (b) throws(Problem) in
      try Self.factor(b, alpha, isTurned: turnsB)
    }
  }

  private static func factor(
    _ b: Tensor, _ alpha: Float, isTurned: Bool
  ) throws(Problem) -> ProductFactor {
    guard b.rank == 2 else { throw Problem("input 1 has shape \(b.shape), expected a matrix") }
    let turned = isTurned ? b.transposed() : b
    return ProductFactor(alpha == 1 ? turned : turned * alpha)
  }

  func callAsFunction(_ call: Call) throws(Problem) -> [OnnxTensor] {
    var a = try call.floats(0)
    guard a.rank == 2 else { throw Problem("input 0 has shape \(a.shape), expected a matrix") }
    if turnsA { a = a.transposed() }
    let b =
      if let packed { packed } else {
        try Self.factor(try call.floats(1), alpha, isTurned: turnsB)
      }
    guard a.shape[1] == b.rows else {
      throw Problem("\(a.shape[1]) columns and \(b.rows) rows do not fit a product")
    }
    let shape = try call.fitting([a.shape[0], b.columns])
    guard let c = try call.optionalFloats(2), beta != 0 else { return [OnnxTensor(b.product(a))] }
    if let bias = bias(c, b) { return [OnnxTensor(b.product(a, bias: bias))] }
    guard try call.broadcast(c.shape, shape) == shape else {
      throw Problem("input 2 of shape \(c.shape) does not fit shape \(shape)")
    }
    return [OnnxTensor(b.product(a) + (beta == 1 ? c : c * beta))]
  }

  /// The bias that is added to every row, if it is the same for all.
  private func bias(_ c: Tensor, _ b: ProductFactor) -> Tensor? {
    guard c.count == b.columns, c.shape.last == b.columns else { return nil }
    return (beta == 1 ? c : c * beta).reshaped(to: [b.columns])
  }

  func placed(_ inputs: [PlacedNode.Input]) -> PlacedNode? {
    guard let packed, !turnsA else { return nil }
    let rows = inputs[0].shape[0]
    guard inputs.count > 2, beta != 0 else { return packed.placed(rows: rows, bias: nil) }
    guard let bias = inputs[2].known?.tensor.flatMap({ bias($0, packed) }) else { return nil }
    return packed.placed(rows: rows, bias: bias)
  }
}
