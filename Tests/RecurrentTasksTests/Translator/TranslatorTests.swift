import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// A small language whose translation is known: digits in words, the other way round.
enum Reversal {
  private static let words = ["one", "two", "three", "four", "five", "six"]
  private static let other = ["uno", "dos", "tres", "cuatro", "cinco", "seis"]

  static func pairs(_ count: Int, seed: UInt64 = 5) -> SentencePairs {
    var generator = SeededGenerator(seed: seed)
    return SentencePairs(
      (0..<count).map { _ in
        let digits = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
          Int.random(in: 0..<6, using: &generator)
        }
        return SentencePairs.Pair(
          digits.map { words[$0] }.joined(separator: " "),
          digits.reversed().map { other[$0] }.joined(separator: " "))
      }, origin: "digits")
  }

  /// Options for a network that is small and quickly trained.
  static func options(_ change: (inout TranslatorOptions) -> Void = { _ in }) -> TranslatorOptions {
    var options = TranslatorOptions()
    options.partCount = 60
    options.embeddingSize = 12
    options.hiddenSize = 10
    options.dropout = 0
    options.batchSize = 16
    options.learningRate = 0.02
    options.epochs = 1
    options.beam = 3
    change(&options)
    return options
  }

  /// A translator that hardly learned: its answers are many and odd.
  static func quick(
    _ change: (inout TranslatorOptions) -> Void = { _ in }
  ) throws -> Translator {
    try TranslatorPlan(pairs(80), options: options(change)).train()
  }
}

@Suite struct TranslatorTests {
  /// The BLEU of sentences of two words is 0, be they all right: what is right in them is told by chrF2.
  @Test func verdictsSayWhoIsBetter() {
    func verdict(_ own: String, nearest: String, of target: String) -> String {
      let pairs = [SentencePairs.Pair("uno dos tres cuatro", target)]
      func scores(_ text: String) -> TranslationEvaluation.Scores {
        .init([text], pairs, lowercases: false)
      }
      return TranslationEvaluation(
        network: scores(own), copy: scores("uno dos tres cuatro"), nearest: scores(nearest),
        perplexity: 1, beam: 5, lengthPenalty: 0.6, coveragePenalty: nil, count: 1, truncated: 0,
        samples: []
      ).verdict
    }
    let (four, wrong) = ("one two three four", "five six")
    #expect(
      verdict(four, nearest: wrong, of: four)
        == "The network beats the copied source by 100.0 BLEU.")
    #expect(
      verdict(four, nearest: four, of: four)
        == "The network does NOT beat the nearest sentence: it is no better.")
    let note = "(Its BLEU is 0, as is that of sentences under four words.)"
    #expect(
      verdict("one two", nearest: "one two", of: "one two")
        == "The network does NOT beat the nearest sentence: it is no better. \(note)")
    let short = verdict("one two", nearest: "one six", of: "one two")
    #expect(short.hasPrefix("The network beats the nearest sentence by "))
    #expect(short.hasSuffix(" chrF2. \(note)"))
    // The nearest sentence is long enough for a BLEU, and shares a word.
    let long = verdict("one two", nearest: "one six six six", of: "one two")
    #expect(long.hasPrefix("The network beats the nearest sentence by "))
  }

  /// By GNU `time -v` of an optimized build, one epoch: 542 MB on 3,000 pairs of Multi30k with the options that
  /// are usual (told: 523), 428 MB on its 29,000 with 64 units and vectors of 64 (told: 435). Longer pairs and longer
  /// sentences of the test part take more, and so does each weight.
  @Test func memoryIsToldWithThePairs() throws {
    func told(
      _ count: Int, words: Int = 4, _ change: (inout TranslatorOptions) -> Void = { _ in }
    ) throws -> Double {
      let pairs = Reversal.pairs(count).pairs.map { pair in
        func longer(_ text: String) -> String {
          Array(repeating: text, count: words / 4).joined(separator: " ")
        }
        return SentencePairs.Pair(longer(pair.source), longer(pair.target))
      }
      return try TranslatorPlan(SentencePairs(pairs), options: Reversal.options(change))
        .processBytes
    }
    let small = try told(80)
    #expect((33e6...36e6).contains(small), "\(small)")
    let long = try told(80, words: 40)
    #expect(long > small + 2e6, "\(small), \(long)")
    let wide = try told(80) { $0.hiddenSize = 400 }
    let weights = try TranslatorPlan(
      Reversal.pairs(80), options: Reversal.options { $0.hiddenSize = 400 }
    ).parameterCount
    // Weights, their gradients, two moments, and two copies.
    #expect(wide > small + 24 * Double(weights) && wide < small + 48 * Double(weights))
    #expect(try told(2080) > small + 2000 * 300)
    let plan = try TranslatorPlan(Reversal.pairs(80), options: Reversal.options())
    #expect(plan.description.contains("of memory in all, with the pairs and the report"))
  }

  /// The best translation is known, and is found for sentences that training never saw.
  @Test(arguments: cases(AttentionDecoder.AttentionKind.allCases))
  func learnsToReverse(_ attention: AttentionDecoder.AttentionKind) throws {
    let options = Reversal.options {
      $0.epochs = 14
      $0.attention = attention
    }
    let translator = try TranslatorPlan(Reversal.pairs(700), options: options).train()
    let evaluation = try #require(translator.configuration.evaluation)
    #expect(evaluation.network.bleu.score > 99.99, "\(translator.report)")
    #expect(evaluation.network.chrF.score > 99.99)
    #expect(evaluation.perplexity < 1.3 && evaluation.copy.bleu.score < 1)
    let nearest = try #require(evaluation.nearest)
    #expect(nearest.bleu.score < 90)
    #expect(translator.translate("three one five") == "cinco uno tres")
    #expect(translator.report.contains("The network beats the nearest sentence by"))
    #expect(translator.report.contains("BLEU nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp"))
    // What it looked at: from the last word to the first.
    let translation = try #require(
      try translator.translations(of: ["three one five"], keepsAttention: true)[0].first)
    #expect(translation.attention.count == translation.tokens.count)
    for weights in translation.attention {
      #expect(weights.count == translation.sourceTokens.count)
      let sum = weights.reduce(0, +)
      #expect(abs(sum - 1) < 1e-5)
    }
    let map = translation.attentionMap.svg()
    #expect(map.contains("<title>cinco uno tres</title>"))
    #expect(map.contains(">&lt;/s&gt;<") && !map.contains("·&lt;/s&gt;"))
  }

  /// With joint parts both languages have the same tokens, the network has one vector for each, and
  /// its gradient is that of reading, of being told and of saying together.
  @Test func jointPartsShareVectors() throws {
    let translator = try Reversal.quick {
      $0.joint = true
      $0.layers = 2
    }
    #expect(translator.source == translator.target)
    // Words of both sides were learned.
    #expect(!translator.source.ids(of: "one uno").contains(0))
    var model = translator.model
    #expect(model.sourceEmbedding == nil)
    #expect(translator.summary.contains("vectors of 12, shared by both languages"))

    let batch = TranslationBatch(
      sources: TokenBatch([translator.source.ids(of: "one uno")]),
      targets: [translator.target.ids(of: "one")])
    // A token that is read, told and said, in the direction in which all its vector goes.
    let token = try #require(translator.source.ids(of: "one").first)
    let weights = model.targetEmbedding.weights
    let size = weights.shape[1]
    func loss(movedBy step: Float) -> Float {
      var moved = weights.elements
      for index in token * size..<(token + 1) * size { moved[index] += step }
      model.targetEmbedding.weights = Tensor(moved, shape: weights.shape)
      return model.loss(batch, labelSmoothing: 0, mode: .prediction).value
    }
    let slope = (loss(movedBy: 0.01) - loss(movedBy: -0.01)) / 0.02
    model.targetEmbedding.weights = weights
    let gradients = valueAndGradients(of: model) {
      $0.loss(batch, labelSmoothing: 0, mode: .prediction)
    }.gradients
    #expect(gradients["source_embedding.weights"] == nil)
    let gradient = try #require(gradients["target_embedding.weights"])
    let own = gradient.elements[token * size..<(token + 1) * size].reduce(0, +)
    #expect(abs(own - slope) < 0.01 * max(1, abs(slope)), "\(own), by differences \(slope)")
  }

  /// A beam of 1 is the likeliest token at each step.
  @Test func beamOfOneIsGreedy() throws {
    let translator = try Reversal.quick()
    let model = translator.model
    for pair in Reversal.pairs(20, seed: 9).pairs {
      let source = translator.source.ids(of: pair.source)
      var (memory, state) = model.read(TokenBatch([source]))
      var (tokens, sum) = ([Int](), Float(0))
      while tokens.count < 2 * source.count + 20 {
        let scores = model.step(
          [tokens.last ?? SentenceEncoder.start], state: &state, over: memory,
          head: model.preparedHead
        ).logProbabilities.elements
        let allowed = scores.indices.dropFirst(2)
        let best = allowed.reduce(allowed.startIndex) { scores[$1] > scores[$0] ? $1 : $0 }
        sum += scores[best]
        if best == SentenceEncoder.end { break }
        tokens.append(best)
      }
      let found = BeamSearch([model], Reversal.options { $0.beam = 1 })([source])[0]
      #expect(found.count == 1)
      #expect(found[0].tokens == tokens && found[0].logProbability == sum)
      memory = memory.rows([0])
    }
  }

  /// The score of what is found is the log probability that the loss gives it, by the penalty.
  @Test func scoresAreProbabilities() throws {
    let translator = try Reversal.quick()
    let source = translator.source.ids(of: "two five one")
    let options = Reversal.options { ($0.beam, $0.lengthPenalty) = (4, 0.7) }
    for hypothesis in BeamSearch([translator.model], options)([source])[0] {
      let batch = TranslationBatch(sources: TokenBatch([source]), targets: [hypothesis.tokens])
      let count = Float(hypothesis.tokens.count + 1)
      let loss = translator.model.loss(batch, labelSmoothing: 0, mode: .prediction).value * count
      #expect(abs(loss + hypothesis.logProbability) < 1e-4 * loss)
      let penalty = Float(pow((5 + Double(count)) / 6, 0.7))
      #expect(abs(hypothesis.score + loss / penalty) < 1e-4 * loss)
    }
  }

  /// The length penalty is the one with the best BLEU on the validation part, of those that are tried; one that
  /// was said stays.
  @Test func lengthPenaltiesAreFitted() throws {
    let pairs = Reversal.pairs(200)
    let plan = try TranslatorPlan(
      pairs, options: Reversal.options { ($0.epochs, $0.devFraction) = (4, 0.3) })
    let translator = try plan.train()
    func bleu(_ penalty: Float) throws -> Double {
      try translator.evaluate(on: plan.validation, lengthPenalty: penalty)
        .evaluation.network.bleu.score
    }
    let all = try (0...10).map { try bleu(Float($0) / 5) }
    #expect(try bleu(translator.options.lengthPenalty) == all.max())
    #expect(Set(all).count > 1, "\(all)")
    #expect(translator.configuration.evaluation?.lengthPenalty == translator.options.lengthPenalty)
    #expect(plan.description.contains("the length penalty is the best on the validation part"))
    let said = try TranslatorPlan(
      pairs, options: Reversal.options { ($0.epochs, $0.lengthPenalty) = (1, 1.9) })
    #expect(try said.train().options.lengthPenalty == 1.9)
    #expect(!said.description.contains("the length penalty"))
  }

  /// A wide beam over a short limit finds the best of all translations.
  @Test func wideBeamFindsTheBest() throws {
    let translator = try Reversal.quick { $0.partCount = 1 }
    let model = translator.model
    let source = translator.source.ids(of: "six")
    let size = model.outputBias.count
    let options = Reversal.options {
      ($0.beam, $0.lengthPenalty, $0.maximumLength) = (100, 0, 3)
    }
    let found = BeamSearch([model], options)([source])[0]
    var best = -Float.infinity
    for first in 3..<size {
      for tokens in [[first]] + (3..<size).map({ [first, $0] }) {
        let batch = TranslationBatch(sources: TokenBatch([source]), targets: [tokens])
        let loss = model.loss(batch, labelSmoothing: 0, mode: .prediction).value
        best = max(best, -loss * Float(tokens.count + 1))
      }
    }
    #expect(found[0].logProbability >= best - 1e-4)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
    #expect(Set(found.map(\.tokens)).count == found.count)
  }

  /// What comes out for a sentence depends neither on the others nor on the threads.
  @Test func sentencesStandAlone() throws {
    let translator = try Reversal.quick()
    let sentences =
      Reversal.pairs(30, seed: 3).pairs.map(\.source) + ["", "  ", "zzz", "one unknown \u{1F600}"]
    let all = try translator.translations(of: sentences, keepsAttention: true)
    for (sentence, translations) in paired(sentences, all) {
      #expect(try translator.translations(of: [sentence], keepsAttention: true)[0] == translations)
    }
    #expect(all[30].isEmpty && all[31].isEmpty && !all[32].isEmpty)
    #expect(translator.translate(["", "two"])[0] == "")
    for translations in all.prefix(30) {
      #expect((1...3).contains(translations.count))
      #expect(zip(translations, translations.dropFirst()).allSatisfy { $0.score >= $1.score })
    }
  }

  @Test func sameSeedSameBits() throws {
    let change: (inout TranslatorOptions) -> Void = {
      $0.dropout = 0.2
      $0.tokenBudget = 90
    }
    let first = try Reversal.quick(change)
    let second = try Reversal.quick(change)
    for (a, b) in paired(first.model.parameters, second.model.parameters) {
      #expect(a.tensor.isIdentical(to: b.tensor), "\(a.name)")
    }
    let other = try Reversal.quick {
      change(&$0)
      $0.seed = 1
    }
    #expect(!first.model.outputBias.isIdentical(to: other.model.outputBias))
  }

  /// The loss of a batch is the mean over its tokens, whatever stands beside a pair.
  @Test func lossIgnoresPadding() throws {
    let model = try TranslatorPlan(
      Reversal.pairs(40),
      options: Reversal.options {
        $0.layers = 2
        $0.cell = .gru
      }
    ).model()
    let sources = [[3, 4, 5, 6], [4], []]
    let targets = [[5], [3, 4, 6], []]
    let all = model.loss(
      TranslationBatch(sources: TokenBatch(sources), targets: targets), labelSmoothing: 0.1,
      mode: .prediction
    ).value
    var sum = 0.0
    for (source, target) in paired(sources, targets) {
      let batch = TranslationBatch(
        sources: TokenBatch([source], time: max(1, source.count)), targets: [target])
      let loss = model.loss(batch, labelSmoothing: 0.1, mode: .prediction).value
      sum += Double(loss) * Double(target.count + 1)
    }
    #expect(abs(sum / 7 - Double(all)) < 1e-6)
  }

  /// Two sentences apart: pairs of one sentence go into one part, and the parts are all there is.
  @Test func splitKeepsSentencesTogether() throws {
    var pairs = Reversal.pairs(300)
    for index in pairs.pairs.indices { pairs.pairs[index].targets[0] += " \(index)" }
    let plan = try TranslatorPlan(
      pairs, options: Reversal.options { $0.normalization.lowercases = true })
    let parts = [plan.training, plan.validation, plan.test].map { Set($0.pairs.map(\.source)) }
    #expect(parts.allSatisfy { !$0.isEmpty })
    #expect(parts[0].isDisjoint(with: parts[1]) && parts[0].isDisjoint(with: parts[2]))
    #expect(parts[1].isDisjoint(with: parts[2]))
    let all = (plan.training.pairs + plan.validation.pairs + plan.test.pairs).map(\.target)
    #expect(all.sorted() == pairs.pairs.map(\.target).sorted())
    // Tokens are learned from the training part alone.
    let known = Set(plan.training.pairs.flatMap { $0.target.unicodeScalars })
    #expect(
      plan.target.tokenizer.bytePairs?.symbols.allSatisfy {
        $0.unicodeScalars.allSatisfy { known.contains($0) || $0 == " " }
      } == true)
  }

  @Test func longPairs() throws {
    var pairs = Reversal.pairs(60)
    pairs.pairs[7].targets[0] = String(repeating: "uno dos ", count: 40)
    let plan = try TranslatorPlan(
      pairs, validation: Reversal.pairs(5), test: Reversal.pairs(4),
      options: Reversal.options { $0.maximumLength = 30 })
    #expect(plan.tooLong == 1 && plan.trainingExamples.count == 59)
    #expect(plan.description.contains("1 of them left out: more than 30 tokens"))
    let error = try #require(throws: DataError.self) {
      try TranslatorPlan(
        pairs,
        options: Reversal.options {
          $0.maximumLength = 1
          $0.partCount = 1
        })
    }
    #expect(error.problem.contains("all pairs have a side with more than 1 tokens"))
  }

  /// Several references of a test part count.
  @Test func evaluatesWithSeveralReferences() throws {
    let translator = try Reversal.quick {
      $0.testFraction = 0
      $0.epochs = 3
    }
    #expect(translator.report == "There was no test part.")
    let one = Reversal.pairs(12, seed: 4)
    let said = translator.translate(one.pairs.map(\.source))
    var two = one
    for index in two.pairs.indices { two.pairs[index].targets.append(said[index]) }
    let (first, translations) = try translator.evaluate(on: one)
    #expect(translations == said && first.nearest == nil)
    let second = try translator.evaluate(on: two, beam: 1, lengthPenalty: 0).evaluation
    #expect(second.network.bleu.referenceCount == 2 && second.beam == 1)
    #expect(said.contains { !$0.isEmpty } && first.network.chrF.score < 99)
    #expect(try translator.evaluate(on: two).evaluation.network.chrF.score > 99)
    #expect(first.samples.count == 5 || first.samples.count == 4)
  }

  @Test func nearestSentence() {
    let memory = NearestSentence(
      SentencePairs([
        .init("the red house", "A"), .init("the red car", "B"), .init("the blue car runs", "C"),
      ]))
    #expect(memory.translation(of: "a house") == "A")
    #expect(memory.translation(of: "The RED car!") == "B")
    #expect(memory.translation(of: "runs") == "C")
    #expect(memory.translation(of: "nothing known") == "A")
  }
}
