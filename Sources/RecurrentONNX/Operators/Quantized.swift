import RecurrentCore
import RecurrentFiles

// Operators over whole numbers of eight bits.

extension Operators {
  static let quantized: [String: Maker] = [
    "DynamicQuantizeLinear": { _ in dynamicQuantize },
    "DequantizeLinear": dequantize, "QuantizeLinear": quantize,
    "MatMulInteger": matMulInteger, "com.microsoft:DynamicQuantizeLSTM": quantizedLSTM,
  ]

  /// The scale and zero point of eight bits without sign that hold all of `values`, and 0.
  static func range(of values: some Sequence<Float>) -> (scale: Float, zero: Float) {
    let (least, most) = values.reduce((Float(0), Float(0))) { (min($0.0, $1), max($0.1, $1)) }
    let scale = least == most ? 1 : (most - least) / 255
    let zero = ((0 - least) / scale).rounded(.toNearestOrEven)
    return (scale, min(max(zero, 0), 255))
  }

  static func quantized(_ value: Float, _ scale: Float, _ zero: Float) -> Float {
    min(max((value / scale).rounded(.toNearestOrEven) + zero, 0), 255)
  }

  @Sendable private static func dynamicQuantize(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let x = try call.floats(0)
    let values = x.elements
    let (scale, zero) = range(of: values)
    return [
      OnnxTensor(
        values.map { whole(Double(quantized($0, scale, zero))) }.map(
          OnnxTensor.ElementType.uint8.wrapped),
        shape: x.shape, .uint8),
      OnnxTensor(Tensor(scale)), OnnxTensor([whole(Double(zero))], shape: [], .uint8),
    ]
  }

  /// A scale or zero point along `axis` as it stands beside elements of `shape`.
  private static func aligned(
    _ values: OnnxTensor, _ shape: [Int], _ axis: Int
  ) throws(Problem) -> OnnxTensor {
    if values.count == 1 { return values.reshaped(to: []) }
    let axis = try normalized(axis, rank: shape.count)
    guard values.shape == [shape[axis]] else {
      throw Problem("scales of shape \(values.shape) do not fit axis \(axis) of shape \(shape)")
    }
    return values.reshaped(to: shape.indices.map { $0 == axis ? shape[axis] : 1 })
  }

  private static func dequantize(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: 1)
    guard try settings.integer("block_size", default: 0) == 0 else {
      throw Problem("its scales are of blocks, expected one for all or for each entry of an axis")
    }
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let scale = try aligned(OnnxTensor(try call.floats(1)), x.shape, axis)
      var values = Tensor(x.floats, shape: x.shape)
      if let zero = call.optional(2) {
        let aligned = try aligned(zero, x.shape, axis)
        values = values - Tensor(aligned.floats, shape: aligned.shape)
      }
      return [OnnxTensor(scale.tensor.map { values * $0 } ?? values)]
    }
  }

  private static func quantize(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let axis = try settings.integer("axis", default: 1)
    return { (call) throws(Problem) in
      let x = try call.floats(0)
      let scale = try aligned(OnnxTensor(try call.floats(1)), x.shape, axis)
      let zero = call.optional(2) ?? OnnxTensor([0], shape: [], .uint8)
      let type = zero.elementType
      guard type == .uint8 || type == .int8 else {
        throw Problem("it is to make elements of type \(type), expected uint8 or int8")
      }
      let zeros = try aligned(zero, x.shape, axis).broadcast(to: x.shape).floats
      let quotients = scale.tensor.map { x / $0 } ?? x
      let (least, most): (Float, Float) = type == .uint8 ? (0, 255) : (-128, 127)
      let values = zip(quotients.elements, zeros).map {
        whole(Double(min(max($0.rounded(.toNearestOrEven) + $1, least), most)))
      }
      return [OnnxTensor(values.map(type.wrapped), shape: x.shape, type)]
    }
  }

  /// The right factor of a product of whole numbers as floats, in parts so small that every sum is
  /// exact: 256 products of numbers below 256 stay below 2^24.
  private struct WholeFactor: Sendable {
    static let depth = 256
    let shape: [Int]
    let parts: [ProductFactor]

    init(_ b: OnnxTensor, zero: OnnxTensor?) throws(Problem) {
      guard b.shape.count == 2, b.tensor == nil, b.elementType.size == 1 else {
        throw Problem(
          "input 1 has shape \(b.shape) of \(b.elementType), expected a matrix of whole numbers of "
            + "eight bits")
      }
      var values = Tensor(b.floats, shape: b.shape)
      if let zero {
        guard zero.count == 1 || zero.shape == [b.shape[1]] else {
          throw Problem("the zero point of input 1 has shape \(zero.shape), expected one a column")
        }
        values = values - Tensor(zero.floats, shape: [zero.count])
      }
      shape = b.shape
      parts = stride(from: 0, to: b.shape[0], by: Self.depth).map { start in
        ProductFactor(values.slice(start..<min(start + Self.depth, b.shape[0]), along: 0))
      }
    }
  }

  private static func matMulInteger(_ settings: NodeSettings) throws(Problem) -> Kernel {
    var prepared: WholeFactor?
    if let b = settings.constant(1), !settings.hasInput(3) || settings.constant(3) != nil {
      prepared = try WholeFactor(b, zero: settings.constant(3))
    }
    return { [prepared] (call) throws(Problem) in
      let factor =
        if let prepared { prepared } else {
          try WholeFactor(try call.input(1), zero: call.optional(3))
        }
      let a = try call.input(0)
      guard a.shape.last == factor.shape[0], a.tensor == nil, a.elementType.size == 1 else {
        throw Problem("shapes \(a.shape) and \(factor.shape) do not fit a product of whole numbers")
      }
      let shape = try call.fitting(a.shape.dropLast() + [factor.shape[1]])
      var x = Tensor(a.floats, shape: a.shape)
      if let zero = call.optional(2) {
        guard zero.count == 1 else {
          throw Problem("the zero point of input 0 has shape \(zero.shape), expected one")
        }
        x = x - Tensor(zero.floats[0])
      }
      var sums = [Int64](repeating: 0, count: shape.reduce(1, *))
      for (index, part) in factor.parts.enumerated() {
        let start = index * WholeFactor.depth
        let product = part.product(x.slice(start..<start + part.rows, along: a.shape.count - 1))
        product.withUnsafeElements { for place in sums.indices { sums[place] += Int64($0[place]) } }
      }
      return [OnnxTensor(sums.map(OnnxTensor.ElementType.int32.wrapped), shape: shape, .int32)]
    }
  }
}
