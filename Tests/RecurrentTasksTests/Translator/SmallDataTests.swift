import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What helps a translator where pairs are few: sentences cut another way each time, tokens left out,
/// several networks, what was not yet looked at, translations translated back.
@Suite struct SmallDataTests {
  private static func bits(_ translator: Translator) -> [[[UInt32]]] {
    translator.models.map { $0.parameters.map { $0.tensor.elements.map(\.bitPattern) } }
  }

  private static func noisy(_ options: inout TranslatorOptions) {
    (options.bpeDropout, options.tokenDropout, options.dropout) = (0.3, 0.2, 0.1)
    options.epochs = 2
  }

  // MARK: Joins left out

  /// Some pairs as a step cuts them.
  private static func cut(
    _ examples: TranslationExamples, _ rows: [Int], seed: UInt64
  ) throws -> TranslationBatch {
    let sampled = try #require(examples.batch(rows).sampled)
    return sampled(rows.map { RandomKey(seed: seed).child($0) })
  }

  @Test func sentencesAreCutAnew() throws {
    let plan = try TranslatorPlan(
      Reversal.pairs(40), options: Reversal.options { $0.bpeDropout = 0.4 })
    let examples = plan.trainingExamples
    let first = try Self.cut(examples, [3, 7, 3], seed: 1)
    // By example and step alone: not by the place in the batch.
    #expect(first.sources.tokens[0] == first.sources.tokens[2])
    #expect(first.targets[0] == first.targets[2])
    let alone = try Self.cut(examples, [7], seed: 1)
    #expect(alone.sources.tokens[0] == first.sources.tokens[1])
    #expect(alone.targets[0] == first.targets[1])
    var (cuts, told): (Set<[Int]>, Set<[Int]>) = ([], [])
    for seed in 0..<30 {
      let other = try Self.cut(examples, [3, 7, 3], seed: UInt64(seed))
      cuts.insert(other.sources.tokens[1])
      told.insert(other.targets[1])
      for (row, index) in [3, 7, 3].enumerated() {
        // No part is unknown, and together they are the sentence.
        #expect(!other.sources.tokens[row].contains(0) && !other.targets[row].contains(0))
        let pair = plan.training.pairs[index]
        #expect(plan.source.text(of: other.sources.tokens[row]) == pair.source)
        #expect(plan.target.text(of: other.targets[row]) == pair.target)
      }
    }
    #expect(cuts.count > 3 && told.count > 3)
    // What judges and what is translated is cut as ever.
    #expect(plan.validationExamples.batch([0]).sampled == nil)
    let plain = try TranslatorPlan(Reversal.pairs(40), options: Reversal.options())
    #expect(plain.trainingExamples.batch([0]).sampled == nil)
    #expect(plain.source.tokenizer == plan.source.tokenizer)
    for pair in plan.training.pairs {
      #expect(
        plan.source.tokenizer.tokens(in: pair.source)
          == plain.source.tokenizer.tokens(in: pair.source))
    }
    #expect(Set(plan.source.vocabulary.tokens).isSuperset(of: plain.source.vocabulary.tokens))
  }

  /// A sentence is never cut into more parts than sentences may have.
  @Test func cutsKeepToTheMaximumLength() throws {
    let plan = try TranslatorPlan(
      Reversal.pairs(60),
      options: Reversal.options { ($0.bpeDropout, $0.maximumLength) = (0.9, 6) })
    let examples = plan.trainingExamples
    #expect(examples.count > 20)
    let rows = Array(0..<examples.count)
    let batch = examples.batch(rows)
    let cut = try Self.cut(examples, rows, seed: 1)
    #expect((cut.sources.tokens + cut.targets).allSatisfy { $0.count <= 6 })
    #expect(cut.sources != batch.sources)
  }

  @Test func sampledTrainingHasTheSameBits() throws {
    let first = try Reversal.quick(Self.noisy)
    #expect(try Self.bits(Reversal.quick(Self.noisy)) == Self.bits(first))
    let changes: [(inout TranslatorOptions) -> Void] = [
      { $0.bpeDropout = nil }, { $0.tokenDropout = nil }, { $0.seed = 1 },
    ]
    for change in changes {
      let other = try Reversal.quick {
        Self.noisy(&$0)
        change(&$0)
      }
      #expect(Self.bits(other) != Self.bits(first))
    }
  }

  /// Ranks that share batches get the bits of one process, and so does a training that was stopped.
  @Test func ranksAndPausesChangeNothing() throws {
    let options = Reversal.options {
      Self.noisy(&$0)
      ($0.shards, $0.members) = (2, 2)
    }
    let pairs = Reversal.pairs(60)
    let whole = try TranslatorPlan(pairs, options: options).train()
    #expect(whole.models.count == 2)
    let shared = try ThreadRanks.run(2) { ranks in
      try TranslatorPlan(pairs, options: options).train(communicator: ranks)
    }
    for translator in shared { #expect(Self.bits(translator) == Self.bits(whole)) }
    try withTemporaryFolder { folder in
      let plan = try TranslatorPlan(pairs, options: options)
      let checkpoints = Checkpoints(in: folder + "/run")
      for (member, step) in [(1, 2), (2, 5)] {
        #expect(throws: TrainingPause.self) {
          try plan.train(
            checkpoints: checkpoints,
            callbacks: [
              { _, run in run.member == member && run.step == step ? .stop : .proceed }
            ])
        }
      }
      let resumed = try plan.train(checkpoints: checkpoints)
      #expect(Self.bits(resumed) == Self.bits(whole))
      #expect(resumed.configuration == whole.configuration)
    }
  }

  // MARK: Tokens left out

  @Test func tokensAreLeftOut() {
    let batch = TokenBatch((0..<40).map { _ in [1] + Array(3..<28) })
    let mode = Mode.training(RandomKey(seed: 4))
    let dropped = batch.dropping(0.25, sparing: 1, mode: mode)
    #expect(dropped.lengths == batch.lengths && dropped.tokens.allSatisfy { $0[0] == 1 })
    for (row, other) in paired(dropped.tokens, batch.tokens) {
      #expect(zip(row, other).allSatisfy { $0 == $1 || $0 == 0 })
    }
    let share = Double(dropped.tokens.joined().count { $0 == 0 }) / (40 * 25)
    #expect(abs(share - 0.25) < 0.05, "\(share)")
    #expect(batch.dropping(0.25, mode: .prediction) == batch)
    #expect(batch.dropping(0.25, mode: mode).tokens.contains { $0[0] == 0 })
  }

  // MARK: Several networks

  /// The mean of probabilities chooses each token: a beam of 1 is greedy by it.
  @Test func networksChooseTogether() throws {
    let translator = try Reversal.quick {
      $0.members = 3
      $0.testFraction = 0
    }
    #expect(translator.models.count == 3 && translator.histories.count == 3)
    #expect(Set(translator.models.map { $0.outputBias.elements.map(\.bitPattern) }).count == 3)
    var differs = false
    for pair in Reversal.pairs(12, seed: 9).pairs {
      let source = translator.source.ids(of: pair.source)
      var writers = translator.models.map { $0.read(TokenBatch([source])) }
      var (tokens, sum) = ([Int](), 0.0)
      while tokens.count < 2 * source.count + 20 {
        var mean = [Double](repeating: 0, count: translator.target.vocabulary.count)
        for (index, model) in translator.models.enumerated() {
          let scores = model.step(
            [tokens.last ?? SentenceEncoder.start], state: &writers[index].state,
            over: writers[index].memory, head: model.preparedHead
          ).logProbabilities.elements
          for token in scores.indices { mean[token] += exp(Double(scores[token])) / 3 }
        }
        let allowed = mean.indices.dropFirst(2)
        let best = allowed.reduce(allowed.startIndex) { mean[$1] > mean[$0] ? $1 : $0 }
        sum += log(mean[best])
        if best == SentenceEncoder.end { break }
        tokens.append(best)
      }
      let options = Reversal.options { $0.beam = 1 }
      let found = BeamSearch(translator.models, options)([source], keepsAttention: true)[0][0]
      #expect(found.tokens == tokens && abs(Double(found.logProbability) - sum) < 1e-4)
      for weights in found.attention { #expect(abs(weights.reduce(0, +) - 1) < 1e-5) }
      let alone = BeamSearch([translator.model], options)([source])[0][0]
      if alone.tokens != found.tokens { differs = true }
    }
    #expect(differs)
  }

  /// The perplexity is that of the mean probabilities; of equal networks that of one.
  @Test func perplexityOfSeveral() throws {
    let one = try Reversal.quick()
    var several = one
    several.parts.models = [one.model, one.model, one.model]
    let pairs = Reversal.pairs(20, seed: 4)
    let (alone, together) = (try one.evaluate(on: pairs), try several.evaluate(on: pairs))
    #expect(abs(alone.perplexity / together.perplexity - 1) < 1e-5)
    #expect(alone.network == together.network)
    let mixed = try Reversal.quick { $0.members = 2 }
    let perplexity = try mixed.evaluate(on: pairs).perplexity
    let each = try mixed.models.map { model in
      var single = mixed
      single.parts.models = [model]
      return try single.evaluate(on: pairs).perplexity
    }
    // The logarithm of a mean is above the mean of logarithms.
    #expect(perplexity < (each[0] * each[1]).squareRoot() * (1 - 1e-4), "\(perplexity) \(each)")
  }

  @Test func severalNetworksInAFolder() throws {
    let translator = try Reversal.quick {
      ($0.members, $0.coveragePenalty, $0.epochs) = (2, 0.3, 2)
    }
    try withTemporaryFolder { folder in
      try translator.save(to: folder + "/m")
      let loaded = try Translator(contentsOf: folder + "/m")
      #expect(Self.bits(loaded) == Self.bits(translator))
      #expect(loaded.configuration == translator.configuration)
      #expect(loaded.configuration.otherEpochs?.count == 1)
      let lines = Reversal.pairs(8, seed: 7).pairs.map(\.source)
      #expect(try loaded.translations(of: lines) == translator.translations(of: lines))
      #expect(loaded.summary.contains("2 times bidirectional LSTM, 1 layer"))
      #expect(loaded.summary.contains(#/weights of epoch \d, \d/#))
      #expect(loaded.report.contains("coverage penalty, β = 0.3"))
      #expect(loaded.cost().description.contains("decoder"))
      // The names of the networks' weights, and rounding of all of them.
      #expect(loaded.storedTensors.contains { $0.name == "1.decoder.bias" })
      let rounded = try loaded.rounded(to: .int8)
      #expect(rounded.models.allSatisfy { $0.parameterCount == loaded.model.parameterCount })
      #expect(try rounded.translations(of: lines).count == 8)
      // And training goes on from both.
      let next = try TranslatorPlan(
        Reversal.pairs(40, seed: 2), options: Reversal.options { $0.members = 2 }, from: loaded)
      #expect(next.model(member: 2).outputBias.isIdentical(to: loaded.models[1].outputBias))
    }
  }

  // MARK: Coverage

  /// The score of Wu et al. with every term: what was looked at counts, up to once.
  @Test func coverageCounts() throws {
    let translator = try Reversal.quick()
    let source = translator.source.ids(of: "two five one six")
    func found(_ penalty: Float?) -> [BeamSearch.Hypothesis] {
      let options = Reversal.options { ($0.beam, $0.coveragePenalty) = (6, penalty) }
      return BeamSearch([translator.model], options)([source], keepsAttention: true)[0]
    }
    let (plain, covering) = (found(nil), found(0.8))
    #expect(Set(plain.map(\.tokens)) == Set(covering.map(\.tokens)))
    #expect(found(0).map(\.score) == plain.map(\.score))
    for hypothesis in covering {
      let coverage = source.indices.map { token in
        hypothesis.attention.reduce(0) { $0 + Double($1[token]) }
      }
      let length = Double(hypothesis.tokens.count + 1)
      let expected =
        Double(hypothesis.logProbability) / pow((5 + length) / 6, 0.6)
        + 0.8 * coverage.reduce(0) { $0 + log(min($1, 1)) }
      #expect(abs(Double(hypothesis.score) - expected) < 1e-4, "\(hypothesis.score) \(expected)")
      #expect(coverage.contains { $0 < 1 })
    }
    #expect(zip(covering, covering.dropFirst()).allSatisfy { $0.score >= $1.score })
    // What a token of the sentence never got is a finite loss.
    let rule = BeamSearch.ScoreRule(lengthPenalty: 0, coveragePenalty: 1)
    #expect(rule.score(-1, length: 3, coverage: [0, 2]).isFinite)
    #expect(rule.score(-1, length: 3, coverage: [1, 2]) == -1)
  }

  // MARK: Translated back

  @Test func translatedBackPairsAreMarked() throws {
    let options = Reversal.options { ($0.validationFraction, $0.bpeDropout) = (0.2, 0.2) }
    let pairs = Reversal.pairs(60)
    let plain = try TranslatorPlan(pairs, options: options)
    let kept = [SentencePairs.Pair("three two", "dos tres cero"), .init("six", "nueve nueve")]
    let back = SentencePairs(
      kept + [plain.validation.pairs[0], plain.test.pairs[0]].map { .init("one", $0.target) },
      origin: "back")
    let plan = try TranslatorPlan(pairs, backTranslated: back, options: options)
    // What is kept for validation and test stays unknown, and their sentences are the same.
    #expect(plan.heldOut >= 2 && plan.backTranslated.pairs == kept)
    #expect(plan.validation.pairs == plain.validation.pairs && plan.test.pairs == plain.test.pairs)
    #expect(plan.training.pairs == plain.training.pairs)
    let examples = plan.trainingExamples
    #expect(examples.count == plain.trainingExamples.count + 2)
    // Marked are these and no others, however they are cut.
    let rows = Array(0..<examples.count)
    let batch = examples.batch(rows)
    let cut = try Self.cut(examples, rows, seed: 6)
    for sources in [batch.sources.tokens, cut.sources.tokens] {
      #expect(
        sources.map { $0.first == SentenceEncoder.mark }
          == rows.map { $0 >= plain.trainingExamples.count })
      #expect(sources.allSatisfy { !$0.dropFirst().contains(SentenceEncoder.mark) })
      #expect(plan.source.text(of: Array(sources[rows.count - 2].dropFirst())) == "three two")
    }
    // The language that is written is learned from them too.
    #expect(plain.target.ids(of: "nueve").contains(0))
    #expect(!plan.target.ids(of: "nueve").contains(0))
    #expect(plan.description.contains("and 2 pairs translated back, marked; \(plan.heldOut) left"))
    let translator = try plan.train()
    #expect(translator.configuration.trainedOn.hasSuffix("; back, 2 translated back"))
    #expect(Self.bits(translator) != (try Self.bits(plain.train())))
  }

  // MARK: Files and mistakes

  /// A model that asks for none of it is written as it always was, and folders of before are read.
  @Test func formerFoldersAreRead() throws {
    let translator = try Reversal.quick()
    let json = try JSONEncoder().encode(translator.configuration)
    for name in [
      "bpeDropout", "tokenDropout", "members", "coveragePenalty", "otherEpochs",
    ] {
      #expect(!String(decoding: json, as: UTF8.self).contains(name))
    }
    #expect(
      try JSONDecoder().decode(Translator.Configuration.self, from: json)
        == translator.configuration)
    #expect(translator.storedTensors.contains { $0.name == "decoder.bias" })
  }

  @Test func wrongValues() {
    let changes: [((inout TranslatorOptions) -> Void, String)] = [
      ({ $0.bpeDropout = 1 }, "BPE-dropout is at least 0 and less than 1, not 1.0"),
      ({ $0.tokenDropout = -0.1 }, "token dropout is at least 0 and less than 1, not -0.1"),
      ({ $0.members = 0 }, "the number of networks is between 1 and 100, not 0"),
      ({ $0.coveragePenalty = 11 }, "the coverage penalty is between 0 and 10, not 11.0"),
      ({ $0.coveragePenalty = .nan }, "the coverage penalty is between 0 and 10, not nan"),
    ]
    for (change, problem) in changes { #expect(Reversal.options(change).problem == problem) }
  }
}
