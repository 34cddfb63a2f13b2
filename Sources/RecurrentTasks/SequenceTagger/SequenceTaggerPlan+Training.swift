import Recurrent

extension SequenceTaggerPlan {
  /// Hears of each step and epoch of each network, whose number, from 1, comes first. With an epoch
  /// comes its score on the validation part: F1 of chunks, of plain tags the share of right ones.
  public typealias Callback =
    (_ member: Int, _ event: TrainingEvent, _ score: Double?) -> TrainingDecision

  /// Trains the networks.
  ///
  /// - Throws: ``NonFiniteError`` if training runs away in its first epoch.
  public func train(callbacks: [Callback] = []) throws(NonFiniteError) -> SequenceTagger {
    var runs: [TaggerRun] = []
    for member in 0..<options.members {
      runs.append(
        try run(member: member) { event, score in
          callbacks.map { $0(member + 1, event, score) }.contains(.stop)
        })
    }
    return SequenceTagger(plan: self, runs: runs)
  }

  private func run(
    member: Int, announce: @escaping (TrainingEvent, Double?) -> Bool
  ) throws(NonFiniteError) -> TaggerRun {
    let dropRates = dropRates
    var trainer = Trainer(
      model(member: member), optimizer: Adam(learningRate: options.learningRate),
      options: TrainingOptions(
        epochs: options.epochs, batchSize: options.batchSize,
        seed: options.seed &+ UInt64(member) &* 0x9E37_79B9,
        schedule: .cosine(epochs: Double(options.epochs))),
      on: TaggerExamples.self
    ) { model, batch, mode in
      model.loss(batch.dropping(dropRates, mode: mode), mode: mode)
    }
    let examples = trainingExamples
    let judge = TaggerJudge(self)
    var result = TaggerRun(model: trainer.state.model)
    var bestScore = -1.0
    var sinceBest = 0
    var isStopped = false
    var reason = StopReason.allEpochs
    // One epoch at a time: what chooses the best is the score, which the trainer does not know.
    while trainer.state.epoch < options.epochs, !isStopped {
      do throws(NonFiniteError) {
        try trainer.run(
          on: examples,
          callbacks: [
            { event in
              switch event {
              case .step: isStopped = announce(event, nil) || isStopped
              case .epoch: return .stop
              case .finished: break
              }
              return isStopped ? .stop : .proceed
            }
          ])
      } catch {
        // What earlier epochs learned is not thrown away.
        guard !result.scores.isEmpty else { throw error }
        reason = .ranAway(error)
        break
      }
      let (model, score) =
        judge.map { $0.balanced(trainer.state.model) }.map { ($0.model, Optional($0.score)) }
        ?? (trainer.state.model, nil)
      let isBest = score.map { $0 > bestScore } ?? true
      sinceBest = isBest ? 0 : sinceBest + 1
      bestScore = max(bestScore, score ?? 0)
      result.scores.append(score)
      if isBest {
        result.model = model
        result.bestEpoch = trainer.state.epoch
      }
      if let record = trainer.state.history.epochs.last,
        announce(.epoch(record, isBest: isBest), score)
      {
        isStopped = true
      }
      if isStopped { reason = .requested }
      if !isStopped, !isBest, sinceBest >= options.patience {
        reason = .noImprovement(epochs: sinceBest)
        break
      }
    }
    result.history = trainer.state.history
    result.history.stop = reason
    _ = announce(.finished(reason), nil)
    return result
  }
}

/// What came of the training of one network.
struct TaggerRun {
  /// That of the best epoch.
  var model: SequenceTaggerModel
  var bestEpoch = 0
  /// Those of the epochs on the validation part; nil without one.
  var scores: [Double?] = []
  var history = TrainingHistory()

  init(model: SequenceTaggerModel) { self.model = model }
}

/// Scores networks on the validation part.
struct TaggerJudge {
  private let plan: SequenceTaggerPlan
  private let pieces: SentencePieces
  private let examples: TaggerExamples

  init?(_ plan: SequenceTaggerPlan) {
    guard !plan.validation.sentences.isEmpty else { return nil }
    self.plan = plan
    pieces = SentencePieces(
      plan.validation.sentences.map(\.tokens), length: plan.options.maximumLength)
    examples = TaggerExamples(
      sentences: pieces.tokens, tags: pieces.tokens.map { _ in [] }, encoder: plan.encoder)
  }

  /// The network with the bias of `O` lowered by what gives the best score, and that score.
  ///
  /// Training counts tokens, most of which are outside, so that a network finds too little; how much
  /// too little, the validation part tells.
  func balanced(_ model: SequenceTaggerModel) -> (model: SequenceTaggerModel, score: Double) {
    let shifts = plan.scheme == .plain ? [0] : (0...12).map { Float($0) / 4 }
    let scores = score(model, shifts: shifts)
    let best = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    guard best > 0, let outside = plan.tags.place(of: "O") else { return (model, scores[0]) }
    var balanced = model
    let bias = balanced.head.bias
    balanced.head.bias = bias.map { $0 - shift(of: outside, by: shifts[best]) }
    let score = score(balanced, shifts: [0])[0]
    return score > scores[0] ? (balanced, score) : (model, scores[0])
  }

  /// A number for one tag, zeros for the others: `[C]`.
  private func shift(of tag: Int, by number: Float) -> Tensor {
    Tensor((0..<plan.tags.count).map { $0 == tag ? number : 0 })
  }

  /// The scores with each of these numbers subtracted from the score of `O`.
  private func score(_ model: SequenceTaggerModel, shifts: [Float]) -> [Double] {
    let none = [[Int]](repeating: [], count: pieces.tokens.count)
    var tags = shifts.map { _ in none }
    let outside = plan.tags.place(of: "O") ?? 0
    for rows in examples.batches(of: Array(0..<examples.count), size: 256) {
      let batch = examples.batch(rows)
      let scores = [model].scores(of: batch.sentences, vectors: [model.vectors(of: batch.words)])
      for (index, number) in shifts.enumerated() {
        let shifted =
          number == 0 ? scores : scores.with(scores.values - shift(of: outside, by: number))
        for (row, tag) in zip(rows, [model].tags(from: shifted)) { tags[index][row] = tag }
      }
    }
    return tags.map(score)
  }

  private func score(_ tags: [[Int]]) -> Double {
    var predicted = plan.validation.sentences.map { _ in [Int]() }
    for (place, tags) in zip(pieces.places, tags) { predicted[place.sentence] += tags }
    var scores = TaggerEvaluation.Scores()
    for (sentence, numbers) in zip(plan.validation.sentences, predicted) {
      scores.add(
        plan.scheme.normalized(sentence.tags), plan.tags.written(numbers, in: plan.scheme),
        isPlain: plan.scheme == .plain)
    }
    return scores.score(isPlain: plan.scheme == .plain)
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
  /// meaning, and characters and context have to do their part.
  func dropping(_ rates: [Float], mode: Mode) -> Self {
    guard case .training(let key, _) = mode else { return self }
    var generator = RandomGenerator(key.child(4))
    var result = self
    result.words.ids = words.ids.map { generator.uniform() < rates[$0] ? 0 : $0 }
    return result
  }
}

extension [SequenceTaggerModel] {
  /// The best tags of sentences as numbers of rows in the vectors of each network, `[U, F]`.
  func tags(of sentences: [[Int]], vectors: [Tensor]) -> [[Int]] {
    tags(from: scores(of: sentences, vectors: vectors))
  }

  /// The mean scores of the tags of each token, `[B, T, C]`.
  func scores(of sentences: [[Int]], vectors: [Tensor]) -> SequenceBatch {
    let tokens = TokenBatch(padded: sentences)
    var sum = self[0].emissions(vectors[0], tokens)
    for (model, vectors) in zip(self, vectors).dropFirst() {
      sum = sum.with(sum.values + model.emissions(vectors, tokens).values)
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
