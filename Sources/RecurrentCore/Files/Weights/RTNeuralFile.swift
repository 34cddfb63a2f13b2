import RecurrentFiles

/// A network in the JSON that RTNeural reads, or in that of GuitarML's models of amplifiers and
/// pedals: layers over samples, one after the other.
///
/// ```swift
/// let stream = ModelStream(try RTNeuralFile(path: "amplifier.json").model)
/// ```
///
/// RTNeural's: `in_shape` and `layers`, each with `type`, `activation`, `shape` and `weights` as
/// Keras lists them. The types are `dense` (`time-distributed-dense`), `lstm`, `gru`, `conv1d`
/// (causal, with dilation and groups), `batchnorm`, `prelu` and `activation`. GuitarML's: `model_data`
/// and the `state_dict` of PyTorch, a recurrent layer `rec` and a dense one `lin`; with `skip` the
/// first inputs are added to the output.
public struct RTNeuralFile: Sendable {
  /// The features of a sample.
  public let inputSize: Int
  /// The layers, from the input up.
  public var layers: [AnyLayer]

  /// A file of these layers, to be written.
  public init(_ layers: [AnyLayer], inputSize: Int) {
    require(!layers.isEmpty, "a network has at least one layer")
    (self.layers, self.inputSize) = (layers, inputSize)
  }

  /// The layers as one, `[B, T, I]` to `[B, T, O]`.
  public var model: RecurrentStack { RecurrentStack(layers) }

  /// Reads a file.
  ///
  /// - Throws: ``DataError`` if there is no such file, it is neither form of JSON, a layer is of a
  ///   type that is not there, or its weights have another shape than they must.
  public init(path: String) throws(DataError) {
    try self.init(bytes: readFile(path), source: path)
  }

  /// Reads the bytes of a file; `source` is what messages call it.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    let content = try decodeJSON(Content.self, from: bytes, file: source)
    if let described = content.layers {
      guard let features = content.inShape?.compactMap(\.self).last,
        (1...1 << 20).contains(features)
      else {
        throw DataError(
          file: source, place: "in_shape",
          problem:
            "found \(content.inShape.map { "\($0.map { $0 ?? 0 })" } ?? "none"), expected the "
            + "features of a sample, 1 to \(1 << 20), as the last number")
      }
      inputSize = features
      var width: Int? = features
      layers = []
      for (index, layer) in described.enumerated() {
        let place = "\(source), layer \(index) (\(layer.type))"
        layers += try layer.read(inputSize: &width, place: place)
      }
      guard !layers.isEmpty else {
        throw DataError(file: source, problem: "found no layer, expected a network's")
      }
    } else if let data = content.modelData, let tensors = content.stateDict {
      inputSize = data.inputSize
      layers = [try data.read(tensors, source: source)]
    } else {
      throw DataError(
        file: source,
        problem: "found neither \"layers\" nor \"model_data\" with \"state_dict\"",
        advice: "Expected the JSON of RTNeural or of GuitarML")
    }
  }

  /// Writes RTNeural's JSON, whole or not at all.
  ///
  /// - Throws: ``DataError`` if a layer is none that the file can say, or the file cannot be written.
  public func write(to path: String) throws(DataError) {
    var described: [LayerDescription] = []
    for (index, layer) in layers.enumerated() {
      guard let description = LayerDescription(layer.base) else {
        throw DataError(
          file: path, place: "layer \(index)",
          problem: "is a \(type(of: layer.base)), which RTNeural's JSON cannot say",
          advice: "It knows LSTM, GRU (reset after the product), Dense, Conv1D (causal, stride 1), "
            + "BatchNorm, PReLU and activations")
      }
      described.append(description)
    }
    let content = Content(inShape: [nil, nil, inputSize], layers: described)
    try writeAtomically(encodeJSON(content, file: path), to: path)
  }
}

// MARK: What stands in a file

extension RTNeuralFile {
  /// Nested arrays of numbers of one shape.
  struct Numbers: Codable {
    let tensor: StoredTensor

    init(_ tensor: Tensor) { self.tensor = StoredTensor(tensor) }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let values = try? container.decode([Float].self) {
        tensor = StoredTensor(shape: [values.count], values: values)
        return
      }
      let rows = try container.decode([Numbers].self).map(\.tensor)
      guard let first = rows.first, rows.allSatisfy({ $0.shape == first.shape }) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "rows of numbers have different lengths")
      }
      tensor = StoredTensor(shape: [rows.count] + first.shape, values: rows.flatMap(\.values))
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      guard tensor.shape.count > 1 else { return try container.encode(tensor.values) }
      let size = tensor.values.count / tensor.shape[0]
      try container.encode(
        (0..<tensor.shape[0]).map {
          Numbers(
            Tensor(
              Array(tensor.values[$0 * size..<($0 + 1) * size]),
              shape: Array(tensor.shape.dropFirst())))
        })
    }
  }

  private struct Content: Codable {
    var inShape: [Int?]?
    var layers: [LayerDescription]?
    var modelData: AmplifierDescription?
    var stateDict: [String: Numbers]?

    enum CodingKeys: String, CodingKey {
      case inShape = "in_shape"
      case layers
      case modelData = "model_data"
      case stateDict = "state_dict"
    }
  }

  /// `model_data` of GuitarML.
  private struct AmplifierDescription: Codable {
    let inputSize: Int
    let unitType: String
    let skip: Int?

    enum CodingKeys: String, CodingKey {
      case inputSize = "input_size"
      case unitType = "unit_type"
      case skip
    }

    func read(_ tensors: [String: Numbers], source: String) throws(DataError) -> AnyLayer {
      guard let cell = CellKind(rawValue: unitType.lowercased()) else {
        throw DataError(
          file: source, place: "unit_type",
          problem: "found \(quoted(unitType)), expected LSTM, GRU or RNN")
      }
      var weights = PyTorchWeights(
        tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value.tensor) }, source: source)
      let stack = try weights.recurrentStack("rec", cell: cell)
      let head = try weights.dense("lin")
      try weights.finish()
      guard stack.featureCount == inputSize, head.weights.shape[0] == stack.paths.last?.outputSize
      else {
        throw DataError(
          file: source, place: "state_dict",
          problem: "found weights for \(stack.featureCount ?? 0) features and a head of "
            + "\(head.weights.shape[0]), expected \(inputSize) and the units of the layer before")
      }
      let network = AnyLayer(RecurrentStack(stack.layers + [AnyLayer(EachStep(head))]))
      let skipped = skip ?? 0
      guard skipped > 0 else { return network }
      guard skipped == head.weights.shape[1], skipped <= inputSize else {
        throw DataError(
          file: source, place: "skip",
          problem:
            "found \(skipped) inputs to add to \(head.weights.shape[1]) outputs, expected as "
            + "many, of at most \(inputSize)")
      }
      return AnyLayer(InputsAdded(network, count: skipped))
    }
  }
}

/// The output of a layer with the first features of its input added.
struct InputsAdded: Layer {
  var layer: AnyLayer
  let count: Int

  init(_ layer: AnyLayer, count: Int) { (self.layer, self.count) = (layer, count) }

  var isCausal: Bool { layer.isCausal }
  var paths: [LayerPath] { layer.paths }
  var featureCount: Int? { layer.featureCount }

  func initialState(batchSize: Int) -> AnyLayer.State { layer.initialState(batchSize: batchSize) }

  func forward(_ input: SequenceBatch, state: inout AnyLayer.State, mode: Mode) -> SequenceBatch {
    let output = layer.forward(input, state: &state, mode: mode)
    return output.with(output.values + input.values.slice(0..<count, along: 2))
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    layer.visitParameters(&visitor)
  }
}
