import Recurrent

extension Translator {
  /// The task's name in model folders.
  public static let task = "translator"
  private static let sourceFile = "source.json"
  private static let targetFile = "target.json"

  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model; reading the model does not
  ///   look at them.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration, tensors: model.storedTensors,
      extraFiles: [
        (Self.sourceFile, try encodeJSON(source, file: Self.sourceFile)),
        (Self.targetFile, try encodeJSON(target, file: Self.targetFile)),
      ],
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    func encoder(_ name: String) throws(DataError) -> SentenceEncoder {
      try decodeJSON(
        SentenceEncoder.self, from: try contents.extraFile(name), file: path + "/" + name)
    }
    let (source, target) = (try encoder(Self.sourceFile), try encoder(Self.targetFile))
    if let problem = configuration.problem(source: source, target: target) {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    var shapes = ShapesOnly()
    var model = TranslatorModel(
      sourceSize: configuration.sourceSize, targetSize: configuration.targetSize,
      options: configuration.options, using: &shapes)
    try model.load(from: contents.weights, of: "the model in config.json")
    self.init(configuration: configuration, source: source, target: target, model: model)
  }
}

extension Translator.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  func problem(source: SentenceEncoder, target: SentenceEncoder) -> String? {
    if let problem = options.problem { return problem }
    for (name, size, encoder) in [("source", sourceSize, source), ("target", targetSize, target)] {
      if size != encoder.vocabulary.count {
        return "\(size) tokens of the \(name), but \(name).json has \(encoder.vocabulary.count)"
      }
      if !encoder.isValid { return "\(name).json is not made of byte pairs with start and end" }
    }
    return evaluation?.network.chrF.problem
  }
}
