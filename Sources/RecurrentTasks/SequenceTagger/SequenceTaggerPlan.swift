import Recurrent

/// Everything about a sequence tagger that is fixed before training starts: the parts of the data,
/// the scheme of the tags, the tags, words and characters.
///
/// Words and characters are learned here, from the training part alone.
public struct SequenceTaggerPlan: JobPlan {
  /// The options, with the scheme that was found.
  public var options: SequenceTaggerOptions
  /// The model that training goes on from.
  public let origin: SequenceTagger?
  /// The sentences that networks learn from.
  public let training: TaggedSentences
  /// The sentences that choose the epoch.
  public let validation: TaggedSentences
  /// The sentences that only the report sees.
  public let test: TaggedSentences
  /// Words, characters and what cuts raw text as the training part is cut.
  public let extras: SequenceTagger.Words
  /// Vectors trained elsewhere that the embedding starts from.
  public let vectors: StartingVectors?
  let tags: TagSet
  /// What judges epochs; copies of the plan share it.
  let judges = BoundedCache<Int, TaggerJudge>(capacity: 1) { _ in true }

  /// Plans a tagger.
  ///
  /// - Parameters:
  ///   - sentences: The training part, and what is not given as parts of their own.
  ///   - validation: A validation part, instead of a share of the sentences.
  ///   - test: A test part, instead of a share of the sentences.
  ///   - vectors: A file of word vectors for the embedding to start from.
  ///   - languageModels: Two generators of characters that know each word in its sentence.
  ///   - lists: Files of names, a line each: `name`, or `LABEL<TAB>name`.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, if there are fewer
  ///   than two tags, a tag that is none of the scheme or the model, or vectors of another width.
  public init(
    _ sentences: TaggedSentences, validation: TaggedSentences? = nil,
    test: TaggedSentences? = nil, options: SequenceTaggerOptions = SequenceTaggerOptions(),
    vectors: String? = nil, languageModels: LanguageModels? = nil, lists: [String] = [],
    from model: SequenceTagger? = nil
  ) throws(DataError) {
    var options = try options.settled(from: model, vectors: vectors)
    origin = model
    guard !sentences.sentences.isEmpty else {
      throw DataError(file: sentences.source, problem: "there are no sentences in it")
    }
    let scheme = options.scheme ?? TagScheme.detected(in: sentences.sentences.lazy.map(\.tags))
    try sentences.checkIsNotMixed(scheme, wasAsked: options.scheme != nil)
    options.scheme = scheme
    self.options = options
    try sentences.checkTags(scheme)
    for part in [validation, test] { try part?.checkSomeTags(scheme) }
    if let model { try sentences.checkTags(in: model.tagSet) }
    let split = sentences.split(
      options, splitsValidation: validation == nil, splitsTest: test == nil)
    training = split.training
    self.validation = validation ?? split.validation
    self.test = test ?? split.test
    tags = model?.tagSet ?? TagSet(training, scheme: scheme)
    guard tags.count >= 2 else {
      throw DataError(
        file: sentences.source,
        problem: "all \(training.tokenCount) tokens of the training part have the tag "
          + "\"\(tags.names.first?.prefix(40) ?? "")\"",
        advice: "A tagger needs at least two; if another column has the tags, say --tag-column")
    }
    guard tags.count <= 2000 else {
      throw DataError(
        file: sentences.source,
        problem: "found \(tags.count) different tags on \(training.tokenCount) tokens",
        advice: "Expected at most 2000; if another column has the tags, say --tag-column")
    }
    let tokens = training.sentences.map(\.tokens)
    var starting: StartingVectors?
    if let model {
      extras = model.extras
    } else {
      extras = try SequenceTagger.Words(
        learningFrom: tokens, options: options, vectors: vectors, reading: &starting,
        languageModels: languageModels, lists: lists)
    }
    self.vectors = starting
    try checkKnowledge(languageModels: languageModels, lists: lists)
  }

  /// The scheme of the tags.
  public var scheme: TagScheme { options.scheme ?? .plain }

  /// Tags of the training part that break its scheme and are read by conlleval's rule.
  public var repairs: Int { training.violations(of: scheme) }

  /// The encoder of words.
  public var encoder: WordEncoder { extras.encoder }

  /// The sentences of the training part, in pieces of the maximum length.
  public var trainingExamples: TaggerExamples {
    let pieces = SentencePieces(training.sentences.map(\.tokens), length: options.maximumLength)
    return TaggerExamples(
      sentences: pieces.tokens,
      tags: pieces.places.map { sentence, range in
        tags.numbers(of: Array(training.sentences[sentence].tags[range]))
      }, extras: extras, keepsContexts: keepsContexts)
  }

  /// How likely training takes each word of the vocabulary for unknown.
  var dropRates: [Float] {
    var counts = [Float](repeating: 0, count: encoder.vocabulary.count)
    for sentence in training.sentences {
      for token in sentence.tokens { counts[encoder.id(of: token)] += 1 }
    }
    let rate = options.wordDropout
    return counts.map { rate > 0 ? rate / (rate + $0) : 0 }
  }
}

extension TagSet {
  /// The tags of a training part.
  init(_ sentences: TaggedSentences, scheme: TagScheme) {
    let names = Set(sentences.sentences.lazy.flatMap(\.tags))
    if scheme == .plain {
      self.init(names.sorted(), scheme: scheme)
    } else {
      let types = Set(names.compactMap { ChunkTag($0) }.filter { $0 != .outside }.map(\.type))
      self.init(types: types.sorted())
    }
  }

  /// The numbers of tags in any scheme, all of which are known.
  func numbers(of tags: [String]) -> [Int] {
    guard chunkTags != nil else { return tags.map { place(of: $0) ?? 0 } }
    let spans = TagScheme.spans(of: tags.lazy.map { ChunkTag($0) ?? .outside })
    return TagScheme.bio.tags(of: spans, count: tags.count).map { place(of: $0.description) ?? 0 }
  }
}

/// Sentences cut into pieces of a length at most.
struct SentencePieces {
  /// The sentence of each piece and its tokens there.
  let places: [(sentence: Int, range: Range<Int>)]
  /// The tokens of each piece.
  let tokens: [[String]]
  /// The sentences that have more than one piece.
  let cut: Int

  init(_ sentences: [[String]], length: Int) {
    places = sentences.enumerated().flatMap { index, tokens in
      stride(from: 0, to: tokens.count, by: length).map {
        (index, $0..<min($0 + length, tokens.count))
      }
    }
    tokens = places.map { sentence, range in
      range.count == sentences[sentence].count
        ? sentences[sentence] : Array(sentences[sentence][range])
    }
    cut = sentences.count { $0.count > length }
  }
}
