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
    let blocks =
      integers.map { Block($0, .i64, $1.shape, $1.values) }
      + inOrder(
        tensors.flatMap { Self.blocks($0, $1) })
    let header = header(of: blocks, metadata: metadata)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(header.count + blocks.reduce(0) { $0 + $1.count * $1.type.size })
    bytes += header
    for block in blocks { block.contents { bytes.append(contentsOf: $0) } }
    return bytes
  }

  /// The bytes before those of the elements.
  static func header(of blocks: [Block], metadata: [String: String]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let notes = metadata.sorted { $0.key < $1.key }
        .map { jsonString($0.key) + ":" + jsonString($0.value) }
      members.append("\"__metadata__\":{" + notes.joined(separator: ",") + "}")
    }
    var names: Set<String> = ["__metadata__"]
    var end = 0
    for block in blocks {
      require(
        names.insert(block.name).inserted,
        "names of tensors are unique and not __metadata__: \(block.name)")
      let begin = end
      end += block.count * block.type.size
      let extents = block.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(jsonString(block.name)):{\"dtype\":\"\(block.type.rawValue)\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    // The elements begin at a multiple of 8, as other readers map them into memory and expect
    // alignment.
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
  }

  /// Elements of one type that stand together.
  struct Block {
    let name: String
    let type: ElementType
    let shape: [Int]
    let count: Int
    /// Every system this runs on stores numbers as the format does, the least significant byte
    /// first.
    let contents: FileContents

    fileprivate init<Element>(
      _ name: String, _ type: ElementType, _ shape: [Int], _ elements: [Element]
    ) {
      (self.name, self.type, self.shape, count) = (name, type, shape, elements.count)
      contents = { append in elements.withUnsafeBytes(append) }
    }

    fileprivate init(_ name: String, _ tensor: Tensor) {
      (self.name, type, shape, count) = (name, .f32, tensor.shape, tensor.count)
      contents = { append in tensor.withUnsafeElements { append(UnsafeRawBufferPointer($0)) } }
    }
  }

  /// What is written of a module's parameters and statistics, without copies of them.
  static func blocks(of module: some Module) -> [Block] {
    inOrder(
      (module.parameters + module.statistics).flatMap { name, tensor in
        tensor.grid == nil ? [Block(name, tensor)] : blocks(name, StoredTensor(tensor))
      })
  }

  private static func blocks(_ name: String, _ tensor: StoredTensor) -> [Block] {
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

  /// The largest type first, so that all are aligned.
  private static func inOrder(_ blocks: [Block]) -> [Block] {
    [ElementType.f32, .bf16, .i8].flatMap { type in blocks.filter { $0.type == type } }
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
