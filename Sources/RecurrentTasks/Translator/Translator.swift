import Recurrent

/// A trained translator: its network and the tokens of both languages.
///
/// ```swift
/// let pairs = try SentencePairs.read(["deu.tsv"])
/// let translator = try Translator.train(on: pairs, seed: 1)
/// print(translator.report)                              // on sentences that training never saw
/// print(translator.translate("Ein Hund läuft."))
/// try translator.save(to: "model")
/// ```
public struct Translator: Job {
  /// All of the model but tokens and weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with.
    public var options: TranslatorOptions
    /// Tokens of the language that is read.
    public var sourceSize: Int
    /// Tokens of the language that is written.
    public var targetSize: Int
    /// The epoch whose weights it has; of several networks, the first.
    public var bestEpoch: Int
    /// Those of the other networks; nil: there is one.
    public var otherEpochs: [Int]?
    /// The evaluation on the test part.
    public var evaluation: TranslationEvaluation?
    /// The precision that the weights were rounded to, and its cost; nil: they are as trained.
    public var rounding: Rounding?
    /// The data in words.
    public var trainedOn: String
  }

  /// A translation.
  public struct Translation: Sendable, Equatable {
    /// The translation as text.
    public var text: String
    /// The logarithm of its probability, by the length penalty and less what it left out: what is
    /// compared.
    public var score: Float
    /// The tokens of the sentence as they were read.
    public var sourceTokens: [String]
    /// The tokens of the translation, behind them its end.
    public var tokens: [String]
    /// How much each token of the sentence counted for each token of the translation; empty where
    /// it was not asked for.
    public var attention: [[Float]]
  }

  /// The two languages.
  public struct Languages: JobExtras {
    /// The language that is read.
    public let source: SentenceEncoder
    /// The language that is written.
    public let target: SentenceEncoder

    init(source: SentenceEncoder, target: SentenceEncoder) {
      self.source = source
      self.target = target
    }

    /// Learns the tokens of each language, or those of both together.
    init(learningFrom pairs: [SentencePairs.Pair], options: TranslatorOptions) {
      let (sources, targets) = (pairs.map(\.source), pairs.map(\.target))
      if options.isJoint {
        source = SentenceEncoder(learningFrom: sources + targets, options: options)
        target = source
      } else {
        source = SentenceEncoder(learningFrom: sources, options: options)
        target = SentenceEncoder(learningFrom: targets, options: options)
      }
    }

    /// The files of the two languages' tokens.
    public var files: [(name: String, bytes: [UInt8])] {
      get throws(DataError) {
        [
          ("source.json", try encodeJSON(source, file: "source.json")),
          ("target.json", try encodeJSON(target, file: "target.json")),
        ]
      }
    }
  }

  /// The job's name in model folders.
  public static let task = "translator"
  /// The word for one example in reports.
  public static let example = "pair"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { min(options.maximumLength, 25) }
  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<Translator>
  /// A model of its parts.
  public init(_ parts: JobParts<Translator>) { self.parts = parts }

  /// The language that is read.
  public var source: SentenceEncoder { extras.source }
  /// The language that is written.
  public var target: SentenceEncoder { extras.target }

  /// Trains a translator with the defaults; ``TranslatorPlan`` has all options.
  ///
  /// - Throws: ``DataError`` if there are too few pairs; ``NonFiniteError`` if training runs away.
  public static func train(
    on pairs: SentencePairs, seed: UInt64 = 0, callbacks: [TrainingCallback] = []
  ) throws -> Translator {
    var options = TranslatorOptions()
    options.seed = seed
    return try TranslatorPlan(pairs, options: options).followingSize().train(callbacks: callbacks)
  }

  /// The translation of a sentence.
  public func translate(_ sentence: String) -> String { translate([sentence])[0] }

  /// The translations of sentences: of each the same, to the bit, whatever stands beside it. A
  /// sentence of spaces alone has an empty translation.
  public func translate(_ sentences: [String]) -> [String] {
    search(sentences, options, keepsAttention: false).map { $0.first?.text ?? "" }
  }

  /// The best translations of each sentence, the likeliest first, as many as the beam is wide.
  ///
  /// - Parameters:
  ///   - beam: translations that are pursued at once; nil: as in the options. 1 takes the likeliest
  ///     token at each step.
  ///   - lengthPenalty: α (``TranslatorOptions/lengthPenalty``); nil: as in the options.
  ///   - coveragePenalty: β of Σ_t log min(Σ_s w_st, 1), which is added to a translation's score, with
  ///     w_st, how much token t of the sentence counted for token s of the translation (Wu et al. 2016,
  ///     arXiv:1609.08144); nil: as in the options.
  ///   - keepsAttention: whether they come with the weights of attention.
  /// - Throws: ``DataError`` for a beam or a penalty that training does not take either.
  public func translations(
    of sentences: [String], beam: Int? = nil, lengthPenalty: Float? = nil,
    coveragePenalty: Float? = nil, keepsAttention: Bool = false
  ) throws(DataError) -> [[Translation]] {
    search(
      sentences,
      try asked(beam: beam, lengthPenalty: lengthPenalty, coveragePenalty: coveragePenalty),
      keepsAttention: keepsAttention)
  }

  /// The options with what is asked for instead.
  func asked(
    beam: Int?, lengthPenalty: Float?, coveragePenalty: Float?
  ) throws(DataError) -> TranslatorOptions {
    var asked = options
    asked.beam = beam ?? options.beam
    asked.lengthPenalty = lengthPenalty ?? options.lengthPenalty
    asked.coveragePenalty = coveragePenalty ?? options.coveragePenalty
    try require(asked.problem, of: "the translation")
    return asked
  }

  func search(
    _ sentences: [String], _ options: TranslatorOptions, keepsAttention: Bool
  ) -> [[Translation]] {
    hypotheses(of: sentences, options, keepsAttention: keepsAttention).map { tokens, found in
      let read = tokens.map { source.vocabulary.tokens[$0] }
      return found.map { hypothesis in
        Translation(
          text: target.text(of: hypothesis.tokens), score: hypothesis.score, sourceTokens: read,
          tokens: hypothesis.tokens.map { target.vocabulary.tokens[$0] }
            + [target.vocabulary.tokens[SentenceEncoder.end]],
          attention: hypothesis.attention)
      }
    }
  }

  /// The tokens of each sentence, and what a search finds for it.
  ///
  /// - Parameter keepsAll: whether that may be more than the beam is wide.
  func hypotheses(
    of sentences: [String], _ options: TranslatorOptions, keepsAttention: Bool = false,
    keepsAll: Bool = false
  ) -> [(tokens: [Int], found: [BeamSearch.Hypothesis])] {
    let search = BeamSearch(models, options)
    var result = sentences.map { sentence in
      (
        tokens: sentence.isBlank
          ? [] : Array(source.ids(of: sentence).prefix(options.maximumLength)),
        found: [BeamSearch.Hypothesis]()
      )
    }
    let buckets = LengthBuckets(lengths: result.map(\.tokens.count), tokenBudget: 4096)
    let rows = result.indices.filter { !result[$0].tokens.isEmpty }
    for rows in buckets.batches(of: rows, size: max(1, 256 / options.beam)) {
      let found = search(
        rows.map { result[$0].tokens }, keepsAttention: keepsAttention, keepsAll: keepsAll)
      for (row, hypotheses) in zip(rows, found) { result[row].found = hypotheses }
    }
    return result
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Translator {
  public static func extras(
    in folder: ModelFolder.Contents<Configuration>
  ) throws(DataError) -> Languages {
    Languages(
      source: try folder.decoded("source.json"), target: try folder.decoded("target.json"))
  }

  public static func model(
    _ configuration: Configuration, _ languages: Languages,
    using generator: inout some RandomNumberGenerator
  ) -> TranslatorModel {
    TranslatorModel(
      sourceSize: configuration.sourceSize, targetSize: configuration.targetSize,
      options: configuration.options, using: &generator)
  }

  public static func problem(_ configuration: Configuration, _ languages: Languages) -> String? {
    for (name, size, encoder) in [
      ("source", configuration.sourceSize, languages.source),
      ("target", configuration.targetSize, languages.target),
    ] {
      if size != encoder.vocabulary.count {
        return "\(size) tokens of the \(name), but \(name).json has \(encoder.vocabulary.count)"
      }
      if !encoder.isValid { return "\(name).json is not made of byte pairs with start and end" }
    }
    if configuration.options.isJoint && languages.source != languages.target {
      return "the languages share their tokens, but source.json and target.json differ"
    }
    return configuration.evaluation?.network.chrF.problem
  }
}
