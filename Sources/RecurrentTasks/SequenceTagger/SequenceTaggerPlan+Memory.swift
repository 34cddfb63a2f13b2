import Recurrent

extension SequenceTaggerPlan {
  /// About how many bytes the whole training takes at its height: the program, the sentences as text and as numbers, a
  /// training step on the longest sentences, and the words that are read at once for the score of an epoch and for the
  /// report. Buffers of sentences of other lengths wait to be used again.
  var processBytes: Double {
    let network = outline
    let batch = Self.longest(options.batchSize, of: training.sentences)
    let longest = min(options.maximumLength, batch.first?.tokens.count ?? 1)
    let weights = MemoryPlan.smallestBytes(
      paths: [], parameterCount: network.parameterCount, batchSize: 1, time: 1)
    let recurrent = MemoryPlan(
      paths: network.paths, parameterCount: network.parameterCount, batchSize: batch.count,
      time: longest)
    // Beside the recurrent layers: the words' vectors, what dropout makes of these and of the states, scores of tags
    // and of their sequences, with the gradients of all.
    let context = extras.contextSize.total
    let ofToken =
      6 * (options.wordSize + (context > 0 ? options.languageWidth : 0)) + 4 * options.stateSize
      + 6 * tags.count + 2 * context
    let step =
      (recurrent?.bytes ?? weights) - weights + Double(batch.count * longest * ofToken) * 4
      + 2 * wordBytes(batch)
    return 33e6 + sentenceBytes + (keepsContexts ? contextBytes : 0) + weights + 1.5 * step
      + wordBytes(Self.longest(256, of: validation.sentences))
      + wordBytes(test.sentences.prefix(4096))
  }

  private static func longest(
    _ count: Int, of sentences: [TaggedSentences.Sentence]
  ) -> ArraySlice<TaggedSentences.Sentence> {
    sentences.sorted { $0.tokens.count > $1.tokens.count }.prefix(count)
  }

  /// What is made of the different words of sentences: of each its vectors, and of each character, as many as the longest
  /// has, what the network makes of that.
  private func wordBytes(_ sentences: ArraySlice<TaggedSentences.Sentence>) -> Double {
    let words = Set(sentences.lazy.flatMap(\.tokens))
    let longest = words.reduce(0) { max($0, $1.unicodeScalars.count) }
    let (given, made) = (options.characterEmbeddingSize, options.characterSize)
    let ofCharacter =
      switch options.characters {
      case .none: 0
      case .cnn: given + made
      case .lstm: given + 5 * made
      }
    let ofWord = 3 * options.wordSize + 2 * options.characterSize + 100
    return Double(words.count) * Double(longest * ofCharacter + ofWord) * 4
  }

  /// The sentences as text, those of training and validation as numbers too, and the words that are known.
  private var sentenceBytes: Double {
    let parts = [training, validation, test]
    let tokens = parts.reduce(0) { $0 + $1.tokenCount }
    let sentences = parts.reduce(0) { $0 + $1.sentences.count }
    return Double(tokens * 64 + sentences * 200 + encoder.vocabulary.count * 450)
  }
}
