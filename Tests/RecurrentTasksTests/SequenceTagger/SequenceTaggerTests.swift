import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Taggers of made sentences.
@Suite struct SequenceTaggerTests {
  /// By GNU `time -v` of an optimized build, one epoch: 259 MB on the 3,394 sentences of WNUT 17 (told: 234), 655 MB on
  /// five times as many, in batches of 64 with 50 units (told: 660). Most of it are characters of the words that are read
  /// at once: as many of each as the longest has.
  @Test func memoryIsToldWithTheSentences() throws {
    func told(
      _ sentences: TaggedSentences, _ change: (inout SequenceTaggerOptions) -> Void = { _ in }
    ) throws -> Double {
      var options = TagGrammar.options
      change(&options)
      return try SequenceTaggerPlan(sentences, options: options).processBytes
    }
    let few = TagGrammar.cues(100, seed: 1)
    let small = try told(few)
    #expect((33e6...37e6).contains(small), "\(small)")
    #expect(try told(TagGrammar.cues(1100, seed: 1)) > small + 1e6)
    let read = try told(few) { $0.characters = .cnn }
    var long = few
    for index in long.sentences.indices {
      long.sentences[index].tokens[0] = String(repeating: "x", count: 200) + "\(index % 2)"
    }
    let padded = try told(long) { $0.characters = .cnn }
    #expect(read > small + 1e6 && padded > 5 * read - 4 * small, "\(small), \(read), \(padded)")
    let plan = try SequenceTaggerPlan(few, options: TagGrammar.options)
    #expect(plan.description.contains("of memory in all, with the sentences and the report"))
  }

  /// Cue and capital decide: every entity of the test part is found, no other.
  @Test func learnsCues() throws {
    let tagger = try SequenceTaggerPlan(
      TagGrammar.cues(300, seed: 1), options: TagGrammar.options
    ).train()
    let evaluation = try #require(tagger.configuration.evaluation)
    #expect(evaluation.score == 1, "\(evaluation)")
    #expect(evaluation.network.entities.types.keys.sorted() == ["LOC", "PER"])
    #expect(evaluation.unknownShare > 0.3)
    // The words are new, so their most frequent tag is no help.
    let dictionary = try #require(evaluation.dictionary)
    #expect(dictionary.score(isPlain: false) < 0.2 && evaluation.majority?.correctTokens ?? 0 > 0)
    #expect(evaluation.verdict?.contains("beats the dictionary") == true)
    let entities = tagger.entities(in: "  so mr  Übo Kanu\tthen near Tesk")
    #expect(entities.map(\.type) == ["PER", "LOC"])
    #expect(entities.map(\.text) == ["Übo Kanu", "Tesk"])
    #expect(entities.map(\.range) == [9..<17, 28..<32])
  }

  /// Without capitals and characters, what decides cannot be seen.
  @Test func capitalsMatter() throws {
    var options = TagGrammar.options
    options.capitals = false
    options.epochs = 4
    let tagger = try SequenceTaggerPlan(TagGrammar.cues(120, seed: 1), options: options).train()
    #expect(try #require(tagger.configuration.evaluation).score < 0.9)
  }

  @Test(arguments: cases([CharacterReader.lstm, .cnn])) func charactersSeeCapitals(
    _ reader: CharacterReader
  ) throws {
    var options = TagGrammar.options
    options.capitals = false
    options.characters = reader
    options.characterEmbeddingSize = 6
    options.characterSize = 16
    let tagger = try SequenceTaggerPlan(TagGrammar.cues(300, seed: 1), options: options).train()
    #expect(try #require(tagger.configuration.evaluation).score > 0.9)
  }

  /// Tokens say nothing, tags alternate, and either may be first: each tag alone is a coin, only
  /// their sequence is known.
  @Test func fieldKeepsSequences() throws {
    let sentences = TaggedSentences(
      (0..<60).map { row in
        let count = 4 + row % 3
        return .init(
          tokens: Array(repeating: "x", count: count),
          tags: (0..<count).map { ($0 + row / 3) % 2 == 0 ? "A" : "B" })
      })
    var options = TagGrammar.options
    options.hiddenSize = 2
    options.testFraction = 0
    options.validationFraction = 0
    let field = try SequenceTaggerPlan(sentences, options: options).train()
    options.usesCRF = false
    let alone = try SequenceTaggerPlan(sentences, options: options).train()
    func alternates(_ tagger: SequenceTagger) -> [Bool] {
      (4...9).map { count in
        let tags = tagger.tags(of: Array(repeating: "x", count: count))
        return zip(tags, tags.dropFirst()).allSatisfy { $0 != $1 }
      }
    }
    #expect(alternates(field) == Array(repeating: true, count: 6))
    #expect(alternates(alone).contains(false))
  }

  /// What a scheme forbids is never said by the field, whatever the weights; without it, repaired.
  @Test func fieldKeepsTheScheme() throws {
    for usesCRF in [true, false] {
      let tagger = try TagGrammar.quick { $0.usesCRF = usesCRF }
      let tags = tagger.numbers(of: TagGrammar.oddSentences).map {
        $0.map { tagger.tagSet.names[$0] }
      }
      #expect(tags.map(\.count) == TagGrammar.oddSentences.map(\.count))
      let broken = tags.reduce(0) {
        $0 + TagScheme.bio.violations(in: $1.compactMap { ChunkTag($0) })
      }
      if usesCRF { #expect(broken == 0) }
    }
  }

  /// A word is unknown in all sentences of an update or in none, however they are cut into batches.
  @Test func wordsAreDroppedByWord() throws {
    let plan = try SequenceTaggerPlan(TagGrammar.cues(40, seed: 5), options: TagGrammar.options)
    let examples = plan.trainingExamples
    let rates = [Float](repeating: 0.5, count: plan.encoder.vocabulary.count)
    func dropped(_ rows: [Int]) -> Set<Int> {
      let mode = Mode.training(RandomKey(seed: 4), rows: rows)
      let batch = examples.batch(rows)
      return Set(
        zip(batch.words.ids, batch.dropping(rates, mode: mode).words.ids).compactMap {
          $0 != $1 ? $0 : nil
        })
    }
    let whole = dropped(Array(0..<examples.count))
    let middle = examples.count / 2
    #expect(whole == dropped(Array(0..<middle)).union(dropped(Array(middle..<examples.count))))
    #expect(whole.count > 2)
  }

  /// A sentence in a batch gets the bits that it gets alone, from the memory of words or not.
  @Test(arguments: cases(CharacterReader.allCases)) func sameBits(_ reader: CharacterReader) throws
  {
    let tagger = try TagGrammar.quick {
      $0.characters = reader
      $0.layers = reader == .none ? 2 : 1
    }
    let model = tagger.models[0]
    func scores(_ sentences: [[String]]) -> [[Float]] {
      let distinct = DistinctWords(sentences)
      let words = model.vectors(of: tagger.encoder.features(of: distinct.words))
      let scores = model.emissions(words, TokenBatch(padded: distinct.sentences))
      return sentences.indices.map { scores.rows([$0]).validSteps.elements }
    }
    let sentences = TagGrammar.oddSentences.filter { !$0.isEmpty }
    let together = scores(sentences)
    for (sentence, row) in paired(sentences, together) { #expect(scores([sentence])[0] == row) }
    let tags = tagger.tags(of: TagGrammar.oddSentences)
    #expect(tags == tagger.tags(of: TagGrammar.oddSentences))
    for (sentence, tags) in paired(TagGrammar.oddSentences, tags) {
      #expect(tagger.tags(of: sentence) == tags)
    }
    let texts = ["so mr Ada Lee", "", "  ", "near Rom.", "mr-Ada's", "mr É x", "mr E\u{301} x"]
    #expect(tagger.entities(in: texts) == texts.map { tagger.entities(in: $0) })
    // What looks alike takes as many characters as it takes.
    let ends = tagger.tokens(in: Array(texts.suffix(2))).map { $0.map(\.range.upperBound) }
    #expect(ends == [[2, 4, 6], [2, 5, 7]])
  }

  /// The validation part is made numbers of once, whoever asks, and let go with the plan.
  @Test func oneJudge() throws {
    weak var judge: TaggerJudge?
    do {
      let plan = try SequenceTaggerPlan(TagGrammar.cues(60, seed: 8), options: TagGrammar.options)
      judge = plan.taggerJudge
      #expect(judge != nil && judge === plan.followingSize().taggerJudge)
    }
    #expect(judge == nil)
  }

  /// Only values of keys that are worth it are kept.
  @Test func boundedCache() {
    let cache = BoundedCache<Int, Int>(capacity: 2) { $0 < 10 }
    func computed(_ keys: [Int]) -> [Int] {
      var asked: [Int] = []
      let found = cache.values(of: keys) { missing in
        asked = missing
        return missing.map { $0 * $0 }
      }
      #expect(found == keys.map { $0 * $0 })
      return asked
    }
    #expect(computed([3, 12]) == [3, 12] && computed([3, 12, 4]) == [12, 4])
    // When it is full, it starts anew.
    #expect(computed([3, 4]) == [3] && computed([3, 4]).isEmpty)
  }

  @Test func sameSeedSameWeights() throws {
    let taggers = try ([9, 9, 8] as [UInt64]).map { seed in
      try TagGrammar.quick {
        $0.seed = seed
        $0.dropout = 0.3
      }
    }
    let weights = taggers.map { $0.models[0].parameters.map(\.tensor.elements) }
    #expect(weights[0] == weights[1] && weights[0] != weights[2])
  }

  /// Tags of the test part alone are told before training and count as not found.
  @Test func tagsOfTheTestPartAlone() throws {
    let sentences = TagGrammar.cues(60, seed: 2)
    var test = TagGrammar.cues(20, seed: 3)
    let index = try #require(test.sentences.firstIndex { $0.tags.count > 2 })
    test.sentences[index].tags[0] = "B-NEW"
    test.sentences[index].tags[1] = "nonsense"
    var options = TagGrammar.options
    options.epochs = 1
    let plan = try SequenceTaggerPlan(sentences, test: test, options: options)
    #expect("\(plan)".contains("2 tokens of the test part have a tag that training does not have"))
    let tagger = try plan.train()
    let evaluation = try #require(tagger.configuration.evaluation)
    #expect(evaluation.unseen == 2 && evaluation.network.entities.types["NEW"]?.actual == 1)
    #expect(try tagger.evaluate(on: test).unseen == 2)
    // A part without any tag of the scheme is another column.
    for index in test.sentences.indices {
      test.sentences[index].tags = test.sentences[index].tokens.map { _ in "NN" }
    }
    #expect(throws: DataError.self) { try SequenceTaggerPlan(sentences, test: test) }
    #expect(throws: DataError.self) { try tagger.evaluate(on: test) }
  }

  /// A long sentence is read in pieces; every token gets a tag.
  @Test func longSentences() throws {
    let tagger = try TagGrammar.quick { $0.maximumLength = 7 }
    let long = (0..<100_000).map { ["so", "mr", "Ada", "near", "Rom"][$0 % 5] }
    let tags = tagger.tags(of: long)
    #expect(tags.count == 100_000)
    #expect(Array(tags[..<7]) == tagger.tags(of: Array(long[..<7])))
    let evaluation = try tagger.evaluate(on: TaggedSentences([.init(tokens: long, tags: tags)]))
    #expect(evaluation.cut == 1 && evaluation.network.accuracy == 1)
    // In training too, even where the cut goes through an entity.
    var sentences = TagGrammar.cues(30, seed: 6)
    sentences.sentences.append(
      .init(tokens: ["mr", "A", "B", "C", "D"], tags: ["O", "B-PER", "I-PER", "I-PER", "I-PER"]))
    var options = TagGrammar.options
    options.maximumLength = 2
    options.epochs = 1
    options.testFraction = 0
    #expect(
      try SequenceTaggerPlan(sentences, options: options).train().histories[0].epochs.count == 1)
  }

  /// Without a validation part, the last epoch counts; with one, that of the best score.
  @Test func epochs() throws {
    let none = try TagGrammar.quick {
      $0.validationFraction = 0
      $0.epochs = 2
    }
    #expect(none.configuration.bestEpochs == [2])
    #expect(none.histories[0].epochs.map(\.score) == [nil, nil])
    let some = try TagGrammar.quick { $0.epochs = 4 }
    let scores = some.histories[0].epochs.compactMap(\.score?.value)
    #expect(scores.count == 4)
    let best = try #require(scores.max())
    #expect(some.configuration.bestEpochs[0] == (scores.firstIndex(of: best) ?? 0) + 1)
    #expect(some.configuration.validationScores == [best])
  }

  /// A network that finds too little is told so by the validation part, and changed in one number.
  @Test func balance() throws {
    var options = TagGrammar.options
    (options.epochs, options.seed) = (5, 2)
    options.validationFraction = 0.3
    let plan = try SequenceTaggerPlan(TagGrammar.cues(150, seed: 8), options: options)
    let judge = try #require(plan.taggerJudge)
    let good = judge.balanced(try plan.train().models[0])
    var timid = good.model
    let bias = try #require(timid.head.bias)
    timid.head.bias = bias + Tensor([2.5, 0, 0, 0, 0])
    let balanced = judge.balanced(timid)
    #expect(balanced.score >= good.score && good.score > 0.5)
    let change = try #require(balanced.model.head.bias) - bias
    #expect(change.elements[0] <= 0.001 && change.elements.dropFirst().allSatisfy { $0 == 0 })
    let others = zip(balanced.model.parameters, timid.parameters).filter {
      $0.0.tensor.elements != $0.1.tensor.elements
    }
    #expect(others.map(\.0.name) == ["head.bias"])
    // Tags that are no chunks are left as they are.
    options.scheme = .plain
    let plain = try SequenceTaggerPlan(TagGrammar.cues(60, seed: 8), options: options)
    let model = plain.model(member: 0)
    let same = try #require(plain.taggerJudge).balanced(model).model
    #expect(same.head.bias == model.head.bias)
  }

  /// A word of the text is unknown more often the rarer it is.
  @Test func wordDropout() throws {
    var options = TagGrammar.options
    options.testFraction = 0
    options.validationFraction = 0
    let plan = try SequenceTaggerPlan(
      TaggedSentences([
        .init(tokens: ["a", "A", "a", "b", "a"], tags: ["O", "B-X", "O", "O", "O"])
      ]), options: options)
    #expect(plan.dropRates[plan.encoder.id(of: "a")] == 1.0 / 5)
    #expect(plan.dropRates[plan.encoder.id(of: "b")] == 1.0 / 2)
  }
}
