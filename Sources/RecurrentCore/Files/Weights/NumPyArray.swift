import RecurrentFiles

/// One array in NumPy's format: a header that is a Python dictionary, then the elements.
///
/// The format is that of NumPy Enhancement Proposal 1, versions 1 to 3.
struct NumPyArray: Sendable {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy itself allows 64 dimensions.
  static let mostDimensions = 64

  enum ElementType: String, CustomStringConvertible {
    case f2 = "<f2"
    case f4 = "<f4"
    case f8 = "<f8"
    case i4 = "<i4"
    case i8 = "<i8"
    case i2 = "<i2"
    case i1 = "|i1"
    case u1 = "|u1"
    case b1 = "|b1"

    var size: Int {
      switch self {
      case .i1, .u1, .b1: 1
      case .f2, .i2: 2
      case .f4, .i4: 4
      case .f8, .i8: 8
      }
    }

    var description: String {
      switch self {
      case .f2: "float16"
      case .f4: "float32"
      case .f8: "float64"
      case .i4: "int32"
      case .i8: "int64"
      case .i2: "int16"
      case .i1: "int8"
      case .u1: "uint8"
      case .b1: "bool"
      }
    }
  }

  let elementType: ElementType
  let shape: [Int]
  /// The first dimension varies fastest.
  let isFortranOrder: Bool
  /// Offsets of the elements.
  let data: Range<Int>

  /// Reads the array that the bytes in `range` are, all of them.
  init(
    in bytes: [UInt8], range: Range<Int>, place: String, source: String
  ) throws(DataError) {
    func damaged(_ problem: String, _ advice: String? = nil) -> DataError {
      DataError(
        file: source, place: place, problem: problem,
        advice: advice ?? "The file is damaged or not one of NumPy")
    }
    guard range.count >= 10, bytes[range].starts(with: Self.magic) else {
      throw damaged("does not begin as a NumPy array does")
    }
    let start = range.lowerBound
    let version = bytes[start + 6]
    guard (1...3).contains(version) else {
      throw damaged("found version \(version) of the format, expected 1, 2 or 3")
    }
    let lengthSize = version == 1 ? 2 : 4
    let headerStart = start + 8 + lengthSize
    guard headerStart <= range.upperBound else { throw damaged("ends in the header's length") }
    let length = Int(bytes.littleEndian(at: start + 8, size: lengthSize))
    guard length <= range.upperBound - headerStart else {
      throw damaged(
        "found a header of \(length) bytes, expected at most the "
          + "\(range.upperBound - headerStart) there are")
    }
    let dataStart = headerStart + length
    let header: NumPyHeader
    do throws(JSONScanner.Failure) {
      header = try NumPyHeader(bytes, range: headerStart..<dataStart)
    } catch {
      throw damaged("byte \(error.offset): \(error.problem)", error.advice)
    }
    let size = elementCount(ofShape: header.shape)?
      .multipliedReportingOverflow(by: header.elementType.size)
    guard let size, !size.overflow else {
      throw damaged("found shape \(described(header.shape)), too large for any file")
    }
    guard size.partialValue == range.upperBound - dataStart else {
      throw damaged(
        "found \(range.upperBound - dataStart) bytes of elements, expected \(size.partialValue) "
          + "for shape \(described(header.shape)) of \(header.elementType)")
    }
    elementType = header.elementType
    shape = header.shape
    isFortranOrder = header.isFortranOrder
    data = dataStart..<range.upperBound
  }

  /// The elements, each made from its bits, row-major.
  func elements<Bits: FixedWidthInteger, Element>(
    of bytes: [UInt8], _ make: (Bits) -> Element
  ) -> [Element] {
    let size = MemoryLayout<Bits>.size
    let count = data.count / size
    return bytes.withUnsafeBytes { raw in
      func element(_ index: Int) -> Element {
        // Offsets were checked when the file was opened; elements need not be aligned.
        let offset = data.lowerBound + index * size
        return make(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Bits.self)))
      }
      guard isFortranOrder, count > 0 else { return (0..<count).map(element) }
      // Goes through the elements row-major, and keeps count of where they lie.
      var strides: [Int] = []
      var stride = 1
      for extent in shape {
        strides.append(stride)
        stride *= extent
      }
      var indices = shape.map { _ in 0 }
      var place = 0
      return (0..<count).map { _ in
        let result = element(place)
        for dimension in shape.indices.reversed() {
          indices[dimension] += 1
          place += strides[dimension]
          if indices[dimension] < shape[dimension] { break }
          place -= strides[dimension] * shape[dimension]
          indices[dimension] = 0
        }
        return result
      }
    }
  }

  /// The bytes of a tensor as `np.save` writes them.
  static func encode(_ tensor: StoredTensor) -> [UInt8] {
    var bytes = header(.f4, shape: tensor.shape)
    tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// A `.npy` file of whole numbers of 64 bits.
  static func encode(_ integers: StoredIntegers) -> [UInt8] {
    var bytes = header(.i8, shape: integers.shape)
    integers.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  private static func header(_ type: ElementType, shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ")
    let tuple = shape.count == 1 ? "(\(extents),)" : "(\(extents))"
    var header = Array(
      "{'descr': '\(type.rawValue)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
    // The elements begin at a multiple of 64, as the format asks.
    while (10 + header.count + 1) % 64 != 0 { header.append(UInt8(ascii: " ")) }
    header.append(UInt8(ascii: "\n"))
    var bytes = magic + [1, 0]
    bytes.append(littleEndian: UInt64(header.count), size: 2)
    return bytes + header
  }
}
