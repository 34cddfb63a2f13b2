import Recurrent
import RecurrentFiles

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
public struct SequenceTagger: Job {
  /// All of the model but words and weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with, with the scheme of the training part.
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
    /// The score of each network on the validation part; nil without one.
    public var validationScores: [Double?]
    /// Tags of the training part that break its scheme.
    public var repairs: Int
    /// The evaluation on the test part.
    public var evaluation: TaggerEvaluation?
    /// The precision that the weights were rounded to, and its cost; nil: they are as trained.
    public var rounding: Rounding?
    /// The data in words.
    public var trainedOn: String
  }

  /// Words, characters and what cuts raw text.
  public struct Words: JSONExtras {
    /// The file's name.
    public static let file = "words.json"

    /// The encoder of words: from words to numbers.
    public var encoder: WordEncoder
    /// Cuts raw text.
    public var tokenizer: SentenceTokenizer
    /// The language models that know each word in its sentence; in files of their own.
    public var languageModels: LanguageModels?
    /// Names; in a file of their own.
    public var lists: NameLists?

    private enum CodingKeys: CodingKey { case encoder, tokenizer }

    /// Words, characters, and what else there is of language models and lists.
    public var files: [(name: String, bytes: [UInt8])] {
      get throws(DataError) {
        var files = [(name: Self.file, bytes: try encodeJSON(self, file: Self.file))]
        if let languageModels { files += try languageModels.files }
        if let lists {
          files.append((NameLists.file, try encodeJSON(lists, file: NameLists.file)))
        }
        return files
      }
    }
  }

  /// The job's name in model folders.
  public static let task = "sequence-tagger"
  /// The word for one example in reports.
  public static let example = "sentence"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { min(options.maximumLength, 25) }

  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<SequenceTagger>
  let tagSet: TagSet
  /// The features of words, of all networks one after the other.
  let wordVectors = BoundedCache<String, [Float]>(capacity: 50_000) { $0.utf8.count <= 100 }
  /// The tokens of what stands between spaces.
  let chunks = BoundedCache<ExactText, [SentenceTokenizer.Token]>(capacity: 50_000) {
    $0.text.utf8.count <= 100
  }

  /// A model of its parts.
  public init(_ parts: JobParts<SequenceTagger>) {
    self.parts = parts
    tagSet = TagSet(parts.configuration)
  }

  /// Trains a tagger with the defaults; ``SequenceTaggerPlan`` has all options.
  ///
  /// - Throws: ``DataError`` if there are fewer than two tags; ``NonFiniteError`` if training runs
  ///   away.
  public static func train(
    on sentences: TaggedSentences, seed: UInt64 = 0, callbacks: [TrainingCallback] = []
  ) throws -> SequenceTagger {
    var options = SequenceTaggerOptions()
    options.seed = seed
    return try SequenceTaggerPlan(sentences, options: options).followingSize().train(
      callbacks: callbacks)
  }

  /// The encoder of words: from words to numbers.
  public var encoder: WordEncoder { extras.encoder }
  /// Cuts raw text.
  public var tokenizer: SentenceTokenizer { extras.tokenizer }

  /// How tags are written: as in the training part.
  public var scheme: TagScheme { options.scheme ?? .plain }

  /// How well it does on sentences whose tags are known.
  ///
  /// Tags that it was not trained on count as not found, and are told.
  ///
  /// - Throws: ``DataError`` if there are no sentences, or no tag that is one of the scheme.
  public func evaluate(on sentences: TaggedSentences) throws(DataError) -> TaggerEvaluation {
    guard !sentences.sentences.isEmpty else {
      throw DataError(file: sentences.source, problem: "there are no sentences in it")
    }
    try sentences.checkSomeTags(scheme)
    return evaluation(sentences, dictionary: nil)
  }

  func evaluation(
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
    let other = sentences.schemeOtherThan(scheme)
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
      repairs: sentences.violations(of: other ?? scheme), convertedFrom: other,
      cut: tokens.count { $0.count > options.maximumLength },
      unseen: sentences.unseen(tagSet))
  }
}

extension SequenceTagger.Configuration {
  func problem(with encoder: WordEncoder) -> String? {
    guard let scheme = options.scheme else { return "no scheme of its tags" }
    if tags.count < 2 || Set(tags).count != tags.count {
      return "tags \(tags.prefix(5)), expected at least two different ones"
    }
    if scheme != .plain, tags != TagSet(types: types).names {
      return "tags \(tags.prefix(5)), expected O and for each type B and I"
    }
    if vocabularySize != encoder.vocabulary.count || characterCount != encoder.characters.count {
      return "\(vocabularySize) words and \(characterCount) characters, but words.json has "
        + "\(encoder.vocabulary.count) and \(encoder.characters.count)"
    }
    if columns.token < 1 || columns.tag == 0 {
      return "columns \(columns.token) and \(columns.tag ?? 1), expected numbers from 1"
    }
    let scores =
      evaluation.map { [$0.network, $0.dictionary, $0.majority].compactMap(\.self) } ?? []
    return scores.lazy.compactMap(\.entities.problem).first
  }

  /// The types of chunks, in the order of their tags.
  var types: [String] {
    tags.compactMap { ChunkTag($0) }.filter { $0.position == .begin }.map(\.type)
  }
}

extension TagSet {
  /// The tags of a configuration.
  init(_ configuration: SequenceTagger.Configuration) {
    self.init(configuration.tags, scheme: configuration.options.scheme ?? .plain)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTagger {
  public static func model(
    _ configuration: Configuration, _ words: Words,
    using generator: inout some RandomNumberGenerator
  ) -> SequenceTaggerModel {
    SequenceTaggerModel(
      vocabularySize: configuration.vocabularySize, characterCount: configuration.characterCount,
      tags: TagSet(configuration), context: words.contextSize, options: configuration.options,
      using: &generator)
  }

  public static func extras(
    in folder: ModelFolder.Contents<Configuration>
  ) throws(DataError) -> Words {
    var words: Words = try folder.decoded(Words.file)
    words.languageModels = try LanguageModels(in: folder)
    if folder.extraFiles[NameLists.file] != nil {
      words.lists = try folder.decoded(NameLists.file)
    }
    return words
  }

  public static func problem(_ configuration: Configuration, _ words: Words) -> String? {
    configuration.problem(with: words.encoder) ?? words.lists?.problem
  }
}
