import Recurrent

/// The network of a text classifier: token vectors, recurrent layers, pooling over the tokens, and a
/// dense layer to the classes. `[B, T]` to logits `[B, C]`.
///
/// Where naive Bayes stands beside it, what that says is added, times a learned factor: a simple wide
/// part beside the deep one (Cheng et al. 2016, arXiv:1606.07792), made of the features of Wang and
/// Manning (2012).
public struct TextClassifierModel: Layer {
  /// A vector for each token.
  public var embedding: Embedding
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// The weights of attention pooling.
  public var attention: AttentionPooling?
  /// The layer from the pooled state to the classes.
  public var head: Dense
  /// How much naive Bayes counts, `[1]`.
  public var evidenceWeight: Tensor?
  let pooling: SequencePooling
  let isBidirectional: Bool
  let dropout: Float
  let tokenDropout: Float

  init(
    vocabularySize: Int, classCount: Int, options: TextClassifierOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    embedding = Embedding(
      vocabularySize: vocabularySize, size: options.embeddingSize, initialization: .keras,
      using: &generator)
    recurrent = RecurrentStack(
      options.cell, inputSize: options.embeddingSize, hiddenSize: options.hiddenSize,
      layerCount: options.layers, isBidirectional: options.isBidirectional,
      dropout: options.dropout, using: &generator)
    let width = options.featureSize
    if options.pooling == .attention {
      attention = AttentionPooling(
        inputSize: width, attentionSize: options.hiddenSize, using: &generator)
    }
    head = Dense(inputSize: width, outputSize: classCount, using: &generator)
    if options.naiveBayes { evidenceWeight = Initializer.constant(1)([1], using: &generator) }
    pooling = options.pooling
    isBidirectional = options.isBidirectional
    dropout = options.dropout
    tokenDropout = options.tokenDropout
  }

  /// False: the network looks at whole texts.
  public var isCausal: Bool { false }

  /// How the recurrent layers run.
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  /// The logits; of a text without tokens, those of a pooled state of zeros.
  public func forward(_ input: TextBatch, state: inout NoState, mode: Mode) -> Tensor {
    let pooled = pooled(hidden(input.tokens, mode: mode))
    let logits = head(Dropout(rate: dropout)(pooled, mode: mode.child(2)))
    guard let evidence = input.evidence, let evidenceWeight else { return logits }
    return logits + evidence * evidenceWeight
  }

  /// How much each token counts in attention pooling, `[B, T]`; nil for another pooling.
  func attentionWeights(_ input: TextBatch) -> Tensor? {
    attention?.weights(over: hidden(input.tokens, mode: .prediction))
  }

  /// The hidden states of all tokens, `[B, T, F]`.
  private func hidden(_ input: TokenBatch, mode: Mode) -> SequenceBatch {
    let vectors = embedding(input.dropping(tokenDropout, mode: mode.child(3)))
    let dropped = EachStep(Dropout(rate: dropout))(vectors, mode: mode.child(0))
    return recurrent(dropped, mode: mode.child(1))
  }

  private func pooled(_ hidden: SequenceBatch) -> Tensor {
    switch pooling {
    case .mean: return MeanOverTime()(hidden)
    case .max: return MaxOverTime()(hidden)
    case .attention: return attention.map { $0(hidden) } ?? MeanOverTime()(hidden)
    case .last: return isBidirectional ? hidden.bidirectionalEnds : hidden.lastValidSteps
    }
  }

  /// Visits `embedding`, `recurrent`, `attention`, `head` and `evidence_weight`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("attention", &attention)
    visitor.visit("head", &head)
    visitor.visit("evidence_weight", &evidenceWeight)
  }
}

extension TextClassifierOptions {
  /// Features of a hidden state: those of both directions.
  var featureSize: Int { hiddenSize * (isBidirectional ? 2 : 1) }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifierModel: JobModel {
  public func products(steps: Int) -> [JobProduct] {
    [JobProduct("head", head.weights.count, of: head, times: 1)]
  }
}
