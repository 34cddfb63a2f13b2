import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Generators of words.
@Suite struct GeneratorWordTests {
  private func code(_ text: String, count: Int? = nil) throws -> TextCode {
    var options = TextGeneratorOptions()
    (options.tokens, options.wordCount) = (.words, count)
    return try TextCode(learningFrom: TextPart(text), options: options)
  }

  /// One after the other the tokens are the text, whatever it is.
  @Test(arguments: [
    MadeText.mixed, "", " ", "  a", "a  b\t c \n\n  d.", "don't stop, 3,141.5!",
    "e\u{301} \u{301}x \r\n y",
    "क्‍ष 👩‍👧 ok", "\u{301} ", "a \u{200D}b",
  ])
  func roundTrip(text: String) throws {
    let tokens = try code(MadeText.mixed).tokens(in: text)
    #expect(Array(tokens.joined().unicodeScalars) == Array(text.unicodeScalars))
    #expect(!tokens.contains(""))
  }

  @Test func whatAWordIs() throws {
    #expect(
      try code("").tokens(in: "The cat,  don't \n(it) sat.") == [
        "The", " cat", ",", " ", " don't", " ", "\n", "(", "it", ")", " sat", ".",
      ])
    let text = "the cat the cat the dog\nonce\n"
    #expect(try code(text).vocabulary.tokens == ["<unk>", "\n", " cat", " the"])
    #expect(try code(text, count: 1).vocabulary.tokens == ["<unk>", "\n"])
  }

  /// An unknown word of n characters takes n + 1 of the C characters known and the end:
  /// here C = 7, those of " the", " cat" and the line end.
  @Test func spelling() throws {
    let code = try code("the cat the cat the dog\nonce\n")
    #expect(try code.spelling(of: TextPart(" the cat\n")) == 0)
    #expect(try abs(code.spelling(of: TextPart(" the dog")) - 5 * log(8)) < 1e-12)
    #expect(try abs(code.spelling(of: TextPart("owl dog")) - (4 + 5) * log(8)) < 1e-12)
  }

  /// What is told is the sum of the tokens and the spelling; the 5-gram of the same tokens has the same
  /// spelling.
  @Test func evaluation() throws {
    let generator = try MadeText.quick { $0.tokens = .words }
    let text = "The fine cat sat on owls.\nThe cat was fine.\n"
    let evaluation = try generator.evaluate(on: [MadeText.file(text)])
    let ids = generator.code.ids(of: text)
    #expect(evaluation.tokens == ids.count && evaluation.unknown == ids.count { $0 == 0 })
    #expect(evaluation.unknown == 2 && evaluation.characters == text.count)
    var session = Session(generator.model)
    var (previous, nats) = (generator.code.start, try generator.code.spelling(of: TextPart(text)))
    for token in ids {
      let logits = session.step(previous).lastLogits
      let highest = logits.max() ?? 0
      nats += log(logits.reduce(0) { $0 + exp($1 - highest) }) + highest - logits[token]
      previous = token
    }
    #expect(abs(evaluation.nats - nats) < 1e-5 * nats)
    let known = "The cat sat.\nThe cat sat.\nThe dog"
    let beside = try generator.evaluation(of: TextPart(text), after: [TextPart(known)])
    let counted = NGramBaseline(order: 5, generator.code.ids(of: known)).nats(ids)
    let spelling = try generator.code.spelling(of: TextPart(text))
    let expected = counted * Double(ids.count) + spelling
    #expect(abs(try #require(beside.fiveGram) * Double(text.count) - expected) < 1e-9)
    #expect(beside.description.contains("5-gram of words"))
    #expect(beside.description.contains("and for their spelling"))
    #expect(beside.nats == evaluation.nats)
  }

  /// A model's tokens are what its configuration says.
  @Test func codesThatDoNotFit() throws {
    let words = try MadeText.quick { $0.tokens = .words }
    var configuration = words.configuration
    configuration.options.tokens = .characters
    #expect(TextGenerator.firstProblem(configuration, words.extras) != nil)
    #expect(TextGenerator.firstProblem(words.configuration, words.extras) == nil)
  }
}
