import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What is asked of a trained model, and of training, may come from anybody: numbers out of range
/// throw, they do not end the program.
@Suite struct RequestTests {
  /// The problems that these requests throw, each of which names what was asked for.
  private func problems(_ requests: [() throws -> Void]) throws -> [String] {
    try requests.map { request in
      let error = try #require(throws: DataError.self) { try request() }
      #expect(!error.file.isEmpty)
      return error.problem
    }
  }

  @Test func forecaster() throws {
    let series = try wavySeries(60)
    let forecaster = try Forecaster.untrained(ForecastPlan([series], options: tinyOptions()))
    let range = "the number of steps is between 1 and 1000000, not "
    #expect(
      try problems(
        [0, -1, .min, .max].map { steps in
          { _ = try forecaster.forecast(after: series, steps: steps) }
        }) == [0, -1, .min, .max].map { range + "\($0)" })
    let other = try wavySeries(60, name: "b", covariates: 1)
    let found = try problems([
      { _ = try Forecaster.train(on: series, window: 0) },
      { _ = try Forecaster.train(on: series, horizon: -3) },
      { _ = try Forecaster.train(on: series, season: 0) },
      { _ = try ForecastPlan([]) },
      { _ = try ForecastPlan([series, series], options: tinyOptions()) },
      { _ = try ForecastPlan([series, other], options: tinyOptions()) },
    ])
    #expect(
      found == [
        "the window is between 1 and 1000000, not 0",
        "the horizon is between 1 and 1000000, not -3",
        "a season has at least 1 row, not 0", "a forecaster needs at least one",
        "several need names of their own, not none, none",
        "all have the same covariates, not [], [\"covariate 0\"]",
      ])
  }

  /// Ways of drawing that no generator draws by.
  private let sampling = [
    Sampling(temperature: -1), Sampling(temperature: .nan), Sampling(temperature: .infinity),
    Sampling(topK: 0), Sampling(topK: .min), Sampling(topP: 0), Sampling(topP: 1.5),
    Sampling(topP: .nan),
  ]

  @Test func textGenerator() throws {
    let generator = try MadeText.quick()
    for sampling in sampling {
      let found = try problems([
        { _ = try generator.stream(sampling: sampling) },
        { _ = try generator.generate(sampling: sampling) },
        { _ = try generator.continuation(ofLine: "The", sampling: sampling) },
      ])
      #expect(found == Array(repeating: sampling.problem, count: 3))
    }
    #expect(
      try problems([{ _ = try generator.generate(length: -1) }])
        == ["a text has at least 0 characters, not -1"])
    // An empty prompt, unknown characters and any sample are fine.
    #expect(try !generator.generate(prompt: "", length: 5, sample: -7).isEmpty)
    #expect(try !generator.generate(prompt: "\u{0}ξ", length: 5, until: "").isEmpty)
    #expect(throws: DataError.self) { try MadeText.quick { $0.streams = 0 } }
  }

  @Test func translator() throws {
    let translator = try Reversal.quick()
    let lines = ["one two"]
    let found = try problems([
      { _ = try translator.translations(of: lines, beam: 0) },
      { _ = try translator.translations(of: lines, beam: .min) },
      { _ = try translator.translations(of: lines, beam: .max) },
      { _ = try translator.translations(of: lines, lengthPenalty: .nan) },
      { _ = try translator.translations(of: lines, coveragePenalty: -1) },
      { _ = try translator.evaluate(on: Reversal.pairs(2), beam: -1) },
      { _ = try translator.evaluate(on: Reversal.pairs(2), lengthPenalty: -0.5) },
      { _ = try translator.evaluate(on: SentencePairs([])) },
    ])
    #expect(
      found == [
        "the beam is between 1 and 100, not 0", "the beam is between 1 and 100, not \(Int.min)",
        "the beam is between 1 and 100, not \(Int.max)",
        "the length penalty is between 0 and 10, not nan",
        "the coverage penalty is between 0 and 10, not -1.0",
        "the beam is between 1 and 100, not -1",
        "the length penalty is between 0 and 10, not -0.5", "there are no pairs of sentences in it",
      ])
    #expect(try translator.translations(of: []).isEmpty && translator.translate([]).isEmpty)
    #expect(try translator.translations(of: ["", "\u{0}"], beam: 100).count == 2)
    #expect(throws: DataError.self) { try Reversal.quick { $0.beam = 0 } }
  }

  @Test(arguments: ComposerKind.allCases) func composer(_ kind: ComposerKind) throws {
    let composer = try ComposerPlan(
      MusicCollection(arpeggios(12), source: "t"), options: tinyComposer(kind) { $0.epochs = 1 }
    ).train()
    func drawing(_ change: (inout Composer.Drawing) -> Void) -> Composer.Drawing {
      var drawing = Composer.Drawing()
      drawing.steps = 3
      change(&drawing)
      return drawing
    }
    let wrong = [
      drawing { $0.steps = 0 }, drawing { $0.steps = .min }, drawing { $0.steps = .max },
      drawing { $0.temperature = 0 }, drawing { $0.temperature = .nan },
      drawing { $0.temperature = .infinity }, drawing { $0.topK = 0 }, drawing { $0.topK = -5 },
      drawing { $0.voices = 0 },
    ]
    let primer = Tune(name: "primer", steps: [[60], [64]])
    for drawing in wrong {
      let found = try problems([
        { _ = try composer.compose(from: Pitch(60), drawing: drawing) },
        { _ = try composer.compose(after: primer, drawing: drawing) },
        { _ = try composer.harmonize(primer, drawing: drawing) },
      ])
      #expect(found == Array(repeating: drawing.problem, count: 3))
    }
    let choir = drawing { $0.voices = 4 }
    if kind == .events {
      #expect(
        try problems([{ _ = try composer.compose(after: primer, drawing: choir) }])
          == ["limits the voices, which a model of events does not know"])
    } else {
      #expect(try composer.compose(after: primer, drawing: choir).length == 5)
    }
    let fine = drawing { $0.topK = .max }
    #expect(
      try problems([{ _ = try composer.compose(after: Tune(name: "t", steps: []), drawing: fine) }])
        == ["composing begins with at least one step"])
    if kind == .polyphonic {
      #expect(
        try problems([{ _ = try composer.compose(from: Pitch(20), drawing: fine) }])
          == ["is not a key of a piano, which this model plays"])
    } else {
      #expect(try composer.compose(from: Pitch(20), drawing: fine).length == 5)
    }
    #expect(try composer.compose(after: primer, drawing: fine).length == 5)
    #expect(composer.next(after: Tune(name: "t", steps: [])).isEmpty)
    #expect(throws: DataError.self) {
      try ComposerPlan(
        MusicCollection(arpeggios(12), source: "t"), options: tinyComposer(kind) { $0.window = 0 })
    }
  }

  /// Texts and tokens of any kind are answered.
  @Test func textClassifierAndTagger() throws {
    let odd = ["", " ", "\u{0}", "\u{301}", "🙂", String(repeating: "a", count: 5000)]
    let classifier = try Grammar.quick()
    #expect(classifier.classify(odd).count == odd.count && classifier.classify([]).isEmpty)
    let tagger = try TagGrammar.quick()
    #expect(tagger.entities(in: odd).count == odd.count && tagger.entities(in: []).isEmpty)
    #expect(tagger.tags(of: [odd, []]).map(\.count) == [odd.count, 0])
    #expect(try problems([{ _ = try classifier.evaluate(on: LabeledTexts([])) }]).count == 1)
    #expect(try problems([{ _ = try tagger.evaluate(on: TaggedSentences([])) }]).count == 1)
    #expect(throws: DataError.self) { try Grammar.quick { $0.batchSize = 0 } }
    #expect(throws: DataError.self) { try TagGrammar.quick { $0.members = 0 } }
  }

  /// Pixels that are no numbers are named, wherever images come in.
  @Test func imageClassifier() throws {
    func images(_ count: Int, _ bad: Float? = nil) -> ImageSet {
      var pixels = (0..<count * 12).map { (place: Int) -> Float in
        Float(place / 12 % 2 * 90 + place % 12)
      }
      if let bad { pixels[count * 12 - 2] = bad }
      return ImageSet(
        source: "made", height: 2, width: 2, channels: 3, pixels: pixels,
        labels: (0..<count).map { "\($0 % 2)" })
    }
    var options = ImageClassifierOptions()
    (options.hiddenSize, options.epochs) = (3, 1)
    let classifier = try ImagePlan(images(40), options: options).train()
    for bad: Float in [.nan, .infinity, -.infinity] {
      let wrong = images(5, bad)
      let found: [() throws -> Void] = [
        { _ = try classifier.classify(wrong) }, { _ = try classifier.evaluate(on: wrong) },
        { _ = try ImagePlan(images(40), test: wrong, options: options) },
      ]
      for request in found {
        let error = try #require(throws: DataError.self) { try request() }
        #expect(
          error.description
            == "made: image 4: found \(bad) in row 2, column 2, expected a finite number.")
      }
      #expect(throws: DataError.self) { try ImagePlan(images(40, bad), options: options) }
      // Drawing them does not end the program either.
      #expect(!wrong.png(4).isEmpty)
      #expect(wrong.range == 0...101)
    }
    // Nor do numbers whose difference is beyond all numbers.
    let wide = ImageSet(
      source: "made", height: 1, width: 2,
      pixels: [-.greatestFiniteMagnitude, .greatestFiniteMagnitude])
    try withTemporaryFolder { folder in
      let path = folder + "/wide.png"
      try Data(wide.png(0, range: wide.range)).write(to: URL(fileURLWithPath: path))
      #expect(try ImageSet.read(path).images.pixels == [0, 255])
    }
    #expect(throws: DataError.self) { try classifier.classify(wide) }
    options.epochs = 0
    #expect(throws: DataError.self) { try ImagePlan(images(40), options: options) }
  }
}
