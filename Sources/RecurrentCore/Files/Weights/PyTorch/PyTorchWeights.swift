import RecurrentFiles

/// Weights as PyTorch names and arranges them: the `state_dict` of a module, in a file of
/// `torch.save`, in safetensors or in a `.npz` file.
///
/// ```swift
/// // Python: torch.save(model.state_dict(), "model.pt")
/// var weights = try PyTorchWeights(file: "model.pt")
/// let encoder = try weights.recurrentStack("encoder", cell: .lstm)
/// let head = try weights.dense("head")
/// try weights.finish()   // throws if the file has a tensor that nothing has read
/// ```
///
/// Numbers of layers and directions, sizes, biases and projections are found from names and shapes;
/// what these cannot tell is declared. Reading takes every tensor directly under the prefix, bit for
/// bit, or throws a ``DataError`` that names the tensor, what was expected and what was found.
///
/// The other way:
///
/// ```swift
/// var weights = PyTorchWeights()
/// try weights.add(encoder, as: "encoder")
/// try weights.write(to: "model.safetensors")   // model.load_state_dict(safetensors.torch.load_file(…))
/// ```
public struct PyTorchWeights: Sendable {
  var tensors: TensorBag

  /// Opens a file of `torch.save` or `torch.jit.save`, a safetensors file, or a `.npz` file: what it is
  /// its first bytes tell, whatever its name.
  ///
  /// - Parameter part: Of a checkpoint the part that is the model; nil: see ``PyTorchFile``.
  /// - Throws: ``DataError`` if there is no such file or it is not a sound one of these.
  public init(file path: String, part: String? = nil) throws(DataError) {
    tensors = TensorBag(try WeightFile.open(readFile(path), source: path, part: part))
  }

  /// The tensors of `file`.
  public init(_ file: PyTorchFile) { tensors = TensorBag(file) }

  /// The tensors of `file`.
  public init(_ file: NumPyFile) { tensors = TensorBag(file) }

  /// The tensors of `file`.
  public init(_ file: SafetensorsFile) {
    tensors = TensorBag(file)
  }

  /// Tensors by name; `source` is what messages call them.
  init(_ named: [(name: String, tensor: StoredTensor)], source: String) {
    tensors = TensorBag(source: source)
    for (name, tensor) in named { tensors.put(name, Tensor(tensor)) }
  }

  /// No weights yet, to be added and written.
  public init() {
    tensors = TensorBag(source: "PyTorch weights")
  }

  /// Checks that every tensor has been read.
  ///
  /// - Throws: ``DataError`` that lists those that have not.
  public func finish() throws(DataError) { try tensors.finish() }

  /// Writes all tensors to a safetensors file, whole or not at all.
  ///
  /// - Throws: ``DataError`` if the file cannot be written.
  public func write(to path: String) throws(DataError) {
    try SafetensorsFile.write(tensors.all(), to: path)
  }

  // MARK: Modules

  /// The tensors directly under a prefix.
  struct Module {
    /// The begin of the tensors' names: the prefix and a dot.
    var start: String
    /// What is left of the tensors' names behind the prefix.
    var names: [String]
  }

  static func start(_ prefix: String) -> String { prefix.isEmpty ? "" : prefix + "." }

  func module(_ prefix: String) throws(DataError) -> Module {
    let start = Self.start(prefix)
    let names = tensors.names.filter { $0.hasPrefix(start) }
      .map { String($0.dropFirst(start.count)) }.filter { !$0.contains(".") }
    guard !names.isEmpty else {
      var prefixes: [String] = []
      for name in tensors.names {
        let end = name.lastIndex(of: ".") ?? name.startIndex
        let found = quoted(String(name[..<end]))
        if prefixes.last != found { prefixes.append(found) }
      }
      throw DataError(
        file: tensors.source, place: "module \(quoted(prefix))",
        problem: "there are no tensors under that prefix",
        advice: prefixes.isEmpty ? "There are no tensors at all" : "There are \(listed(prefixes))")
    }
    return Module(start: start, names: names)
  }

  /// Checks that every tensor directly under the prefix has been read.
  func finish(_ module: Module, _ kind: String) throws(DataError) {
    let left = module.names.map { module.start + $0 }.filter { !tensors.used.contains($0) }
    guard let first = left.first else { return }
    throw tensors.problem(
      first,
      "does not belong to an \(kind) as its other tensors are"
        + (left.count > 1 ? "; nor do \(listed(left.dropFirst().map(quoted)))" : ""))
  }
}
