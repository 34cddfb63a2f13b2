import Recurrent

/// Everything about a translator that is fixed before training starts: the parts of the data, and
/// the tokens of both languages, which are learned here, from the training part alone.
public struct TranslatorPlan: JobPlan {
  /// The options.
  public var options: TranslatorOptions
  /// The model that training goes on from.
  public let origin: Translator?
  /// The pairs that the network learns from.
  public let training: SentencePairs
  /// Further pairs that it learns from, whose sentences were written by a model of the other direction:
  /// they are read behind a mark (Caswell et al. 2019, arXiv:1906.06442).
  public let backTranslated: SentencePairs
  /// Pairs among those that were left out, because their translation stands in another part.
  public let heldOut: Int
  /// The pairs that judge each epoch.
  public let validation: SentencePairs
  /// The pairs that only the report sees.
  public let test: SentencePairs
  /// The two languages.
  public let extras: Translator.Languages
  /// Training pairs that were left out because a side has more tokens than the maximum.
  public let tooLong: Int
  /// The training pairs as tokens.
  public let trainingExamples: TranslationExamples

  /// Plans a translator.
  ///
  /// - Parameters:
  ///   - pairs: Training part, and what is not given as parts of their own.
  ///   - validation: A validation part, instead of a share of the sentences.
  ///   - test: A test part, instead of a share of the sentences.
  ///   - backTranslated: Translations that people wrote, each with a sentence that a model made of it
  ///     (Sennrich et al. 2016, arXiv:1511.06709); training alone learns from them. Those whose
  ///     translation stands in the validation or the test part are left out.
  ///   - model: a model to go on from, of which all but the course of training stays.
  /// - Throws: ``DataError`` if the options break a rule or contradict the model, or no pair is left to
  ///   train on.
  public init(
    _ pairs: SentencePairs, validation: SentencePairs? = nil, test: SentencePairs? = nil,
    backTranslated: SentencePairs? = nil, options: TranslatorOptions = TranslatorOptions(),
    from model: Translator? = nil
  ) throws(DataError) {
    let options = try options.settled(from: model)
    self.options = options
    origin = model
    let split = Self.split(
      pairs, options, splitsValidation: validation == nil, splitsTest: test == nil)
    training = split.training
    self.validation = validation ?? split.validation
    self.test = test ?? split.test
    guard !training.pairs.isEmpty else {
      throw DataError(
        file: pairs.origin, problem: "no pair is left in the training part",
        advice: "Bring more pairs, or use a smaller test or validation fraction")
    }
    let normalized = { @Sendable (text: String) in options.normalization(text) }
    let known = Set(
      (self.validation.pairs + self.test.pairs).lazy.flatMap(\.targets).map(normalized))
    var marked = backTranslated ?? SentencePairs([])
    marked.pairs.removeAll { known.contains(normalized($0.target)) }
    heldOut = (backTranslated?.pairs.count ?? 0) - marked.pairs.count
    self.backTranslated = marked
    let learned = training.pairs + marked.pairs
    let languages = model?.extras ?? Translator.Languages(learningFrom: learned, options: options)
    extras = languages
    let all =
      Self.tokens(training, languages.source, languages.target)
      + Self.tokens(marked, languages.source, languages.target).map {
        ([SentenceEncoder.mark] + $0.0, $0.1)
      }
    let kept = all.indices.filter {
      max(all[$0].0.count, all[$0].1.count) <= options.maximumLength
    }
    tooLong = all.count - kept.count
    guard !kept.isEmpty else {
      throw DataError(
        file: pairs.origin,
        problem: "all pairs have a side with more than \(options.maximumLength) tokens",
        advice: "Say a larger --maximum-length")
    }
    let pairs = kept.map { learned[$0] }
    var sampled: (SampledSentences, SampledSentences)?
    if let sources = SampledSentences(pairs.map(\.source), by: languages.source, options),
      let targets = SampledSentences(pairs.map(\.target), by: languages.target, options)
    {
      sampled = (sources, targets)
    }
    trainingExamples = TranslationExamples(
      sources: kept.map { all[$0].0 }, targets: kept.map { all[$0].1 },
      tokenBudget: options.tokenBudget, sampled: sampled)
  }

  private static func tokens(
    _ part: SentencePairs, _ source: SentenceEncoder, _ target: SentenceEncoder
  ) -> [([Int], [Int])] {
    part.pairs.map { (source.ids(of: $0.source), target.ids(of: $0.target)) }
  }

  /// Sentences dealt at random. Pairs of one sentence stay together, so that no sentence of the test
  /// part was trained on with another translation.
  private static func split(
    _ pairs: SentencePairs, _ options: TranslatorOptions, splitsValidation: Bool, splitsTest: Bool
  ) -> (training: SentencePairs, validation: SentencePairs, test: SentencePairs) {
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
    let validationCount =
      splitsValidation ? share(options.validationFraction, of: groups.count - testCount) : 0
    func part(_ groups: ArraySlice<[Int]>) -> SentencePairs {
      SentencePairs(groups.joined().sorted().map { pairs.pairs[$0] }, origin: pairs.origin)
    }
    return (
      part(groups[(testCount + validationCount)...]),
      part(groups[testCount..<testCount + validationCount]),
      part(groups[..<testCount])
    )
  }

  /// The language that is read.
  public var source: SentenceEncoder { extras.source }
  /// The language that is written.
  public var target: SentenceEncoder { extras.target }

  /// A part of the pairs as numbers; long sentences are cut.
  func examples(_ part: SentencePairs) -> TranslationExamples {
    let limit = options.maximumLength
    let tokens = Self.tokens(part, source, target)
    return TranslationExamples(
      sources: tokens.map { Array($0.0.prefix(limit)) },
      targets: tokens.map { Array($0.1.prefix(limit)) }, tokenBudget: options.tokenBudget)
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TranslatorPlan {
  public var validationExamples: TranslationExamples { examples(validation) }

  public func trainer(
    of model: TranslatorModel, member: Int
  ) -> Trainer<TranslatorModel, Adam, TranslationExamples> {
    let smoothing = options.labelSmoothing
    let warmUp = min(1, Double(options.epochs) / 4)
    return Trainer(
      model, optimizer: Adam(learningRate: options.learningRate),
      options: options.training(
        member: member,
        schedule: .cosine(epochs: Double(options.epochs), warmUp: warmUp, floor: 0.01))
    ) { model, batch, mode in
      let keys = mode.child(-1).rowKeys(batch.targets.count)
      let batch = keys.flatMap { batch.sampled?($0) } ?? batch
      // What is measured is the cross-entropy itself.
      return model.loss(batch, labelSmoothing: mode == .prediction ? 0 : smoothing, mode: mode)
    }
  }

  public func configuration(after histories: [TrainingHistory]) -> Translator.Configuration {
    Translator.Configuration(
      options: options, sourceSize: source.vocabulary.count, targetSize: target.vocabulary.count,
      bestEpoch: histories.first?.best?.epoch ?? 0,
      otherEpochs: options.networks == nil
        ? nil : histories.dropFirst().map { $0.best?.epoch ?? 0 },
      trainedOn: "\(training.origin), \(training.pairs.count) pairs"
        + (backTranslated.pairs.isEmpty
          ? "" : "; \(backTranslated.origin), \(backTranslated.pairs.count) translated back"))
  }

  public func complete(_ translator: inout Translator) {
    if options.fitsLengthPenalty == true,
      let penalty = translator.bestLengthPenalty(on: validation)
    {
      translator.configuration.options.lengthPenalty = penalty
      translator.configuration.options.fitsLengthPenalty = true
    }
    guard !test.pairs.isEmpty else { return }
    translator.configuration.evaluation = translator.evaluation(test, training: training)
  }
}
