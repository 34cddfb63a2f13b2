import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Learning, and the same bits everywhere.
@Suite struct TextClassifierTests {
  /// A text draws the same noise in every batch of an update.
  @Test func noiseBelongsToTexts() throws {
    let classifier = try Grammar.quick {
      ($0.dropout, $0.tokenDropout, $0.pooling) = (0.3, 0.3, .mean)
    }
    let encoder = classifier.encoder
    let texts = Grammar.firstColour(9, seed: 2).examples.map {
      encoder.encoded(encoder.tokens(in: $0.text))
    }
    func logits(_ rows: [Int]) -> Tensor {
      classifier.models[0](
        encoder.batch(rows.map { texts[$0] }), mode: .training(RandomKey(seed: 6), rows: rows))
    }
    let whole = logits(Array(0..<9))
    for rows in [[0, 1, 2], [8, 3], [5]] {
      #expect(logits(rows).isIdentical(to: whole.rows(rows)))
    }
    #expect(classifier.models[0](encoder.batch(texts)) != whole)
  }

  /// Every pooling and cell learns what only order tells; words and pairs of words do not.
  @Test(arguments: cases(SequencePooling.allCases)) func learnsOrder(_ pooling: SequencePooling)
    throws
  {
    for cell in [CellKind.lstm, .gru] {
      var options = Grammar.options
      options.pooling = pooling
      options.cell = cell
      options.isBidirectional = cell == .lstm
      let plan = try TextClassifierPlan(Grammar.firstColour(700, seed: 1), options: options)
      let evaluation = try #require(try plan.train().configuration.evaluation)
      #expect(evaluation.confusion.total == 140)
      #expect(evaluation.confusion.accuracy >= 0.98, "\(pooling) \(cell)")
      #expect(try #require(evaluation.bagOfWords).accuracy < 0.75)
      #expect(evaluation.majority.accuracy == 0.5)
      #expect(evaluation.verdict.hasPrefix("The model beats the "))
    }
  }

  /// Wilson's interval of 41 of 41 and of 0 of 41: 41 / (41 + 1.96²) and what is left of it.
  @Test func verdictsWhereAllOrNoneAreRight() {
    let actual = (0..<41).map { $0 % 2 }
    func verdict(_ predicted: [Int]) -> String {
      let majority = ConfusionMatrix(
        classes: ["bad", "good"], actual: actual, predicted: actual.map { _ in 0 })
      return ClassifierEvaluation(
        labels: ["bad", "good"],
        confusion: ConfusionMatrix(
          classes: ["bad", "good"], actual: actual, predicted: predicted),
        calibration: Calibration(probabilities: actual.map { _ in [0.5, 0.5] }, actual: actual),
        majority: .init(majority), bagOfWords: nil, truncated: 0, empty: 0, unknownShare: 0
      ).verdict
    }
    #expect(
      verdict(actual) == "The model beats the majority class by 48.8 points "
        + "(95 % interval of its accuracy: 91.4 to 100.0 %).")
    #expect(
      verdict(actual.map { 1 - $0 }) == "The model does NOT beat the majority class: it is "
        + "51.2 points worse (95 % interval of its accuracy: 0.0 to 8.6 %).")
  }

  /// Characters and learned parts too.
  @Test(.optimized, arguments: [Tokenizer.Kind.bpe, .character, .whitespace])
  func otherTokens(_ kind: Tokenizer.Kind) throws {
    var options = Grammar.options
    options.tokens = kind
    options.partCount = 40
    options.epochs = 25
    options.hiddenSize = 16
    let plan = try TextClassifierPlan(Grammar.firstColour(700, seed: 1), options: options)
    let evaluation = try #require(try plan.train().configuration.evaluation)
    #expect(evaluation.confusion.accuracy >= 0.95)
  }

  /// An answer does not depend on what is asked beside it.
  @Test(arguments: SequencePooling.allCases) func sameBits(_ pooling: SequencePooling) throws {
    let classifier = try Grammar.quick {
      $0.pooling = pooling
      $0.layers = 2
      $0.members = 2
    }
    let alone = Grammar.oddTexts.map { classifier.classify($0) }
    #expect(classifier.classify(Grammar.oddTexts) == alone)
    #expect(classifier.classify(Grammar.oddTexts.reversed()) == alone.reversed())
    for answer in alone {
      #expect(abs(answer.probabilities.reduce(0, +) - 1) < 1e-5)
      #expect(answer.probability == answer.probabilities.max())
    }
    // No token, no difference between the texts.
    #expect(alone[0] == alone[2])
    #expect(classifier.classify([String]()).isEmpty)
  }

  /// Batches in which every text is empty.
  @Test func manyEmptyTexts() throws {
    let empty = ["red", "blue"].flatMap { label in
      (0..<200).map { _ in LabeledTexts.Example(text: "", label: label) }
    }
    var options = Grammar.options
    options.pooling = .attention
    options.hiddenSize = 128
    options.batchSize = 128
    options.epochs = 1
    let texts = LabeledTexts(empty + Grammar.firstColour(80, seed: 4).examples)
    let classifier = try TextClassifierPlan(texts, options: options).train()
    let answer = classifier.classify("")
    #expect(answer.probabilities.allSatisfy { (0...1).contains($0) })
    #expect(try #require(classifier.configuration.evaluation).confusion.total == 96)
  }

  @Test func sameSeedSameBits() throws {
    func weights(_ seed: UInt64) throws -> [[Float]] {
      try Grammar.quick {
        $0.dropout = 0.3
        $0.tokenDropout = 0.2
        $0.seed = seed
      }.models.parameters.map(\.tensor.elements)
    }
    let first = try weights(1)
    #expect(try weights(1) == first)
    #expect(try weights(2) != first)
  }

  @Test func membersDiffer() throws {
    let classifier = try Grammar.quick { $0.members = 2 }
    let (a, b) = (classifier.models[0], classifier.models[1])
    #expect(a.head.weights != b.head.weights && a.embedding.weights != b.embedding.weights)
    let text = classifier.encoder.encoded(["red", "is", "blue"])
    let batch = classifier.encoder.batch([text])
    let mean = ((a(batch).softmax() + b(batch).softmax()) * 0.5).elements
    #expect(classifier.probabilities(of: [text]) == [mean])
  }

  /// What naive Bayes says is added to the logits, times a factor that is trained; without it, the
  /// network is alone.
  @Test func naiveBayesBesideTheNetwork() throws {
    let tokens = TokenBatch([[3, 1, 2]])
    let evidence = Tensor([0.75, -0.75], shape: [1, 2])
    let model = try Grammar.quick().models[0]
    let weight = try #require(model.evidenceWeight).elements[0]
    #expect(weight != 1 && weight.isFinite)
    let logits = model(TextBatch(tokens: tokens, evidence: nil)).elements
    #expect(model(TextBatch(tokens: tokens, evidence: evidence * 0)).elements == logits)
    #expect(
      model(TextBatch(tokens: tokens, evidence: evidence)).elements
        == [logits[0] + 0.75 * weight, logits[1] - 0.75 * weight])
    let networkOnly = try Grammar.quick { $0.naiveBayes = false }
    #expect(networkOnly.models[0].evidenceWeight == nil && networkOnly.encoder.naiveBayes == nil)
  }

  /// Training sees each text as a new one: with the evidence of all the others.
  @Test func leavesOutWhatItTrainsOn() throws {
    var texts = Grammar.firstColour(200, seed: 1)
    // Every label is drawn, and two words stand in one text alone: nothing can be known.
    var generator = SeededGenerator(seed: 9)
    for row in texts.examples.indices {
      texts.examples[row].text += " row\(row) row\(row)"
      texts.examples[row].label = Bool.random(using: &generator) ? "red" : "blue"
    }
    var options = Grammar.options
    options.epochs = 2
    let weight = try TextClassifierPlan(texts, options: options).train().models[0].evidenceWeight
    // Counting itself, each text would look certain, and the weight would grow.
    #expect(try #require(weight).elements[0] < 1)
  }

  /// The vocabulary is that of the training part alone.
  @Test func nothingLeaks() throws {
    var texts = Grammar.firstColour(200, seed: 1)
    for row in texts.examples.indices { texts.examples[row].text += " word\(row)" }
    let plan = try TextClassifierPlan(texts, options: Grammar.options)
    let known = Set(plan.encoder.vocabulary.tokens)
    for (part, isKnown) in [(plan.training, true), (plan.validation, false), (plan.test, false)] {
      #expect(!part.examples.isEmpty)
      for example in part.examples {
        let word = example.text.split(separator: " ").last.map(String.init) ?? ""
        #expect(known.contains(word) == isKnown)
      }
    }
  }

  /// Parts are disjoint, complete, and have the shares of the classes; folds cover everything once.
  @Test func splits() throws {
    var texts = Grammar.firstColour(300, seed: 1)
    for row in texts.examples.indices {
      texts.examples[row].label = row % 3 == 0 ? "x" : row % 30 == 1 ? "z" : "y"
    }
    func lines(_ part: LabeledTexts) -> [Int] { part.examples.compactMap(\.line) }
    var options = Grammar.options
    options.validationFraction = 0.25
    var tested: [Int] = []
    for number in 1...4 {
      options.fold = Fold(number, of: 4)
      let plan = try TextClassifierPlan(texts, options: options)
      let parts = [plan.training, plan.validation, plan.test].map(lines)
      #expect(parts.flatMap(\.self).sorted() == Array(1...300))
      let labels = plan.test.examples.map(\.label)
      #expect(labels.count { $0 == "x" } == 25)
      #expect((2...3).contains(labels.count { $0 == "z" }))
      tested += parts[2]
    }
    #expect(tested.sorted() == Array(1...300))
    options.seed = 4
    options.fold = Fold(1, of: 4)
    #expect(lines(try TextClassifierPlan(texts, options: options).test) != Array(tested.prefix(75)))
  }

  @Test func classWeights() throws {
    var texts = Grammar.firstColour(200, seed: 1)
    texts.examples.removeAll { $0.label == "red" && ($0.line ?? 0) > 100 }
    var options = Grammar.options
    options.testFraction = 0
    options.validationFraction = 0
    options.classWeights = .balanced
    let balanced = try #require(try TextClassifierPlan(texts, options: options).classWeights)
    #expect(balanced == [0.75, 1.5] as [Float])
    options.classWeights = .given(["red": 3])
    let plan = try TextClassifierPlan(texts, options: options)
    #expect(plan.classWeights == [1, 3])
    #expect("\(plan)".contains("weights     of the classes: blue 1, red 3"))
    options.classWeights = .given(["Red": 3])
    let error = try dataError { _ = try TextClassifierPlan(texts, options: options) }
    #expect(error.problem == "name a class \"Red\" that the texts do not have")
    #expect(error.advice == "The classes are \"blue\", \"red\"")
  }

  /// Long texts are cut at the chosen end, and the report counts them.
  @Test func truncation() throws {
    for end in TextEnd.allCases {
      let classifier = try Grammar.quick {
        $0.maximumLength = 5
        $0.keptEnd = end
      }
      let long = "red blue the and of two so"
      #expect(
        classifier.encoder.tokens(in: long)
          == (end == .start
            ? ["red", "blue", "the", "and", "of"] : ["the", "and", "of", "two", "so"]))
      let evaluation = try classifier.evaluate(
        on: LabeledTexts([
          .init(text: long, label: "red"), .init(text: "", label: "blue"),
          .init(text: "it zzz", label: "red"),
        ]))
      #expect(evaluation.truncated == 1 && evaluation.empty == 1)
      #expect(evaluation.unknownShare == 1.0 / 7)
    }
  }

  @Test func veryLongText() throws {
    let classifier = try Grammar.quick { $0.maximumLength = 100_000 }
    let text = String(repeating: "red so blue it ", count: 25_000)
    let answer = classifier.classify(text)
    #expect(answer.probability.isFinite)
    #expect(classifier.classify(["red", text, ""])[1] == answer)
  }

  /// The weight of a token is what its absence changes; shares of attention sum to 1.
  @Test func explanations() throws {
    let classifier = try Grammar.quick { $0.pooling = .attention }
    let text = "it is red of blue zzz"
    let occlusion = try classifier.explain(text)
    let answer = classifier.classify(text)
    let chosen = try #require(classifier.labels.firstIndex(of: answer.label))
    #expect(occlusion.label == answer.label && occlusion.probability == answer.probability)
    #expect(occlusion.tokens.map(\.text) == ["it", "is", "red", "of", "blue", "zzz"])
    #expect(occlusion.isKnown == [true, true, true, true, true, false])
    let rare = try Grammar.quick { $0.minimumCount = 1000 }
    #expect(try rare.explain("red zzz").isKnown == [true, false])
    let without = classifier.classify("it is of blue zzz").probabilities[chosen]
    #expect(occlusion.tokens[2].weight == answer.probability - without)
    let attention = try classifier.explain(text, by: .attention)
    #expect(abs(attention.tokens.reduce(0) { $0 + $1.weight } - 1) < 1e-5)
    #expect(try classifier.explain("", by: .attention).tokens.isEmpty)
    #expect(try classifier.explain("").tokens.isEmpty)
    let error = try #require(throws: DataError.self) {
      try Grammar.quick { $0.pooling = .max }.explain(text, by: .attention)
    }
    #expect(error.problem.contains("max pooling, not attention"))
  }

  /// What a text says cannot steer a terminal or a page.
  @Test func explanationsAreEscaped() throws {
    let explanation = Explanation(
      label: "<b>", probability: 0.5, method: .occlusion,
      tokens: [("\u{1B}[31m", 0.2), ("<script>", -0.4), (" the", 0)], isKnown: [true, false, true])
    #expect(explanation.terminal(colour: false) == "�[31m(0.200) <script>?(-0.400) ␣the(0.000)")
    #expect(!explanation.terminal(colour: true).contains("\u{1B}[31m"))
    var page = ExplanationPage(title: "a & b")
    page.append(explanation)
    #expect(page.html.contains("&lt;script&gt;") && !page.html.contains("<script>"))
    #expect(page.html.contains("<th>&lt;b&gt;</th>") && page.html.contains("<title>a &amp; b"))
  }

  /// By GNU `time -v` of a debug build on such files: 65 MB at most on 400 texts, 108 MB on 1500, most of it pairs of
  /// words that naive Bayes counts.
  @Test func memoryIsToldWithTheTexts() throws {
    func told(_ count: Int, _ naiveBayes: Bool) throws -> Double {
      let texts = (0..<count).map { text in
        LabeledTexts.Example(
          text: (0..<100).map { "w\((text * 7919 + $0 * $0 * 31) % 4999)" }.joined(separator: " "),
          label: text % 2 == 0 ? "good" : "bad")
      }
      var options = TextClassifierOptions()
      (options.hiddenSize, options.embeddingSize, options.naiveBayes) = (16, 16, naiveBayes)
      return try TextClassifierPlan(LabeledTexts(texts), options: options).processBytes
    }
    let (few, many) = (try told(100, true), try told(400, true))
    #expect((30e6...60e6).contains(few) && (40e6...75e6).contains(many), "\(few), \(many)")
    // Terms that are counted once each: 300 texts more, less what is held out.
    #expect((9e6...16e6).contains(many - few), "\(many - few)")
    #expect(try told(400, false) < many - 12e6)
  }
}
