import Recurrent

/// The network of a text generator: token vectors, recurrent layers, and a dense layer to the
/// logits of the token that comes next. `[B, T]` to `[B, T, V]`.
public struct TextGeneratorModel: Layer {
  /// A vector for each token; that of the unknown token is zero.
  public var embedding: Embedding
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// The layer from a hidden state to the next token.
  public var head: Dense
  let dropout: Float

  init(
    vocabularySize: Int, options: TextGeneratorOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    let width = options.embeddingSize
    let vectors = Initializer.normal(1)([vocabularySize - 1, width], using: &generator)
    let unknown = Initializer.zeros([1, width], using: &generator)
    embedding = Embedding(weights: .concatenated([unknown, vectors], along: 0))
    recurrent = RecurrentStack(
      options.cell, inputSize: width, hiddenSize: options.hiddenSize, layerCount: options.layers,
      options: RecurrentOptions(
        dropConnect: options.dropConnect ?? 0, rounds: options.rounds, rank: options.rank),
      dropout: options.dropout, initialization: .keras, using: &generator)
    head = Dense(inputSize: options.hiddenSize, outputSize: vocabularySize, using: &generator)
    dropout = options.dropout
  }

  /// How the recurrent layers run.
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  /// The state before the first step: zeros.
  public func initialState(batchSize: Int) -> RecurrentStack.State {
    recurrent.initialState(batchSize: batchSize)
  }

  /// The logits of what comes after each token.
  public func forward(
    _ input: TokenBatch, state: inout RecurrentStack.State, mode: Mode
  ) -> NextTokens {
    let hidden = recurrent.forward(embedding(input), state: &state, mode: mode.child(0))
    let dropped = EachStep(Dropout(rate: dropout))(hidden, mode: mode.child(1))
    return NextTokens(hidden: dropped, head: head)
  }

  /// Visits `embedding`, `recurrent` and `head`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }
}

/// What a network says about the tokens that come next, before logits are made of it: a loss never
/// needs all of them at once, and drawing needs those of the last step only.
public struct NextTokens: Sendable {
  /// The hidden states `[B, T, H]`.
  public let hidden: SequenceBatch
  /// The layer from a hidden state to logits.
  public let head: Dense

  /// The logits of the token after the last one of the first row, V numbers.
  var lastLogits: [Double] { head(hidden.lastValidSteps).elements.map { Double($0) } }

  /// The mean negative log-likelihood of `tokens`, in nats a token.
  func loss(_ tokens: TokenBatch) -> Tensor {
    linearCrossEntropy(hidden: hidden, head: head, classes: tokens.tokens)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGeneratorModel: JobModel {
  public func products(steps: Int) -> [JobProduct] {
    [JobProduct("head", head.weights.count, of: head, times: steps)]
  }
}
