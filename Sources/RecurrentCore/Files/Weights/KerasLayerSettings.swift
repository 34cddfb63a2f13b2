import RecurrentFiles

/// What a `.keras` file, or `Scripts/keras-to-safetensors`, tells about a layer that has weights.
package struct KerasLayerSettings: Decodable, Sendable {
  /// The layer's settings, as far as they must be those of the layer that is declared.
  package struct Config: Decodable, Sendable {
    var activation: String?
    var recurrentActivation: String?
    var resetAfter: Bool?
    var goesBackwards: Bool?
    var epsilon: Double?

    /// Settings of which nothing is told.
    package init() {}

    enum CodingKeys: String, CodingKey {
      case activation
      case recurrentActivation = "recurrent_activation"
      case resetAfter = "reset_after"
      case goesBackwards = "go_backwards"
      case epsilon
    }
  }

  var name: String
  /// Keras's name of its class.
  var kind: String
  /// The place of its first array, and how many it has.
  var first: Int
  var count: Int
  /// The merge of the `Bidirectional` around the layer.
  var mergeMode: String?
  var config: Config

  enum CodingKeys: String, CodingKey {
    case name
    case kind = "class"
    case first
    case count
    case mergeMode = "merge_mode"
    case config
  }

  /// A layer of that name and class whose arrays begin at `first`.
  package init(
    name: String, kind: String, first: Int, count: Int, mergeMode: String?, config: Config
  ) {
    (self.name, self.kind, self.first, self.count) = (name, kind, first, count)
    (self.mergeMode, self.config) = (mergeMode, config)
  }
}

extension [KerasLayerSettings] {
  /// Checks that the layer whose arrays begin at `position` is of that kind, and set as declared.
  ///
  /// Files that tell nothing pass. `declared` gives of each setting its name, what the file says,
  /// and what was declared.
  func check(
    _ kind: String, at position: Int, _ tensors: TensorBag,
    _ declared: (KerasLayerSettings.Config) -> [(name: String, found: String?, declared: String?)]
  ) throws(DataError) {
    guard let layer = try layer(at: position, tensors) else { return }
    func problem(_ text: String, _ advice: String) -> DataError {
      DataError(
        file: tensors.source, place: "layer \(quoted(layer.name))", problem: text, advice: advice)
    }
    guard layer.kind == kind else {
      throw problem(
        "found \(quoted(layer.kind)), expected \(kind)", "Read the layers in the order of the model"
      )
    }
    for setting in declared(layer.config) {
      guard let found = setting.found, found != setting.declared else { continue }
      if setting.name.hasSuffix("activation"), Activation(kerasName: found) == nil {
        throw problem(
          "has the activation \(quoted(found)), which no layer here has",
          "Train the model with one of "
            + listed(Activation.allCases.compactMap(\.kerasName).map(quoted), limit: 20))
      }
      throw problem(
        "found \(setting.name)=\(quoted(found)), expected "
          + (setting.declared.map(quoted) ?? "one that Keras has"),
        "Declare what the model has, if the layer here has it too")
    }
  }

  /// The layer whose arrays begin at `position`; nil if the file tells nothing of layers.
  func layer(at position: Int, _ tensors: TensorBag) throws(DataError) -> KerasLayerSettings? {
    if isEmpty { return nil }
    if let layer = first(where: { $0.first == position }) { return layer }
    throw DataError(
      file: tensors.source, place: "array \(position)",
      problem: "is not the first of a layer; layers begin at "
        + listed(map { "\($0.first) (\($0.name.shown))" }),
      advice: "Read the layers in the order of the model, with the biases that they have")
  }
}

extension WeightFormat.Cell {
  var kerasName: String {
    switch self {
    case .simpleRNN: "SimpleRNN"
    case .gru: "GRU"
    case .lstm: "LSTM"
    }
  }
}

extension Activation {
  /// What Keras calls exactly this function; nil if nothing.
  var kerasName: String? {
    switch self {
    case .identity: "linear"
    case .hardSigmoid: "hard_sigmoid"
    case .leakyReLUKeras: "leaky_relu"
    case .leakyReLU, .hardSigmoidONNX: nil
    default: rawValue
    }
  }

  /// What Keras calls so; nil if there is nothing like it here.
  init?(kerasName name: String) {
    let name = name == "swish" ? "silu" : name
    guard let found = Self.allCases.first(where: { $0.kerasName == name }) else { return nil }
    self = found
  }
}

extension Merge {
  /// Keras's `merge_mode`.
  var kerasName: String {
    switch self {
    case .concatenate: "concat"
    case .sum: "sum"
    case .average: "ave"
    case .multiply: "mul"
    }
  }
}
