extension WireTensor {
  /// Reads `data`: numbers or texts in row-major order, in nested arrays or in one.
  static func elements(
    _ reader: inout JSONReader, of datatype: DataType, count: Int
  ) throws(RequestError) -> Elements {
    switch datatype {
    case .float32, .float16, .bfloat16:
      let values = try read(&reader, count) { reader throws(RequestError) in try reader.float() }
      guard datatype != .float32 else { return .floats(values) }
      return .floats(values.map { datatype == .float16 ? Float(Half(rounding: $0)) : $0.bfloat16 })
    case .float64:
      return .doubles(
        try read(&reader, count) { reader throws(RequestError) in try reader.double() })
    case .bytes:
      return .bytes(
        try read(&reader, count) { reader throws(RequestError) in try reader.stringBytes() })
    case .bool:
      return .integers(
        try read(&reader, count) { reader throws(RequestError) in
          if reader.take("true") { return 1 }
          if reader.take("false") { return 0 }
          throw reader.unexpected("true or false")
        })
    default:
      let range = datatype.integers ?? 0...0
      return .integers(
        try read(&reader, count) { reader throws(RequestError) in
          let value = try reader.integer()
          guard range.contains(value) else {
            throw reader.failure(
              "found \(value), expected \(datatype.rawValue) in \(range.lowerBound)...\(range.upperBound)"
            )
          }
          return value
        })
    }
  }

  private static func read<Element>(
    _ reader: inout JSONReader, _ count: Int,
    _ element: (inout JSONReader) throws(RequestError) -> Element
  ) throws(RequestError) -> [Element] {
    var values: [Element] = []
    // What a shape claims is not allocated before it is there.
    values.reserveCapacity(min(count, (reader.end - reader.position) / 2 + 1))
    try collect(&reader, count, &values, element)
    return values
  }

  private static func collect<Element>(
    _ reader: inout JSONReader, _ count: Int, _ values: inout [Element],
    _ element: (inout JSONReader) throws(RequestError) -> Element
  ) throws(RequestError) {
    try reader.array { reader throws(RequestError) in
      if reader.peek() == UInt8(ascii: "[") {
        try collect(&reader, count, &values, element)
      } else {
        guard values.count < count else {
          throw reader.failure("found more than the \(count) elements of the shape")
        }
        values.append(try element(&reader))
      }
    }
  }

  /// Writes `data` as one array.
  func writeData(to writer: inout JSONWriter) throws(RequestError) {
    writer.raw("[")
    switch elements {
    case .floats(let values):
      for index in values.indices {
        if index > 0 { writer.raw(",") }
        try writer.number(values[index])
      }
    case .doubles(let values):
      for index in values.indices {
        if index > 0 { writer.raw(",") }
        try writer.number(values[index])
      }
    case .integers(let values):
      for index in values.indices {
        if index > 0 { writer.raw(",") }
        if datatype == .bool {
          if values[index] == 0 { writer.raw("false") } else { writer.raw("true") }
        } else if datatype == .uint64 {
          writer.number(UInt64(bitPattern: values[index]))
        } else {
          writer.number(values[index])
        }
      }
    case .bytes(let values):
      for index in values.indices {
        if index > 0 { writer.raw(",") }
        guard let text = String(validating: values[index], as: UTF8.self) else {
          throw RequestError(
            .failed,
            "Output \(quoted(name)) holds bytes that are no text, which JSON cannot say: ask for binary_data."
          )
        }
        writer.string(text)
      }
    }
    writer.raw("]")
  }
}
