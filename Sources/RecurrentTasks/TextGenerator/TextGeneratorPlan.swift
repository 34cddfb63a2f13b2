import Recurrent

/// Everything about a text generator that is fixed before training starts: the parts of the text,
/// and its tokens, which are learned from the training part alone.
public struct TextGeneratorPlan: Sendable {
  /// The options.
  public let options: TextGeneratorOptions
  /// The beginning of the text: what training sees.
  public let training: Substring
  /// What comes after it: what judges each epoch.
  public let validation: Substring
  /// The end: what only the report sees.
  public let test: Substring
  /// The tokens.
  public let code: TextCode
  let source: String
  let trainingTokens: CodedText
  let validationTokens: CodedText

  /// Plans a generator of texts like `files`, which are read one after the other as one text.
  ///
  /// - Throws: ``DataError`` if the options break a rule, if there is no text, it is one character
  ///   again and again, or its training part is shorter than a window of `options.steps` tokens.
  public init(
    _ files: [TextFile], options: TextGeneratorOptions = TextGeneratorOptions()
  ) throws(DataError) {
    try require(options.problem, of: "the options")
    self.options = options
    source = files.map(\.source).joined(separator: ", ")
    let text = files.map(\.text).joined()
    guard !text.isEmpty else {
      throw DataError(file: source, problem: "there is no text in it")
    }
    let count = text.count
    let testStart = Int(Double(count) * (1 - options.testFraction))
    let validationStart = Int(Double(testStart) * (1 - options.validationFraction))
    let first = text.index(text.startIndex, offsetBy: validationStart)
    let second = text.index(first, offsetBy: testStart - validationStart)
    (training, validation, test) = (text[..<first], text[first..<second], text[second...])
    guard Set(training.prefix(1)) != Set(training) else {
      throw DataError(
        file: source,
        problem: training.isEmpty
          ? "the training part is empty"
          : "all \(training.count) characters of the training part are "
            + "\"\(training.prefix(1).debugText)\", so there is nothing to learn",
        advice: "Bring more text")
    }
    code = TextCode(learningFrom: String(training), options: options)
    trainingTokens = CodedText(code.ids(of: String(training)), after: code.start)
    validationTokens = CodedText(code.ids(of: String(validation)), after: code.start)
    let found = trainingTokens.targets.count
    guard found >= options.steps else {
      throw DataError(
        file: source,
        problem: "found \(found) tokens in the training part, expected at least the "
          + "\(options.steps) of a window",
        advice: "Bring more text, or say --steps \(max(1, found / 2))")
    }
  }

  private var examples: StreamExamples<TokenBatch, TokenBatch> {
    trainingTokens.streams(options.streams, steps: options.steps)
  }

  /// Tokens that an epoch trains on.
  public var tokensPerEpoch: Int { examples.targets.lengths.reduce(0, +) }

  /// Trains the network by truncated backpropagation through time.
  ///
  /// - Throws: ``NonFiniteError`` if training runs away in its first epoch; later, what was learned
  ///   before is kept.
  public func train(callbacks: [TrainingCallback] = []) throws(NonFiniteError) -> TextGenerator {
    var generator = RandomGenerator(RandomKey(seed: options.seed).child(-1))
    let model = TextGeneratorModel(
      vocabularySize: code.vocabulary.count, options: options, using: &generator)
    let judges =
      validationTokens.targets.isEmpty
      ? nil : validationTokens.streams(options.streams, steps: options.steps)
    var trainer = Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: TrainingOptions(
        epochs: options.epochs, seed: options.seed, clipping: .norm(options.clipping),
        schedule: options.schedule, earlyStopping: EarlyStopping(patience: options.patience)),
      onStreams: StreamExamples<TokenBatch, TokenBatch>.self
    ) { outputs, targets in outputs.loss(targets) }
    try trainer.runKeepingBest(
      on: examples, validation: judges, callbacks: callbacks)
    return TextGenerator(
      plan: self, model: trainer.bestModel, history: trainer.state.history)
  }
}

extension TextGeneratorPlan: CustomStringConvertible {
  /// Parts, tokens, streams and network, as lines.
  public var description: String {
    let examples = examples
    func size(_ part: Substring) -> String { NumberFormat.grouped(part.count) + " characters" }
    func share(_ fraction: Double) -> String { "\(NumberFormat.fixed(100 * fraction, 1)) %" }
    var shapes = ShapesOnly()
    let count = TextGeneratorModel(
      vocabularySize: code.vocabulary.count, options: options, using: &shapes
    ).parameterCount
    return [
      "training    \(size(training))",
      "validation  \(size(validation)), the last \(share(options.validationFraction)) before the test part",
      "test        \(size(test)), the last \(share(options.testFraction))",
      "tokens      \(code.explanation); "
        + "\(NumberFormat.grouped(trainingTokens.targets.count)) in the training part",
      "streams     \(examples.targets.batchSize) of \(examples.targets.time) tokens, "
        + "\(options.steps) an update",
      "network     \(options.networkText), \(NumberFormat.grouped(count)) weights",
    ].joined(separator: "\n")
  }
}

extension StringProtocol {
  /// With line ends and the like as they are written in code.
  var debugText: String { String(String(self).debugDescription.dropFirst().dropLast()) }
}
