import RecurrentFiles

/// Where a tensor lies in the bytes of a safetensors file.
struct TensorPlace: Sendable {
  var elementType: SafetensorsFile.ElementType
  var shape: [Int]
  /// Offsets in the whole file.
  var bytes: Range<Int>
}

/// The header of a safetensors file, checked.
struct SafetensorsHeader {
  private(set) var metadata: [String: String] = [:]
  private(set) var names: [String] = []
  private(set) var tensors: [String: TensorPlace] = [:]

  /// Reads the header of the file that `bytes` are, and checks that the tensors fill the rest
  /// exactly.
  init(of bytes: [UInt8], source: String) throws(DataError) {
    // A sound file has the header's brace behind its length.
    if bytes.count <= 8 || bytes[8] != UInt8(ascii: "{") {
      try WeightContainer.check(bytes, expected: "a safetensors file", source: source)
    }
    guard bytes.count >= 8 else {
      throw Self.damaged(source, "found \(bytes.count) bytes, expected the header's length in 8")
    }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(bytes.count - 8) else {
      throw Self.damaged(
        source,
        "found a header of \(length) bytes, expected at most the \(bytes.count - 8) there are")
    }
    let dataStart = 8 + Int(length)
    do {
      try readMembers(JSONScanner(bytes, range: 8..<dataStart), dataStart: dataStart)
    } catch {
      throw Self.damaged(source, "byte \(error.offset): \(error.problem)", place: error.place)
    }
    try checkLayout(dataStart: dataStart, fileSize: bytes.count, source: source)
  }

  private static func damaged(_ source: String, _ problem: String, place: String? = nil)
    -> DataError
  {
    DataError(
      file: source, place: place ?? "header", problem: problem,
      advice: "The file is damaged or not a safetensors file")
  }

  private mutating func readMembers(
    _ scanner: consuming JSONScanner, dataStart: Int
  ) throws(JSONScanner.Failure) {
    var hasMetadata = false
    try scanner.object { scanner, name throws(JSONScanner.Failure) in
      if name == "__metadata__" {
        guard !hasMetadata else {
          throw .init(offset: scanner.position, problem: "found __metadata__ twice")
        }
        hasMetadata = true
        try readMetadata(&scanner)
      } else {
        guard tensors[name] == nil else {
          throw .init(
            offset: scanner.position, problem: "found twice, expected each name once",
            place: "tensor \(quoted(name))")
        }
        do throws(JSONScanner.Failure) {
          tensors[name] = try Self.place(&scanner, dataStart: dataStart)
        } catch {
          throw .init(
            offset: error.offset, problem: error.problem, place: "tensor \(quoted(name))")
        }
        names.append(name)
      }
    }
    try scanner.expectEnd()
  }

  private mutating func readMetadata(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) {
    if scanner.skip("null") { return }
    do throws(JSONScanner.Failure) {
      try scanner.object { scanner, key throws(JSONScanner.Failure) in
        let offset = scanner.position
        guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
          throw .init(offset: offset, problem: "found \(quoted(key)) twice")
        }
      }
    } catch {
      throw .init(offset: error.offset, problem: error.problem, place: "__metadata__")
    }
  }

  private static func place(
    _ scanner: inout JSONScanner, dataStart: Int
  ) throws(JSONScanner.Failure) -> TensorPlace {
    let start = scanner.position
    var elementType: SafetensorsFile.ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { scanner, key throws(JSONScanner.Failure) in
      let offset = scanner.position
      switch key {
      case "dtype" where elementType == nil:
        let name = try scanner.string()
        elementType = .init(rawValue: name)
        if elementType == nil {
          throw .init(offset: offset, problem: "found unknown element type \(quoted(name))")
        }
      case "shape" where shape == nil:
        shape = try naturalNumbers(&scanner)
      case "data_offsets" where offsets == nil:
        offsets = try naturalNumbers(&scanner)
      default:
        throw .init(
          offset: offset,
          problem: "found \(quoted(key)), expected dtype, shape and data_offsets, each once")
      }
    }
    guard let elementType, let shape, let offsets else {
      throw .init(offset: start, problem: "expected dtype, shape and data_offsets")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .init(
        offset: start,
        problem:
          "found data_offsets \(described(offsets)), expected a begin and an end not before it")
    }
    let (end, overflow) = offsets[1].addingReportingOverflow(dataStart)
    guard !overflow else {
      throw .init(
        offset: start, problem: "found data_offsets \(described(offsets)) beyond any file")
    }
    let size = elementCount(ofShape: shape)?.multipliedReportingOverflow(by: elementType.size)
    guard let size, !size.overflow else {
      throw .init(offset: start, problem: "found shape \(described(shape)), too large for any file")
    }
    guard size.partialValue == offsets[1] - offsets[0] else {
      throw .init(
        offset: start,
        problem: "found \(offsets[1] - offsets[0]) bytes, expected \(size.partialValue) for shape "
          + "\(described(shape)) of \(elementType.rawValue)")
    }
    return TensorPlace(elementType: elementType, shape: shape, bytes: offsets[0] + dataStart..<end)
  }

  private static func naturalNumbers(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.Failure) -> [Int] {
    var numbers: [Int] = []
    try scanner.array { scanner throws(JSONScanner.Failure) in
      numbers.append(try scanner.naturalNumber())
    }
    return numbers
  }

  /// Checks that the tensors lie one after another, from the header's end to the file's end.
  ///
  /// A gap could hide anything, an overlap means that one of two tensors is wrong; the format
  /// allows neither.
  private func checkLayout(dataStart: Int, fileSize: Int, source: String) throws(DataError) {
    let order = tensors.sorted { left, right in
      let (left, right) = (left.value.bytes, right.value.bytes)
      return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
    }
    var end = dataStart
    for (name, tensor) in order {
      let range = tensor.bytes
      guard range.upperBound <= fileSize else {
        throw Self.damaged(
          source, "ends at byte \(range.upperBound), expected at most the file's \(fileSize) bytes",
          place: "tensor \(quoted(name))")
      }
      guard range.lowerBound == end else {
        let relation =
          range.lowerBound < end ? "overlaps the tensor before it" : "comes after a gap"
        throw Self.damaged(
          source, "\(relation): begins at byte \(range.lowerBound), expected \(end)",
          place: "tensor \(quoted(name))")
      }
      end = range.upperBound
    }
    guard end == fileSize else {
      throw Self.damaged(
        source, "found \(fileSize - end) bytes after the last tensor, expected none", place: "data")
    }
  }
}

/// Numbers of a shape or offsets for a message, which a hostile file must not make endless.
package func described(_ numbers: [Int]) -> String {
  "[" + listed(numbers.map(String.init)) + "]"
}
