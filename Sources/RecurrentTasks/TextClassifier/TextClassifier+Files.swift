import Recurrent

extension TextClassifier {
  /// The task's name in model folders.
  public static let task = "text-classifier"
  private static let encoderFile = "tokenizer.json"

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
      to: path, task: Self.task, configuration: configuration, tensors: models.storedTensors,
      extraFiles: [(Self.encoderFile, try encodeJSON(encoder, file: Self.encoderFile))],
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    let encoder = try decodeJSON(
      TextEncoder.self, from: try contents.extraFile(Self.encoderFile),
      file: path + "/" + Self.encoderFile)
    if let problem = configuration.problem(with: encoder) {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    let options = configuration.options
    var shapes = ShapesOnly()
    var models = (0..<options.members).map { _ in
      TextClassifierModel(
        vocabularySize: configuration.vocabularySize, classCount: configuration.labels.count,
        options: options, using: &shapes)
    }
    try models.load(from: contents.weights, of: "the model in config.json")
    self.init(configuration: configuration, encoder: encoder, models: models)
  }
}

extension TextClassifier.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  func problem(with encoder: TextEncoder) -> String? {
    if let problem = options.problem { return problem }
    if labels.count < 2 || Set(labels).count != labels.count {
      return "labels \(labels.prefix(5)), expected at least two different ones"
    }
    if shares.count != labels.count {
      return "\(shares.count) shares for \(labels.count) classes"
    }
    if vocabularySize != encoder.vocabulary.count {
      return "a vocabulary of \(vocabularySize) tokens, but tokenizer.json has "
        + "\(encoder.vocabulary.count)"
    }
    if encoder.maximumLength < 1 {
      return "a maximum length of \(encoder.maximumLength), expected at least 1"
    }
    if (encoder.naiveBayes != nil) != options.naiveBayes {
      return options.naiveBayes
        ? "naive Bayes is on, but tokenizer.json has no word counts"
        : "naive Bayes is off, but tokenizer.json has word counts"
    }
    if let problem = encoder.naiveBayes?.problem(classCount: labels.count) { return problem }
    guard let evaluation else { return nil }
    if evaluation.labels.count != labels.count || evaluation.confusion.classes.count != labels.count
    {
      return "an evaluation of another number of classes"
    }
    return evaluation.confusion.problem ?? evaluation.calibration.problem
  }
}
