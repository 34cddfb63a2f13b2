import RecurrentFiles

/// The header of an array in NumPy's format:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
///
/// NumPy reads it as Python; here exactly these three members may be, each once, in any order.
struct NumPyHeader {
  let elementType: NumPyArray.ElementType
  let isFortranOrder: Bool
  let shape: [Int]

  init(_ bytes: [UInt8], range: Range<Int>) throws(JSONScanner.Failure) {
    var scanner = JSONScanner(bytes, range: range)
    var elementType: NumPyArray.ElementType?
    var isFortranOrder: Bool?
    var shape: [Int]?
    guard scanner.skip("{") else { throw scanner.unexpected("'{'") }
    while !scanner.skip("}") {
      _ = scanner.next()
      let offset = scanner.position
      let key = try scanner.plainString()
      guard scanner.skip(":") else { throw scanner.unexpected("':'") }
      switch key {
      case "descr" where elementType == nil: elementType = try Self.elementType(&scanner)
      case "fortran_order" where isFortranOrder == nil:
        isFortranOrder = scanner.skip("True")
        guard isFortranOrder == true || scanner.skip("False") else {
          throw scanner.unexpected("True or False")
        }
      case "shape" where shape == nil: shape = try Self.shape(&scanner)
      default:
        throw JSONScanner.Failure(
          offset: offset,
          problem: "found \(quoted(key)), expected descr, fortran_order and shape, each once")
      }
      if scanner.skip(",") { continue }
      guard scanner.skip("}") else { throw scanner.unexpected("'}'") }
      break
    }
    try scanner.expectEnd()
    guard let elementType, let isFortranOrder, let shape else {
      throw JSONScanner.Failure(
        offset: range.lowerBound, problem: "expected descr, fortran_order and shape")
    }
    self.elementType = elementType
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  private static func elementType(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.Failure) -> NumPyArray.ElementType {
    _ = scanner.next()
    let offset = scanner.position
    let expected = "expected float32 or another of float16, float64, int8 to int64, uint8, bool"
    if scanner.next() == UInt8(ascii: "[") {
      throw JSONScanner.Failure(
        offset: offset, problem: "found records, \(expected)",
        advice: "Save each field as an array of its own")
    }
    let name = try scanner.plainString()
    if let type = NumPyArray.ElementType(rawValue: name) { return type }
    switch name.first {
    case ">":
      throw JSONScanner.Failure(
        offset: offset, problem: "found big-endian elements \(quoted(name)), \(expected)",
        advice: "Save array.astype(\"<f4\") instead")
    case "|" where name.hasPrefix("|O"):
      throw JSONScanner.Failure(
        offset: offset, problem: "found Python objects, which only Python can read, \(expected)",
        advice: "Arrays of different shapes in one np.array become objects; save them with "
          + "np.savez(file, *arrays)")
    default:
      throw JSONScanner.Failure(
        offset: offset, problem: "found elements of type \(quoted(name)), \(expected)",
        advice: "Save array.astype(\"float32\") instead")
    }
  }

  /// A tuple of whole numbers from 0; one alone has a comma behind it.
  private static func shape(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> [Int] {
    guard scanner.skip("(") else { throw scanner.unexpected("'('") }
    var extents: [Int] = []
    var hasComma = false
    while !scanner.skip(")") {
      guard extents.isEmpty || hasComma else { throw scanner.unexpected("',' or ')'") }
      guard extents.count < NumPyArray.mostDimensions else {
        throw JSONScanner.Failure(
          offset: scanner.position,
          problem: "found more than \(NumPyArray.mostDimensions) dimensions")
      }
      extents.append(try scanner.naturalNumber())
      hasComma = scanner.skip(",")
    }
    guard extents.count != 1 || hasComma else { throw scanner.unexpected("a tuple") }
    return extents
  }
}
