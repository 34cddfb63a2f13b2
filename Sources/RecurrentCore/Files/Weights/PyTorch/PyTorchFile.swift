import RecurrentFiles

/// Tensors that PyTorch wrote: `.pt`, `.pth`, `.ckpt` of `torch.save`, as a zip archive or in the
/// form before PyTorch 1.6, and `.jit` of `torch.jit.save`.
///
/// Nothing in a file is ever run. Its pickle may hold tensors, dictionaries, lists, numbers and
/// texts; whatever else it asks for is refused by name.
///
/// A tensor's name is the keys that lead to it: `encoder.weight_ih_l0`. Of a checkpoint of several
/// parts (`model_state_dict`, `optimizer` …) the model's is taken, and what all names begin with
/// (`module.` of `DataParallel`) is left out; ``part`` tells.
///
/// ```swift
/// let file = try PyTorchFile(path: "checkpoint.pt")
/// print(file.names, file.part ?? "")
/// var weights = try PyTorchWeights(file: "checkpoint.pt")
/// ```
///
/// Opening a file either succeeds or throws a ``DataError``. It never takes more memory than a
/// small multiple of the file's size, or 64 MiB.
public struct PyTorchFile: Sendable {
  /// Where the bytes came from, as messages name it.
  public let source: String
  /// The tensors' names, in the order of the file.
  public let names: [String]
  /// What stands before each name in the file: the part that was taken, and a prefix that all have.
  /// Nil: nothing.
  public let part: String?
  /// The names of the file's other tensors, in full.
  public let otherNames: [String]

  let tensors: [String: TensorPlace]
  private let storages: [String: Range<Int>]
  private let bytes: [UInt8]

  /// The storage, offset, shape and strides of a tensor in the file.
  struct TensorPlace: Sendable {
    var elementType: ElementType
    var shape: [Int]
    var strides: [Int]
    /// In elements from the start of its storage.
    var offset: Int
    var storage: String
    var count: Int
  }

  /// Opens the file at `path`.
  ///
  /// - Parameter part: Of a checkpoint the part that is the model, as `ema` or `state_dict.student`;
  ///   nil: `state_dict`, `model_state_dict` and the like.
  /// - Throws: ``DataError`` if there is no such file or it is not a sound file of PyTorch.
  public init(path: String, part: String? = nil) throws(DataError) {
    try self.init(bytes: readFile(path), source: path, part: part)
  }

  /// Reads a file that is in memory; `source` is what messages call it.
  public init(bytes: [UInt8], source: String, part: String? = nil) throws(DataError) {
    let contents = try PyTorchContents(bytes, source: source)
    self.source = source
    (self.bytes, storages) = (contents.bytes, contents.storages)
    let all = try contents.tensors()
    let start = try Self.start(all.map(\.name), stated: part, source: source)
    let chosen = all.filter { $0.name.hasPrefix(start) && $0.name != start }
    names = chosen.map { String($0.name.dropFirst(start.count)) }
    otherNames = all.map(\.name).filter { !$0.hasPrefix(start) }
    self.part = start.isEmpty ? nil : String(start.dropLast())
    tensors = zip(names, chosen).reduce(into: [:]) { $0[$1.0] = $1.1.place }
  }

  /// What the names of the model's tensors begin with, its dot included.
  private static func start(
    _ names: [String], stated: String?, source: String
  ) throws(DataError) -> String {
    var start = ""
    if let stated {
      start = stated + "."
      guard names.contains(where: { $0.hasPrefix(start) }) else {
        let parts = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) })
        throw DataError(
          file: source, place: "part \(quoted(stated))", problem: "there are no tensors in it",
          advice: "There are \(listed(parts.sorted().map(quoted)))")
      }
    } else {
      let parts = [
        "model_state_dict", "state_dict", "model", "net", "network", "weights", "params",
      ]
      let tops = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) })
      if let part = parts.first(where: tops.contains),
        tops.count > 1 || part.hasSuffix("state_dict")
      {
        start = part + "."
      }
    }
    for wrapper in ["module.", "_orig_mod.", "module."] {
      let longer = start + wrapper
      let own = names.filter { $0.hasPrefix(start) }
      if !own.isEmpty, own.allSatisfy({ $0.hasPrefix(longer) }) { start = longer }
    }
    return start
  }

  /// The shape of the tensor `name`, or nil if there is none.
  public func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  /// What the elements of the tensor `name` are, as PyTorch calls it; nil if there is none.
  public func elementType(of name: String) -> String? { tensors[name]?.elementType.rawValue }

  /// The tensor `name` as 32-bit floating point, every element exactly as in the file.
  ///
  /// - Throws: ``DataError`` if there is no such tensor, it does not hold floating-point numbers, or
  ///   one of 64 bits is not exactly a 32-bit number.
  public func floats(_ name: String) throws(DataError) -> StoredTensor {
    let place = try place(of: name)
    var values: [Float]
    switch place.elementType {
    case .float32: values = elements(place) { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    case .float16:
      values = elements(place) { Float(halfPrecisionBits: UInt16(truncatingIfNeeded: $0)) }
    case .bfloat16:
      values = elements(place) { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) }
    case .float64:
      let doubles = elements(place) { Double(bitPattern: $0) }
      if let bad = doubles.firstIndex(where: { !$0.isExactlyFloat }) {
        throw inexact(doubles[bad], at: bad, place: "tensor \(quoted(name))", source: source)
      }
      values = doubles.map { Float($0) }
    default:
      throw DataError(
        file: source, place: "tensor \(quoted(name))",
        problem: "found elements of type \(place.elementType.rawValue), expected floating-point "
          + "numbers")
    }
    return StoredTensor(shape: place.shape, values: values)
  }

  /// The tensor `name` as whole numbers; truth values are 0 and 1.
  ///
  /// - Throws: ``DataError`` if there is no such tensor or it does not hold whole numbers.
  public func integers(_ name: String) throws(DataError) -> StoredIntegers {
    let place = try place(of: name)
    guard place.elementType.isWhole else {
      throw DataError(
        file: source, place: "tensor \(quoted(name))",
        problem: "found elements of type \(place.elementType.rawValue), expected whole numbers")
    }
    let unused = Int64(64 - 8 * place.elementType.size)
    let isSigned = place.elementType != .uint8 && place.elementType != .bool
    let values = elements(place) { (bits: UInt64) -> Int64 in
      isSigned ? Int64(bitPattern: bits << UInt64(unused)) >> unused : Int64(bits)
    }
    return StoredIntegers(shape: place.shape, values: values)
  }

  private func place(of name: String) throws(DataError) -> TensorPlace {
    if let place = tensors[name] { return place }
    throw DataError(
      file: source, place: "tensor \(quoted(name))", problem: "not in the file",
      advice: names.isEmpty ? "It holds no tensors" : "It holds \(listed(names.map(quoted)))")
  }

  /// The elements row-major, each made from its bits; the places were checked when the file was
  /// opened.
  private func elements<Element>(
    _ place: TensorPlace, _ make: (UInt64) -> Element
  ) -> [Element] {
    let (size, start) = (place.elementType.size, storages[place.storage]?.lowerBound ?? 0)
    var result: [Element] = []
    result.reserveCapacity(place.count)
    guard place.count > 0 else { return result }
    forEachOffset(shape: place.shape, strides: place.strides) { _, offset in
      result.append(
        make(bytes.littleEndian(at: start + size * (place.offset + offset), size: size)))
    }
    return result
  }
}

extension PyTorchFile: TensorFile {
  func exactFloats(_ name: String) throws(DataError) -> StoredTensor { try floats(name) }
}

extension PyTorchFile {
  /// What the elements of a tensor are; raw values are PyTorch's names.
  enum ElementType: String, Sendable {
    case float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool

    /// By the class of a storage, `torch.FloatStorage`, or the type itself, `torch.float32`.
    init?(name: String) {
      switch name {
      case "torch.FloatStorage": self = .float32
      case "torch.DoubleStorage": self = .float64
      case "torch.HalfStorage": self = .float16
      case "torch.BFloat16Storage": self = .bfloat16
      case "torch.LongStorage": self = .int64
      case "torch.IntStorage": self = .int32
      case "torch.ShortStorage": self = .int16
      case "torch.CharStorage": self = .int8
      case "torch.ByteStorage": self = .uint8
      case "torch.BoolStorage": self = .bool
      default: self.init(rawValue: String(name.dropFirst("torch.".count)))
      }
    }

    var size: Int {
      switch self {
      case .float64, .int64: 8
      case .float32, .int32: 4
      case .float16, .bfloat16, .int16: 2
      case .int8, .uint8, .bool: 1
      }
    }

    var isWhole: Bool {
      switch self {
      case .float32, .float64, .float16, .bfloat16: false
      default: true
      }
    }
  }
}
