import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What generators of characters know at each word of a sentence.
@Suite struct LanguageModelTests {
  /// Two generators of other sizes and cells, so that none can stand for the other.
  static func models() throws -> LanguageModels {
    let text = String(repeating: "so mr Ada ran near Rom.\nthen e\u{301} near Abu\n", count: 20)
    return try LanguageModels(
      forward: MadeText.quick(text) { $0.hiddenSize = 7 },
      backward: MadeText.quick(text) {
        $0.readsBackward = true
        $0.hiddenSize = 5
        $0.layers = 2
        $0.cell = .gru
      })
  }

  static func tagger(
    lists: [String] = [], _ change: (inout SequenceTaggerOptions) -> Void = { _ in }
  ) throws -> SequenceTagger {
    var options = TagGrammar.options
    options.epochs = 1
    options.characterSize = 6
    options.languageSize = 4
    change(&options)
    return try SequenceTaggerPlan(
      TagGrammar.cues(60, seed: 5), options: options, languageModels: models(), lists: lists
    ).train()
  }

  /// The states of one character after another, from the side on which the generator begins.
  @Test func statesBehindCharacters() throws {
    let models = try Self.models()
    func states(_ generator: TextGenerator, _ text: String) -> [[Float]] {
      var session = Session(generator.model)
      return ([generator.code.start] + generator.code.ids(of: text)).map {
        session.step($0).hidden.values.elements
      }
    }
    let forward = states(models.forward, "so Ada e\u{301} zz")
    let backward = states(models.backward, "zz e\u{301} adA os")
    #expect(forward.count == 12 && models.stateSize == 12)
    // "so" ends at the second character behind the line end, "Ada" at the sixth …
    let ends = zip([2, 6, 8, 11], [11, 8, 4, 2]).map { forward[$0] + backward[$1] }
    #expect(models.states(of: [["so", "Ada", "e\u{301}", "zz"]]) == [ends.flatMap(\.self)])
    #expect(ends.allSatisfy { $0.contains { $0 != 0 } })
  }

  /// The same bits alone and beside others, of sentences longer than what is read at once too.
  @Test func sameBits() throws {
    let models = try Self.models()
    let long = (0..<400).map { "w\($0)" }
    let sentences = TagGrammar.oddSentences + [long, ["", "a", ""]]
    let together = models.states(of: sentences)
    for (sentence, states) in paired(sentences, together) {
      #expect(states.count == sentence.count * 12)
      #expect(models.states(of: [sentence]) == [states])
    }
    // No sentence looks at what follows a word from the one side, nor at what precedes it from the other.
    let cut = models.states(of: [Array(long.prefix(300))])[0]
    let last = together[together.count - 2]
    #expect((0..<300).allSatisfy { last[$0 * 12..<$0 * 12 + 7] == cut[$0 * 12..<$0 * 12 + 7] })
    #expect(
      last[7..<12] != cut[7..<12] || last[299 * 12 + 7..<300 * 12] != cut[299 * 12 + 7..<300 * 12])
  }

  /// The states go through the dense layer, and the marks of lists stand behind them as they are.
  @Test func statesAndMarks() throws {
    try withTemporaryFolder { folder in
      try Data("Ada Lee\n".utf8).write(to: URL(fileURLWithPath: folder + "/people.txt"))
      let tagger = try Self.tagger(lists: [folder + "/people.txt"])
      let context = try #require(tagger.model.context)
      let sentences = [["so", "Ada", "Lee"], ["Ada"]]
      let known = context(try #require(tagger.extras.contextBatch(of: sentences)))
      #expect(known.features == 6 && known.lengths == [3, 1])
      #expect(known.values.slice(4..<6, along: 2).elements == [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
      let states = Tensor(try Self.models().states(of: sentences).flatMap(\.self), shape: [4, 12])
      let projection = try #require(context.projection)
      #expect(known.validSteps.slice(0..<4, along: 1) == projection(states))
    }
  }

  /// Kept or computed for each batch, it is the same.
  @Test func keptOrComputed() throws {
    let tagger = try Self.tagger()
    let sentences = TagGrammar.cues(20, seed: 2).sentences.map(\.tokens)
    let tags = sentences.map { $0.map { _ in 0 } }
    let batches = [true, false].map {
      TaggerExamples(sentences: sentences, tags: tags, extras: tagger.extras, keepsContexts: $0)
        .batch([3, 19, 0])
    }
    let (kept, computed) = (try #require(batches[0].contexts), try #require(batches[1].contexts))
    #expect(kept.values == computed.values && kept.lengths == computed.lengths)
    #expect(kept.lengths == [3, 19, 0].map { sentences[$0].count } && kept.features == 12)
  }

  @Test(arguments: [1, 2]) func roundTrip(_ members: Int) throws {
    try withTemporaryFolder { folder in
      try Data("Ada\nmr Lee\n".utf8).write(to: URL(fileURLWithPath: folder + "/people.txt"))
      let tagger = try Self.tagger(lists: [folder + "/people.txt"]) { $0.members = members }
      try tagger.save(to: folder + "/m")
      let loaded = try SequenceTagger(contentsOf: folder + "/m")
      #expect(loaded.configuration == tagger.configuration && loaded.summary == tagger.summary)
      #expect(loaded.extras.lists == tagger.extras.lists)
      let tags = tagger.tags(of: TagGrammar.oddSentences)
      #expect(loaded.tags(of: TagGrammar.oddSentences) == tags)
      for (sentence, tags) in paired(TagGrammar.oddSentences, tags) {
        #expect(loaded.tags(of: sentence) == tags)
      }
      for part in [
        "language    forward LSTM of 7 units, backward GRU of 5 units over characters",
        "lists       people 2 names", "context.projection.weights",
      ] {
        #expect(loaded.summary.contains(part), "\(part) in: \(loaded.summary)")
      }
      // Weights that are written again are the same.
      try loaded.save(to: folder + "/n")
      for name in ["forward.safetensors", "backward.safetensors", "lists.json", "words.json"] {
        #expect(
          try Data(contentsOf: URL(fileURLWithPath: folder + "/m/" + name))
            == Data(contentsOf: URL(fileURLWithPath: folder + "/n/" + name)))
      }
      // Going on keeps them, and takes no others.
      var options = tagger.options
      options.epochs = 1
      let more = TagGrammar.cues(60, seed: 5)
      let plan = try SequenceTaggerPlan(more, options: options, from: loaded)
      #expect(plan.model(member: 1).parameters.map(\.name) == tagger.model.parameters.map(\.name))
      #expect(try plan.train().extras.languageModels?.stateSize == 12)
      let error = try #require(throws: DataError.self) {
        try SequenceTaggerPlan(
          more, options: options, languageModels: Self.models(), from: loaded)
      }
      #expect("\(error)".contains("Leave --language-models out, or train anew"))
    }
  }

  @Test func wrongModels() throws {
    let good = try Self.models()
    let parts = try MadeText.quick { ($0.tokens, $0.partCount) = (.bpe, 20) }
    for (forward, backward, part) in [
      (parts, good.backward, "the forward model: reads parts of words (bpe)"),
      (good.backward, good.forward, "the forward model: reads texts from their end"),
      (good.forward, good.forward, "the backward model: reads texts from their start"),
    ] {
      let error = try #require(throws: DataError.self) {
        try LanguageModels(forward: forward, backward: backward)
      }
      #expect("\(error)".contains(part), "\(error)")
    }
    // A size of what is not there.
    let error = try #require(throws: DataError.self) {
      var options = TagGrammar.options
      options.languageSize = 4
      _ = try SequenceTaggerPlan(TagGrammar.cues(60, seed: 5), options: options)
    }
    #expect("\(error)".contains("there are none"))
  }

  /// A generator that reads from the end foretells what comes before, and writes nothing.
  @Test func readsBackward() throws {
    let text = MadeText.markov(20_000, seed: 1)
    func nats(_ text: String, _ isBackward: Bool) throws -> TextGenerator {
      try MadeText.quick(text) {
        $0.readsBackward = isBackward ? true : nil
        ($0.testFraction, $0.validationFraction) = (0, 0)
      }
    }
    // Of a text that is reversed, it sees what the other sees.
    let generator = try nats(String(text.reversed()), true)
    let other = try nats(text, false)
    #expect(generator.code == other.code)
    #expect(
      generator.model.parameters.map(\.tensor.elements)
        == other.model.parameters.map(\.tensor.elements))
    #expect(
      try generator.evaluation(of: TextPart("dcba")).nats
        == other.evaluation(of: TextPart("abcd")).nats)
    let error = try #require(throws: DataError.self) { try generator.generate(length: 3) }
    #expect("\(error)".contains("reads texts from their end"))
    #expect(generator.summary.contains("read from the end of the text"))
  }
}
