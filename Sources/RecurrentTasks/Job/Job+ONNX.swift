import Recurrent
import RecurrentFiles
import RecurrentONNX

/// A network of a job that can be written as an ONNX graph.
protocol OnnxNetwork: OnnxExportable {
  /// The input that the graph reads.
  var onnxInput: OnnxBuilder.Input { get }
  /// Whether a sequence can come in pieces.
  var comesInPieces: Bool { get }
}

extension OnnxNetwork {
  var comesInPieces: Bool { false }
}

extension Job {
  /// The network as an ONNX file: `input` and, of sequences, `lengths`; `output`, or `output.0`,
  /// `output.1` … of several networks. What stands around it in the model folder, `config.json` and
  /// vocabularies, is metadata under the files' names: a graph takes and gives the network's own
  /// numbers.
  ///
  /// - Parameter withState: Whether a sequence can come in pieces: of a generator and a composer. Recurrent
  ///   layers then have inputs and outputs for their states (`OnnxBuilder`).
  /// - Throws: ``DataError`` if ONNX cannot say what the network does.
  public func onnx(withState: Bool = false) throws(DataError) -> [UInt8] {
    let networks = models.compactMap { $0 as? any OnnxNetwork }
    guard let first = networks.first, networks.count == models.count else {
      throw DataError(
        .unwritable, file: "ONNX", problem: "a \(Self.task) is more than one graph",
        advice: "Translator.onnxEncoder() and onnxDecoder() write the graphs of a translator")
    }
    guard !withState || first.comesInPieces else {
      throw DataError(
        .unwritable, file: "ONNX",
        problem: "a \(Self.task) reads whole sequences: there is no state to go on from",
        advice: "A generator and a composer have one")
    }
    return try OnnxBuilder.encode(
      networks, input: first.onnxInput, name: Self.task, metadata: try onnxMetadata,
      withState: withState)
  }

  /// What stands around the network, under the names of the files of the model folder.
  var onnxMetadata: [String: String] {
    get throws(DataError) {
      var metadata = [
        "task": Self.task,
        "config.json": String(
          decoding: try encodeJSON(configuration, file: "config.json"), as: UTF8.self),
      ]
      for file in try extras.files where file.name.hasSuffix(".json") {
        metadata[file.name] = String(decoding: file.bytes, as: UTF8.self)
      }
      return metadata
    }
  }
}

extension TextClassifierModel: OnnxNetwork {
  var onnxInput: OnnxBuilder.Input { .tokens }

  /// The logits, `[B, C]`. With naive Bayes, what that says is an input `evidence`, `[B, C]`.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let vectors = try embedding.export(input, to: &graph)
    let hidden = try recurrent.export(vectors, to: &graph)
    let pooled: String
    switch pooling {
    case .mean: pooled = graph.meanOverTime(hidden)
    case .max: pooled = graph.maximumOverTime(hidden)
    case .attention:
      if let attention {
        pooled = try attention.export(hidden, to: &graph)
      } else {
        pooled = graph.meanOverTime(hidden)
      }
    case .last:
      pooled =
        isBidirectional
        ? graph.bidirectionalEnds(of: hidden, features: head.weights.shape[0])
        : graph.lastSteps(of: hidden)
    }
    let logits = try head.export(pooled, to: &graph)
    guard let evidenceWeight else { return logits }
    graph.addInput("evidence", .float32, ["batch"], [head.weights.shape[1]])
    let evidence = graph.product("evidence", graph.constant(evidenceWeight, "evidence_weight"))
    return graph.sum(logits, evidence)
  }
}

extension TextGeneratorModel: OnnxNetwork {
  var onnxInput: OnnxBuilder.Input { .tokens }
  var comesInPieces: Bool { true }

  /// The logits of the token after each token, `[B, T, V]`.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    let vectors = try embedding.export(input, to: &graph)
    return try head.export(try recurrent.export(vectors, to: &graph), to: &graph)
  }
}

extension ComposerModel: OnnxNetwork {
  var onnxInput: OnnxBuilder.Input {
    embedding == nil ? .sequences(features: code.inputs) : .tokens
  }
  var comesInPieces: Bool { true }

  /// The logits of what comes after each step, `[B, T, V]`. Of joint chords there is an input `chords`,
  /// `[B, T, D]`, the variables of what comes after each step, and each logit is given those before it.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    var value = input
    if let embedding { value = try embedding.export(input, to: &graph) }
    let outputs = try head.export(try recurrent.export(value, to: &graph), to: &graph)
    guard let chords else { return outputs }
    graph.addInput("chords", .float32, ["batch", "time"], [chords.variables])
    return try chords.export("chords", biases: outputs, to: &graph)
  }
}

extension ImageModel: OnnxNetwork {
  var onnxInput: OnnxBuilder.Input { .vectors(features: steps.time * steps.features) }

  /// The logits, `[B, classes]`.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    var value = input
    for layer in hidden { value = try layer.export(value, to: &graph) }
    if let recurrent {
      // All images have all steps, so that rows have no lengths.
      value = graph.reshape(value, to: [-1, steps.time, steps.features])
      value = graph.finalSteps(of: try recurrent.export(value, to: &graph))
    }
    return try head.export(value, to: &graph)
  }
}

extension SequenceTaggerModel: OnnxNetwork {
  var onnxInput: OnnxBuilder.Input { .tokens }

  /// The score of each tag for each word, `[B, T, C]`. Further inputs are what the model reads of
  /// words: `shapes` `[B, T]`, `characters` `[B, T, L]` and `character_lengths` `[B, T]`, and
  /// `language` `[B, T, W]` and `lists` `[B, T, G]`, what language models and lists know of each word. Which
  /// tags may follow which is not in the graph, nor are the language models.
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    var parts = [try embedding.export(input, to: &graph)]
    if let characters { parts.append(try characters.export(to: &graph)) }
    if let shapes {
      graph.addInput("shapes", .int64, ["batch", "time"])
      parts.append(try shapes.export("shapes", to: &graph))
    }
    if let context { parts += try context.export(to: &graph) }
    let words = graph.concatenation(parts, along: -1)
    return try head.export(try recurrent.export(words, to: &graph), to: &graph)
  }
}

extension WordContext {
  /// What is known of words in their sentences.
  fileprivate func export(to graph: inout OnnxBuilder) throws(DataError) -> [String] {
    var parts: [String] = []
    if let projection {
      graph.addInput("language", .float32, ["batch", "time"], [size.states])
      parts.append(try projection.export("language", to: &graph))
    }
    if size.marks > 0 {
      graph.addInput("lists", .float32, ["batch", "time"], [size.marks])
      parts.append("lists")
    }
    return parts
  }
}

extension CharacterFeatures {
  /// The features of the words, `[B, T, F]`.
  fileprivate func export(to graph: inout OnnxBuilder) throws(DataError) -> String {
    graph.addInput("characters", .int64, ["batch", "time", "letters"])
    graph.addInput("character_lengths", .int32, ["batch", "time"])
    let sentences = graph.lengths
    // Each word is a row of its own; of no words there is no one shape.
    let letters = graph.flattened("characters", keeping: 2)
    graph.lengths = graph.reshape("character_lengths", to: [-1])
    let vectors = try embedding.export(letters, to: &graph)
    let features: String
    let size: Int
    if let convolution {
      features = try Activation.tanh.export(
        graph.maximumOverTime(try convolution.export(vectors, to: &graph)), to: &graph)
      size = convolution.weights.shape[2]
    } else if let recurrent {
      size = recurrent.outputFeatures ?? 0
      features = graph.bidirectionalEnds(
        of: try recurrent.export(vectors, to: &graph), features: size)
    } else {
      features = graph.maximumOverTime(vectors)
      size = embedding.weights.shape[1]
    }
    graph.lengths = sentences
    return graph.reshaped(features, like: "character_lengths", width: size)
  }
}

extension RecurrentStack {
  /// The features of a step of the output, as far as the weights tell.
  fileprivate var outputFeatures: Int? {
    let names = storedTensors
    let count = names.filter {
      $0.name.hasPrefix("\(layers.count - 1).") && $0.name.hasSuffix("recurrent_weights")
    }
    return count.reduce(0) { $0 + $1.tensor.shape[0] }
  }
}
