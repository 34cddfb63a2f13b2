import RecurrentFiles

extension SafetensorsFile {
  /// Writes tensors to a file at `path`: whole or not at all.
  ///
  /// - Throws: ``DataError`` if the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: StoredTensor)],
    integers: [(name: String, tensor: StoredIntegers)] = [], metadata: [String: String] = [:],
    to path: String
  ) throws(DataError) {
    try writeAtomically(encode(tensors, integers: integers, metadata: metadata), to: path)
  }

  /// The bytes of a safetensors file: the same for the same input.
  ///
  /// Integers (I64) come first and floating-point numbers (F32) after them, then those that lie on
  /// a coarser grid (BF16, then I8), each in the order given, so that all are aligned to their
  /// size. The scales of the columns of an I8 matrix `name` are a vector `name.scale` (F32).
  /// Metadata is sorted by name.
  ///
  /// - Precondition: Names are unique and none is `__metadata__`.
  public static func encode(
    _ tensors: [(name: String, tensor: StoredTensor)],
    integers: [(name: String, tensor: StoredIntegers)] = [], metadata: [String: String] = [:]
  ) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let notes = metadata.sorted { $0.key < $1.key }
        .map { jsonString($0.key) + ":" + jsonString($0.value) }
      members.append("\"__metadata__\":{" + notes.joined(separator: ",") + "}")
    }
    var names: Set<String> = ["__metadata__"]
    var end = 0
    func add(_ name: String, _ type: ElementType, _ shape: [Int], count: Int) {
      precondition(
        names.insert(name).inserted, "names of tensors are unique and not __metadata__: \(name)")
      let begin = end
      end += count * type.size
      let extents = shape.map(String.init).joined(separator: ",")
      members.append(
        "\(jsonString(name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
    }
    for (name, tensor) in integers { add(name, .i64, tensor.shape, count: tensor.values.count) }
    let blocks = floatBlocks(tensors)
    for block in blocks { add(block.name, block.type, block.shape, count: block.count) }

    var header = Array("{\(members.joined(separator: ","))}".utf8)
    // The elements begin at a multiple of 8, as other readers map them into memory and expect
    // alignment.
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }

    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + end)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes += header
    // Every system this runs on stores numbers as the format does, the least significant byte
    // first.
    for (_, tensor) in integers { tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    for block in blocks { block.append(&bytes) }
    return bytes
  }

  /// Elements of one type that stand together.
  private struct Block {
    var name: String
    var type: ElementType
    var shape: [Int]
    var count: Int
    var append: (inout [UInt8]) -> Void

    init<Element>(_ name: String, _ type: ElementType, _ shape: [Int], _ elements: [Element]) {
      (self.name, self.type, self.shape, count) = (name, type, shape, elements.count)
      append = { bytes in elements.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    }
  }

  /// What is written of tensors of floating-point numbers, the largest type first.
  private static func floatBlocks(_ tensors: [(name: String, tensor: StoredTensor)]) -> [Block] {
    let blocks = tensors.flatMap { name, tensor -> [Block] in
      switch tensor.grid {
      case nil:
        return [Block(name, .f32, tensor.shape, tensor.values)]
      case .bfloat16:
        let halves = tensor.values.map { UInt16($0.bitPattern >> 16) }
        return [Block(name, .bf16, tensor.shape, halves)]
      case .int8(let scales):
        let steps = tensor.values.enumerated().map { $1.steps(of: scales[$0 % scales.count]) }
        return [
          Block(name, .i8, tensor.shape, steps),
          Block(name + scaleSuffix, .f32, [scales.count], scales),
        ]
      }
    }
    return [ElementType.f32, .bf16, .i8].flatMap { type in blocks.filter { $0.type == type } }
  }

  /// Ends the name of the scales of an I8 matrix.
  static let scaleSuffix = ".scale"

  private static func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
