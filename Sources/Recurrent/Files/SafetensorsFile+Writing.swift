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
  /// Integers (I64) come first and floating-point numbers (F32) after them, each in the order
  /// given, so that all are aligned to their size. Metadata is sorted by name.
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
    for (name, tensor) in tensors { add(name, .f32, tensor.shape, count: tensor.values.count) }

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
    for (_, tensor) in tensors { tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }

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
