import Recurrent

/// Everything about a translator that is fixed before training starts: the parts of the data, and
/// the tokens of both languages, which are learned here, from the training part alone.
public struct TranslatorPlan: Sendable {
  /// The options.
  public let options: TranslatorOptions
  /// What training sees.
  public let training: SentencePairs
  /// What judges each epoch.
  public let dev: SentencePairs
  /// What only the report sees.
  public let test: SentencePairs
  /// The language that is read.
  public let source: SentenceEncoder
  /// The language that is written.
  public let target: SentenceEncoder
  /// Training pairs that were left out because a side has more tokens than the maximum.
  public let tooLong: Int
  private let trainingExamples: TranslationExamples

  /// Plans a translator.
  ///
  /// - Parameters:
  ///   - pairs: Training part, and what is not given as parts of their own.
  ///   - dev: A dev part, instead of a share of the sentences.
  ///   - test: A test part, instead of a share of the sentences.
  /// - Throws: ``DataError`` if the options break a rule, or no pair is left to train on.
  public init(
    _ pairs: SentencePairs, dev: SentencePairs? = nil, test: SentencePairs? = nil,
    options: TranslatorOptions = TranslatorOptions()
  ) throws(DataError) {
    try require(options.problem, of: "the options")
    self.options = options
    let split = Self.split(
      pairs, options, splitsDev: dev == nil, splitsTest: test == nil)
    training = split.training
    self.dev = dev ?? split.dev
    self.test = test ?? split.test
    guard !training.pairs.isEmpty else {
      throw DataError(
        file: pairs.origin, problem: "no pair is left in the training part",
        advice: "Bring more pairs, or use a smaller test or dev fraction")
    }
    let (source, target) = (
      SentenceEncoder(learningFrom: training.pairs.map(\.source), options: options),
      SentenceEncoder(learningFrom: training.pairs.map(\.target), options: options)
    )
    self.source = source
    self.target = target
    let all = Self.tokens(training, source, target)
    let kept = all.filter { max($0.0.count, $0.1.count) <= options.maximumLength }
    tooLong = all.count - kept.count
    guard !kept.isEmpty else {
      throw DataError(
        file: pairs.origin,
        problem: "all pairs have a side with more than \(options.maximumLength) tokens",
        advice: "Say a larger --maximum-length")
    }
    trainingExamples = TranslationExamples(
      sources: kept.map(\.0), targets: kept.map(\.1), tokenBudget: options.tokenBudget)
  }

  private static func tokens(
    _ part: SentencePairs, _ source: SentenceEncoder, _ target: SentenceEncoder
  ) -> [([Int], [Int])] {
    part.pairs.map { (source.ids(of: $0.source), target.ids(of: $0.target)) }
  }

  /// Sentences dealt at random. Pairs of one sentence stay together, so that no sentence of the test
  /// part was trained on with another translation.
  private static func split(
    _ pairs: SentencePairs, _ options: TranslatorOptions, splitsDev: Bool, splitsTest: Bool
  ) -> (training: SentencePairs, dev: SentencePairs, test: SentencePairs) {
    var groups: [[Int]] = []
    var places: [String: Int] = [:]
    for (index, pair) in pairs.pairs.enumerated() {
      let sentence = options.normalization(pair.source)
      if let place = places[sentence] {
        groups[place].append(index)
      } else {
        places[sentence] = groups.count
        groups.append([index])
      }
    }
    var generator = RandomGenerator(RandomKey(seed: options.seed).child(-2))
    groups.shuffle(using: &generator)
    func share(_ fraction: Double, of count: Int) -> Int {
      Int((Double(count) * fraction).rounded())
    }
    let testCount = splitsTest ? share(options.testFraction, of: groups.count) : 0
    let devCount = splitsDev ? share(options.devFraction, of: groups.count - testCount) : 0
    func part(_ groups: ArraySlice<[Int]>) -> SentencePairs {
      SentencePairs(groups.joined().sorted().map { pairs.pairs[$0] }, origin: pairs.origin)
    }
    return (
      part(groups[(testCount + devCount)...]), part(groups[testCount..<testCount + devCount]),
      part(groups[..<testCount])
    )
  }

  /// The training part as numbers.
  var examples: TranslationExamples { trainingExamples }

  /// Another part as numbers; long sentences are cut.
  func examples(_ part: SentencePairs) -> TranslationExamples {
    let limit = options.maximumLength
    let tokens = Self.tokens(part, source, target)
    return TranslationExamples(
      sources: tokens.map { Array($0.0.prefix(limit)) },
      targets: tokens.map { Array($0.1.prefix(limit)) }, tokenBudget: options.tokenBudget)
  }

  /// The network before training.
  var model: TranslatorModel {
    var generator = RandomGenerator(RandomKey(seed: options.seed).child(-1))
    return TranslatorModel(
      sourceSize: source.vocabulary.count, targetSize: target.vocabulary.count, options: options,
      using: &generator)
  }

  /// Trains the network.
  ///
  /// - Parameter callbacks: hear of each step and epoch; any of them may stop the run.
  /// - Throws: ``NonFiniteError`` if training runs away in its first epoch.
  public func train(callbacks: [TrainingCallback] = []) throws(NonFiniteError) -> Translator {
    let smoothing = options.labelSmoothing
    let warmUp = min(1, Double(options.epochs) / 4)
    var trainer = Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: TrainingOptions(
        epochs: options.epochs, batchSize: options.batchSize, seed: options.seed,
        schedule: .cosine(epochs: Double(options.epochs), warmUp: warmUp, floor: 0.01),
        earlyStopping: EarlyStopping(patience: options.patience)),
      on: TranslationExamples.self
    ) { model, batch, mode in
      // What is measured is the cross-entropy itself.
      model.loss(batch, labelSmoothing: mode == .prediction ? 0 : smoothing, mode: mode)
    }
    try trainer.runKeepingBest(on: examples, validation: examples(dev), callbacks: callbacks)
    return Translator(plan: self, model: trainer.bestModel, history: trainer.state.history)
  }
}
