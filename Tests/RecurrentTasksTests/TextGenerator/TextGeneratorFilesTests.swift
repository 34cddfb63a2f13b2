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
    var shapes = ShapesOnly()
    try expectSameShapes(
      generator.model,
      TextGeneratorModel(
        vocabularySize: generator.code.vocabulary.count, options: generator.options, using: &shapes)
    )
    try withTemporaryFolder { folder in
      try generator.save(to: folder + "/m")
      let loaded = try TextGenerator(contentsOf: folder + "/m")
      #expect(loaded.configuration == generator.configuration && loaded.code == generator.code)
      #expect(loaded.summary == generator.summary)
      let texts = try [generator, loaded].map {
        try $0.generate(prompt: "The ж", length: 80, seed: 2)
      }
      #expect(texts[0] == texts[1])
      let file = try MadeText.file(String(MadeText.mixed.prefix(300)))
      #expect(try loaded.evaluate(on: [file]) == generator.evaluate(on: [file]))
      #expect(throws: DataError.self) { try Composer(contentsOf: folder + "/m") }
    }
  }

  @Test func partsThatDoNotFit() throws {
    let plain = try MadeText.quick()
    #expect(TextGenerator.firstProblem(plain.configuration, plain.extras) == nil)
    let changes: [((inout TextGenerator.Configuration) -> Void, String)] = [
      ({ $0.vocabularySize += 1 }, "a vocabulary of"), ({ $0.options.tokens = .bpe }, "the kind"),
      ({ $0.options.hiddenSize = 0 }, "hidden size"),
    ]
    for (change, part) in changes {
      var other = plain.configuration
      change(&other)
      #expect(try #require(TextGenerator.firstProblem(other, plain.extras)).contains(part))
    }
  }
}
