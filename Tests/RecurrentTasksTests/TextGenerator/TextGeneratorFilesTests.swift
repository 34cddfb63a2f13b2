import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Model folders of text generators.
@Suite struct TextGeneratorFilesTests {
  @Test(arguments: CellKind.allCases, GeneratorTokens.allCases)
  func roundTrip(cell: CellKind, tokens: GeneratorTokens) throws {
    let generator = try MadeText.quick {
      ($0.cell, $0.tokens, $0.partCount, $0.layers) = (cell, tokens, 50, 2)
    }
    let shapes = generator.options.parameterShapes(vocabularySize: generator.code.vocabulary.count)
    #expect(generator.model.parameters.map(\.name) == shapes.map(\.name))
    #expect(generator.model.parameters.map(\.tensor.shape) == shapes.map(\.shape))
    try withTemporaryFolder { folder in
      try generator.save(to: folder + "/m")
      let loaded = try TextGenerator(contentsOf: folder + "/m")
      #expect(loaded.configuration == generator.configuration && loaded.code == generator.code)
      #expect(loaded.summary == generator.summary)
      let texts = [generator, loaded].map { $0.generate(prompt: "The ж", length: 80, seed: 2) }
      #expect(texts[0] == texts[1])
      let file = try MadeText.file(String(MadeText.mixed.prefix(300)))
      #expect(try loaded.evaluate(on: [file]) == generator.evaluate(on: [file]))
      #expect(throws: DataError.self) { try Composer(contentsOf: folder + "/m") }
    }
  }

  @Test func partsThatDoNotFit() throws {
    let plain = try MadeText.quick()
    #expect(plain.configuration.problem(with: plain.code) == nil)
    let changes: [((inout TextGenerator.Configuration) -> Void, String)] = [
      ({ $0.vocabularySize += 1 }, "a vocabulary of"), ({ $0.options.tokens = .bpe }, "the kind"),
      ({ $0.options.hiddenSize = 0 }, "hidden size"),
    ]
    for (change, part) in changes {
      var other = plain.configuration
      change(&other)
      #expect(try #require(other.problem(with: plain.code)).contains(part))
    }
  }

  /// Whatever the files say, reading and using them ends in a result or in an error.
  @Test func hostileFolders() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      try MadeText.quick { ($0.tokens, $0.partCount) = (.bpe, 50) }.save(to: path)
      func text(_ name: String) throws -> String {
        try String(contentsOfFile: path + "/" + name, encoding: .utf8)
      }
      let (configuration, tokenizer) = (try text("config.json"), try text("tokenizer.json"))
      /// Whether the model can be read and used.
      func use(_ newConfiguration: String, _ newTokenizer: String) throws -> Bool {
        // With a checksum that fits, so that the damage is not noticed by it.
        let checked = newConfiguration.replacing(
          checksumText(of: Array(tokenizer.utf8)), with: checksumText(of: Array(newTokenizer.utf8)))
        try Data(checked.utf8).write(to: URL(fileURLWithPath: path + "/config.json"))
        try Data(newTokenizer.utf8).write(to: URL(fileURLWithPath: path + "/tokenizer.json"))
        do {
          let generator = try TextGenerator(contentsOf: path)
          _ = generator.summary
          _ = generator.generate(prompt: "The ж", length: 20)
          return true
        } catch {
          #expect(error.file.hasPrefix(path), "\(error)")
          return false
        }
      }
      #expect(try use(configuration, tokenizer))
      let values = ["-1", "0", "1e308", "9223372036854775807", "null", "\"x\"", "[]", "0.5"]
      var survivors = 0
      var rounds = 0
      for (isTokenizer, whole) in [(false, configuration), (true, tokenizer)] {
        let numbers = whole.ranges(of: /-?[0-9]+(\.[0-9]+)?(?=,?\n)|"[^"\n]*"(?=,?\n)/)
        #expect(numbers.count > 20)
        for (place, range) in numbers.enumerated() where place < 60 || place % 7 == 0 {
          for shift in 0..<3 {
            var changed = whole
            changed.replaceSubrange(range, with: values[(place + 3 * shift) % values.count])
            rounds += 1
            survivors +=
              try use(isTokenizer ? configuration : changed, isTokenizer ? changed : tokenizer)
              ? 1 : 0
          }
        }
      }
      #expect(survivors > 5 && survivors < rounds / 2, "\(survivors) of \(rounds)")
      #expect(try use(configuration, tokenizer))
    }
  }
}
