import Recurrent

/// The network of a translator: a stack of bidirectional layers reads the sentence, an LSTM with
/// attention and input feeding writes the translation (``AttentionDecoder``). The vectors of the
/// target's tokens are also the weights of the output layer (Press and Wolf 2017, arXiv:1608.05859).
public struct TranslatorModel: Module {
  /// A vector for each token of the source language; nil: that of the target language, with which
  /// it shares its tokens.
  public var sourceEmbedding: Embedding?
  /// Reads the sentence.
  public var encoder: RecurrentStack
  /// From the last states of the encoder to the first of the decoder.
  public var bridge: Dense
  /// A vector for each token of the target language, in and out.
  public var targetEmbedding: Embedding
  /// Writes the translation.
  public var decoder: AttentionDecoder
  /// What is added to the output layer's sums, `[V]`.
  public var outputBias: Tensor
  let dropout: Float
  let tokenDropout: Float

  init(
    sourceSize: Int, targetSize: Int, options: TranslatorOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    let (vector, units) = (options.embeddingSize, options.hiddenSize)
    func embedding(_ size: Int) -> Embedding {
      Embedding(
        weights: Initializer.normal(1 / Float(vector).squareRoot())(
          [size, vector], using: &generator))
    }
    sourceEmbedding = options.isJoint ? nil : embedding(sourceSize)
    targetEmbedding = embedding(targetSize)
    encoder = RecurrentStack(
      options.cell, inputSize: vector, hiddenSize: units, layerCount: options.layers,
      isBidirectional: true, dropout: options.dropout, using: &generator)
    let stateSize = encoder.initialState(batchSize: 0).tensors.reduce(0) { $0 + $1.shape[1] }
    bridge = Dense(
      inputSize: stateSize, outputSize: 4 * units, activation: .tanh, using: &generator)
    decoder = AttentionDecoder(
      inputSize: vector, hiddenSize: 2 * units, memorySize: 2 * units, outputSize: vector,
      attention: options.attention, using: &generator)
    outputBias = Initializer.zeros([targetSize], using: &generator)
    dropout = options.dropout
    tokenDropout = options.tokenDropout ?? 0
  }

  /// The sentences as the decoder looks at them, and the state it begins with.
  func read(
    _ sources: TokenBatch, mode: Mode = .prediction
  ) -> (memory: AttentionMemory, state: AttentionDecoder.State) {
    let dropping = EachStep(Dropout(rate: dropout))
    let read = sources.dropping(
      tokenDropout, sparing: SentenceEncoder.start, mode: mode.child(5))
    let vectors = dropping((sourceEmbedding ?? targetEmbedding)(read), mode: mode.child(0))
    var state = encoder.initialState(batchSize: sources.batchSize)
    let hidden = encoder.forward(vectors, state: &state, mode: mode.child(1))
    let memory = decoder.prepare(dropping(hidden, mode: mode.child(2)))
    let first = bridge(Tensor.concatenated(state.tensors, along: 1))
    var start = decoder.initialState(batchSize: sources.batchSize)
    let units = decoder.hiddenSize
    start.hidden = first.slice(0..<units, along: 1)
    start.cell = first.slice(units..<2 * units, along: 1)
    return (memory, start)
  }

  /// What stands before the output layer at each token that the decoder has to say, `[B, S, E]`.
  private func written(_ batch: TranslationBatch, mode: Mode) -> SequenceBatch {
    var (memory, state) = read(batch.sources, mode: mode)
    let dropping = EachStep(Dropout(rate: dropout))
    let told = batch.given.dropping(
      tokenDropout, sparing: SentenceEncoder.start, mode: mode.child(6))
    let given = dropping(targetEmbedding(told), mode: mode.child(3))
    let (output, _) = decoder(given, state: &state, over: memory)
    return dropping(output, mode: mode.child(4))
  }

  /// The mean cross-entropy of the translations' tokens, in nats.
  func loss(_ batch: TranslationBatch, labelSmoothing: Float, mode: Mode) -> Tensor {
    linearCrossEntropy(
      hidden: written(batch, mode: mode), embedding: targetEmbedding, bias: outputBias,
      classes: batch.wanted, labelSmoothing: labelSmoothing)
  }

  /// The logarithm of the probability of each token that the decoder has to say, pair by pair.
  func logProbabilities(_ batch: TranslationBatch) -> [Float] {
    let (hidden, head) = (written(batch, mode: .prediction).validSteps, preparedHead)
    let tokens = batch.wanted.flatMap(\.self)
    // Some at a time: the probabilities of all tokens at all steps would take much memory.
    return stride(from: 0, to: tokens.count, by: 256).flatMap { start in
      let steps = start..<min(start + 256, tokens.count)
      let logarithms = head(hidden.slice(steps, along: 0)).logSoftmax()
      return logarithms.withUnsafeElements { elements in
        steps.map { elements[($0 - start) * outputBias.count + tokens[$0]] }
      }
    }
  }

  /// One step of the decoder for rows that each got one more token: the logarithms of the
  /// probabilities of the next, `[N, V]`, and the attention weights, `[N, T]`.
  func step(
    _ tokens: [Int], state: inout AttentionDecoder.State, over memory: AttentionMemory,
    memoryRows: [Int]? = nil, head: Dense
  ) -> (logProbabilities: Tensor, weights: Tensor) {
    let vectors = targetEmbedding(TokenBatch(tokens.map { [$0] }))
    let (output, weights) = decoder(
      vectors, state: &state, over: memory, memoryRows: memoryRows)
    let rows = output.values.reshaped(to: [tokens.count, output.features])
    return (
      head(rows).logSoftmax(),
      weights.reshaped(to: [tokens.count, weights.shape[2]])
    )
  }

  /// The output layer, to be made once for many steps.
  var preparedHead: Dense {
    Dense(weights: targetEmbedding.weights.transposed(), bias: outputBias)
  }

  /// Visits `source_embedding` where there is one, `encoder`, `bridge`, `target_embedding`,
  /// `decoder` and `output_bias`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("source_embedding", &sourceEmbedding)
    visitor.visit("encoder", &encoder)
    visitor.visit("bridge", &bridge)
    visitor.visit("target_embedding", &targetEmbedding)
    visitor.visit("decoder", &decoder)
    visitor.visit("output_bias", &outputBias)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TranslatorModel: JobModel {
  public var paths: [LayerPath] { encoder.paths.map { $0.under("encoder") } }

  public func products(steps: Int) -> [JobProduct] {
    [
      JobProduct("bridge", bridge.weights.count, of: bridge, times: 1),
      JobProduct("decoder", decoder.parameterCount, of: decoder, times: steps),
      JobProduct(
        "target_embedding", targetEmbedding.weights.count, of: targetEmbedding, times: steps),
    ]
  }
}
