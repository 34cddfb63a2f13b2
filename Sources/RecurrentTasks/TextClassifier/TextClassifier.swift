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
public struct TextClassifier: Sendable {
  /// All but tokenizer, vocabulary and weights.
  public struct Configuration: Sendable, Codable, Equatable {
    /// How it was made.
    public var options: TextClassifierOptions
    /// The labels; their places are the classes.
    public var labels: [String]
    /// The share of each class in the training part.
    public var shares: [Double]
    /// Tokens of the vocabulary.
    public var vocabularySize: Int
    /// Where tables hold text and label, if it was trained on one.
    public var columns: TextColumns?
    /// The epoch whose weights each network has.
    public var bestEpochs: [Int]
    /// How the test part went.
    public var evaluation: ClassifierEvaluation?
    /// The data in words.
    public var trainedOn: String
  }

  /// What is said about a text.
  public struct Answer: Sendable, Equatable {
    /// The likeliest class.
    public var label: String
    /// Its probability.
    public var probability: Float
    /// Those of all classes, in the order of ``TextClassifier/labels``.
    public var probabilities: [Float]
  }

  /// All but tokenizer, vocabulary and weights.
  public internal(set) var configuration: Configuration
  /// From texts to numbers.
  public let encoder: TextEncoder
  /// The networks, whose probabilities are averaged.
  public let models: [TextClassifierModel]
  /// Epoch by epoch, for each network; empty after loading.
  public let histories: [TrainingHistory]

  /// Trains a classifier with the defaults; ``TextClassifierPlan`` has all options.
  ///
  /// - Throws: ``DataError`` if there are fewer than two classes; ``NonFiniteError`` if training runs
  ///   away.
  public static func train(on texts: LabeledTexts, seed: UInt64 = 0) throws -> TextClassifier {
    var options = TextClassifierOptions()
    options.seed = seed
    return try TextClassifierPlan(texts, options: options).train()
  }

  init(plan: TextClassifierPlan, models: [TextClassifierModel], histories: [TrainingHistory]) {
    self.models = models
    self.histories = histories
    var encoder = plan.encoder
    var naiveBayes: NaiveBayes?
    if plan.options.naiveBayes || !plan.test.examples.isEmpty {
      // Counting needs no part of its own to judge it: now the validation part counts too.
      let known = LabeledTexts(plan.training.examples + plan.validation.examples)
      naiveBayes = NaiveBayes(
        tokens: known.examples.map { encoder.tokens(in: $0.text) },
        classes: known.classes(plan.labels), classCount: plan.labels.count)
    }
    if plan.options.naiveBayes { encoder.naiveBayes = naiveBayes }
    self.encoder = encoder
    let classes = plan.training.classes(plan.labels)
    configuration = Configuration(
      options: plan.options, labels: plan.labels,
      shares: plan.labels.indices.map { index in
        Double(classes.count { $0 == index }) / Double(classes.count)
      },
      vocabularySize: plan.encoder.vocabulary.count, columns: plan.training.columns,
      bestEpochs: histories.map { $0.best?.epoch ?? 0 },
      trainedOn: "\(plan.training.source), \(plan.training.examples.count) texts")
    guard !plan.test.examples.isEmpty else { return }
    configuration.evaluation = evaluation(plan.test, bagOfWords: naiveBayes)
  }

  init(configuration: Configuration, encoder: TextEncoder, models: [TextClassifierModel]) {
    self.configuration = configuration
    self.encoder = encoder
    self.models = models
    histories = []
  }

  /// The labels; their places are the classes.
  public var labels: [String] { configuration.labels }

  /// The options.
  public var options: TextClassifierOptions { configuration.options }

  /// How the test part went, as text.
  public var report: String {
    configuration.evaluation?.description ?? "There was no test part (test fraction 0)."
  }

  /// What is said about one text.
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

  /// How well it does on texts whose class is known.
  ///
  /// - Throws: ``DataError`` for a label that it was not trained on.
  public func evaluate(on texts: LabeledTexts) throws(DataError) -> ClassifierEvaluation {
    guard !texts.examples.isEmpty else {
      throw DataError(file: texts.source, problem: "there are no texts in it")
    }
    try texts.checkLabels(labels)
    return evaluation(texts, bagOfWords: encoder.naiveBayes)
  }

  private func evaluation(
    _ texts: LabeledTexts, bagOfWords: NaiveBayes?
  ) -> ClassifierEvaluation {
    let actual = texts.classes(labels)
    let all = texts.examples.map { encoder.tokenizer.tokens(in: $0.text) }
    let read = texts.examples.map { encoder.tokens(in: $0.text) }
    let encoded = read.map { encoder.encoded($0) }
    let probabilities = probabilities(of: encoded)
    func matrix(_ predicted: [Int]) -> ConfusionMatrix {
      ConfusionMatrix(classes: labels, actual: actual, predicted: predicted)
    }
    let chosen = probabilities.map { row in
      row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
    }
    let shares = configuration.shares
    let frequent = shares.indices.reduce(0) { shares[$1] > shares[$0] ? $1 : $0 }
    let tokenCount = read.reduce(0) { $0 + $1.count }
    let unknown = encoded.reduce(0) { sum, text in
      sum + text.tokens.count { $0 == encoder.vocabulary.unknown }
    }
    return ClassifierEvaluation(
      labels: labels, confusion: matrix(chosen),
      calibration: Calibration(probabilities: probabilities, actual: actual),
      majority: .init(matrix(actual.map { _ in frequent })),
      bagOfWords: bagOfWords.map { bag in .init(matrix(read.map(bag.predict))) },
      truncated: zip(all, read).count { $0.count > $1.count },
      empty: read.count { $0.isEmpty },
      unknownShare: Double(unknown) / Double(max(1, tokenCount)))
  }
}
