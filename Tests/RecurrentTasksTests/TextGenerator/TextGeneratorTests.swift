import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What generators learn, and how it is measured.
@Suite struct TextGeneratorTests {
  private func plan(
    _ text: String, _ change: (inout TextGeneratorOptions) -> Void = { _ in }
  ) throws -> TextGeneratorPlan {
    var options = MadeText.options
    change(&options)
    return try TextGeneratorPlan([MadeText.file(text)], options: options)
  }

  /// A source of known entropy: the network comes near it and cannot be below it.
  @Test(arguments: cases([CellKind.lstm, .gru])) func reachesEntropy(cell: CellKind) throws {
    let text = MadeText.markov(40_000, seed: 1)
    let plan = try plan(text) {
      $0.cell = cell
      $0.epochs = 4
      $0.learningRate = 0.02
    }
    let evaluation = try #require(try plan.train().configuration.evaluation)
    let best = try MadeText.entropy(of: plan.test.read())
    #expect(evaluation.natsPerCharacter < 1.02 * best)
    #expect(evaluation.natsPerCharacter > 0.999 * best)
    #expect(evaluation.tokens == 4000 && evaluation.unknown == 0)
    // The 5-gram sees enough too; counting characters does not.
    let fiveGram = try #require(evaluation.fiveGram)
    #expect(fiveGram < 1.05 * best && fiveGram > 0.999 * best)
    #expect(try #require(evaluation.unigram) > 1.2 * best)
  }

  /// A text that repeats leaves nothing to guess; what comes is the repetition. With parts of words
  /// too, and with every kind of decay.
  @Test(arguments: [
    (GeneratorTokens.characters, LearningRateDecay.cosine), (.bpe, .plateau), (.characters, .none),
    (.words, .restarts),
  ])
  func periodicText(tokens: GeneratorTokens, decay: LearningRateDecay) throws {
    let text = String(repeating: "one two three four five six\n", count: 400)
    let plan = try plan(text) {
      $0.tokens = tokens
      $0.decay = decay
      $0.partCount = 20
      $0.epochs = 6
      $0.learningRate = 0.02
    }
    let generator = try plan.train()
    let evaluation = try #require(generator.configuration.evaluation)
    #expect(evaluation.perplexity < 1.05)
    #expect(evaluation.characters == 1120 && (tokens != .characters) == (evaluation.tokens < 1120))
    #expect(abs(evaluation.nats / 1120 / log(2) - evaluation.bitsPerCharacter) < 1e-12)
    let more = try generator.generate(
      prompt: tokens == .words ? "one two" : "one two thr", length: 40,
      sampling: .init(temperature: 0))
    #expect(
      more
        == (tokens == .words
          ? " three four five six\none two three four "
          : "ee four five six\none two three four five"))
    #expect(try generator.continuation(ofLine: "one two", seed: 3) == " three four five six")
  }

  /// The parts are the text in its order; the tokens are those of the training part.
  @Test func parts() throws {
    let text = String(repeating: "ab", count: 400) + String(repeating: "xy", count: 100)
    let plan = try plan(text) {
      $0.testFraction = 0.2
      $0.validationFraction = 0.25
    }
    #expect(try plan.training.read() + plan.validation.read() + plan.test.read() == text)
    #expect((plan.training.count, plan.validation.count, plan.test.count) == (600, 200, 200))
    #expect(plan.code.vocabulary.tokens == ["<unk>", "a", "b"])
    #expect(plan.description.contains("the last 25.0 % before the test part"))
    // Without a line end, the text is taken to follow the most frequent token.
    #expect(plan.trainingTokens.inputs.prefix(3) == [1, 1, 2])
    #expect(plan.trainingTokens.targets.prefix(3) == [1, 2, 1])
    let evaluation = try #require(try plan.train().configuration.evaluation)
    #expect(evaluation.unknown == 200)
    #expect(evaluation.description.contains("200 tokens are unknown"))

    let whole = try self.plan(text) { ($0.testFraction, $0.validationFraction) = (0, 0) }
    #expect(whole.training.count == 1000 && whole.validation.isEmpty && whole.test.isEmpty)
    let generator = try whole.train()
    #expect(generator.configuration.evaluation == nil && generator.configuration.bestEpoch == 1)
    #expect(generator.report == "There was no test part.")
  }

  /// A text that is cut by shares, and its parts as files of their own, give one model and one report.
  @Test func partsOfTheirOwn() throws {
    let text = MadeText.markov(3000, seed: 2)
    let whole = try plan(text)
    func part(_ range: Range<Int>, _ name: String) throws -> LongText {
      try LongText([
        MadeText.file(String(text.dropFirst(range.lowerBound).prefix(range.count)), name)
      ])
    }
    let (validation, test) = (whole.validation.range, whole.test.range)
    #expect(validation == 2565..<2700 && test == 2700..<3000)
    let parts = try TextGeneratorPlan(
      part(0..<2565, "a.txt"), validation: part(validation, "b.txt"), test: part(test, "c.txt"),
      options: MadeText.options)
    #expect(
      "\(parts)".contains("validation  135 characters, b.txt\ntest        300 characters, c.txt"))
    let (one, other) = (try whole.train(), try parts.train())
    #expect(one.model.parameters.map(\.tensor) == other.model.parameters.map(\.tensor))
    #expect(one.history.epochs.map(\.validationLoss) == other.history.epochs.map(\.validationLoss))
    #expect(one.configuration.evaluation == other.configuration.evaluation)
    // Of one that is given, the other is still a share.
    let mixed = try TextGeneratorPlan(
      part(0..<2700, "a.txt"), test: part(test, "c.txt"), options: MadeText.options)
    #expect(mixed.validation.range == validation && mixed.training.range == 0..<2565)
    #expect("\(mixed)".contains("validation  135 characters, the last 5.0 % of the text\n"))
    let error = try dataError {
      _ = try TextGeneratorPlan(
        part(0..<2700, "a.txt"), test: part(0..<0, "c.txt"), options: MadeText.options)
    }
    #expect("\(error)".contains("c.txt: there is no text in it"))
  }

  /// Neither the pieces in which a text is read nor where its tokens lie change anything.
  @Test(arguments: GeneratorTokens.allCases, [false, true])
  func piecesAndDisk(tokens: GeneratorTokens, isBackward: Bool) throws {
    let lines = (0..<60).map {
      "Line \($0): don't — é, ü  and\t\($0 * $0 % 7).5\($0 % 2 == 0 ? "\n" : "\r\n")"
    }
    let file = try MadeText.file(lines.joined() + "no end")
    var options = TextGeneratorOptions()
    (options.tokens, options.partCount, options.wordCount) = (tokens, 60, 20)
    (options.hiddenSize, options.layers, options.epochs) = (4, 1, 1)
    (options.steps, options.streams) = (10, 3)
    options.readsBackward = isBackward ? true : nil
    let whole = try TextGeneratorPlan([file], options: options)
    let pieces = try TextGeneratorPlan(
      try LongText([file], pieceSize: 40), options: options, from: nil, mostKept: 7)
    #expect(whole.trainingTokens.fileSize == 0)
    #expect(pieces.trainingTokens.fileSize == 4 * whole.trainingTokens.count)
    #expect(pieces.code == whole.code)
    #expect(pieces.trainingTokens.targets == whole.trainingTokens.targets)
    #expect(pieces.trainingTokens.inputs == whole.trainingTokens.inputs)
    // One text, cut nowhere, has the same tokens.
    let ids = whole.code.ids(of: try whole.training.read())
    #expect(whole.trainingTokens.targets == (isBackward ? ids.reversed() : ids))
    let (one, other) = (try whole.train(), try pieces.train())
    #expect(one.model.parameters.map(\.tensor) == other.model.parameters.map(\.tensor))
    #expect(one.configuration.evaluation == other.configuration.evaluation)
  }

  /// A run whose tokens lie on the disk goes on where it was stopped, to the bits of one that never was.
  @Test func resumesWithTokensOnTheDisk() throws {
    let file = try MadeText.file(MadeText.markov(1500, seed: 3))
    var options = MadeText.options
    options.epochs = 2
    func plan() throws -> TextGeneratorPlan {
      try TextGeneratorPlan(
        try LongText([file], pieceSize: 40), options: options, from: nil, mostKept: 7)
    }
    let whole = try plan().train()
    #expect(try plan().trainingTokens.fileSize > 0)
    try withTemporaryFolder { folder in
      let checkpoints = Checkpoints(in: folder + "/run")
      var steps = 0
      #expect(throws: TrainingPause.self) {
        _ = try plan().train(
          checkpoints: checkpoints,
          callbacks: [
            { event, _ in
              if case .step = event { steps += 1 }
              return steps == 2 ? .stop : .proceed
            }
          ])
      }
      let resumed = try plan().train(checkpoints: checkpoints)
      #expect(resumed.model.parameters.map(\.tensor) == whole.model.parameters.map(\.tensor))
      #expect(resumed.configuration.evaluation == whole.configuration.evaluation)
    }
  }

  /// A short text has fewer streams, never steps left out.
  @Test func streams() throws {
    let tokens = CodedText(Array(1...107), after: 0)
    let rows = tokens.streams(8, steps: 25)
    #expect(rows.targets.tokens == (0..<4).map { Array($0 * 26 + 1...$0 * 26 + 26) })
    #expect(rows.inputs.tokens == (0..<4).map { Array($0 * 26...$0 * 26 + 25) })
    #expect(rows.count == 2)
    #expect(tokens.streams(3, steps: 300).targets.lengths == [107])
  }

  /// The whole text is one stream: what an evaluation gives is the sum, token by token, of one
  /// session that is fed one token at a time.
  @Test(arguments: [GeneratorTokens.characters, .bpe])
  func evaluatesOneStream(tokens: GeneratorTokens) throws {
    let generator = try MadeText.quick { ($0.tokens, $0.partCount) = (tokens, 60) }
    let text = String(repeating: MadeText.mixed.prefix(80) + "ж\n", count: 20)
    let evaluation = try generator.evaluate(on: [
      MadeText.file(String(text.prefix(500))), MadeText.file(String(text.dropFirst(500))),
    ])
    #expect(evaluation.unknown == 20 && evaluation.characters == text.count)
    var session = Session(generator.model)
    var previous = generator.code.start
    var nats = 0.0
    for token in generator.code.ids(of: text) {
      let logits = session.step(previous).lastLogits
      let highest = logits.max() ?? 0
      nats += log(logits.reduce(0) { $0 + exp($1 - highest) }) + highest - logits[token]
      previous = token
    }
    #expect(abs(evaluation.nats - nats) < 1e-5 * nats)
    #expect(evaluation.fiveGram == nil && evaluation.verdict == nil)
    #expect(throws: DataError.self) { try generator.evaluate(on: [MadeText.file("")]) }
  }

  /// The same seed gives the same bits, another seed others.
  @Test func seeds() throws {
    func weights(_ seed: UInt64, threads: Int) throws -> [[Float]] {
      let generator = try ExecutionContext(threads: threads).run {
        try MadeText.quick { ($0.seed, $0.dropout, $0.layers) = (seed, 0.3, 2) }
      }
      return generator.model.parameters.map(\.tensor.elements)
    }
    let first = try weights(1, threads: 1)
    #expect(try weights(1, threads: 2) == first)
    #expect(try weights(2, threads: 1) != first)
    #expect(first[0].prefix(6) == [0, 0, 0, 0, 0, 0])
  }

  @Test func refusesWhatCannotBeLearned() throws {
    let cases: [(String, String)] = [
      ("", "made.txt: there is no text in it."),
      ("\u{FEFF}", "made.txt: there is no text in it."),
      (
        String(repeating: "\n", count: 5000), "all 4275 characters of the training part are \"\\n\""
      ),
      ("a", "the training part is empty"),
      ("short", "found 3 tokens in the training part, expected at least the 20 of a window"),
    ]
    for (text, part) in cases {
      let error = try #require(throws: DataError.self) { try plan(text) }
      #expect("\(error)".contains(part), "\(error)")
    }
    #expect(throws: Never.self) { try plan("shorter") { $0.steps = 2 }.train() }
  }

  @Test func optionProblems() {
    let changes: [(inout TextGeneratorOptions) -> Void] = [
      { $0.hiddenSize = 0 }, { $0.layers = 0 }, { $0.partCount = 1 }, { $0.embeddingSize = -1 },
      { $0.epochs = 0 }, { $0.streams = 0 }, { $0.steps = 0 }, { $0.dropout = 1 },
      { $0.dropout = .nan }, { $0.learningRate = 0 }, { $0.clipping = .infinity },
      { $0.wordCount = 1 }, { $0.rounds = 2 }, { $0.rank = 3 }, { $0.dropConnect = 1 },
      { $0.averaging = 1.5 }, { ($0.cell, $0.rounds) = (.mogrifier, -1) },
      { ($0.cell, $0.rank) = (.mogrifier, 0) }, { $0.testFraction = 1 },
      { $0.validationFraction = -0.1 }, { $0.patience = -1 },
    ]
    #expect(TextGeneratorOptions().problem == nil)
    for change in changes {
      var options = TextGeneratorOptions()
      change(&options)
      #expect(options.problem != nil)
    }
  }
}
