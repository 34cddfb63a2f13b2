import RecurrentFiles

/// Arrays that NumPy wrote: a `.npy` file of one, or a `.npz` file of several, compressed or not.
///
/// ```swift
/// let file = try NumPyFile(path: "weights.npz")      // np.savez("weights.npz", *model.get_weights())
/// for name in file.names { print(name, try file.floats(name).shape) }
/// ```
///
/// Elements may be 16-, 32- or 64-bit floating point, 8- to 64-bit integers, unsigned ones of 8 bits or
/// truth values, little-endian, in C or Fortran order; they are given row-major. Reading checks everything before it believes
/// anything: whoever made the file, opening it either succeeds or throws a ``DataError`` that names
/// the file and the array, and never takes more memory than a small multiple of the file's size, or
/// 64 MiB.
public struct NumPyFile: Sendable {
  /// Where the bytes came from, as messages name it.
  public let source: String
  /// The arrays' names, in the order of the file: `arr_0`, `arr_1` … where `np.savez` was given
  /// none. The array of a `.npy` file is `arr_0`.
  public let names: [String]

  private let arrays: [String: NumPyArray]
  private let bytes: [UInt8]

  /// Opens the file at `path`.
  ///
  /// - Throws: ``DataError`` if there is no such file or it is not a sound `.npy` or `.npz` file.
  public init(path: String) throws(DataError) {
    try self.init(bytes: readFile(path), source: path)
  }

  /// Reads a file that is in memory; `source` is what messages call it.
  ///
  /// - Throws: ``DataError`` if `bytes` are not a sound `.npy` or `.npz` file.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    self.source = source
    if bytes.starts(with: NumPyArray.magic) {
      names = ["arr_0"]
      arrays = [
        "arr_0": try NumPyArray(in: bytes, range: bytes.indices, place: "header", source: source)
      ]
      self.bytes = bytes
      return
    }
    try WeightContainer.check(
      bytes, expected: "a .npy or .npz file", mayBeNumPy: true, source: source)
    var names: [String] = []
    var arrays: [String: NumPyArray] = [:]
    let archive = try ZipArchive(bytes, source: source)
    for entry in archive.entries {
      let place = "entry \(quoted(entry.name))"
      guard entry.name.hasSuffix(".npy") else {
        throw DataError(
          file: source, place: place, problem: "found a name that does not end in .npy",
          advice: "The file is not one of np.savez")
      }
      let name = String(entry.name.dropLast(".npy".count))
      names.append(name)
      arrays[name] = try NumPyArray(
        in: archive.bytes, range: entry.data, place: place, source: source)
    }
    self.bytes = archive.bytes
    self.names = names
    self.arrays = arrays
  }

  /// The shape of the array `name`, or nil if there is none.
  public func shape(of name: String) -> [Int]? { arrays[name]?.shape }

  /// The array `name` as 32-bit floating point, every element exactly as in the file.
  ///
  /// - Throws: ``DataError`` if there is no such array, it does not hold floating-point numbers, or
  ///   one of 64 bits is not exactly a 32-bit number.
  public func floats(_ name: String) throws(DataError) -> StoredTensor {
    let array = try self.array(name)
    let values: [Float]
    switch array.elementType {
    case .f4: values = array.elements(of: bytes) { Float(bitPattern: $0) }
    case .f2: values = array.elements(of: bytes) { Float(halfPrecisionBits: $0) }
    case .f8:
      let doubles = array.elements(of: bytes) { Double(bitPattern: $0) }
      if let bad = doubles.firstIndex(where: { !$0.isExactlyFloat }) {
        throw inexact(
          doubles[bad], at: bad, place: "array \(quoted(name))", source: source)
      }
      values = doubles.map { Float($0) }
    default: throw wrongType(name, array, expected: "floating-point numbers (float32)")
    }
    return StoredTensor(shape: array.shape, values: values)
  }

  /// What the elements of the array `name` are, as NumPy calls it; nil if there is none.
  public func elementType(of name: String) -> String? { arrays[name]?.elementType.description }

  /// The array `name` as whole numbers; truth values are 0 and 1.
  ///
  /// - Throws: ``DataError`` if there is no such array or it does not hold whole numbers.
  public func integers(_ name: String) throws(DataError) -> StoredIntegers {
    let array = try self.array(name)
    let values: [Int64]
    switch array.elementType {
    case .i8: values = array.elements(of: bytes) { (bits: UInt64) in Int64(bitPattern: bits) }
    case .i4:
      values = array.elements(of: bytes) { (bits: UInt32) in Int64(Int32(bitPattern: bits)) }
    case .i2:
      values = array.elements(of: bytes) { (bits: UInt16) in Int64(Int16(bitPattern: bits)) }
    case .i1:
      values = array.elements(of: bytes) { (bits: UInt8) in Int64(Int8(bitPattern: bits)) }
    case .u1: values = array.elements(of: bytes) { (bits: UInt8) in Int64(bits) }
    case .b1: values = array.elements(of: bytes) { (bits: UInt8) in bits == 0 ? 0 : 1 }
    default: throw wrongType(name, array, expected: "whole numbers (int32 or int64)")
    }
    return StoredIntegers(shape: array.shape, values: values)
  }

  private func array(_ name: String) throws(DataError) -> NumPyArray {
    if let array = arrays[name] { return array }
    throw DataError(
      file: source, place: "array \(quoted(name))", problem: "not in the file",
      advice: names.isEmpty ? "It holds no arrays" : "It holds \(listed(names.map(quoted)))")
  }

  private func wrongType(_ name: String, _ array: NumPyArray, expected: String) -> DataError {
    DataError(
      file: source, place: "array \(quoted(name))",
      problem: "found elements of type \(array.elementType.description), expected \(expected)")
  }
}

extension NumPyFile: TensorFile {
  func exactFloats(_ name: String) throws(DataError) -> StoredTensor { try floats(name) }
}

extension NumPyFile {
  /// Writes arrays to a `.npz` file at `path`, whole or not at all; `np.load` reads it.
  ///
  /// - Precondition: Names are unique.
  /// - Throws: ``DataError`` if the file cannot be written.
  public static func write(
    _ arrays: [(name: String, tensor: StoredTensor)], to path: String
  ) throws(DataError) {
    try writeAtomically(encode(arrays), to: path)
  }

  /// The bytes of a `.npy` file of one array.
  public static func encode(_ tensor: StoredTensor) -> [UInt8] { NumPyArray.encode(tensor) }

  /// The bytes of a `.npy` file of one array of whole numbers, of 64 bits.
  public static func encode(_ integers: StoredIntegers) -> [UInt8] { NumPyArray.encode(integers) }

  /// The bytes of a `.npz` file of arrays that are `.npy` files already.
  package static func archive(_ arrays: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    ZipArchive.encode(arrays.map { ($0.name + ".npy", $0.bytes) })
  }

  /// The bytes of a `.npz` file: the same for the same input.
  public static func encode(_ arrays: [(name: String, tensor: StoredTensor)]) -> [UInt8] {
    ZipArchive.encode(
      arrays.map { ($0.name + ".npy", NumPyArray.encode($0.tensor)) })
  }
}
