import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Training that goes on from a trained model, with other data: what was learned or fitted stays, the
/// network starts where it was, only the course is told anew.
@Suite struct GoingOnTests {
  /// Data that a model was trained on, and data that it goes on with.
  enum Part { case old, new }

  /// A job and what is checked of it.
  struct Job: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let startsFromTheModel: @Sendable () throws -> Void
    let staysNextToTheModel: @Sendable () throws -> Void
    let refusals: @Sendable () throws -> Void

    /// - Parameters:
    ///   - options: how the model is trained: well, in a second or two.
    ///   - keepsFiles: whether the extra files say what was learned, and so stay as they are.
    ///   - fitted: what else was fitted.
    init<Plan: JobPlan>(
      _ options: Plan.Trained.Configuration.Options, keepsFiles: Bool = true,
      fitted: @escaping @Sendable (Plan.Trained.Configuration) -> String = { _ in "" },
      plan:
        @escaping @Sendable (Part, Plan.Trained.Configuration.Options, Plan.Trained?) throws -> Plan
    ) {
      typealias Options = Plan.Trained.Configuration.Options
      testDescription = Plan.Trained.task
      /// Nothing of the network is said.
      @Sendable func course(_ change: (inout Options) -> Void = { _ in }) -> Options {
        var course = Options()
        course.takeCourse(of: options)
        (course.epochs, course.batchSize) = (1, options.batchSize)
        (course.learningRate, course.seed) = (options.learningRate, 11)
        change(&course)
        return course
      }
      startsFromTheModel = {
        let model = try plan(.old, options, nil).train()
        let next = try plan(.new, course(), model)
        let trained = try next.train()
        var alone = options
        (alone.epochs, alone.seed) = (1, 11)
        let scratch = try plan(.new, alone, nil).train()
        #expect(trained.histories.count == model.histories.count)
        for (own, other) in zip(trained.histories, scratch.histories) {
          #expect(own.epochs.count == 1)
          #expect(own.epochs[0].loss < 0.9 * other.epochs[0].loss)
        }
        for member in model.models.indices {
          #expect(next.model(member: member + 1).bits == model.models[member].bits)
        }
        #expect(Set(next.initialWeights).count == (options.networks ?? 1))
        if keepsFiles {
          let files = try [trained, model, scratch].map { try $0.extras.files.map(\.bytes) }
          #expect(files[0] == files[1])
          #expect(files[0].isEmpty || files[0] != files[2])
        }
        #expect(fitted(trained.configuration) == fitted(model.configuration))
        #expect(
          fitted(scratch.configuration).isEmpty
            || fitted(trained.configuration) != fitted(scratch.configuration))
        #expect(trained.options.hiddenSize == options.hiddenSize && trained.options.seed == 11)
        try withTemporaryFolder { folder in
          try trained.save(to: folder + "/m")
          let loaded = try Plan.Trained(contentsOf: folder + "/m")
          #expect(loaded.models.bits == trained.models.bits)
        }
      }
      staysNextToTheModel = {
        let model = try plan(.old, options, nil).train()
        let trained = try plan(.new, course { $0.learningRate = 1e-6 }, model).train()
        for (own, old) in zip(trained.models, model.models) {
          let differences = zip(own.parameters, old.parameters).map { own, old in
            zip(own.tensor.elements, old.tensor.elements).map { abs($0 - $1) }.max() ?? 0
          }
          #expect(differences.max() ?? 1 < 1e-4 && differences.max() ?? 0 > 0)
        }
      }
      refusals = {
        var quick = options
        quick.epochs = 1
        let model = try plan(.old, quick, nil).train()
        let other = try dataError { _ = try plan(.new, course { $0.hiddenSize = 77 }, model) }
        #expect(
          other.problem
            == "hiddenSize is 77, but \(options.hiddenSize) in the model to go on from")
        // As the model has it, it may be said.
        _ = try plan(.new, course { $0.hiddenSize = options.hiddenSize }, model)
        var wrong = course()
        wrong.epochs = 0
        #expect(
          try dataError { _ = try plan(.new, wrong, model) }.problem.hasPrefix(
            "the number of epochs is "))
        let rounded = try dataError {
          _ = try plan(.new, course(), model.rounded(to: .int8, evaluatedOn: nil))
        }
        #expect(rounded.problem == "has weights of int8, expected float32")
        #expect(rounded.advice == "Go on from the model that training wrote")
      }
    }
  }

  static let jobs: [Job] = [
    forecaster, classifier, tagger, translator, generator, composer, images,
  ]

  private static let forecaster = Job(
    tinyOptions {
      ($0.scaling, $0.season, $0.epochs) = (.standard, 4, 20)
      ($0.validationFraction, $0.patience) = (0, 50)
    }, keepsFiles: false, fitted: scales
  ) { (part: Part, options: ForecasterOptions, model: Forecaster?) throws -> ForecastPlan in
    let (seed, level): (UInt64, Double) = part == .old ? (1, 0) : (2, 3)
    let series = try wavySeries(60, name: "a", covariates: 1, seed: seed, level: level)
    return try ForecastPlan([series], options: options, from: model)
  }

  private static let classifier = Job(
    changed(Grammar.options) { ($0.members, $0.validationFraction) = (2, 0) }
  ) { (part: Part, options: TextClassifierOptions, model: TextClassifier?) throws in
    try TextClassifierPlan(texts(part), options: options, from: model)
  }

  private static let tagger = Job(
    changed(TagGrammar.options) { ($0.members, $0.epochs, $0.validationFraction) = (2, 8, 0) }
  ) { (part: Part, options: SequenceTaggerOptions, model: SequenceTagger?) throws in
    try SequenceTaggerPlan(
      TagGrammar.cues(60, seed: part == .old ? 5 : 6), options: options, from: model)
  }

  private static let translator = Job(
    Reversal.options { ($0.epochs, $0.validationFraction) = (6, 0) }
  ) { (part: Part, options: TranslatorOptions, model: Translator?) throws -> TranslatorPlan in
    var pairs = Reversal.pairs(part == .old ? 100 : 60, seed: part == .old ? 5 : 6).pairs
    if part == .new { pairs += (0..<8).map { _ in .init("sieben zwei", "siete dos") } }
    return try TranslatorPlan(
      SentencePairs(pairs, origin: "digits"), options: options, from: model)
  }

  private static let generator = Job(
    changed(MadeText.options) { ($0.epochs, $0.validationFraction) = (8, 0) }
  ) { (part: Part, options: TextGeneratorOptions, model: TextGenerator?) throws in
    let text = MadeText.markov(4000, seed: part == .old ? 5 : 6)
    let file = try MadeText.file(part == .old ? text : text + "xyz" + text)
    return try TextGeneratorPlan([file], options: options, from: model)
  }

  private static let composer = Job(
    tinyComposer(.polyphonic) { $0.epochs = 20 }, keepsFiles: false
  ) { (part: Part, options: ComposerOptions, model: Composer?) throws in
    let tunes = arpeggios(12, length: part == .old ? 24 : 30)
    return try ComposerPlan(
      MusicCollection(tunes, source: "tunes"), options: options, from: model)
  }

  private static let images = Job(
    changed(ImageClassifierOptions()) {
      ($0.hiddenSize, $0.epochs, $0.batchSize, $0.validationFraction) = (5, 8, 8, 0)
      ($0.learningRate, $0.dropout) = (0.02, 0)
    }, fitted: scales
  ) { (part: Part, options: ImageClassifierOptions, model: ImageClassifier?) throws in
    try ImagePlan(images(part), options: options, from: model)
  }

  @Sendable private static func scales(_ fitted: Forecaster.Configuration) -> String {
    "\(fitted.scales.sorted { $0.key < $1.key }) \(fitted.base)"
  }

  @Sendable private static func scales(_ fitted: ImageClassifier.Configuration) -> String {
    "\(fitted.classes) \(fitted.shape) \(fitted.scale)"
  }

  private static func changed<Options>(
    _ options: Options, _ change: (inout Options) -> Void
  ) -> Options {
    var options = options
    change(&options)
    return options
  }

  /// New texts have words of their own.
  private static func texts(_ part: Part) -> LabeledTexts {
    var texts = Grammar.firstColour(80, seed: part == .old ? 5 : 6)
    if part == .new {
      for place in texts.examples.indices { texts.examples[place].text += " today" }
    }
    return texts
  }

  /// Pictures of 3 × 2 pixels, bright above or below; the new ones are brighter and know a class
  /// less.
  private static func images(_ part: Part) -> ImageSet {
    var generator = SeededGenerator(seed: part == .old ? 6 : 7)
    let labels = part == .old ? ["above", "below", "nowhere"] : ["above", "below"]
    let bright: Float = part == .old ? 200 : 220
    return ImageSet(
      source: "made", height: 3, width: 2,
      pixels: (0..<90).flatMap { image in
        (0..<6).map { pixel in
          let isBright = image % labels.count < 2 && (pixel < 3) == (image % labels.count == 0)
          return (isBright ? bright : 20) + Float.random(in: -20...20, using: &generator)
        }
      }, labels: (0..<90).map { labels[$0 % labels.count] })
  }

  @Test(arguments: jobs) func startsFromTheModel(_ job: Job) throws { try job.startsFromTheModel() }
  @Test(arguments: jobs) func staysNextToTheModel(_ job: Job) throws {
    try job.staysNextToTheModel()
  }
  @Test(arguments: jobs) func refusals(_ job: Job) throws { try job.refusals() }

  // MARK: What a model does not know

  @Test func unknownLabels() throws {
    let classifier = try Grammar.quick()
    var texts = Self.texts(.new)
    texts.examples[3].label = "green"
    let label = try dataError { _ = try TextClassifierPlan(texts, from: classifier) }
    #expect(label.line == 4 && label.problem.hasPrefix("found the label \"green\", "))
    // A label less is no matter.
    let reds = LabeledTexts(texts.examples.filter { $0.label == "red" })
    #expect(try TextClassifierPlan(reds, from: classifier).labels == ["blue", "red"])

    let shape = try dataError {
      let wide = ImageSet(
        source: "wide", height: 3, width: 4, pixels: Array(repeating: 1, count: 12 * 20),
        labels: (0..<20).map { $0 % 2 == 0 ? "above" : "below" })
      _ = try ImagePlan(wide, from: ImagePlan(Self.images(.old), options: Self.tiny).train())
    }
    #expect(shape.problem == "found images of 3 × 4, expected 3 × 2")
    let image = try dataError {
      _ = try ImagePlan(
        Self.images(.old), from: ImagePlan(Self.images(.new), options: Self.tiny).train())
    }
    #expect(image.problem == "found the class nowhere, which the model does not know")
  }

  private static var tiny: ImageClassifierOptions {
    var options = ImageClassifierOptions()
    (options.hiddenSize, options.epochs) = (3, 1)
    return options
  }

  @Test func unknownTags() throws {
    let tagger = try TagGrammar.quick()
    for (tag, isKnown) in [("I-PER", true), ("B-LOC", true), ("B-ORG", false), ("B", false)] {
      var sentences = TagGrammar.cues(30, seed: 6)
      sentences.sentences[7].tags[0] = tag
      guard !isKnown else {
        #expect(try SequenceTaggerPlan(sentences, from: tagger).scheme == .bio)
        continue
      }
      let error = try dataError { _ = try SequenceTaggerPlan(sentences, from: tagger) }
      #expect(error.problem == "found the tag \"\(tag)\", which the model does not know")
      #expect(error.line == sentences.sentences[7].line)
      #expect(error.advice == "Its tags are O, B-LOC, I-LOC, B-PER, I-PER")
    }
    let plain = try TagGrammar.quick { $0.scheme = .plain }
    var sentences = TagGrammar.cues(30, seed: 6)
    sentences.sentences[7].tags[0] = "B-ORG"
    #expect(throws: DataError.self) { _ = try SequenceTaggerPlan(sentences, from: plain) }
  }

  @Test func unknownChannels() throws {
    let options = tinyOptions { ($0.scaling, $0.epochs) = (.minmax, 1) }
    let model = try ForecastPlan([wavySeries(60, name: "a", covariates: 1)], options: options)
      .train()
    let channel = try dataError { _ = try ForecastPlan([wavySeries(60, name: "a")], from: model) }
    #expect(channel.problem == "found the columns value, expected value, covariate 0")
    // What was fitted stays, and a series that was not there is fitted now.
    let other = try ForecastPlan(
      [wavySeries(60, name: "b", covariates: 1)], options: options, from: model
    ).train()
    #expect(Set(other.configuration.scales.keys) == ["a", "b"])
    #expect(other.configuration.scales["a"] == model.configuration.scales["a"])
  }

  /// Naive Bayes counted other texts, so none of these is left out of its counts.
  @Test func newTextsWereNotCounted() throws {
    let model = try Grammar.quick()
    let (old, new) = try (
      TextClassifierPlan(Self.texts(.new), options: Grammar.options),
      TextClassifierPlan(Self.texts(.new), from: model)
    )
    #expect(model.options.naiveBayes && new.encoder.naiveBayes == model.encoder.naiveBayes)
    let (counted, others) = (old.trainingExamples.texts, new.trainingExamples.texts)
    #expect((0..<counted.count).allSatisfy { counted[$0].own != nil })
    #expect(others.count > 0 && (0..<others.count).allSatisfy { others[$0].own == nil })
  }

  /// Vectors would replace what the network has learned.
  @Test func vectorsAreRefused() throws {
    for refused in [
      try dataError {
        _ = try TextClassifierPlan(Self.texts(.new), vectors: "v.txt", from: Grammar.quick())
      },
      try dataError {
        _ = try SequenceTaggerPlan(
          TagGrammar.cues(30, seed: 6), vectors: "v.txt", from: TagGrammar.quick())
      },
    ] {
      #expect(refused.file == "v.txt")
      #expect(refused.problem == "would replace word vectors of the model to go on from")
    }
  }
}

extension JobPlan {
  /// The bits that each network starts from.
  fileprivate var initialWeights: [[String: [UInt32]]] {
    (1...(options.networks ?? 1)).map { model(member: $0).bits }
  }
}
