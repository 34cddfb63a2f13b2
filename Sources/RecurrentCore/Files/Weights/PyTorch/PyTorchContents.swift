import RecurrentFiles

/// What a file of PyTorch holds before its tensors are looked up: the value that was saved, and where
/// each storage lies.
struct PyTorchContents {
  /// The file, and behind it what was unpacked.
  let bytes: [UInt8]
  /// The bytes of each storage.
  let storages: [String: Range<Int>]
  private let pickle: Pickle
  private let source: String

  /// How a file before PyTorch 1.6 begins: a pickle of a number.
  private static let magic: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]

  /// Whether a file begins as those of PyTorch before 1.6 do.
  static func isLegacy(_ bytes: [UInt8]) -> Bool { bytes.dropFirst(2).starts(with: magic) }

  init(_ bytes: [UInt8], source: String) throws(DataError) {
    self.source = source
    do throws(Pickle.Failure) {
      if Self.isLegacy(bytes) {
        (pickle, storages) = try Self.legacy(bytes)
        self.bytes = bytes
        return
      }
    } catch {
      throw Self.error(error, source)
    }
    guard bytes.starts(with: [0x50, 0x4B, 3, 4]) else {
      throw DataError(
        file: source, problem: "is not a file of torch.save or torch.jit.save",
        advice: WeightContainer.known(bytes).map { "It is \($0.name). \($0.advice)" })
    }
    let archive = try ZipArchive(
      bytes, source: source, advice: "The file is damaged or not one of torch.save")
    guard let data = archive.entries.first(where: { Self.isEntry($0.name, "data.pkl") }) else {
      throw DataError(
        file: source, problem: "is an archive without data.pkl, expected one of torch.save")
    }
    let start = data.name.dropLast("data.pkl".count)
    var places: [String: Range<Int>] = [:]
    for entry in archive.entries where entry.name.hasPrefix(start + "data/") {
      places[String(entry.name.dropFirst(start.count + 5))] = entry.data
    }
    if let order = archive.entries.first(where: { $0.name == start + "byteorder" }),
      !archive.bytes[order.data].elementsEqual("little".utf8)
    {
      throw DataError(
        file: source, place: "byteorder",
        problem: "found big-endian numbers, expected little-endian")
    }
    do throws(Pickle.Failure) {
      pickle = try Pickle(archive.bytes, data.data)
    } catch {
      throw Self.error(error, source)
    }
    (self.bytes, storages) = (archive.bytes, places)
  }

  private static func isEntry(_ name: String, _ file: String) -> Bool {
    name == file || name.hasSuffix("/" + file) && name.split(separator: "/").count == 2
  }

  private static func error(_ failure: Pickle.Failure, _ source: String) -> DataError {
    DataError(
      file: source, place: "byte \(failure.offset)", problem: failure.problem,
      advice: failure.advice ?? "The file is damaged or not one of torch.save")
  }

  /// Five pickles (a mark, a version, the machine, the value, the storages' keys), and the storages in
  /// the order of the keys, each after the number of its elements.
  private static func legacy(
    _ bytes: [UInt8]
  ) throws(Pickle.Failure) -> (Pickle, [String: Range<Int>]) {
    var position = 0
    var pickles: [Pickle] = []
    for _ in 0..<5 {
      let pickle = try Pickle(bytes, position..<bytes.count)
      position = pickle.position
      pickles.append(pickle)
    }
    if case .dictionary(let place) = pickles[2].value {
      let entries = pickles[2].containers[place]
      for index in stride(from: 0, to: entries.count - 1, by: 2) {
        if case .text("little_endian") = entries[index], case .bool(false) = entries[index + 1] {
          throw Pickle.Failure(
            offset: position, problem: "found big-endian numbers, expected little-endian")
        }
      }
    }
    let types = try pickles[3].storageTypes()
    var places: [String: Range<Int>] = [:]
    for key in pickles[4].items(pickles[4].value) ?? [] {
      guard case .text(let key) = key, bytes.count - position >= 8 else {
        throw Pickle.Failure(offset: position, problem: "ends before the storages do")
      }
      let count = bytes.littleEndian(at: position, size: 8)
      position += 8
      let (size, isTooLarge) = count.multipliedReportingOverflow(by: UInt64(types[key]?.size ?? 1))
      guard !isTooLarge, size <= UInt64(bytes.count - position) else {
        throw Pickle.Failure(
          offset: position, problem: "found a storage of \(count) elements, beyond the end")
      }
      places[key] = position..<position + Int(size)
      position += Int(size)
    }
    return (pickles[3], places)
  }

  // MARK: Tensors

  /// All tensors with their names, in the order of the file; places are checked.
  func tensors() throws(DataError) -> [(name: String, place: PyTorchFile.TensorPlace)] {
    var found: [(name: String, place: PyTorchFile.TensorPlace)] = []
    var names: Set<String> = []
    do throws(Pickle.Failure) {
      try pickle.forEachTensor { (name, tensor) throws(Pickle.Failure) in
        guard names.insert(name).inserted else { return }
        found.append((name, try place(of: tensor, name)))
      }
    } catch {
      throw Self.error(error, source)
    }
    return found
  }

  private func place(
    of tensor: Pickle.Tensor, _ name: String
  ) throws(Pickle.Failure) -> PyTorchFile.TensorPlace {
    func failure(_ problem: String) -> Pickle.Failure {
      Pickle.Failure(offset: 0, problem: "tensor \(quoted(name)) \(problem)")
    }
    guard let type = tensor.storage.elementType else {
      throw failure("has elements of a type that is unknown here")
    }
    guard let bytes = storages[tensor.storage.key] else {
      throw failure("lies in storage \(quoted(tensor.storage.key)), which is not there")
    }
    let shape = tensor.shape.map { Int($0) }
    // A stride of 0 repeats: what is unfolded may not be many times the file.
    guard let count = elementCount(ofShape: shape), count <= max(1 << 20, self.bytes.count) else {
      throw failure("has shape \(shape), too large for this file")
    }
    let (offset, isTooLarge) = tensor.offset.addingReportingOverflow(tensor.storage.start)
    var last = offset
    for (size, stride) in zip(tensor.shape, tensor.strides) where size > 0 {
      let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (next, more) = last.addingReportingOverflow(reach)
      guard stride >= 0, !overflow, !more else {
        throw failure("has strides \(tensor.strides), beyond all files")
      }
      last = next
    }
    let stored = Int64(bytes.count / type.size)
    guard !isTooLarge, offset >= 0, count == 0 || last < stored else {
      throw failure(
        "reaches to element \(last) of a storage of \(stored), expected one within it")
    }
    return PyTorchFile.TensorPlace(
      elementType: type, shape: shape, strides: tensor.strides.map { Int($0) },
      offset: Int(offset), storage: tensor.storage.key, count: count)
  }
}

extension Pickle {
  /// Values that are looked at, and how deep: shared ones count each time.
  private static let (mostVisits, deepest) = (1_000_000, 64)

  /// Calls `body` with each tensor and the keys that lead to it, joined by dots.
  func forEachTensor(
    _ body: (_ name: String, _ tensor: Tensor) throws(Failure) -> Void
  ) throws(Failure) {
    var visits = 0
    try visit(value, name: "", depth: 0, &visits, body)
  }

  private func visit(
    _ value: Value, name: String, depth: Int, _ visits: inout Int,
    _ body: (_ name: String, _ tensor: Tensor) throws(Failure) -> Void
  ) throws(Failure) {
    visits += 1
    guard visits <= Self.mostVisits, depth <= Self.deepest else {
      throw Failure(
        offset: position,
        problem: "nests more than \(Self.deepest) deep, or has more than \(Self.mostVisits) values")
    }
    func child(_ key: String) -> String { name.isEmpty ? key : name + "." + key }
    switch value {
    case .tensor(let tensor): try body(name, tensor)
    case .list(let place), .tuple(let place):
      for (index, item) in containers[place].enumerated() {
        try visit(item, name: child("\(index)"), depth: depth + 1, &visits, body)
      }
    case .dictionary(let place):
      let entries = containers[place]
      for index in stride(from: 0, to: entries.count - 1, by: 2) {
        let key: String
        switch entries[index] {
        // A recurrent module of a script holds its parameters a second time, as a list.
        case .text("_flat_weights"): continue
        case .text(let text): key = text
        case .integer(let number): key = "\(number)"
        default: continue
        }
        try visit(entries[index + 1], name: child(key), depth: depth + 1, &visits, body)
      }
    default: break
    }
  }

  /// The element type of each storage that tensors look at.
  func storageTypes() throws(Failure) -> [String: PyTorchFile.ElementType] {
    var types: [String: PyTorchFile.ElementType] = [:]
    try forEachTensor { _, tensor in types[tensor.storage.key] = tensor.storage.elementType }
    return types
  }
}
