import Recurrent

extension SequenceTaggerPlan {
  /// The judge looks at the validation part.
  public var validationExamples: TaggerExamples {
    TaggerExamples(sentences: [], tags: [], extras: extras)
  }

  /// The number of training sentences, though longer ones are read in pieces.
  public var size: (count: Int, unit: String) { (training.sentences.count, "sentences") }

  /// With a validation part, the best epoch is that of the best score there: F1 of chunks, of plain
  /// tags the share of right ones.
  public var judge: (@Sendable (SequenceTaggerModel) -> EpochScore)? {
    taggerJudge?.epochScore
  }

  /// What judges: one for all networks and for what is done behind the last epoch, for it has the
  /// validation part as numbers; nil without such a part.
  var taggerJudge: TaggerJudge? {
    validation.sentences.isEmpty
      ? nil : judges.values(of: [0]) { _ in [TaggerJudge(self)] }.first
  }
}

/// Scores networks on the validation part.
final class TaggerJudge: Sendable {
  // Not the plan, which has the judge.
  private let sentences: [TaggedSentences.Sentence]
  private let scheme: TagScheme
  private let tagSet: TagSet
  private let pieces: SentencePieces
  private let examples: TaggerExamples

  init(_ plan: SequenceTaggerPlan) {
    (sentences, scheme, tagSet) = (plan.validation.sentences, plan.scheme, plan.tags)
    pieces = SentencePieces(
      plan.validation.sentences.map(\.tokens), length: plan.options.maximumLength)
    examples = TaggerExamples(
      sentences: pieces.tokens, tags: pieces.tokens.map { _ in [] }, extras: plan.extras,
      keepsContexts: plan.keepsContexts)
  }

  /// The validation score of an epoch's network.
  @Sendable func epochScore(_ model: SequenceTaggerModel) -> EpochScore {
    EpochScore(
      scheme == .plain ? "validation_accuracy" : "validation_f1", balanced(model).score,
      isHigherBetter: true)
  }

  /// The network with the bias of `O` lowered by what gives the best score, and that score.
  ///
  /// Training counts tokens, most of which are outside, so that a network finds too little; how much
  /// too little, the validation part tells.
  func balanced(_ model: SequenceTaggerModel) -> (model: SequenceTaggerModel, score: Double) {
    let shifts = scheme == .plain ? [0] : (0...12).map { Float($0) / 4 }
    let scores = score(model, shifts: shifts)
    let best = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    guard best > 0, let outside = tagSet.place(of: "O") else { return (model, scores[0]) }
    var balanced = model
    let bias = balanced.head.bias
    balanced.head.bias = bias.map { $0 - shift(of: outside, by: shifts[best]) }
    let score = score(balanced, shifts: [0])[0]
    return score > scores[0] ? (balanced, score) : (model, scores[0])
  }

  /// A number for one tag, zeros for the others: `[C]`.
  private func shift(of tag: Int, by number: Float) -> Tensor {
    Tensor((0..<tagSet.count).map { $0 == tag ? number : 0 })
  }

  /// The scores with each of these numbers subtracted from the score of `O`.
  private func score(_ model: SequenceTaggerModel, shifts: [Float]) -> [Double] {
    let none = [[Int]](repeating: [], count: pieces.tokens.count)
    var tags = shifts.map { _ in none }
    let outside = tagSet.place(of: "O") ?? 0
    for rows in examples.batches(of: Array(0..<examples.count), size: 256) {
      let batch = examples.batch(rows)
      let scores = [model].scores(
        of: batch.sentences, vectors: [model.vectors(of: batch.words)], contexts: batch.contexts)
      for (index, number) in shifts.enumerated() {
        let shifted =
          number == 0 ? scores : scores.with(scores.values - shift(of: outside, by: number))
        for (row, tag) in zip(rows, [model].tags(from: shifted)) { tags[index][row] = tag }
      }
    }
    return tags.map(score)
  }

  private func score(_ tags: [[Int]]) -> Double {
    var predicted = sentences.map { _ in [Int]() }
    for (place, tags) in zip(pieces.places, tags) { predicted[place.sentence] += tags }
    var scores = TaggerEvaluation.Scores()
    for (sentence, numbers) in zip(sentences, predicted) {
      scores.add(
        scheme.normalized(sentence.tags), tagSet.written(numbers, in: scheme),
        isPlain: scheme == .plain)
    }
    return scores.score(isPlain: scheme == .plain)
  }
}

extension TagScheme {
  /// Tags of any chunk scheme as this one writes them; plain ones as they are.
  func normalized(_ tags: [String]) -> [String] {
    guard self != .plain else { return tags }
    let spans = TagScheme.spans(of: tags.lazy.map { ChunkTag($0) ?? .outside })
    return self.tags(of: spans, count: tags.count).map(\.description)
  }
}

extension TagSet {
  /// The tags of these numbers as the scheme writes them.
  func written(_ numbers: [Int], in scheme: TagScheme) -> [String] {
    guard scheme != .bio, scheme != .plain else { return numbers.map { names[$0] } }
    return scheme.tags(of: spans(of: numbers), count: numbers.count).map(\.description)
  }
}

extension TaggerExamples.Batch {
  /// In training, some words become unknown, rare ones more readily: so that the unknown word has a
  /// meaning, and characters and context have to do their part. A word is unknown in all sentences of
  /// an update, or in none.
  func dropping(_ rates: [Float], mode: Mode) -> Self {
    guard case .training(let key, _, _) = mode.child(4) else { return self }
    var result = self
    result.words.ids = words.ids.map { id in
      var generator = RandomGenerator(key.child(id))
      return generator.uniform() < rates[id] ? 0 : id
    }
    return result
  }
}

extension [SequenceTaggerModel] {
  /// The best tags of sentences as numbers of rows in the vectors of each network, `[U, F]`.
  func tags(
    of sentences: [[Int]], vectors: [Tensor], contexts: SequenceBatch? = nil
  ) -> [[Int]] {
    tags(from: scores(of: sentences, vectors: vectors, contexts: contexts))
  }

  /// The mean scores of the tags of each token, `[B, T, C]`.
  func scores(
    of sentences: [[Int]], vectors: [Tensor], contexts: SequenceBatch?
  ) -> SequenceBatch {
    let tokens = TokenBatch(padded: sentences)
    var sum = self[0].emissions(vectors[0], tokens, contexts: contexts)
    for (model, vectors) in zip(self, vectors).dropFirst() {
      sum = sum.with(sum.values + model.emissions(vectors, tokens, contexts: contexts).values)
    }
    return count > 1 ? sum.with(sum.values * (1 / Float(count))) : sum
  }

  /// The best tags by these scores.
  func tags(from scores: SequenceBatch) -> [[Int]] {
    if let crf { return crf.viterbi(scores).map(\.tags) }
    let (classes, values) = (scores.features, scores.values.elements)
    return scores.lengths.enumerated().map { row, length in
      (0..<length).map { step in
        let start = (row * scores.time + step) * classes
        return (1..<classes).reduce(0) { values[start + $1] > values[start + $0] ? $1 : $0 }
      }
    }
  }

  /// The mean of the fields.
  private var crf: LinearChainCRF? {
    let fields = compactMap(\.crf)
    guard let first = fields.first, fields.count > 1 else { return fields.first }
    func mean(_ part: (LinearChainCRF) -> Tensor) -> Tensor {
      fields.dropFirst().reduce(part(first)) { $0 + part($1) } * (1 / Float(fields.count))
    }
    return LinearChainCRF(
      transitions: mean(\.transitions), start: mean(\.start), end: mean(\.end),
      constraints: first.constraints)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTaggerPlan {
  public func trainer(
    of model: SequenceTaggerModel, member: Int
  ) -> Trainer<SequenceTaggerModel, Adam, TaggerExamples> {
    let dropRates = dropRates
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: options.training(
        member: member, schedule: .cosine(epochs: Double(options.epochs)))
    ) { model, batch, mode in
      model.loss(batch.dropping(dropRates, mode: mode), mode: mode)
    }
  }

  public func prepared(_ model: SequenceTaggerModel) -> SequenceTaggerModel {
    var model = model
    if let vectors { model.embedding = vectors.replacing(model.embedding, for: encoder.vocabulary) }
    return model
  }

  public func finished(_ model: SequenceTaggerModel) -> SequenceTaggerModel {
    taggerJudge?.balanced(model).model ?? model
  }

  public func configuration(after histories: [TrainingHistory]) -> SequenceTagger.Configuration {
    SequenceTagger.Configuration(
      options: options, tags: tags.names, vocabularySize: encoder.vocabulary.count,
      characterCount: encoder.characters.count, columns: training.columns,
      bestEpochs: histories.map { $0.best?.epoch ?? 0 },
      validationScores: histories.map { $0.best?.score?.value }, repairs: repairs,
      trainedOn: "\(training.source), \(training.sentences.count) sentences")
  }

  public func complete(_ tagger: inout SequenceTagger) {
    guard !test.sentences.isEmpty else { return }
    let known = (training.sentences + validation.sentences).map { sentence in
      var sentence = sentence
      sentence.tags = scheme.normalized(sentence.tags)
      return sentence
    }
    tagger.configuration.evaluation = tagger.evaluation(test, dictionary: TagDictionary(known))
  }
}
