import RecurrentFiles

/// The header of an array in NumPy's format:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
///
/// NumPy reads it as Python; here exactly these three members may be, each once, in any order.
struct NumPyHeader {
  /// Where a header is not what it should be, and why.
  struct Failure: Error {
    var offset: Int
    var problem: String
    var advice: String?
  }

  let elementType: NumPyArray.ElementType
  let isFortranOrder: Bool
  let shape: [Int]

  init(_ bytes: [UInt8], range: Range<Int>) throws(Failure) {
    var reader = Reader(bytes: bytes, position: range.lowerBound, end: range.upperBound)
    var elementType: NumPyArray.ElementType?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try reader.expect("{")
    while !reader.skip("}") {
      _ = reader.next()
      let offset = reader.position
      let key = try reader.text()
      try reader.expect(":")
      switch key {
      case "descr" where elementType == nil: elementType = try Self.elementType(&reader)
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try reader.truth()
      case "shape" where shape == nil: shape = try reader.shape()
      default:
        throw Failure(
          offset: offset,
          problem: "found \(quoted(key)), expected descr, fortran_order and shape, each once")
      }
      if reader.skip(",") { continue }
      try reader.expect("}")
      break
    }
    guard reader.next() == nil else { throw reader.unexpected("the end of the header") }
    guard let elementType, let isFortranOrder, let shape else {
      throw Failure(
        offset: range.lowerBound, problem: "expected descr, fortran_order and shape")
    }
    self.elementType = elementType
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  private static func elementType(
    _ reader: inout Reader
  ) throws(Failure) -> NumPyArray.ElementType {
    _ = reader.next()
    let offset = reader.position
    let expected = "expected float32 or another of float16, float64, int32, int64"
    if reader.next() == UInt8(ascii: "[") {
      throw Failure(
        offset: offset, problem: "found records, \(expected)",
        advice: "Save each field as an array of its own")
    }
    let name = try reader.text()
    if let type = NumPyArray.ElementType(rawValue: name) { return type }
    switch name.first {
    case ">":
      throw Failure(
        offset: offset, problem: "found big-endian elements \(quoted(name)), \(expected)",
        advice: "Save array.astype(\"<f4\") instead")
    case "|" where name.hasPrefix("|O"):
      throw Failure(
        offset: offset, problem: "found Python objects, which only Python can read, \(expected)",
        advice: "Arrays of different shapes in one np.array become objects; save them with "
          + "np.savez(file, *arrays)")
    default:
      throw Failure(
        offset: offset, problem: "found elements of type \(quoted(name)), \(expected)",
        advice: "Save array.astype(\"float32\") instead")
    }
  }

  /// Reads the few forms of Python's literals that a header may hold.
  private struct Reader {
    let bytes: [UInt8]
    var position: Int
    let end: Int

    /// The next byte that is not white space, without reading it.
    mutating func next() -> UInt8? {
      while position < end, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
      return position < end ? bytes[position] : nil
    }

    mutating func skip(_ sign: Unicode.Scalar) -> Bool {
      guard next() == UInt8(ascii: sign) else { return false }
      position += 1
      return true
    }

    mutating func expect(_ sign: Unicode.Scalar) throws(Failure) {
      guard skip(sign) else { throw unexpected("'\(sign)'") }
    }

    mutating func unexpected(_ expected: String) -> Failure {
      guard let byte = next() else {
        return Failure(
          offset: position, problem: "found the end of the header, expected \(expected)")
      }
      let isPrintable = byte > 0x20 && byte < 0x7F
      let found = isPrintable ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
      return Failure(offset: position, problem: "found \(found), expected \(expected)")
    }

    /// A string in single or double quotes, without escapes.
    mutating func text() throws(Failure) -> String {
      guard let quote = next(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
        throw unexpected("a string")
      }
      let start = position + 1
      guard let close = bytes[start..<end].firstIndex(of: quote) else {
        throw Failure(offset: position, problem: "found a string without its closing quote")
      }
      position = close + 1
      let text = bytes[start..<close]
      guard text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
        throw Failure(offset: start, problem: "found a string that is not plain ASCII")
      }
      return String(decoding: text, as: UTF8.self)
    }

    mutating func truth() throws(Failure) -> Bool {
      _ = next()
      for (word, value) in [("True", true), ("False", false)]
      where bytes[position..<end].starts(with: word.utf8) {
        position += word.utf8.count
        return value
      }
      throw unexpected("True or False")
    }

    /// A tuple of whole numbers from 0; one alone has a comma behind it.
    mutating func shape() throws(Failure) -> [Int] {
      try expect("(")
      var extents: [Int] = []
      var hasComma = false
      while !skip(")") {
        guard extents.isEmpty || hasComma else { throw unexpected("',' or ')'") }
        guard extents.count < NumPyArray.mostDimensions else {
          throw Failure(
            offset: position,
            problem: "found more than \(NumPyArray.mostDimensions) dimensions")
        }
        extents.append(try naturalNumber())
        hasComma = skip(",")
      }
      guard extents.count != 1 || hasComma else { throw unexpected("a tuple") }
      return extents
    }

    private mutating func naturalNumber() throws(Failure) -> Int {
      guard let first = next(), (0x30...0x39).contains(first) else {
        throw unexpected("a whole number from 0")
      }
      let start = position
      var number = 0
      while position < end, (0x30...0x39).contains(bytes[position]) {
        let (tens, over) = number.multipliedReportingOverflow(by: 10)
        let (sum, overAgain) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
        guard !over, !overAgain else {
          throw Failure(offset: start, problem: "found a number beyond \(Int.max)")
        }
        number = sum
        position += 1
      }
      if first == 0x30, position > start + 1 {
        throw Failure(offset: start, problem: "found a number that begins with 0")
      }
      return number
    }
  }
}
