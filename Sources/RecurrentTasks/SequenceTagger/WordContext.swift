import Recurrent

/// How many numbers say what a word is in its sentence.
struct ContextSize {
  /// W, the states of the language models.
  var states = 0
  /// G, the marks of lists of names.
  var marks = 0

  /// The numbers of states and marks together.
  var total: Int { states + marks }
}

extension SequenceTagger.Words {
  /// What the network is told of a word in its sentence.
  var contextSize: ContextSize {
    ContextSize(states: languageModels?.stateSize ?? 0, marks: lists?.size ?? 0)
  }

  /// The states of the language models and the marks of the lists at each word of sentences, of each
  /// `[T, W + G]` row by row.
  func contexts(of sentences: [[String]]) -> [[Float]] {
    let marks = lists.map { lists in sentences.map(lists.marks) }
    guard let languageModels else { return marks ?? sentences.map { _ in [] } }
    let states = languageModels.states(of: sentences)
    guard let marks else { return states }
    let size = contextSize
    return sentences.indices.map { index in
      var context: [Float] = []
      context.reserveCapacity(states[index].count + marks[index].count)
      for word in sentences[index].indices {
        context += states[index][word * size.states..<(word + 1) * size.states]
        context += marks[index][word * size.marks..<(word + 1) * size.marks]
      }
      return context
    }
  }

  /// The contexts of a batch of sentences, `[B, T, W + G]`; nil if there are none.
  func contextBatch(of sentences: [[String]]) -> SequenceBatch? {
    contextBatch(contexts(of: sentences), lengths: sentences.map(\.count))
  }

  /// A batch of contexts that were computed before.
  func contextBatch(_ contexts: [[Float]], lengths: [Int]) -> SequenceBatch? {
    let size = contextSize.total
    guard size > 0 else { return nil }
    let time = lengths.max() ?? 0
    var values = [Float](repeating: 0, count: contexts.count * time * size)
    for (row, context) in contexts.enumerated() {
      let start = row * time * size
      values.replaceSubrange(start..<start + context.count, with: context)
    }
    return SequenceBatch(
      Tensor(values, shape: [contexts.count, time, size]), lengths: lengths)
  }
}

/// What of a word in its sentence goes into the network: `[B, T, W + G]` to `[B, T, P + G]`.
struct WordContext: Module {
  /// From the states of the language models to fewer numbers, as what is to be told apart needs.
  var projection: Dense?
  let size: ContextSize

  init?(
    _ size: ContextSize, options: SequenceTaggerOptions,
    using generator: inout some RandomNumberGenerator
  ) {
    guard size.total > 0 else { return nil }
    self.size = size
    if size.states > 0 {
      projection = Dense(
        inputSize: size.states, outputSize: options.languageWidth, using: &generator)
    }
  }

  func callAsFunction(_ contexts: SequenceBatch) -> SequenceBatch {
    guard let projection else { return contexts }
    let projected = EachStep(projection)(
      contexts.with(contexts.values.slice(0..<size.states, along: 2)))
    guard size.marks > 0 else { return projected }
    let marks = contexts.values.slice(size.states..<size.total, along: 2)
    return projected.with(.concatenated([projected.values, marks], along: 2))
  }

  /// Visits `projection`.
  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("projection", &projection)
  }
}

extension SequenceTaggerOptions {
  /// P, what the states of the language models become.
  var languageWidth: Int { languageSize ?? 32 }
}
