import Recurrent

extension SequenceTagger {
  /// The task's name in model folders.
  public static let task = "sequence-tagger"
  private static let wordsFile = "words.json"

  /// Words, characters and what cuts raw text.
  private struct Words: Codable {
    var encoder: WordEncoder
    var tokenizer: SentenceTokenizer
  }

  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model; reading the model does not
  ///   look at them.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    let words = Words(encoder: encoder, tokenizer: tokenizer)
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration, tensors: models.storedTensors,
      extraFiles: [(Self.wordsFile, try encodeJSON(words, file: Self.wordsFile))],
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    let words = try decodeJSON(
      Words.self, from: try contents.extraFile(Self.wordsFile), file: path + "/" + Self.wordsFile)
    if let problem = configuration.problem(with: words.encoder) {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    let options = configuration.options
    let tags = TagSet(configuration.tags, scheme: options.scheme ?? .plain)
    var shapes = ShapesOnly()
    var models = (0..<options.members).map { _ in
      SequenceTaggerModel(
        vocabularySize: configuration.vocabularySize, characterCount: configuration.characterCount,
        tags: tags, options: options, using: &shapes)
    }
    try models.load(from: contents.weights, of: "the model in config.json")
    self.init(
      configuration: configuration, encoder: words.encoder, tokenizer: words.tokenizer,
      models: models)
  }
}

extension SequenceTagger.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  func problem(with encoder: WordEncoder) -> String? {
    if let problem = options.problem { return problem }
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
