import RecurrentCore
import RecurrentFiles

// Operators over whole numbers of eight bits.

extension Operators {
  static let quantized: [String: Maker] = [
    "DynamicQuantizeLinear": { _ in dynamicQuantize },
    "DequantizeLinear": dequantize, "QuantizeLinear": quantize,
    "MatMulInteger": matMulInteger, "com.microsoft:DynamicQuantizeLSTM": quantizedLSTM,
  ]

  @Sendable private static func dynamicQuantize(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let x = try call.floats(0)
    let (scale, bytes) = x.withUnsafeElements { values in
      let scale = EightBitScale(holding: values)
      return (scale, scale.rounded(values))
    }
    return [
      OnnxTensor(bytes.map(Int64.init), shape: x.shape, .uint8), OnnxTensor(Tensor(scale.scale)),
      OnnxTensor([whole(Double(scale.zero))], shape: [], .uint8),
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

  /// The right factor of a product of whole numbers: `b` of eight bits, and its zero point, one for all or one a column.
  private static func wholeFactor(
    _ b: OnnxTensor, zero: OnnxTensor?
  ) throws(Problem) -> EightBitMatrix {
    guard b.shape.count == 2, let values = b.signedBytes else {
      throw Problem(
        "input 1 has shape \(b.shape) of \(b.elementType), expected a matrix of whole numbers of "
          + "eight bits")
    }
    let columns = b.shape[1]
    guard zero.map({ $0.count == 1 || $0.shape == [columns] }) ?? true else {
      throw Problem(
        "the zero point of input 1 has shape \(zero?.shape ?? []), expected one a column")
    }
    let zeros = try (zero?.zeroPoints(ofInput: 1) ?? [0]).map { $0 - b.shiftOfBytes }
    return EightBitMatrix(
      values, depth: b.shape[0],
      zeros: zeros.count == columns ? zeros : Array(repeating: zeros[0], count: columns),
      scales: Array(repeating: 1, count: columns))
  }

  private static func matMulInteger(_ settings: NodeSettings) throws(Problem) -> Kernel {
    var prepared: EightBitMatrix?
    if let b = settings.constant(1), !settings.hasInput(3) || settings.constant(3) != nil {
      prepared = try wholeFactor(b, zero: settings.constant(3))
    }
    return { [prepared] (call) throws(Problem) in
      let factor =
        if let prepared { prepared } else {
          try wholeFactor(try call.input(1), zero: call.optional(3))
        }
      let a = try call.input(0)
      guard a.shape.last == factor.depth, let values = a.signedBytes else {
        throw Problem(
          "shapes \(a.shape) and \([factor.depth, factor.columns]) do not fit a product of whole numbers"
        )
      }
      let shape = try call.fitting(a.shape.dropLast() + [factor.columns])
      let zero = call.optional(2)
      guard zero?.count ?? 1 == 1 else {
        throw Problem("the zero point of input 0 has shape \(zero?.shape ?? []), expected one")
      }
      // Signed bytes are moved up by 128, and so is what stands for 0.
      let products =
        factor.depth == 0
        ? Array(repeating: 0, count: shape.reduce(1, *))
        : factor.products(
          values.map { UInt8(bitPattern: $0 ^ -128) },
          zero: (try zero?.zeroPoints(ofInput: 0)[0] ?? 0) - a.shiftOfBytes + 128)
      return [OnnxTensor(products.map(Int64.init), shape: shape, .int32)]
    }
  }
}

extension OnnxTensor {
  /// Whole numbers of eight bits as signed ones: those without sign less ``shiftOfBytes``. nil: they are others.
  var signedBytes: [Int8]? {
    guard tensor == nil, elementType == .uint8 || elementType == .int8 else { return nil }
    return integers?.map { Int8(truncatingIfNeeded: $0 - Int64(shiftOfBytes)) }
  }

  /// The numbers as zero points of an input.
  ///
  /// - Throws: ``Problem`` if they are not of eight bits.
  func zeroPoints(ofInput index: Int) throws(Problem) -> [Int32] {
    guard let signedBytes else {
      throw Problem("the zero point of input \(index) is of \(elementType), expected eight bits")
    }
    return signedBytes.map { Int32($0) + shiftOfBytes }
  }

  /// What signed bytes are less than the numbers: 128 where these have no sign.
  var shiftOfBytes: Int32 { elementType == .uint8 ? 128 : 0 }
}
