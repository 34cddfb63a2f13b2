import Recurrent

/// Everything about a text classifier that is fixed before training starts: the parts of the data,
/// tokenizer, vocabulary and classes.
///
/// Tokenizer and vocabulary are made here, from the training part alone.
public struct TextClassifierPlan: JobPlan {
  /// The options.
  public var options: TextClassifierOptions
  /// The model that training goes on from.
  public let origin: TextClassifier?
  /// The labels; their places are the classes.
  public let labels: [String]
  /// The texts that networks learn from.
  public let training: LabeledTexts
  /// The texts that judge each epoch.
  public let validation: LabeledTexts
  /// The texts that only the report sees.
  public let test: LabeledTexts
  /// Texts of parts of their own that have a label training does not have, and are left out.
  let unknown: (validation: UnknownLabels?, test: UnknownLabels?)
  /// The encoder of texts.
  public let extras: TextEncoder
  /// The training part, as the network reads it.
  let trainingTexts: EncodedTexts
  let validationTexts: EncodedTexts
  /// Bytes of texts and tokens that lie in temporary files.
  let diskSize: Int
  /// Vectors trained elsewhere that the embedding starts from, and for how many tokens.
  public let vectors: StartingVectors?

  /// Plans a classifier.
  ///
  /// - Parameters:
  ///   - texts: Training part, and what is not given as parts of their own.
  ///   - validation: A validation part, instead of a share of the texts.
  ///   - test: A test part, instead of a share of the texts.
  ///   - vectors: A file of word vectors for the embedding to start from.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, if there are fewer
  ///   than two classes, too few texts of one, a label that the model does not have, no label in another
  ///   part that training has, or vectors of another width.
  public init(
    _ texts: LabeledTexts, validation: LabeledTexts? = nil, test: LabeledTexts? = nil,
    options: TextClassifierOptions = TextClassifierOptions(), vectors: String? = nil,
    from model: TextClassifier? = nil
  ) throws(DataError) {
    try self.init(
      texts, validation: validation, test: test, options: options, vectors: vectors, from: model,
      mostKept: TokenFile.mostKept)
  }

  /// - Parameter mostKept: tokens of a part that are kept in memory.
  init(
    _ texts: LabeledTexts, validation: LabeledTexts? = nil, test: LabeledTexts? = nil,
    options: TextClassifierOptions, vectors: String? = nil, from model: TextClassifier? = nil,
    mostKept: Int
  ) throws(DataError) {
    let options = try options.settled(from: model, vectors: vectors)
    self.options = options
    origin = model
    labels = model?.labels ?? texts.labels
    guard !texts.examples.isEmpty else {
      throw DataError(file: texts.source, problem: "there are no texts in it")
    }
    if model == nil { try Self.check(texts, labels) }
    if case .given(let weights) = options.classWeights {
      for label in weights.keys.sorted() where !labels.contains(label) {
        throw DataError(
          file: "the class weights",
          problem: "name a class \(quoted(label)) that the texts do not have",
          advice: "The classes are \(listed(labels.map(quoted)))")
      }
    }
    try texts.checkLabels(labels)
    let known = labels
    let validation = try validation.map { part throws(DataError) in
      try part.known(known, unit: "validation texts")
    }
    let test = try test.map { part throws(DataError) in try part.known(known, unit: "test texts") }
    unknown = (validation?.others, test?.others)
    let split = TextSplit(
      texts, labels: labels, options: options, splitsValidation: validation == nil,
      splitsTest: test == nil)
    training = split.training
    self.validation = validation?.texts ?? split.validation
    self.test = test?.texts ?? split.test
    let found = Set(training.examples.map(\.label))
    guard model == nil ? found.count == labels.count : !found.isEmpty else {
      throw DataError(
        file: texts.source, problem: "a class has no text left in the training part",
        advice: "Bring more texts of each class, or use a smaller test or validation fraction")
    }
    var starting: StartingVectors?
    var encoder =
      if let model { model.encoder } else {
        try TextEncoder(
          learningFrom: training.examples.lazy.map(\.text), options: options, vectors: vectors,
          reading: &starting)
      }
    self.vectors = starting
    let classes = training.classes(labels)
    if options.naiveBayes, model == nil {
      encoder.naiveBayes = NaiveBayes(
        tokens: encoder.tokens(of: training.examples), classes: classes, classCount: labels.count)
    }
    extras = encoder
    trainingTexts = try EncodedTexts(
      training.examples, by: encoder, leavingOut: model == nil ? classes : nil, mostKept: mostKept)
    validationTexts = try EncodedTexts(
      self.validation.examples, by: encoder, leavingOut: nil, mostKept: mostKept)
    diskSize =
      texts.diskSize + (validation?.texts.diskSize ?? 0) + (test?.texts.diskSize ?? 0)
      + trainingTexts.fileSize + validationTexts.fileSize
  }

  /// The encoder of texts.
  public var encoder: TextEncoder { extras }

  private static func check(_ texts: LabeledTexts, _ labels: [String]) throws(DataError) {
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
        advice: "Expected classes, with several texts each; if another column has the labels, say "
          + "--label")
    }
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

  /// Counts naive Bayes again, unless it is that of another training, and how the test part goes.
  public func complete(_ classifier: inout TextClassifier) {
    guard options.naiveBayes || !test.examples.isEmpty else { return }
    // Counting needs no part of its own to judge it: now the validation part counts too.
    let known = LabeledTexts(training.examples + validation.examples)
    let naiveBayes = NaiveBayes(
      tokens: encoder.tokens(of: known.examples), classes: known.classes(labels),
      classCount: labels.count)
    if options.naiveBayes, origin == nil { classifier.parts.extras.naiveBayes = naiveBayes }
    guard !test.examples.isEmpty else { return }
    classifier.configuration.evaluation = classifier.evaluation(test, bagOfWords: naiveBayes)
    classifier.configuration.evaluation?.unknown = unknown.test
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifierPlan {
  public var trainingExamples: TextExamples {
    TextExamples(
      trainingTexts, classes: training.classes(labels), encoder: encoder,
      tokenBudget: options.tokenBudget)
  }

  public var validationExamples: TextExamples {
    TextExamples(
      validationTexts, classes: validation.classes(labels), encoder: encoder,
      tokenBudget: options.tokenBudget)
  }

  public var size: (count: Int, unit: String) { (training.examples.count, "texts") }

  public func trainer(
    of model: TextClassifierModel, member: Int
  ) -> Trainer<TextClassifierModel, Adam, TextExamples> {
    let (smoothing, weights) = (options.labelSmoothing, classWeights)
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: options.training(member: member)
    ) { model, batch, mode in
      categoricalCrossEntropy(
        logits: model(batch.texts, mode: mode), classes: batch.classes,
        labelSmoothing: smoothing, classWeights: weights)
    }
  }

  public func prepared(_ model: TextClassifierModel) -> TextClassifierModel {
    var model = model
    if let vectors { model.embedding = vectors.replacing(model.embedding, for: encoder.vocabulary) }
    return model
  }

  public func configuration(after histories: [TrainingHistory]) -> TextClassifier.Configuration {
    let classes = training.classes(labels)
    return TextClassifier.Configuration(
      options: options, labels: labels,
      shares: labels.indices.map { index in
        Double(classes.count { $0 == index }) / Double(classes.count)
      },
      vocabularySize: encoder.vocabulary.count, columns: training.columns,
      bestEpochs: histories.map { $0.best?.epoch ?? 0 },
      trainedOn: "\(training.source), \(training.examples.count) texts")
  }
}
