import RecurrentFiles

/// Tensors by name, from a file or gathered to be written, and which of them have been used.
struct TensorBag: Sendable {
  /// Where the tensors came from, as messages name it.
  let source: String
  /// The tensors' names, in order.
  private(set) var names: [String]
  private(set) var used: Set<String> = []
  private var file: (any TensorFile)?
  private var gathered: [String: StoredTensor] = [:]

  /// The tensors of a file.
  init(_ file: any TensorFile) {
    source = file.source
    names = file.names
    self.file = file
  }

  /// No tensors yet; `source` is what messages call them.
  init(source: String) {
    self.source = source
    names = []
  }

  /// The names that nobody has taken.
  var unused: [String] { names.filter { !used.contains($0) } }

  func shape(of name: String) -> [Int]? { gathered[name]?.shape ?? file?.shape(of: name) }

  /// The tensor `name`, which must have that shape and finite elements; what is given for `nil` in
  /// the shape may be anything from 1.
  mutating func take(_ name: String, shape: [Int?]) throws(DataError) -> Tensor {
    let expected = "[" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
    guard let found = self.shape(of: name) else {
      throw problem(
        name, "is missing, expected one of shape \(expected)",
        advice: names.isEmpty
          ? "There are no tensors"
          : name.nearest(in: names).map { "There is \(quoted($0))" }
            ?? "There are \(listed(names.map(quoted)))")
    }
    guard found.count == shape.count, zip(found, shape).allSatisfy({ $0 == $1 ?? max($0, 1) })
    else {
      throw problem(name, "found shape \(described(found)), expected \(expected)")
    }
    guard let stored = try stored(name) else { throw problem(name, "is missing") }
    if let bad = stored.values.firstIndex(where: { !$0.isFinite }) {
      throw problem(
        name, "element \(bad) is \(stored.values[bad]), expected finite numbers",
        advice: "The file is damaged, or its training ran away")
    }
    used.insert(name)
    return Tensor(stored.values, shape: stored.shape)
  }

  /// Counts tensors as taken.
  mutating func skip(_ names: [String]) { used.formUnion(names) }

  /// Adds a tensor to be written.
  mutating func put(_ name: String, _ tensor: Tensor) {
    require(shape(of: name) == nil, "there is a tensor \(name) already")
    names.append(name)
    gathered[name] = StoredTensor(shape: tensor.shape, values: tensor.elements)
  }

  /// All tensors of the file, in their order there.
  func all() throws(DataError) -> [(name: String, tensor: StoredTensor)] {
    var tensors: [(name: String, tensor: StoredTensor)] = []
    for name in names {
      if let tensor = try stored(name) { tensors.append((name, tensor)) }
    }
    return tensors
  }

  private func stored(_ name: String) throws(DataError) -> StoredTensor? {
    if let tensor = gathered[name] { return tensor }
    return try file?.exactFloats(name)
  }

  /// Checks that every tensor has been taken.
  func finish() throws(DataError) {
    let left = unused
    guard !left.isEmpty else { return }
    throw DataError(
      file: source,
      problem: "\(left.count) of \(names.count) tensors were not used: "
        + listed(left.map { "\(quoted($0)) \(described(shape(of: $0) ?? []))" }),
      advice: "The model has a part that was not read")
  }

  /// An error about the tensor `name`.
  func problem(_ name: String, _ problem: String, advice: String? = nil) -> DataError {
    DataError(file: source, place: "tensor \(quoted(name))", problem: problem, advice: advice)
  }
}
