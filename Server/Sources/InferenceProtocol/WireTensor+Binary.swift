/// The binary tensor data extension: elements behind the JSON object, little-endian, row-major.
extension WireTensor {
  /// Reads the elements from `bytes`, all of which are theirs.
  static func elements(
    _ bytes: ArraySlice<UInt8>, of datatype: DataType, count: Int, name: String
  ) throws(RequestError) -> Elements {
    if let size = datatype.size {
      let (expected, over) = count.multipliedReportingOverflow(by: size)
      guard !over, expected == bytes.count else {
        throw RequestError(
          .malformed,
          "Input \(quoted(name)): binary_data_size is \(bytes.count), expected \(over ? "far more" : "\(expected)") "
            + "for \(count) elements of \(datatype.rawValue).")
      }
    }
    switch datatype {
    case .float32: return .floats(load(bytes) { Float(bitPattern: UInt32(littleEndian: $0)) })
    case .float16: return .floats(load(bytes) { Float(Half(bits: UInt16(littleEndian: $0))) })
    case .bfloat16:
      return .floats(load(bytes) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) })
    case .float64: return .doubles(load(bytes) { Double(bitPattern: UInt64(littleEndian: $0)) })
    case .bool: return .integers(load(bytes) { (byte: UInt8) in byte == 0 ? 0 : 1 })
    case .uint8: return .integers(load(bytes) { (byte: UInt8) in Int64(byte) })
    case .int8: return .integers(load(bytes) { (byte: Int8) in Int64(byte) })
    case .uint16: return .integers(load(bytes) { Int64(UInt16(littleEndian: $0)) })
    case .int16: return .integers(load(bytes) { Int64(Int16(littleEndian: $0)) })
    case .uint32: return .integers(load(bytes) { Int64(UInt32(littleEndian: $0)) })
    case .int32: return .integers(load(bytes) { Int64(Int32(littleEndian: $0)) })
    case .uint64, .int64: return .integers(load(bytes) { Int64(littleEndian: $0) })
    case .bytes: return .bytes(try texts(bytes, count: count, name: name))
    }
  }

  private static func load<Raw: BitwiseCopyable, Element>(
    _ bytes: ArraySlice<UInt8>, _ element: (Raw) -> Element
  ) -> [Element] {
    bytes.withUnsafeBytes { bytes in
      let size = MemoryLayout<Raw>.size
      return (0..<bytes.count / size).map {
        element(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Raw.self))
      }
    }
  }

  /// Each text behind its length in four bytes.
  private static func texts(
    _ bytes: ArraySlice<UInt8>, count: Int, name: String
  ) throws(RequestError) -> [[UInt8]] {
    var (texts, rest): ([[UInt8]], ArraySlice<UInt8>) = ([], bytes)
    while rest.count >= 4, texts.count < count {
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard length <= rest.count else { break }
      texts.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    guard texts.count == count, rest.isEmpty else {
      throw RequestError(
        .malformed,
        "Input \(quoted(name)): found \(texts.count) whole texts and \(rest.count) more bytes, expected \(count) "
          + "texts, each behind its length in four bytes.")
    }
    return texts
  }

  /// The elements as bytes.
  var binary: [UInt8] {
    var bytes: [UInt8] = []
    func store<Element>(_ values: [Element], _ raw: (Element) -> some FixedWidthInteger) {
      bytes.reserveCapacity(values.count * (datatype.size ?? 1))
      for value in values {
        withUnsafeBytes(of: raw(value).littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    switch elements {
    case .floats(let values):
      switch datatype {
      case .float16: store(values) { Half(rounding: $0).bits }
      case .bfloat16:
        store(values) { UInt16(truncatingIfNeeded: $0.bfloat16.bitPattern >> 16) }
      default: store(values, \.bitPattern)
      }
    case .doubles(let values): store(values, \.bitPattern)
    case .integers(let values):
      switch datatype.size {
      case 1: store(values) { UInt8(truncatingIfNeeded: $0) }
      case 2: store(values) { UInt16(truncatingIfNeeded: $0) }
      case 4: store(values) { UInt32(truncatingIfNeeded: $0) }
      default: store(values) { $0 }
      }
    case .bytes(let values):
      for value in values {
        store([UInt32(truncatingIfNeeded: value.count)]) { $0 }
        bytes += value
      }
    }
    return bytes
  }
}
