import RecurrentCore
import RecurrentFiles

extension OnnxTensor {
  /// The tensor that a message holds, and its name.
  static func read(
    _ reader: ProtobufReader
  ) throws(ProtobufReader.Failure) -> (name: String, tensor: OnnxTensor) {
    var reader = reader
    let start = reader.position
    var (name, extents, type) = ("", [Int64](), Int64(1))
    var (floats, integers, raw) = ([Float](), [Int64](), Range<Int>?.none)
    while let (field, value) = try reader.next() {
      switch field {
      case 1: try reader.append(value, to: &extents)
      case 2: type = try reader.integer(value)
      case 4: try reader.append(value, to: &floats)
      case 5, 7, 11: try reader.append(value, to: &integers)
      case 8: name = try reader.text(value)
      case 9: raw = try reader.range(value)
      case 10: try reader.appendDoubles(value, to: &floats)
      case 14 where try reader.integer(value) != 0:
        throw ProtobufReader.Failure(
          offset: start,
          problem:
            "tensor \(quoted(name)): its elements lie in another file, expected them in this "
            + "one: onnx.save_model(onnx.load(path), \"one.onnx\") puts them there")
      default: break
      }
    }
    func failure(_ problem: String) -> ProtobufReader.Failure {
      ProtobufReader.Failure(offset: start, problem: "tensor \(quoted(name)): \(problem)")
    }
    guard let type = ElementType(rawValue: Int(clamping: type)) else {
      throw failure("found elements of type \(type), expected numbers or truth values")
    }
    let shape = extents.compactMap { Int(exactly: $0) }
    guard shape.count == extents.count, let count = elementCount(ofShape: shape) else {
      throw failure("found shape \(extents), expected sizes from 0 that belong to some file")
    }
    if let raw {
      guard raw.count % type.size == 0, raw.count / type.size == count else {
        throw failure(
          "found \(raw.count) bytes of elements for shape \(described(shape)) of \(type)")
      }
      return (name, OnnxTensor(reader.bytes, at: raw.lowerBound, type, shape))
    }
    if type.isFloat, integers.count == count, type == .float16 || type == .bfloat16 {
      // Sixteen bits stand in the lower half of a whole number.
      floats = integers.map { type.float(bits: UInt64(bitPattern: $0)) }
    }
    guard (type.isFloat ? floats.count : integers.count) == count else {
      throw failure(
        "found \(type.isFloat ? floats.count : integers.count) elements for shape "
          + "\(described(shape)) of \(type)")
    }
    return (
      name,
      type.isFloat
        ? OnnxTensor(Tensor(floats, shape: shape), type)
        : OnnxTensor(integers.map(type.wrapped), shape: shape, type)
    )
  }

  /// Elements that lie little-endian in `bytes`, as many as the shape says.
  private init(_ bytes: [UInt8], at start: Int, _ type: ElementType, _ shape: [Int]) {
    let count = shape.reduce(1, *)
    if type.isFloat {
      let tensor = Tensor(shape: shape) { y in
        bytes.withUnsafeBytes { raw in
          if type == .float32 {
            for index in 0..<count {
              y[index] = Float(
                bitPattern: UInt32(
                  littleEndian: raw.loadUnaligned(
                    fromByteOffset: start + 4 * index, as: UInt32.self)))
            }
          } else {
            for index in 0..<count {
              let bits = bytes.littleEndian(at: start + type.size * index, size: type.size)
              y[index] = type.float(bits: bits)
            }
          }
        }
      }
      self.init(tensor, type)
    } else {
      let values = (0..<count).map {
        let bits = bytes.littleEndian(at: start + type.size * $0, size: type.size)
        return type.wrapped(Int64(truncatingIfNeeded: bits))
      }
      self.init(values, shape: shape, type)
    }
  }
}
