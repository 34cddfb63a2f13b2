import Recurrent

extension TextGenerator {
  /// The task's name in model folders.
  public static let task = "text-generator"
  private static let codeFile = "tokenizer.json"

  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration, tensors: model.storedTensors,
      extraFiles: [(Self.codeFile, try encodeJSON(code, file: Self.codeFile))],
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    let code = try decodeJSON(
      TextCode.self, from: try contents.extraFile(Self.codeFile), file: path + "/" + Self.codeFile)
    if let problem = configuration.problem(with: code) {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    var shapes = ShapesOnly()
    var model = TextGeneratorModel(
      vocabularySize: configuration.vocabularySize, options: configuration.options, using: &shapes)
    try model.load(from: contents.weights, of: "the model in config.json")
    self.init(configuration: configuration, code: code, model: model)
  }

  /// All but the weights' values, as text.
  public var summary: String {
    let lines = [
      "trained on  \(configuration.trainedOn)", "tokens      \(code.explanation)",
      "network     \(options.networkText); kernels: \(Kernels.name)",
      "training    Adam \(options.learningRate), decay \(options.decay.rawValue), "
        + "seed \(options.seed); \(configuration.epochs) epochs, weights of epoch "
        + "\(configuration.bestEpoch)", "",
    ]
    return lines.joined(separator: "\n")
      + "\n\(TextTable(parametersOf: model))\n\nOn the test part:\n\(report)"
  }
}

extension TextGenerator.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  func problem(with code: TextCode) -> String? {
    if let problem = options.problem { return problem }
    let kind = code.tokenizer.kind
    if kind != (options.tokens == .bpe ? .bpe : .character) {
      return "tokens are \(options.tokens.rawValue), but tokenizer.json has the kind \(kind)"
    }
    if vocabularySize != code.vocabulary.count {
      return "a vocabulary of \(vocabularySize) tokens, but tokenizer.json has "
        + "\(code.vocabulary.count)"
    }
    if code.vocabulary.specialCount != 1 || vocabularySize < 2 {
      return "a vocabulary of \(vocabularySize) tokens, \(code.vocabulary.specialCount) of them "
        + "special, expected the unknown token and at least one other"
    }
    return nil
  }
}

extension TextCode {
  /// Tokens and vocabulary in words.
  var explanation: String {
    let kind = tokenizer.kind == .bpe ? "parts of words (bpe)" : "characters"
    return "\(kind), vocabulary \(NumberFormat.grouped(vocabulary.count))"
  }
}

extension TextGeneratorOptions {
  /// The network in words.
  var networkText: String {
    "\(cell.rawValue.uppercased()), \(layers == 1 ? "1 layer" : "\(layers) layers") of "
      + "\(hiddenSize) units on vectors of \(embeddingSize), dropout \(dropout)"
  }
}
