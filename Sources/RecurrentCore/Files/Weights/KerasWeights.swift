import RecurrentFiles

/// Weights as Keras 3 lists them: the arrays of `model.get_weights()`, in that order.
///
/// ```swift
/// // Python: np.savez("weights.npz", *model.get_weights())
/// var weights = try KerasWeights(file: "weights.npz")
/// let encoder = try weights.bidirectional { try $0.lstm() }
/// let head = try weights.dense()
/// try weights.finish()   // throws if there are more arrays than were read
/// ```
///
/// A file is a `.npz` with `arr_0`, `arr_1` …, several `.npy` files, or safetensors with `0.kernel`,
/// `1.recurrent_kernel` …, which `Scripts/keras-to-safetensors` makes of a `.keras` file. The latter
/// also tells the layers' settings, and what is declared here is checked against them.
///
/// Layers are read in the order of the model. Sizes are found from the shapes; what these cannot
/// tell is declared. Reading is bit for bit, or throws a ``DataError`` that names the array, what
/// was expected and what was found. The other way: `add` layers to `KerasWeights()` and
/// ``write(to:)``; in Python `model.set_weights([file[f"arr_{i}"] for i in range(len(file))])`.
public struct KerasWeights: Sendable {
  private(set) var tensors: TensorBag
  /// The tensors' names in the order of `get_weights()`.
  private(set) var order: [String] = []
  /// The number of arrays read so far.
  private(set) var position = 0
  private(set) var settings: [KerasLayerSettings] = []
  /// Whether the layer that is read next is inside ``reversed(_:)``.
  private var goesBackwards = false

  /// Opens a `.npz` or a safetensors file.
  ///
  /// - Throws: ``DataError`` if there is no such file, it is not sound, or its names are not those
  ///   of `get_weights()`.
  public init(file path: String) throws(DataError) {
    let bytes = try readFile(path)
    if bytes.starts(with: Array("PK".utf8)) {
      try self.init(NumPyFile(bytes: bytes, source: path))
    } else if bytes.starts(with: NumPyArray.magic) {
      throw DataError(
        file: path, problem: "found one array, expected those of a model",
        advice: "Save np.savez(\"weights.npz\", *model.get_weights()) instead of np.save, or name "
          + "all of several .npy files")
    } else {
      try self.init(SafetensorsFile(bytes: bytes, source: path))
    }
  }

  /// Opens `.npy` files, one for each array of `get_weights()`, in that order.
  ///
  /// - Throws: ``DataError`` if one of them does not exist or is not a sound `.npy` file.
  public init(files paths: [String]) throws(DataError) {
    let files = NumPyFiles(
      try paths.map { path throws(DataError) in
        let file = try NumPyFile(path: path)
        guard file.names.count == 1 else {
          throw DataError(
            file: path,
            problem: "found \(file.names.count) arrays, expected the one of a .npy file",
            advice: "Open a .npz file by KerasWeights(file:)")
        }
        return file
      })
    tensors = TensorBag(files)
    order = files.names
  }

  /// The arrays `arr_0`, `arr_1` … of `file`.
  public init(_ file: NumPyFile) throws(DataError) {
    tensors = TensorBag(file)
    order = try tensors.ordered("arr_0, arr_1 …") { name in
      name.hasPrefix("arr_") ? name.dropFirst(4) : nil
    }
  }

  /// The tensors `0.kernel`, `1.recurrent_kernel` … of `file`.
  public init(_ file: SafetensorsFile) throws(DataError) {
    tensors = TensorBag(file)
    order = try tensors.ordered("0.kernel, 1.recurrent_kernel …") { name in
      name.firstIndex(of: ".").map { name[..<$0] }
    }
    if let text = file.metadata["keras"] {
      settings = try decodeJSON(
        [KerasLayerSettings].self, from: Array(text.utf8),
        file: "\(file.source), metadata \"keras\"")
    }
  }

  /// Arrays in the order of `get_weights()`, whatever their names.
  package init(
    arrays: [(name: String, tensor: StoredTensor)], settings: [KerasLayerSettings] = [],
    source: String
  ) {
    self.settings = settings
    tensors = TensorBag(source: source)
    for (name, tensor) in arrays { tensors.put(name, Tensor(tensor.values, shape: tensor.shape)) }
    order = arrays.map(\.name)
  }

  /// No weights yet, to be added and written.
  public init() {
    tensors = TensorBag(source: "Keras weights")
  }

  /// Checks that every array has been read.
  ///
  /// - Throws: ``DataError`` that lists those that have not.
  public func finish() throws(DataError) { try tensors.finish() }

  // MARK: Reading

  /// The next layer, an `LSTM`.
  ///
  /// - Parameters:
  ///   - options: Its activations, where they are not Keras's tanh and sigmoid.
  ///   - bias: Keras's `use_bias`.
  public mutating func lstm(
    options: RecurrentOptions = RecurrentOptions(), bias: Bool = true
  ) throws(DataError) -> LSTM {
    LSTM(weights: try recurrent(.lstm, options, bias: bias), options: options)
  }

  /// The next layer, a `GRU`. Keras's `reset_after`, True by default, is `reset: .afterProduct`.
  public mutating func gru(
    reset: GRU.Reset = .afterProduct, options: RecurrentOptions = RecurrentOptions(),
    bias: Bool = true
  ) throws(DataError) -> GRU {
    GRU(weights: try recurrent(.gru(reset), options, bias: bias), reset: reset, options: options)
  }

  /// The next layer, a `SimpleRNN`.
  public mutating func simpleRNN(
    options: RecurrentOptions = RecurrentOptions(), bias: Bool = true
  ) throws(DataError) -> SimpleRNN {
    SimpleRNN(weights: try recurrent(.simpleRNN, options, bias: bias), options: options)
  }

  /// The next layer, a `Bidirectional` around layers that `layer` reads, the forward one first.
  ///
  /// ```swift
  /// let encoder = try weights.bidirectional { try $0.lstm() }
  /// ```
  public mutating func bidirectional<L: Layer<SequenceBatch, SequenceBatch>>(
    merge: Merge = .concatenate, _ layer: (inout KerasWeights) throws -> L
  ) throws -> Bidirectional<L, L> {
    if let settings = try settings.layer(at: position, tensors),
      case let found = settings.mergeMode ?? "none", found != merge.kerasName
    {
      throw DataError(
        file: tensors.source, place: "layer \(quoted(settings.name))",
        problem: "found merge_mode=\(quoted(found)), expected \(quoted(merge.kerasName))",
        advice: "Declare what the model has")
    }
    return Bidirectional(try layer(&self), try layer(&self), merge: merge)
  }

  /// The next layer, one with Keras's `go_backwards`, that `layer` reads. Its outputs stand at the
  /// time of their inputs; Keras gives them in the order in which they come.
  ///
  /// ```swift
  /// let encoder = try weights.reversed { try $0.gru() }
  /// ```
  public mutating func reversed<L: Layer<SequenceBatch, SequenceBatch>>(
    _ layer: (inout KerasWeights) throws -> L
  ) throws -> Reversed<L> {
    goesBackwards = true
    defer { goesBackwards = false }
    return Reversed(try layer(&self))
  }

  private mutating func recurrent(
    _ cell: WeightFormat.Cell, _ options: RecurrentOptions, bias: Bool
  ) throws(DataError) -> RecurrentWeights {
    // The two layers of a bidirectional one have their directions from it.
    let isDirected = try settings.layer(at: position, tensors)?.mergeMode == nil
    let goesBackwards = goesBackwards
    try settings.check(cell.kerasName, at: position, tensors) { settings in
      var declared = [
        ("activation", settings.activation, (options.activation ?? .tanh).kerasName)
      ]
      if cell != .simpleRNN {
        declared.append(
          (
            "recurrent_activation", settings.recurrentActivation,
            (options.gateActivation ?? .sigmoid).kerasName
          ))
      }
      if isDirected, let found = settings.goesBackwards {
        declared.append(
          ("go_backwards", found ? "True" : "False", goesBackwards ? "True" : "False"))
      }
      if case .gru(let reset) = cell {
        declared.append(
          (
            "reset_after", settings.resetAfter.map { $0 ? "True" : "False" },
            reset == .afterProduct ? "True" : "False"
          ))
      }
      return declared
    }
    // H is the number of rows of the second array, by which the first can be checked.
    guard let name = order.dropFirst(position + 1).first, let shape = tensors.shape(of: name) else {
      throw missing(position + 1, "recurrent_kernel")
    }
    // Only a matrix that has elements has extents within the file's size.
    let isMatrix = shape.count == 2 && shape.allSatisfy { $0 > 0 }
    guard isMatrix, shape[1] == cell.gates * shape[0] else {
      let fitting = [(1, "simpleRNN()"), (3, "gru()"), (4, "lstm()")]
        .first { isMatrix && shape[1] == $0.0 * shape[0] }
      throw tensors.problem(
        name,
        "found shape \(described(shape)), expected recurrent weights of \(cell.kerasName): H rows "
          + "and \(cell.gates)·H columns",
        advice: fitting.map { "Read them by \($0.1)" })
    }
    let units = shape[0]
    let shapes = WeightFormat.keras.shapes(
      cell, inputSize: 1, hiddenSize: units, outputSize: units)
    let input = try next("kernel", shape: [nil, cell.gates * units])
    let recurrent = try next("recurrent_kernel", shape: shapes.recurrent)
    var biases: [Tensor] = []
    if bias {
      let name = order.dropFirst(position).first
      if case .gru(let reset) = cell, let found = name.flatMap({ tensors.shape(of: $0) }),
        found == (reset == .afterProduct ? [3 * units] : [2, 3 * units]), let name
      {
        throw tensors.problem(
          name, "found shape \(described(found)), expected \(described(shapes.biases[0]))",
          advice: reset == .afterProduct
            ? "The layer has reset_after=False; declare reset: .beforeProduct"
            : "The layer has reset_after=True; declare reset: .afterProduct")
      }
      biases = [try next("bias", shape: shapes.biases[0])]
    }
    return WeightFormat.keras.weights(
      cell, .init(input: input, recurrent: recurrent, biases: biases))
  }

  /// The next array as it stands, for what no layer reads.
  public mutating func array() throws(DataError) -> Tensor {
    let shape = order.dropFirst(position).first.flatMap { tensors.shape(of: $0) } ?? []
    return try next("array", shape: shape.map { $0 })
  }

  /// The next array, of that kind.
  mutating func next(_ kind: String, shape: [Int?]) throws(DataError) -> Tensor {
    guard position < order.count else { throw missing(position, kind) }
    let name = order[position]
    if let dot = name.firstIndex(of: "."), name[dot...] != "." + kind {
      throw tensors.problem(
        name, "found this at place \(position), expected \(position).\(kind)",
        advice: "Read the layers in the order of the model, with the biases that they have")
    }
    position += 1
    return try tensors.take(name, shape: shape)
  }

  /// Adds an array of that kind.
  mutating func append(_ kind: String, _ tensor: Tensor) {
    let name = "\(order.count).\(kind)"
    order.append(name)
    tensors.put(name, tensor)
  }

  private func missing(_ position: Int, _ kind: String) -> DataError {
    DataError(
      file: tensors.source, place: "array \(position)", problem: "is missing, expected \(kind)",
      advice: "There are \(order.count) arrays, fewer than these layers have")
  }
}

/// The arrays of several `.npy` files as `arr_0`, `arr_1` ….
private struct NumPyFiles: TensorFile {
  let files: [NumPyFile]

  init(_ files: [NumPyFile]) { self.files = files }

  var source: String { files.map(\.source).joined(separator: ", ") }
  var names: [String] { files.indices.map { "arr_\($0)" } }

  private func place(of name: String) -> (file: NumPyFile, name: String)? {
    names.firstIndex(of: name).map { (files[$0], files[$0].names[0]) }
  }

  func shape(of name: String) -> [Int]? { place(of: name).flatMap { $0.file.shape(of: $0.name) } }

  func exactFloats(_ name: String) throws(DataError) -> StoredTensor {
    guard let (file, own) = place(of: name) else {
      throw DataError(file: source, place: "array \(name)", problem: "is missing")
    }
    return try file.exactFloats(own)
  }
}

extension TensorBag {
  /// The names in the order of the numbers in them, which must be those from 0, each once.
  fileprivate func ordered(
    _ expected: String, _ number: (String) -> Substring?
  ) throws(DataError) -> [String] {
    var order = [String?](repeating: nil, count: names.count)
    for name in names {
      guard let digits = number(name), let index = Int(digits), order.indices.contains(index),
        String(index) == digits, order[index] == nil
      else {
        throw problem(
          name, "found this name among \(names.count), expected \(expected)",
          advice: "Save exactly the arrays of model.get_weights(), in their order")
      }
      order[index] = name
    }
    return order.compactMap(\.self)
  }
}
