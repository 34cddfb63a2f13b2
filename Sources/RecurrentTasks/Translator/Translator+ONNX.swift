import Recurrent
import RecurrentFiles
import RecurrentONNX

extension Translator {
  /// What reads sentences, as an ONNX file: `input` `[B, T]` and `lengths` `[B]` to `memory` `[B, T, M]`, its
  /// `keys` `[B, T, A]`, and the state that the decoder begins with: `hidden` and `cell` `[B, H]` and `feed`
  /// `[B, E]`. Of several networks the names begin with `network0.`, `network1.` ….
  ///
  /// A sentence is its parts, as the vocabularies in the metadata number them.
  ///
  /// - Throws: ``DataError`` if ONNX cannot say what a layer does.
  public func onnxEncoder() throws(DataError) -> [UInt8] {
    try TranslatorGraphs.encoder(of: models, metadata: try onnxMetadata)
  }

  /// One step of what writes the translation, as an ONNX file: what ``onnxEncoder()`` gave, `lengths`, and
  /// `input` `[B]`, the token before (first 1, `<s>`), to `log_probabilities` `[B, V]` of the next, `attention` `[B, T]`, how
  /// much each token of the sentence counted, and the state of the next step, `hidden.next`, `cell.next` and
  /// `feed.next`. Of several networks the probabilities and the attention are the mean.
  ///
  /// - Throws: ``DataError`` if ONNX cannot say what a layer does.
  public func onnxDecoder() throws(DataError) -> [UInt8] {
    try TranslatorGraphs.decoder(of: models, metadata: try onnxMetadata)
  }
}

/// The graphs of networks that choose together.
enum TranslatorGraphs {
  static func encoder(
    of models: [TranslatorModel], metadata: [String: String] = [:]
  ) throws(DataError) -> [UInt8] {
    try OnnxBuilder.encode(
      name: "translator_encoder", metadata: metadata
    ) { (graph) throws(DataError) in
      graph.addInput("input", .int64, ["batch", "time"])
      graph.addLengths()
      for (prefix, model) in named(models) {
        let read = try model.exportReading("input", to: &graph)
        for (name, value) in zip(TranslatorModel.carried, read) {
          graph.addOutput(prefix + name, of: value)
        }
      }
    }
  }

  static func decoder(
    of models: [TranslatorModel], metadata: [String: String] = [:]
  ) throws(DataError) -> [UInt8] {
    try OnnxBuilder.encode(
      name: "translator_decoder", metadata: metadata
    ) { (graph) throws(DataError) in
      graph.addInput("input", .int64, ["batch"])
      graph.addLengths()
      var (logits, weights) = ([String](), [String]())
      for (prefix, model) in named(models) {
        let names = TranslatorModel.carried.map { prefix + $0 }
        for (place, size) in model.carriedSizes.enumerated() {
          graph.addInput(
            names[place], .float32, place < 2 ? ["batch", "time"] : ["batch"], [size])
        }
        let step = try model.exportStep("input", names, to: &graph)
        logits.append(step.logits)
        weights.append(step.weights)
        for (name, value) in zip(names.dropFirst(2), step.state) {
          graph.addOutput(name + ".next", of: value)
        }
      }
      graph.addOutput("log_probabilities", of: graph.meanLogSoftmax(of: logits))
      graph.addOutput("attention", of: graph.mean(of: weights))
    }
  }

  private static func named(
    _ models: [TranslatorModel]
  ) -> [(prefix: String, model: TranslatorModel)] {
    models.enumerated().map { (models.count == 1 ? "" : "network\($0).", $1) }
  }
}

extension TranslatorModel {
  /// What goes from the encoder to the decoder: two that stay, and three that each step gives anew.
  fileprivate static let carried = ["memory", "keys", "hidden", "cell", "feed"]

  /// The features of each.
  fileprivate var carriedSizes: [Int] {
    let memory = decoder.combination.weights.shape[0] - decoder.hiddenSize
    let keys =
      switch decoder.attention {
      case .multiplicative: decoder.hiddenSize
      case .additive(let attention): attention.vector.count
      }
    return [memory, keys, decoder.hiddenSize, decoder.hiddenSize, decoder.outputSize]
  }

  /// The sentences as the decoder looks at them, and the state it begins with.
  fileprivate func exportReading(
    _ input: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> [String] {
    let vectors = try (sourceEmbedding ?? targetEmbedding).export(input, to: &graph)
    let (memory, states) = try graph.recurrent(encoder, vectors, from: nil)
    let ends = graph.concatenation(states, along: 2)
    let size = bridge.weights.shape[0]
    let first = try bridge.export(graph.reshape(ends, to: [-1, size]), to: &graph)
    let units = decoder.hiddenSize
    let feed = graph.repeated(
      graph.constant(Tensor.zeros([1, decoder.outputSize])), beside: input,
      width: decoder.outputSize)
    return [
      memory, try decoder.attention.exportKeys(memory, to: &graph),
      graph.part(of: first, along: 1, from: 0, to: units),
      graph.part(of: first, along: 1, from: units, to: 2 * units), feed,
    ]
  }

  /// A step for one more token `[B]`: the sums of the output layer, `[B, V]`, the attention, `[B, T]`, and the
  /// state after it.
  fileprivate func exportStep(
    _ token: String, _ carried: [String], to graph: inout OnnxBuilder
  ) throws(DataError) -> (logits: String, weights: String, state: [String]) {
    let (memory, keys, feed) = (carried[0], carried[1], carried[4])
    let sums = graph.sum(
      try Dense(weights: decoder.inputWeights, bias: decoder.bias).export(
        try targetEmbedding.export(token, to: &graph), to: &graph),
      try Dense(weights: decoder.recurrentWeights, bias: nil).export(
        graph.concatenation([feed, carried[2]], along: 1), to: &graph))
    let (hidden, cell) = graph.lstmStep(sums, cell: carried[3], units: decoder.hiddenSize)
    let scores = try decoder.attention.exportScores(hidden, over: keys, to: &graph)
    let shares = graph.softmaxOverTime(scores, of: memory)
    let context = graph.sumOverTime(graph.product(memory, shares))
    let output = try decoder.combination.export(
      graph.concatenation([context, hidden], along: 1), to: &graph)
    let logits = try preparedHead.export(output, to: &graph)
    let weights = graph.squeeze(shares, [2])
    return (logits, weights, [hidden, cell, output])
  }
}

extension AttentionDecoder.Comparison {
  /// The keys of a memory `[B, T, M]`, `[B, T, A]`.
  fileprivate func exportKeys(
    _ memory: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    let weights: Tensor? =
      switch self {
      case .multiplicative(let attention): attention.weights
      case .additive(let attention): attention.memoryWeights
      }
    guard let weights else { return memory }
    return try Dense(weights: weights, bias: nil).export(memory, to: &graph)
  }

  /// How well each step fits a query `[B, H]`, `[B, T, 1]`.
  fileprivate func exportScores(
    _ query: String, over keys: String, to graph: inout OnnxBuilder
  ) throws(DataError) -> String {
    switch self {
    case .multiplicative:
      return graph.matrixProduct(keys, graph.unsqueeze(query, [2]))
    case .additive(let attention):
      let asked = try Dense(weights: attention.queryWeights, bias: attention.bias).export(
        query, to: &graph)
      let both = graph.sum(keys, graph.unsqueeze(asked, [1]))
      let column = attention.vector.reshaped(to: [attention.vector.count, 1])
      return try Dense(weights: column, bias: nil).export(
        try Activation.tanh.export(both, to: &graph), to: &graph)
    }
  }
}
