import Foundation
import Recurrent
import RecurrentTasks
import TestSupport
import Testing

/// How long a training is follows the size of the data, and what it says about having been too
/// short or too long.
@Suite struct CourseTests {
  /// From the full size on, the defaults; below, worked out by hand from the rule; 0.001414 is the
  /// root of 0.001 times 0.002.
  @Test(arguments: [
    (1_000_000, 64, 14, 4, 1e-3), (25_600, 64, 14, 4, 1e-3), (20_000, 64, 18, 5, 1e-3),
    (12_800, 32, 14, 4, 1.414e-3), (10_000, 32, 18, 5, 1.414e-3), (6400, 16, 14, 4, 2e-3),
    (2783, 16, 32, 9, 2e-3), (400, 16, 112, 32, 2e-3), (1, 16, 112, 32, 2e-3),
  ]) func follows(size: Int, batch: Int, epochs: Int, patience: Int, rate: Float) {
    let options = TranslatorOptions().following(size: size)
    #expect(
      (options.batchSize, options.epochs, options.patience) == (batch, epochs, patience),
      "\(options)")
    #expect(abs(options.learningRate - rate) < 1e-6, "\(options)")
  }

  /// What is told stays, and what is not told follows from it.
  @Test func whatIsGivenStays() {
    var options = TranslatorOptions()
    options.batchSize = 8
    #expect(options.following(size: 3200).batchSize == 8)
    #expect(options.following(size: 3200).epochs == 14)
    options.batchSize = 64
    #expect(options.following(size: 3200, keeping: [.batchSize]).epochs == 14 * 8)
    options.epochs = 3
    let short = options.following(size: 3200)
    #expect((short.epochs, short.patience, short.batchSize) == (3, 4, 16))
    #expect(options.following(size: 3200, keeping: [.batchSize, .epochs]) == options)
    #expect(options.following(size: 3200, keeping: [.learningRate]).learningRate == 1e-3)
    #expect(ForecasterOptions().following(size: 9).learningRate == 1e-3)
  }

  @Test func everyJobHasASize() {
    #expect(ForecasterOptions().following(size: 8).batchSize == 16)
    #expect(TextClassifierOptions().following(size: 100).batchSize == 8)
    #expect(SequenceTaggerOptions().following(size: 100).batchSize == 4)
    #expect(TextGeneratorOptions().following(size: 10_000).batchSize == 8)
    #expect(ComposerOptions().following(size: 10).batchSize == 2)
    #expect(ImageClassifierOptions().following(size: 100).batchSize == 8)
  }

  private static let words = [
    "der": "the", "ein": "a", "rote": "red", "alte": "old", "Hund": "dog", "Mann": "man",
    "Ball": "ball", "schläft": "sleeps", "springt": "jumps", "steht": "stands",
  ]

  /// 2 × 3 × 3 × 3 sentences, which are translated word by word.
  private static let sentences = ["der", "ein"].flatMap { article in
    ["", "rote", "alte"].flatMap { colour in
      ["Hund", "Mann", "Ball"].flatMap { noun in
        ["schläft", "springt", "steht"].map { verb in
          [article, colour, noun, verb].filter { !$0.isEmpty }
        }
      }
    }
  }

  private var translatorPlan: TranslatorPlan {
    get throws {
      let pairs = SentencePairs(
        Self.sentences.map { words in
          .init(
            words.joined(separator: " "),
            targets: [words.map { Self.words[$0] ?? "" }.joined(separator: " ")])
        }, origin: "54 pairs")
      var options = TranslatorOptions()
      (options.embeddingSize, options.hiddenSize, options.partCount) = (12, 12, 60)
      return try TranslatorPlan(pairs, options: options)
    }
  }

  /// 44 pairs are one update of 64: 14 of them teach nothing.
  @Test func smallTranslatorLearns() throws {
    let plan = try translatorPlan
    let short = try plan.train()
    let long = try plan.followingSize().train()
    let losses = try [short, long].map { try #require($0.history.best?.validationLoss) }
    #expect(losses[0] > 2.4 && losses[1] < 1, "\(losses)")
    #expect(
      try #require(short.history.remark).hasPrefix(
        "Training ended too early: the validation loss was still falling at the last of 14 epochs.")
    )
  }

  /// The same words, each tagged by what it is.
  @Test func smallTaggerLearns() throws {
    let kinds = [
      "der": "D", "ein": "D", "rote": "A", "alte": "A", "Hund": "N", "Mann": "N", "Ball": "N",
    ]
    let data = TaggedSentences(
      Self.sentences.map { words in .init(tokens: words, tags: words.map { kinds[$0] ?? "V" }) },
      source: "54 sentences")
    var options = SequenceTaggerOptions()
    (options.embeddingSize, options.hiddenSize, options.characters) = (6, 6, .none)
    options.usesCRF = false
    let plan = try SequenceTaggerPlan(data, options: options)
    let scores = try [plan, plan.followingSize()].map {
      try #require(try $0.train().configuration.validationScores.first ?? nil)
    }
    #expect(scores[0] < 0.7 && scores[1] == 1, "\(scores)")
  }

  @Test func planSaysWhatWasChosen() throws {
    let plan = try translatorPlan
    #expect(
      plan.courseDescription
        == "course      at most 14 epochs of 1 update, batch 64, learning rate 0.001, patience 4")
    #expect(
      plan.followingSize().courseDescription == """
        course      at most 112 epochs of 3 updates, batch 16, learning rate 0.002, patience 32
                    chosen for 44 pairs; from 25,600 on: batch 64, learning rate 0.001, epochs 14, patience 4
        """)
    // What was told is not said to be chosen.
    #expect(
      plan.followingSize(keeping: Set(CourseMember.allCases)).courseDescription
        == plan.courseDescription)
  }

  /// A history of these validation losses, of training losses beside them.
  private func history(
    _ validation: [Double], training: [Double]? = nil, score: String? = nil,
    stop: String = "allEpochs"
  ) throws -> TrainingHistory {
    let epochs = validation.indices.map { i in
      let judged =
        score.map { #""score":{"name":"\#($0)","value":\#(validation[i]),"isHigherBetter":true}"# }
        ?? #""validationLoss":\#(validation[i])"#
      return """
        {"epoch":\(i + 1),"loss":\((training ?? validation)[i]),\(judged),"learningRate":0.001,
        "gradientNorm":1,"seconds":1}
        """
    }
    let best = validation.indices.min {
      score == nil ? validation[$0] < validation[$1] : validation[$0] > validation[$1]
    }
    let text = """
      {"epochs":[\(epochs.joined(separator: ","))],"bestPlace":\(best ?? 0),"stop":{"\(stop)":{}}}
      """
    return try JSONDecoder().decode(TrainingHistory.self, from: Data(text.utf8))
  }

  @Test func remarks() throws {
    #expect(
      try history([5, 4.5, 4, 3.5]).remark == """
        Training ended too early: the validation loss was still falling at the last of 4 epochs. \
        Train on with --from this model, or anew with --epochs 8.
        """)
    #expect(
      try history([0, 0, 0.1, 0.3], score: "validation_f1").remark?.hasPrefix(
        "Training ended too early: the validation F1 was still rising at the last of 4 epochs.")
        == true)
    // Nearly there, or stopped since it got no better.
    #expect(try history([5, 3, 2.1, 2, 1.95, 1.93]).remark == nil)
    #expect(
      try history([5, 2.5, 2.6, 2.8, 3.3], training: [5, 3, 2, 1, 0.5]).remark == """
        Training overfitted after epoch 2: until epoch 5 the training loss fell from 3.000 to 0.5000, \
        but the validation loss went from 2.500 to 3.300. The weights are those of epoch 2. More data, \
        a higher --dropout or a smaller --hidden help.
        """)
    #expect(try history([5, 2.5, 2.55, 2.6], training: [5, 3, 2, 1]).remark == nil)
    #expect(try history([5, 4]).remark == nil)
  }

  /// The chart marks the epoch that was kept and says by what, and shows a score that judged.
  @Test func chartOfTheLoss() throws {
    let plain = try history([5, 2.5, 2.6])
    #expect(
      plain.chart.markers == [.init("epoch 2 was kept: validation loss 2.500", x: 2)]
        && plain.scoreChart == nil)
    let scored = try history([0, 0.25, 0.5, 0.4], training: [4, 3, 2, 1], score: "validation_f1")
    let score = try #require(scored.scoreChart)
    #expect(score.title == "Validation F1 by epoch" && score.lines[0].y == [0, 0.25, 0.5, 0.4])
    #expect(scored.chart.markers.map(\.label) == ["epoch 3 was kept: validation F1 0.5000"])
    #expect(scored.svg.contains("Loss by epoch") && scored.svg.contains("epoch 3 was kept"))
  }
}
