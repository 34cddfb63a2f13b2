import Recurrent

/// A vector for each word from its characters: `[U, L]` to `[U, F]`.
struct CharacterFeatures: Module {
  /// What reads the characters of so many words, of ten letters each.
  func product(words: Int) -> JobProduct {
    let reading = (recurrent?.parameterCount ?? 0) + (convolution?.parameterCount ?? 0)
    return JobProduct("characters", reading, of: self, times: 10 * words)
  }

  /// A vector for each character.
  var embedding: Embedding
  /// Reads from both ends.
  var recurrent: RecurrentStack?
  /// Looks at three characters at a time.
  var convolution: Conv1D?

  init?(
    vocabularySize: Int, options: SequenceTaggerOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    guard options.characters != .none else { return nil }
    let width = options.characterEmbeddingSize
    embedding = Embedding(
      vocabularySize: vocabularySize, size: width, initialization: .keras, using: &generator)
    if options.characters == .lstm {
      recurrent = RecurrentStack(
        .lstm, inputSize: width, hiddenSize: options.characterSize / 2, isBidirectional: true,
        using: &generator)
    } else {
      convolution = Conv1D(
        inputSize: width, outputSize: options.characterSize, kernelSize: 3, using: &generator)
    }
  }

  /// Of a word without characters, what the network makes of nothing.
  func callAsFunction(_ words: [[Int]]) -> Tensor {
    let vectors = embedding(TokenBatch(padded: words))
    if let convolution { return MaxOverTime()(convolution(vectors)).tanh() }
    guard let recurrent else { return MaxOverTime()(vectors) }
    return recurrent(vectors).bidirectionalEnds
  }

  /// Visits `embedding`, `recurrent` and `convolution`.
  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("convolution", &convolution)
  }
}
