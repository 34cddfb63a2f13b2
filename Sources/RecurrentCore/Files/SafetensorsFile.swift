import RecurrentFiles

/// Named tensors in the safetensors format, the common currency of weights between frameworks.
///
/// A file is 8 bytes that give the length of a header, the header (a JSON object: for each tensor
/// its element type, shape and place, and a map of strings named `__metadata__`), and the elements,
/// little-endian and row-major. Reading checks everything before it believes anything: whoever made
/// the file, opening it either succeeds with tensors that lie side by side and fill the file
/// exactly, or throws a ``DataError`` that names the file and the tensor. It never takes more
/// memory than a small multiple of the file's size.
///
/// ```swift
/// let file = try SafetensorsFile(path: "model.safetensors")
/// for name in file.names { print(name, try file.floats(name).shape) }
/// ```
public struct SafetensorsFile: Sendable {
  /// Where the bytes came from, as messages name it.
  public let source: String
  /// Notes of whoever wrote the file.
  public let metadata: [String: String]
  /// The tensors' names, in the order of the header.
  public let names: [String]

  let tensors: [String: TensorPlace]
  let bytes: [UInt8]

  /// Opens the file at `path`.
  ///
  /// - Throws: ``DataError`` if there is no such file or it is not a sound safetensors file.
  public init(path: String) throws(DataError) {
    try self.init(bytes: readFile(path), source: path)
  }

  /// Reads a file that is in memory; `source` is what messages call it.
  ///
  /// - Throws: ``DataError`` if `bytes` are not a sound safetensors file.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    let header = try SafetensorsHeader(of: bytes, source: source)
    self.source = source
    self.metadata = header.metadata
    self.names = header.names
    self.tensors = header.tensors
    self.bytes = bytes
  }

  /// The shape of the tensor `name`, or nil if there is none.
  public func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  /// The element type of the tensor `name`, or nil if there is none.
  public func elementType(of name: String) -> ElementType? { tensors[name]?.elementType }

  /// The tensor `name` as 32-bit floating point.
  ///
  /// F32 is taken bit for bit; F16 and BF16 are widened, which is exact. F64 is rounded to the
  /// nearest, ties to even: beyond the largest `Float` that is infinity, below the smallest zero.
  /// An I8 matrix beside a vector `name.scale` (F32) is each element times its column's scale.
  ///
  /// - Throws: ``DataError`` if there is no such tensor or it does not hold floating-point numbers.
  public func floats(_ name: String) throws(DataError) -> StoredTensor {
    let place = try self.place(of: name)
    if place.elementType == .i8, let scales = try scales(of: name, place) {
      return try scaled(name, place, by: scales)
    }
    let values: [Float]? =
      switch place.elementType {
      case .f32: elements(place) { Float(bitPattern: $0) }
      case .f64: elements(place) { Float(Double(bitPattern: $0)) }
      case .bf16: elements(place) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
      case .f16: elements(place) { Float(halfPrecisionBits: $0) }
      default: nil
      }
    guard let values else {
      throw wrongType(name, place, expected: "floating-point numbers (F32, F64, F16 or BF16)")
    }
    return StoredTensor(
      shape: place.shape, values: values, grid: place.elementType == .bf16 ? .bfloat16 : nil)
  }

  /// The scales of an I8 matrix's columns; nil if there are none.
  private func scales(of name: String, _ place: TensorPlace) throws(DataError) -> [Float]? {
    let scaleName = name + Self.scaleSuffix
    guard let scales = tensors[scaleName] else { return nil }
    let tensor = "tensor \(quoted(scaleName))"
    guard scales.elementType == .f32, place.shape.count == 2, scales.shape == [place.shape[1]]
    else {
      let expected = "F32 of shape [C] for the columns of an I8 matrix of shape [R, C]"
      throw DataError(
        file: source, place: tensor,
        problem: "found \(scales.elementType.rawValue) of shape \(scales.shape) for a tensor of "
          + "shape \(place.shape), expected \(expected)")
    }
    let values: [Float] = elements(scales) { Float(bitPattern: $0) }
    if let bad = values.firstIndex(where: { !($0 >= 0 && (127 * $0).isFinite) }) {
      throw DataError(
        file: source, place: tensor,
        problem: "element \(bad) is \(values[bad]), expected a scale of 0 or more, 127 times which "
          + "is finite",
        advice: "The file is damaged; restore it, or quantize the model again")
    }
    return values
  }

  private func scaled(
    _ name: String, _ place: TensorPlace, by scales: [Float]
  ) throws(DataError) -> StoredTensor {
    let steps: [Int8] = elements(place) { (bits: UInt8) in Int8(bitPattern: bits) }
    if let bad = steps.firstIndex(of: -128) {
      throw DataError(
        file: source, place: "tensor \(quoted(name))",
        problem: "element \(bad) is -128, expected -127 to 127 of a matrix with scales",
        advice: "The file is damaged; restore it, or quantize the model again")
    }
    let values = steps.enumerated().map { Float($1) * scales[$0 % scales.count] }
    return StoredTensor(shape: place.shape, values: values, grid: .int8(scales: scales))
  }

  /// The tensor `name` as whole numbers, from any integer type.
  ///
  /// - Throws: ``DataError`` if there is no such tensor, or it does not hold whole numbers, or one
  ///   is beyond `Int64.max`.
  public func integers(_ name: String) throws(DataError) -> StoredIntegers {
    let place = try self.place(of: name)
    let values: [Int64]?
    switch place.elementType {
    case .i64: values = elements(place) { (bits: UInt64) in Int64(bitPattern: bits) }
    case .i32: values = elements(place) { (bits: UInt32) in Int64(Int32(bitPattern: bits)) }
    case .i16: values = elements(place) { (bits: UInt16) in Int64(Int16(bitPattern: bits)) }
    case .i8: values = elements(place) { (bits: UInt8) in Int64(Int8(bitPattern: bits)) }
    case .u32: values = elements(place) { (bits: UInt32) in Int64(bits) }
    case .u16: values = elements(place) { (bits: UInt16) in Int64(bits) }
    case .u8: values = elements(place) { (bits: UInt8) in Int64(bits) }
    case .u64:
      let unsigned = elements(place) { (bits: UInt64) in bits }
      if let large = unsigned.first(where: { $0 > UInt64(Int64.max) }) {
        throw DataError(
          file: source, place: "tensor \(quoted(name))",
          problem: "found \(large), expected at most \(Int64.max)")
      }
      values = unsigned.map { Int64($0) }
    default: values = nil
    }
    guard let values else {
      throw wrongType(name, place, expected: "whole numbers (I64, I32 or a smaller type)")
    }
    return StoredIntegers(shape: place.shape, values: values)
  }

  /// The F64 tensor `name` as it is.
  func doubles(_ name: String) throws(DataError) -> [Double] {
    let place = try self.place(of: name)
    guard place.elementType == .f64 else { throw wrongType(name, place, expected: "F64") }
    return elements(place) { Double(bitPattern: $0) }
  }

  private func place(of name: String) throws(DataError) -> TensorPlace {
    if let place = tensors[name] { return place }
    throw DataError(
      file: source, place: "tensor \(quoted(name))", problem: "not in the file",
      advice: names.isEmpty ? "It holds no tensors" : "It holds \(listed(names.map(quoted)))")
  }

  private func wrongType(_ name: String, _ place: TensorPlace, expected: String) -> DataError {
    DataError(
      file: source, place: "tensor \(quoted(name))",
      problem: "found elements of type \(place.elementType.rawValue), expected \(expected)")
  }

  /// The elements at `place`, each made from its bits.
  private func elements<Bits: FixedWidthInteger, Element>(
    _ place: TensorPlace, _ make: (Bits) -> Element
  ) -> [Element] {
    let count = place.bytes.count / MemoryLayout<Bits>.size
    return bytes.withUnsafeBytes { raw in
      // Offsets were checked when the file was opened; elements need not be aligned.
      [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count {
          let offset = place.bytes.lowerBound + index * MemoryLayout<Bits>.size
          let bits = Bits(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Bits.self))
          buffer.initializeElement(at: index, to: make(bits))
        }
        initialized = count
      }
    }
  }
}

extension SafetensorsFile {
  /// What the elements of a tensor are; raw values are the format's own names.
  public enum ElementType: String, Sendable, CaseIterable {
    /// 32-bit floating point.
    case f32 = "F32"
    /// 64-bit floating point.
    case f64 = "F64"
    /// 16-bit floating point: 1 sign, 5 exponent and 10 fraction bits.
    case f16 = "F16"
    /// 16-bit floating point: the upper half of a 32-bit one.
    case bf16 = "BF16"
    /// 64-bit signed integers.
    case i64 = "I64"
    /// 32-bit signed integers.
    case i32 = "I32"
    /// 16-bit signed integers.
    case i16 = "I16"
    /// 8-bit signed integers.
    case i8 = "I8"
    /// 64-bit unsigned integers.
    case u64 = "U64"
    /// 32-bit unsigned integers.
    case u32 = "U32"
    /// 16-bit unsigned integers.
    case u16 = "U16"
    /// 8-bit unsigned integers.
    case u8 = "U8"
    /// Truth values of one byte each.
    case bool = "BOOL"
    /// 8-bit floating point, 5 exponent bits; can be listed but not read.
    case f8e5m2 = "F8_E5M2"
    /// 8-bit floating point, 4 exponent bits; can be listed but not read.
    case f8e4m3 = "F8_E4M3"

    /// Bytes an element takes.
    public var size: Int {
      switch self {
      case .f64, .i64, .u64: 8
      case .f32, .i32, .u32: 4
      case .f16, .bf16, .i16, .u16: 2
      case .i8, .u8, .bool, .f8e5m2, .f8e4m3: 1
      }
    }
  }
}

extension Float {
  /// The value of a 16-bit floating-point number, exactly. (`Float16` is not there on every
  /// platform.)
  package init(halfPrecisionBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits) & 0x3FF
    switch exponent {
    case 0:
      // Subnormal: a multiple of 2^-24, which a 32-bit number holds as a normal one.
      let magnitude = Float(fraction) * 0x1p-24
      self = Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1F:
      self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:
      self = Float(bitPattern: sign | (exponent + 127 - 15) << 23 | fraction << 13)
    }
  }
}

/// The first few of `items` in one sentence part: `a, b, c and 12 more`.
package func listed(_ items: [String], limit: Int = 8) -> String {
  guard items.count > limit + 1 else { return items.joined(separator: ", ") }
  return items.prefix(limit).joined(separator: ", ") + " and \(items.count - limit) more"
}
