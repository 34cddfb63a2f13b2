/// What the elements of a tensor are, as the Open Inference Protocol names them.
public enum DataType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  case float16 = "FP16"
  case float32 = "FP32"
  case float64 = "FP64"
  case bfloat16 = "BF16"
  case bytes = "BYTES"

  /// Bytes of an element; nil for texts, of which each has its own length.
  public var size: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .bytes: nil
    }
  }

  /// The whole numbers that fit; those of 64 bits without a sign are those with one, by their bits.
  var integers: ClosedRange<Int64>? {
    switch self {
    case .bool: 0...1
    case .uint8: 0...0xFF
    case .uint16: 0...0xFFFF
    case .uint32: 0...0xFFFF_FFFF
    case .uint64: 0...Int64.max
    case .int8: -0x80...0x7F
    case .int16: -0x8000...0x7FFF
    case .int32: -0x8000_0000...0x7FFF_FFFF
    case .int64: Int64.min...Int64.max
    default: nil
    }
  }
}

/// A tensor as it stands in a request or an answer.
public struct WireTensor: Sendable, Equatable {
  /// The elements, row-major.
  public enum Elements: Sendable, Equatable {
    /// Of `FP16`, `BF16` and `FP32`.
    case floats([Float])
    /// Of `FP64`.
    case doubles([Double])
    /// Of all whole numbers, and of `BOOL` as 0 and 1.
    case integers([Int64])
    /// Of `BYTES`: texts or anything else.
    case bytes([[UInt8]])

    /// The number of elements.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .doubles(let values): values.count
      case .integers(let values): values.count
      case .bytes(let values): values.count
      }
    }
  }

  /// The name.
  public var name: String
  /// The type of the elements.
  public var datatype: DataType
  /// The size of each dimension, at least 1.
  public var shape: [Int]
  /// The elements.
  public var elements: Elements

  /// A tensor; there are as many elements as the shape says.
  public init(_ name: String, _ datatype: DataType, _ shape: [Int], _ elements: Elements) {
    (self.name, self.datatype, self.shape, self.elements) = (name, datatype, shape, elements)
  }

  /// Numbers of 32 bits.
  public init(_ name: String, floats: [Float], shape: [Int]) {
    self.init(name, .float32, shape, .floats(floats))
  }

  /// Numbers of 64 bits.
  public init(_ name: String, doubles: [Double], shape: [Int]) {
    self.init(name, .float64, shape, .doubles(doubles))
  }

  /// Texts, in one dimension.
  public init(_ name: String, texts: [String]) {
    self.init(name, .bytes, [texts.count], .bytes(texts.map { Array($0.utf8) }))
  }
}

/// The product of sizes; nil if one is below 1, or the product is beyond `Int`.
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    let (product, over) = count.multipliedReportingOverflow(by: size)
    guard size >= 1, !over else { return nil }
    count = product
  }
  return count
}
