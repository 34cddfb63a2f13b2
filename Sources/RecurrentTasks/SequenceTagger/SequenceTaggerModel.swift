import Recurrent

/// The network of a sequence tagger: features of each word, recurrent layers over the sentence, a
/// dense layer to the tags, and a conditional random field over their sequence.
///
/// The features of a word (its vector, its characters, its shape) depend on the word alone, so they
/// are computed once for each different word of a batch. What language models and lists of names know
/// depends on the sentence too, and is computed before (``LanguageModels``, ``NameLists``).
public struct SequenceTaggerModel: Module {
  /// A vector for each known word.
  public var embedding: Embedding
  var characters: CharacterFeatures?
  /// A vector for each way in which words are written.
  public var shapes: Embedding?
  var context: WordContext?
  /// The recurrent layers.
  public var recurrent: RecurrentStack
  /// The layer from a hidden state to the tags.
  public var head: Dense
  /// The random field of which tags follow which; nil: each tag by itself.
  public var crf: LinearChainCRF?
  let dropout: Float

  /// Numbers of a shape's vector.
  static let shapeSize = 8

  init(
    vocabularySize: Int, characterCount: Int, tags: TagSet, context: ContextSize = ContextSize(),
    options: SequenceTaggerOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    embedding = Embedding(
      vocabularySize: vocabularySize, size: options.embeddingSize, initialization: .keras,
      using: &generator)
    characters = CharacterFeatures(
      vocabularySize: characterCount, options: options, using: &generator)
    if options.capitals {
      shapes = Embedding(
        vocabularySize: WordShape.allCases.count, size: Self.shapeSize, initialization: .keras,
        using: &generator)
    }
    self.context = WordContext(context, options: options, using: &generator)
    let contextSize = (context.states > 0 ? options.languageWidth : 0) + context.marks
    recurrent = RecurrentStack(
      options.cell, inputSize: options.wordSize + contextSize, hiddenSize: options.hiddenSize,
      layerCount: options.layers, isBidirectional: options.isBidirectional,
      dropout: options.dropout, using: &generator)
    head = Dense(inputSize: options.stateSize, outputSize: tags.count, using: &generator)
    if options.usesCRF {
      crf = LinearChainCRF(
        tagCount: tags.count, constraints: tags.constraints, using: &generator)
    }
    dropout = options.dropout
  }

  /// The features of words, `[U, F]`.
  func vectors(of words: WordFeatures) -> Tensor {
    func rows(_ table: Embedding, _ ids: [Int]) -> Tensor {
      let batch = table(TokenBatch([ids]))
      return batch.values.reshaped(to: [ids.count, batch.features])
    }
    var parts = [rows(embedding, words.ids)]
    if let characters { parts.append(characters(words.characters)) }
    if let shapes { parts.append(rows(shapes, words.shapes)) }
    return parts.count == 1 ? parts[0] : Tensor.concatenated(parts, along: 1)
  }

  /// The score of each tag for each token, `[B, T, C]`, of sentences as numbers of rows in `words`
  /// `[U, F]`, and what is known of them in their sentences, `[B, T, W + G]`.
  func emissions(
    _ words: Tensor, _ sentences: TokenBatch, contexts: SequenceBatch? = nil,
    mode: Mode = .prediction
  ) -> SequenceBatch {
    var vectors = Embedding(weights: words)(sentences)
    if let context, let contexts {
      let known = context(contexts).values
      vectors = vectors.with(.concatenated([vectors.values, known], along: 2))
    }
    let dropped = EachStep(Dropout(rate: dropout))(vectors, mode: mode.child(1))
    let states = recurrent(dropped, mode: mode.child(2))
    return EachStep(head)(EachStep(Dropout(rate: dropout))(states, mode: mode.child(3)))
  }

  /// The mean loss of sentences with these tags: of a sentence with a conditional random field, else
  /// of a token.
  func loss(_ batch: TaggerExamples.Batch, mode: Mode) -> Tensor {
    let emissions = emissions(
      vectors(of: batch.words), TokenBatch(padded: batch.sentences), contexts: batch.contexts,
      mode: mode)
    if let crf { return crf.loss(emissions, tags: batch.tags) }
    return categoricalCrossEntropy(
      logits: emissions.validSteps, classes: batch.tags.flatMap(\.self))
  }

  /// Visits `embedding`, `characters`, `shapes`, `context`, `recurrent`, `head` and `crf`.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("characters", &characters)
    visitor.visit("shapes", &shapes)
    visitor.visit("context", &context)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
    visitor.visit("crf", &crf)
  }
}

extension SequenceTaggerOptions {
  /// F, the features of a word.
  var wordSize: Int {
    embeddingSize + (characters == .none ? 0 : characterSize)
      + (capitals ? SequenceTaggerModel.shapeSize : 0)
  }

  /// Features of a hidden state: those of both directions.
  var stateSize: Int { hiddenSize * (isBidirectional ? 2 : 1) }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTaggerModel: JobModel {
  public var paths: [LayerPath] { recurrent.paths.map { $0.under("recurrent") } }

  public func products(steps: Int) -> [JobProduct] {
    (characters.map { [$0.product(words: steps)] } ?? [])
      + (context?.projection.map {
        [JobProduct("context", $0.weights.count, of: $0, times: steps)]
      } ?? [])
      + [JobProduct("head", head.weights.count, of: head, times: steps)]
  }
}
