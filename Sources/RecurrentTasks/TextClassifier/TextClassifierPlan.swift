import Recurrent

/// Everything about a text classifier that is fixed before training starts: the parts of the data,
/// tokenizer, vocabulary and classes.
///
/// Tokenizer and vocabulary are made here, from the training part alone.
public struct TextClassifierPlan: Sendable {
  /// The options.
  public let options: TextClassifierOptions
  /// The labels; their places are the classes.
  public let labels: [String]
  /// What training sees.
  public let training: LabeledTexts
  /// What judges each epoch.
  public let validation: LabeledTexts
  /// What only the report sees.
  public let test: LabeledTexts
  /// The encoder of texts.
  public let encoder: TextEncoder
  /// Tokens of each text of the training part that are read.
  let trainingLengths: [Int]
  /// Vectors trained elsewhere that the embedding starts from, and for how many tokens.
  public let vectors: (table: WordVectors, path: String)?

  /// Plans a classifier.
  ///
  /// - Parameters:
  ///   - texts: Training part, and what is not given as parts of their own.
  ///   - validation: A validation part, instead of a share of the texts.
  ///   - test: A test part, instead of a share of the texts.
  ///   - vectors: A file of word vectors for the embedding to start from.
  /// - Throws: ``DataError`` if the options break a rule, if there are fewer than two classes, too few
  ///   texts of one, a label in another part that training does not have, or vectors of another width.
  public init(
    _ texts: LabeledTexts, validation: LabeledTexts? = nil, test: LabeledTexts? = nil,
    options: TextClassifierOptions = TextClassifierOptions(), vectors: String? = nil
  ) throws(DataError) {
    try require(options.problem, of: "the options")
    self.options = options
    labels = texts.labels
    try Self.check(texts, labels)
    for part in [validation, test] { try part?.checkLabels(labels) }
    let split = TextSplit(
      texts, labels: labels, options: options, splitsValidation: validation == nil,
      splitsTest: test == nil)
    training = split.training
    self.validation = validation ?? split.validation
    self.test = test ?? split.test
    guard Set(training.examples.map(\.label)).count == labels.count else {
      throw DataError(
        file: texts.source, problem: "a class has no text left in the training part",
        advice: "Bring more texts of each class, or use a smaller test or validation fraction")
    }
    var encoder = TextEncoder(learningFrom: training.examples.map(\.text), options: options)
    let tokens = training.examples.map { encoder.tokens(in: $0.text) }
    trainingLengths = tokens.map(\.count)
    if options.naiveBayes {
      encoder.naiveBayes = NaiveBayes(
        tokens: tokens, classes: training.classes(labels), classCount: labels.count)
    }
    self.encoder = encoder
    guard let vectors else {
      self.vectors = nil
      return
    }
    let vocabulary = encoder.vocabulary
    let table = try WordVectors(vectors) { vocabulary.contains($0) }
    guard table.size == options.embeddingSize else {
      throw DataError(
        file: vectors,
        problem: "found vectors of \(table.size) numbers, expected \(options.embeddingSize)",
        advice: "Say --embedding \(table.size)")
    }
    self.vectors = (table, vectors)
  }

  private static func check(_ texts: LabeledTexts, _ labels: [String]) throws(DataError) {
    if texts.examples.isEmpty {
      throw DataError(file: texts.source, problem: "there are no texts in it")
    }
    guard labels.count >= 2 else {
      throw DataError(
        file: texts.source,
        problem: "all \(texts.examples.count) texts have the label \"\(labels[0].prefix(40))\"",
        advice: "A classifier needs texts of at least two classes")
    }
    guard labels.count <= 10_000, labels.count * 2 <= texts.examples.count else {
      throw DataError(
        file: texts.source,
        problem: "found \(labels.count) different labels on \(texts.examples.count) texts",
        advice: "Expected classes, with several texts each; is another column that of the labels?")
    }
  }

  private func examples(_ part: LabeledTexts, areCounted: Bool = false) -> TextExamples {
    let classes = part.classes(labels)
    return TextExamples(
      zip(part.examples, classes).map { example, index in
        encoder.encoded(
          encoder.tokens(in: example.text), leavingOut: areCounted ? index : nil)
      }, classes: classes, encoder: encoder, tokenBudget: options.tokenBudget)
  }

  /// How much each class counts in the loss; nil: all the same.
  var classWeights: [Float]? {
    switch options.classWeights {
    case .none: return nil
    case .given(let weights): return labels.map { weights[$0] ?? 1 }
    case .balanced:
      var counts = Array(repeating: 0, count: labels.count)
      for index in training.classes(labels) { counts[index] += 1 }
      return counts.map {
        Float(training.examples.count) / Float(labels.count * max(1, $0))
      }
    }
  }

  /// A network before training.
  func model(member: Int) -> TextClassifierModel {
    var generator = RandomGenerator(RandomKey(seed: options.seed).child(-1).child(member))
    var model = TextClassifierModel(
      vocabularySize: encoder.vocabulary.count, classCount: labels.count, options: options,
      using: &generator)
    if let vectors {
      let table = vectors.table.replacing(model.embedding.weights, for: encoder.vocabulary).table
      model.embedding = Embedding(weights: table)
    }
    return model
  }

  /// Trains the networks.
  ///
  /// - Throws: ``NonFiniteError`` if training runs away in its first epoch.
  public func train(callbacks: [EnsembleCallback] = []) throws(NonFiniteError) -> TextClassifier {
    let smoothing = options.labelSmoothing
    let weights = classWeights
    let training = examples(training, areCounted: true)
    let validation = examples(validation)
    var models: [TextClassifierModel] = []
    var histories: [TrainingHistory] = []
    for member in 0..<options.members {
      var trainer = Trainer(
        model(member: member), optimizer: Adam(learningRate: options.learningRate),
        options: TrainingOptions(
          epochs: options.epochs, batchSize: options.batchSize,
          seed: options.seed &+ UInt64(member) &* 0x9E37_79B9,
          earlyStopping: EarlyStopping(patience: options.patience)),
        on: TextExamples.self
      ) { model, batch, mode in
        categoricalCrossEntropy(
          logits: model(batch.texts, mode: mode), classes: batch.classes,
          labelSmoothing: smoothing, classWeights: weights)
      }
      try trainer.runKeepingBest(
        on: training, validation: validation,
        callbacks: callbacks.map { callback in { callback(member + 1, $0, $1) } })
      models.append(trainer.bestModel)
      histories.append(trainer.state.history)
    }
    return TextClassifier(plan: self, models: models, histories: histories)
  }
}
