import Recurrent

/// A trained text classifier: its networks and all that prediction needs.
///
/// ```swift
/// let reviews = try LabeledTexts.read(["good.txt", "bad.txt"])
/// let classifier = try TextClassifier.train(on: reviews, seed: 1)
/// print(classifier.report)                          // on texts that training never saw
/// print(classifier.classify("a quiet delight").label)
/// try classifier.save(to: "model")
/// ```
public struct TextClassifier: Job {
  /// All of the model but tokenizer, vocabulary and weights.
  public struct Configuration: JobConfiguration {
    /// The options that the model was trained with.
    public var options: TextClassifierOptions
    /// The labels; their places are the classes.
    public var labels: [String]
    /// The share of each class in the training part.
    public var shares: [Double]
    /// Tokens of the vocabulary.
    public var vocabularySize: Int
    /// The columns of text and label, if the model was trained on a table.
    public var columns: TextColumns?
    /// The epoch whose weights each network has.
    public var bestEpochs: [Int]
    /// The evaluation on the test part.
    public var evaluation: ClassifierEvaluation?
    /// The precision that the weights were rounded to, and its cost; nil: they are as trained.
    public var rounding: Rounding?
    /// The data in words.
    public var trainedOn: String
  }

  /// The class of a text, with probabilities.
  public struct Answer: Sendable, Equatable {
    /// The likeliest class.
    public var label: String
    /// The probability of the class, 0 to 1.
    public var probability: Float
    /// The probabilities of all classes, in the order of ``TextClassifier/labels``.
    public var probabilities: [Float]
  }

  /// The job's name in model folders.
  public static let task = "text-classifier"
  /// The word for one example in reports.
  public static let example = "text"
  /// Steps of an example, where its costs are counted.
  public var typicalSteps: Int { min(options.maximumLength, 100) }
  /// The configuration, extras and networks, from which everything follows.
  public var parts: JobParts<TextClassifier>
  /// A model of its parts.
  public init(_ parts: JobParts<TextClassifier>) { self.parts = parts }

  /// Trains a classifier with the defaults; ``TextClassifierPlan`` has all options.
  ///
  /// - Throws: ``DataError`` if there are fewer than two classes; ``NonFiniteError`` if training runs
  ///   away.
  public static func train(
    on texts: LabeledTexts, seed: UInt64 = 0, callbacks: [TrainingCallback] = []
  ) throws -> TextClassifier {
    var options = TextClassifierOptions()
    options.seed = seed
    return try TextClassifierPlan(texts, options: options).followingSize().train(
      callbacks: callbacks)
  }

  /// The encoder of texts: from texts to numbers.
  public var encoder: TextEncoder { extras }
  /// The labels; their places are the classes.
  public var labels: [String] { configuration.labels }

  /// The class of one text.
  public func classify(_ text: String) -> Answer { classify([text])[0] }

  /// What is said about texts: about each the same, to the bit, whatever stands beside it.
  public func classify(_ texts: [String]) -> [Answer] {
    probabilities(of: texts.map { encoder.encoded(encoder.tokens(in: $0)) }).map { row in
      let best = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      return Answer(label: labels[best], probability: row[best], probabilities: row)
    }
  }

  /// The probabilities of the classes, `[N][C]`.
  func probabilities(of texts: [EncodedText]) -> [[Float]] {
    let buckets = LengthBuckets(lengths: texts.map(\.tokens.count), tokenBudget: 8192)
    var result = [[Float]](repeating: [], count: texts.count)
    for rows in buckets.batches(of: Array(texts.indices), size: 256) {
      let batch = encoder.batch(rows.map { texts[$0] })
      var sum = models[0](batch).softmax()
      for model in models.dropFirst() { sum = sum + model(batch).softmax() }
      let mean = (models.count > 1 ? sum * (1 / Float(models.count)) : sum).elements
      for (place, row) in rows.enumerated() {
        result[row] = Array(mean[place * labels.count..<(place + 1) * labels.count])
      }
    }
    return result
  }

  /// How well it does on texts whose class is known. Those with a label that it was not trained on are
  /// counted and left out.
  ///
  /// - Throws: ``DataError`` if there are no texts, or none with a label that it knows.
  public func evaluate(on texts: LabeledTexts) throws(DataError) -> ClassifierEvaluation {
    guard !texts.examples.isEmpty else {
      throw DataError(file: texts.source, problem: "there are no texts in it")
    }
    let (known, others) = try texts.known(labels, unit: "texts")
    var evaluation = evaluation(known, bagOfWords: encoder.naiveBayes)
    evaluation.unknown = others
    return evaluation
  }

  func evaluation(
    _ texts: LabeledTexts, bagOfWords: NaiveBayes?
  ) -> ClassifierEvaluation {
    let actual = texts.classes(labels)
    var probabilities: [[Float]] = []
    var counted: [Int] = []
    var (tokenCount, unknown, truncated, empty) = (0, 0, 0, 0)
    // Some at a time: all together may be more than the memory holds.
    for start in stride(from: 0, to: texts.examples.count, by: 4096) {
      let all = texts.examples[start..<min(start + 4096, texts.examples.count)].map {
        encoder.tokenizer.tokens(in: $0.text)
      }
      let read = all.map(encoder.kept)
      let encoded = read.map(encoder.encoded)
      probabilities += self.probabilities(of: encoded)
      if let bagOfWords { counted += read.map(bagOfWords.predict) }
      truncated += zip(all, read).count { $0.count > $1.count }
      empty += read.count { $0.isEmpty }
      tokenCount += read.reduce(0) { $0 + $1.count }
      unknown += encoded.reduce(0) { sum, text in
        sum + text.tokens.count { $0 == encoder.vocabulary.unknown }
      }
    }
    func matrix(_ predicted: [Int]) -> ConfusionMatrix {
      ConfusionMatrix(classes: labels, actual: actual, predicted: predicted)
    }
    let chosen = probabilities.map { row in
      row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
    }
    let shares = configuration.shares
    let frequent = shares.indices.reduce(0) { shares[$1] > shares[$0] ? $1 : $0 }
    return ClassifierEvaluation(
      labels: labels, confusion: matrix(chosen),
      calibration: Calibration(probabilities: probabilities, actual: actual),
      majority: .init(matrix(actual.map { _ in frequent })),
      bagOfWords: bagOfWords.map { _ in .init(matrix(counted)) },
      truncated: truncated, empty: empty,
      unknownShare: Double(unknown) / Double(max(1, tokenCount)))
  }
}

extension TextClassifier.Configuration {
  func problem(with encoder: TextEncoder) -> String? {
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

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifier {
  public static func model(
    _ configuration: Configuration, _ encoder: TextEncoder,
    using generator: inout some RandomNumberGenerator
  ) -> TextClassifierModel {
    TextClassifierModel(
      vocabularySize: configuration.vocabularySize, classCount: configuration.labels.count,
      options: configuration.options, using: &generator)
  }

  public static func problem(_ configuration: Configuration, _ encoder: TextEncoder) -> String? {
    configuration.problem(with: encoder)
  }
}
