import RecurrentCore
import RecurrentFiles

/// A value of a graph: numbers or truth values with a shape.
///
/// Floating-point numbers of every size are computed with in 32 bits.
public struct OnnxTensor: Sendable {
  /// What the elements are; raw values are the format's own.
  public enum ElementType: Int, Sendable, CaseIterable, CustomStringConvertible {
    /// 32-bit floating point.
    case float32 = 1
    /// 8-bit unsigned integers.
    case uint8 = 2
    /// 8-bit signed integers.
    case int8 = 3
    /// 16-bit unsigned integers.
    case uint16 = 4
    /// 16-bit signed integers.
    case int16 = 5
    /// 32-bit signed integers.
    case int32 = 6
    /// 64-bit signed integers.
    case int64 = 7
    /// Truth values.
    case bool = 9
    /// 16-bit floating point.
    case float16 = 10
    /// 64-bit floating point.
    case float64 = 11
    /// 32-bit unsigned integers.
    case uint32 = 12
    /// 64-bit unsigned integers; those above `Int64.max` become negative.
    case uint64 = 13
    /// The upper half of 32-bit floating point.
    case bfloat16 = 16

    /// The name, as in `float32`.
    public var description: String {
      switch self {
      case .float32: "float32"
      case .uint8: "uint8"
      case .int8: "int8"
      case .uint16: "uint16"
      case .int16: "int16"
      case .int32: "int32"
      case .int64: "int64"
      case .bool: "bool"
      case .float16: "float16"
      case .float64: "float64"
      case .uint32: "uint32"
      case .uint64: "uint64"
      case .bfloat16: "bfloat16"
      }
    }
  }

  enum Elements: Sendable {
    case floats(Tensor)
    /// Whole numbers; truth values as 0 and 1.
    case integers([Int64])
  }

  /// The type of the elements.
  public let elementType: ElementType
  /// The size of each dimension; empty for a single number.
  public let shape: [Int]
  let elements: Elements

  /// Floating-point numbers.
  public init(_ tensor: Tensor) { self.init(tensor, .float32) }

  /// Whole numbers, in row-major order.
  public init(integers: [Int64], shape: [Int]) { self.init(integers, shape: shape, .int64) }

  init(_ tensor: Tensor, _ type: ElementType) {
    (elementType, shape, elements) = (type, tensor.shape, .floats(tensor))
  }

  /// Whole numbers that lie in the range of `type`.
  init(_ integers: [Int64], shape: [Int], _ type: ElementType) {
    require(
      elementCount(ofShape: shape) == integers.count,
      "a tensor of shape \(shape) cannot have \(integers.count) elements")
    (elementType, self.shape, elements) = (type, shape, .integers(integers))
  }

  /// The elements, if they are floating-point numbers.
  public var tensor: Tensor? {
    if case .floats(let tensor) = elements { return tensor }
    return nil
  }

  /// The elements, if they are whole numbers or truth values (0 and 1), in row-major order.
  public var integers: [Int64]? {
    if case .integers(let values) = elements { return values }
    return nil
  }

  /// The number of elements.
  public var count: Int {
    switch elements {
    case .floats(let tensor): tensor.count
    case .integers(let values): values.count
    }
  }

  /// All elements as floating-point numbers, whole ones rounded, in row-major order.
  public var floats: [Float] {
    switch elements {
    case .floats(let tensor): tensor.elements
    case .integers(let values): values.map { Float($0) }
    }
  }

  /// The tensor's elements in the same order under another shape of as many.
  func reshaped(to shape: [Int]) -> OnnxTensor {
    switch elements {
    case .floats(let tensor): OnnxTensor(tensor.reshaped(to: shape), elementType)
    case .integers(let values): OnnxTensor(values, shape: shape, elementType)
    }
  }

  /// The tensor told as `type`, which is of floating-point numbers of another size.
  func told(as type: ElementType) -> OnnxTensor {
    switch elements {
    case .floats(let tensor): OnnxTensor(tensor, type)
    case .integers(let values): OnnxTensor(values, shape: shape, type)
    }
  }
}

extension OnnxTensor.ElementType {
  /// Whether elements are floating-point numbers.
  var isFloat: Bool {
    switch self {
    case .float32, .float16, .float64, .bfloat16: true
    default: false
    }
  }

  /// Bytes of an element.
  var size: Int {
    switch self {
    case .int64, .float64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .int16, .uint16, .float16, .bfloat16: 2
    case .uint8, .int8, .bool: 1
    }
  }

  /// A whole number as this type keeps it: its lowest bits.
  func wrapped(_ value: Int64) -> Int64 {
    switch self {
    case .uint8: Int64(UInt8(truncatingIfNeeded: value))
    case .int8: Int64(Int8(truncatingIfNeeded: value))
    case .uint16: Int64(UInt16(truncatingIfNeeded: value))
    case .int16: Int64(Int16(truncatingIfNeeded: value))
    case .int32: Int64(Int32(truncatingIfNeeded: value))
    case .uint32: Int64(UInt32(truncatingIfNeeded: value))
    case .bool: value == 0 ? 0 : 1
    default: value
    }
  }

  /// The floating-point number of these bits, rounded to 32 bits.
  func float(bits: UInt64) -> Float {
    switch self {
    case .float16: Float(halfPrecisionBits: UInt16(truncatingIfNeeded: bits))
    case .bfloat16: Float(bitPattern: UInt32(truncatingIfNeeded: bits & 0xFFFF) << 16)
    case .float64: Float(Double(bitPattern: bits))
    default: Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    }
  }
}
