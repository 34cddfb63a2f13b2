import Recurrent

/// A trained tagger of sequences, such as of named entities: its networks and all that prediction
/// needs.
///
/// ```swift
/// let sentences = try TaggedSentences.read("train.conll")
/// let tagger = try SequenceTagger.train(on: sentences, seed: 1)
/// print(tagger.report)                              // on sentences that training never saw
/// for entity in tagger.entities(in: "Ada Lovelace lived in London.") {
///   print(entity.type, entity.text)
/// }
/// try tagger.save(to: "model")
/// ```
public struct SequenceTagger: Sendable {
  /// All but words and weights.
  public struct Configuration: Sendable, Codable, Equatable {
    /// How it was made, with the scheme of its training part.
    public var options: SequenceTaggerOptions
    /// The tags; their places are their numbers.
    public var tags: [String]
    /// Words of the vocabulary.
    public var vocabularySize: Int
    /// Characters of the vocabulary.
    public var characterCount: Int
    /// The columns of its training file.
    public var columns: TagColumns
    /// The epoch whose weights each network has.
    public var bestEpochs: [Int]
    /// Its score on the validation part; nil without one.
    public var validationScores: [Double?]
    /// Tags of the training part that break its scheme.
    public var repairs: Int
    /// How the test part went.
    public var evaluation: TaggerEvaluation?
    /// The data in words.
    public var trainedOn: String
  }

  /// All but words and weights.
  public internal(set) var configuration: Configuration
  /// From words to numbers.
  public let encoder: WordEncoder
  /// Cuts raw text.
  public let tokenizer: SentenceTokenizer
  /// The networks, whose scores are averaged.
  public let models: [SequenceTaggerModel]
  /// Epoch by epoch, for each network, with the scores on the validation part; empty after loading.
  public let histories: [TrainingHistory]

  let tagSet: TagSet
  /// The features of words, of all networks one after the other.
  let wordVectors = BoundedCache<String, [Float]>(capacity: 50_000) { $0.utf8.count <= 100 }
  /// The tokens of what stands between spaces.
  let chunks = BoundedCache<ExactText, [SentenceTokenizer.Token]>(capacity: 50_000) {
    $0.text.utf8.count <= 100
  }

  /// Trains a tagger with the defaults; ``SequenceTaggerPlan`` has all options.
  ///
  /// - Throws: ``DataError`` if there are fewer than two tags; ``NonFiniteError`` if training runs
  ///   away.
  public static func train(on sentences: TaggedSentences, seed: UInt64 = 0) throws -> SequenceTagger
  {
    var options = SequenceTaggerOptions()
    options.seed = seed
    return try SequenceTaggerPlan(sentences, options: options).train()
  }

  init(plan: SequenceTaggerPlan, models: [SequenceTaggerModel], histories: [TrainingHistory]) {
    self.models = models
    self.histories = histories
    encoder = plan.encoder
    tokenizer = plan.tokenizer
    tagSet = plan.tags
    configuration = Configuration(
      options: plan.options, tags: plan.tags.names, vocabularySize: plan.encoder.vocabulary.count,
      characterCount: plan.encoder.characters.count, columns: plan.training.columns,
      bestEpochs: histories.map { $0.best?.epoch ?? 0 },
      validationScores: histories.map { $0.best?.score?.value }, repairs: plan.repairs,
      trainedOn: "\(plan.training.source), \(plan.training.sentences.count) sentences")
    guard !plan.test.sentences.isEmpty else { return }
    let known = plan.training.sentences + plan.validation.sentences
    configuration.evaluation = evaluation(
      plan.test,
      dictionary: TagDictionary(
        known.map { sentence in
          var sentence = sentence
          sentence.tags = plan.scheme.normalized(sentence.tags)
          return sentence
        }))
  }

  init(
    configuration: Configuration, encoder: WordEncoder, tokenizer: SentenceTokenizer,
    models: [SequenceTaggerModel]
  ) {
    self.configuration = configuration
    self.encoder = encoder
    self.tokenizer = tokenizer
    self.models = models
    histories = []
    tagSet = TagSet(configuration.tags, scheme: configuration.options.scheme ?? .plain)
  }

  /// The options.
  public var options: SequenceTaggerOptions { configuration.options }

  /// How tags are written: as in the training part.
  public var scheme: TagScheme { options.scheme ?? .plain }

  /// How the test part went, as text.
  public var report: String {
    configuration.evaluation?.description ?? "There was no test part (test fraction 0)."
  }

  /// How well it does on sentences whose tags are known.
  ///
  /// - Throws: ``DataError`` for a tag that is none of the scheme.
  public func evaluate(on sentences: TaggedSentences) throws(DataError) -> TaggerEvaluation {
    guard !sentences.sentences.isEmpty else {
      throw DataError(file: sentences.source, problem: "there are no sentences in it")
    }
    try sentences.checkTags(scheme)
    return evaluation(sentences, dictionary: nil)
  }

  private func evaluation(
    _ sentences: TaggedSentences, dictionary: TagDictionary?
  ) -> TaggerEvaluation {
    let isPlain = scheme == .plain
    let actual = sentences.sentences.map { scheme.normalized($0.tags) }
    func scores(_ predicted: [[String]]) -> TaggerEvaluation.Scores {
      var scores = TaggerEvaluation.Scores()
      for (actual, predicted) in zip(actual, predicted) {
        scores.add(actual, predicted, isPlain: isPlain)
      }
      return scores
    }
    let tokens = sentences.sentences.map(\.tokens)
    let known = Set(tagSet.names)
    let unknown = encoder.vocabulary.unknown
    return TaggerEvaluation(
      isPlain: isPlain, network: scores(tags(of: tokens)),
      dictionary: dictionary.map { dictionary in scores(tokens.map(dictionary.tags)) },
      majority: dictionary.map { dictionary in
        scores(tokens.map { $0.map { _ in dictionary.majority } })
      },
      sentences: tokens.count,
      unknownShare: Double(tokens.joined().count { encoder.id(of: $0) == unknown })
        / Double(max(1, sentences.tokenCount)),
      repairs: sentences.violations(of: scheme),
      cut: tokens.count { $0.count > options.maximumLength },
      unseen: sentences.sentences.reduce(0) { sum, sentence in
        let tags = isPlain ? sentence.tags : TagScheme.bio.normalized(sentence.tags)
        return sum + tags.count { !known.contains($0) }
      })
  }
}
