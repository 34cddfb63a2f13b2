import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Writing: the same text however it is asked for, in whole characters.
@Suite struct TextStreamTests {
  private let hot = Sampling(temperature: 3)

  /// Every draw depends on seed, sample and place alone.
  @Test(arguments: GeneratorTokens.allCases) func sameText(tokens: GeneratorTokens) throws {
    let generator = try MadeText.quick { ($0.tokens, $0.partCount) = (tokens, 60) }
    let text = try generator.generate(prompt: "The", length: 200, sampling: hot, seed: 5)
    #expect(text.count == 200)
    for length in [0, 1, 7, 199] {
      let shorter = try generator.generate(prompt: "The", length: length, sampling: hot, seed: 5)
      #expect(shorter == String(text.prefix(length)))
    }
    #expect(
      try generator.stream(prompt: "The", length: 200, sampling: hot, seed: 5).joined() == text)
    let others = try [(6, 0), (5, 1)].map { (seed: UInt64, sample: Int) in
      try generator.generate(prompt: "The", length: 200, sampling: hot, seed: seed, sample: sample)
    }
    #expect(Set(others + [text]).count == 3)

    // A copy goes on by itself and writes the same.
    var stream = try generator.stream(prompt: "The", length: 200, sampling: hot, seed: 5)
    var start = ""
    while start.count < 50, let piece = stream.next() { start += piece }
    let copy = stream
    #expect(start + stream.joined() == text && start + copy.joined() == text)
  }

  /// The likeliest each time, by the plain network; a prompt fed in one piece or token by token.
  @Test func greedyAndSteps() throws {
    let generator = try MadeText.quick { $0.layers = 2 }
    let prompt = String(MadeText.mixed.prefix(1500))
    let text = try generator.generate(
      prompt: prompt, length: 30, sampling: Sampling(temperature: 0))
    var session = Session(generator.model)
    var logits: [Double] = []
    for token in [generator.code.start] + generator.code.ids(of: prompt) {
      logits = session.step(token).lastLogits
    }
    var whole = Session(generator.model)
    let fed = whole.feed(TokenBatch([[generator.code.start] + generator.code.ids(of: prompt)]))
    #expect(fed.lastLogits == logits)
    var expected = ""
    while expected.count < 31 {
      let best = logits.indices.dropFirst().max { (logits[$0], $1) < (logits[$1], $0) } ?? 1
      expected += generator.code.vocabulary.tokens[best]
      logits = session.step(best).lastLogits
    }
    #expect(text == String(expected.prefix(30)))
  }

  /// Pieces are never parts of a character, though tokens are.
  @Test func wholeCharacters() throws {
    let text = String(repeating: "कि👩‍👧 e\u{301} 🇩🇪🇫🇷\r\n", count: 60)
    let generator = try MadeText.quick(text) {
      ($0.tokens, $0.partCount, $0.epochs) = (.bpe, 2, 1)
    }
    // Single scalars: half a face, a vowel sign alone, half a flag.
    #expect(generator.code.vocabulary.tokens.contains("\u{200D}"))
    var pieces = 0
    for seed in 0..<10 {
      var all = ""
      var counted = 0
      for piece in try generator.stream(
        prompt: "कि", length: 40, sampling: Sampling(temperature: 2), seed: UInt64(seed))
      {
        #expect(!piece.isEmpty && !piece.contains("\u{FFFD}"))
        all += piece
        counted += piece.count
        pieces += 1
        // No piece grows by what comes after it.
        #expect(all.count == counted)
      }
      #expect(counted == 40)
    }
    #expect(pieces > 100)
  }

  @Test(arguments: GeneratorTokens.allCases) func stopsBefore(tokens: GeneratorTokens) throws {
    let generator = try MadeText.quick { ($0.tokens, $0.partCount) = (tokens, 60) }
    for seed in UInt64(0)..<8 {
      let whole = try generator.generate(length: 300, sampling: hot, seed: seed)
      for end in [String(whole.dropFirst(20).prefix(2)), "\n", "\r\n", "not there"] {
        let found = try generator.generate(length: 300, sampling: hot, seed: seed, until: end)
        let expected = whole.firstRange(of: end).map { String(whole[..<$0.lowerBound]) } ?? whole
        #expect(found == expected, "\(end.debugDescription) \(seed)")
      }
      let line = try generator.continuation(ofLine: "", length: 300, sampling: hot, seed: seed)
      #expect(line == whole.prefix { !$0.isNewline })
    }
  }

  /// Unknown characters are read, named, and never written.
  @Test func unknownCharacters() throws {
    let generator = try MadeText.quick()
    #expect(generator.code.unknownTokens(in: "The ж жλ cat") == ["ж", "λ"])
    let text = try generator.generate(prompt: "ж", length: 300, sampling: Sampling(temperature: 50))
    #expect(!text.contains("<unk>") && text.count == 300)
    #expect(generator.code.unknownTokens(in: text) == [])
  }

  /// Numbers that are none end a text instead of choosing one.
  @Test func notANumber() throws {
    let plain = try MadeText.quick()
    var generator = plain
    generator.parts.models[0].head.bias = Tensor(
      repeating: .nan, shape: [plain.code.vocabulary.count])
    #expect(try generator.generate(prompt: "The") == "")
  }

  /// CR LF is one character, and comes back as it was.
  @Test func lineEnds() throws {
    let text = String(repeating: "ab\r\ncd\r\n", count: 200)
    let generator = try MadeText.quick(text) { ($0.epochs, $0.learningRate) = (6, 0.03) }
    #expect(generator.code.vocabulary.tokens.contains("\r\n"))
    #expect(generator.code.start == generator.code.vocabulary.id(of: "\r\n"))
    let more = try generator.generate(prompt: "ab", length: 6, sampling: Sampling(temperature: 0))
    #expect(more == "\r\ncd\r\nab")
    #expect(try generator.continuation(ofLine: "a", sampling: Sampling(temperature: 0)) == "b")
  }
}
