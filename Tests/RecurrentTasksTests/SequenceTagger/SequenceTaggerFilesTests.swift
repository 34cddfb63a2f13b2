import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Model folders of sequence taggers.
@Suite struct SequenceTaggerFilesTests {
  @Test(arguments: [0, 1, 2]) func roundTrip(_ variant: Int) throws {
    let tagger = try TagGrammar.quick {
      $0.characters = CharacterReader.allCases[variant]
      $0.capitals = variant != 1
      $0.usesCRF = variant != 1
      $0.isBidirectional = variant != 2
      $0.members = variant == 1 ? 2 : 1
      $0.cell = variant == 2 ? .gru : .lstm
      $0.lowercases = variant == 0
    }
    try withTemporaryFolder { folder in
      try tagger.save(to: folder + "/m")
      let loaded = try SequenceTagger(contentsOf: folder + "/m")
      #expect(loaded.configuration == tagger.configuration)
      #expect(loaded.encoder == tagger.encoder && loaded.tokenizer == tagger.tokenizer)
      #expect(loaded.models.parameters.map(\.name) == tagger.models.parameters.map(\.name))
      #expect(
        loaded.models.parameters.map(\.tensor.elements)
          == tagger.models.parameters.map(\.tensor.elements))
      #expect(loaded.tags(of: TagGrammar.oddSentences) == tagger.tags(of: TagGrammar.oddSentences))
      #expect(loaded.report == tagger.report && loaded.summary == tagger.summary)
    }
  }

  /// Parts of different models do not make a model.
  @Test func refusesMixedFolders() throws {
    try withTemporaryFolder { folder in
      try TagGrammar.quick().save(to: folder + "/a")
      try TagGrammar.quick { $0.minimumCount = 3 }.save(to: folder + "/b")
      let file = URL(fileURLWithPath: folder + "/a/words.json")
      try Data(contentsOf: URL(fileURLWithPath: folder + "/b/words.json")).write(to: file)
      let error = try #require(throws: DataError.self) {
        try SequenceTagger(contentsOf: folder + "/a")
      }
      #expect(error.problem.contains("altered or damaged"))
      let other = try #require(throws: DataError.self) {
        try TextClassifier(contentsOf: folder + "/b")
      }
      #expect(other.problem == "is a sequence-tagger model, expected a text-classifier model")
    }
  }

  /// A configuration can say anything.
  @Test func hostileConfigurations() throws {
    let plain = try TagGrammar.quick()
    let changes: [((inout SequenceTagger.Configuration) -> Void, String)] = [
      ({ $0.vocabularySize += 1 }, "words and"), ({ $0.characterCount -= 1 }, "characters, but"),
      ({ $0.tags = ["O"] }, "expected at least two"), ({ $0.tags = ["O", "O"] }, "at least two"),
      ({ $0.tags[1] = "I-LOC" }, "at least two"), ({ $0.tags = ["B-X", "I-X", "O"] }, "O and for"),
      ({ $0.tags.removeLast() }, "O and for each type"), ({ $0.options.scheme = nil }, "no scheme"),
      ({ $0.options.hiddenSize = 0 }, "hidden size"),
      ({ $0.options.characterSize = 5 }, "even number"),
      ({ $0.options.maximumLength = 0 }, "maximum length"),
      ({ $0.columns.token = 0 }, "columns 0"), ({ $0.columns.tag = 0 }, "columns 1 and 0"),
      ({ $0.options.dropout = .nan }, "dropout"),
    ]
    for (change, part) in changes {
      var other = plain.configuration
      change(&other)
      #expect(try #require(SequenceTagger.firstProblem(other, plain.extras)).contains(part))
    }
    // The last column but one is a column too.
    var other = plain.configuration
    other.columns.tag = -2
    #expect(SequenceTagger.firstProblem(plain.configuration, plain.extras) == nil)
    #expect(SequenceTagger.firstProblem(other, plain.extras) == nil)
  }

  @Test func shapesOfNetworks() throws {
    for reader in CharacterReader.allCases {
      for flag in [true, false] {
        var options = SequenceTaggerOptions()
        options.embeddingSize = 5
        options.hiddenSize = 3
        options.characterSize = 4
        options.characterEmbeddingSize = 7
        options.layers = 2
        options.cell = .gru
        options.characters = reader
        options.isBidirectional = flag
        options.capitals = !flag
        options.usesCRF = flag
        func model(_ generator: inout some RandomNumberGenerator) -> SequenceTaggerModel {
          SequenceTaggerModel(
            vocabularySize: 9, characterCount: 11, tags: TagSet(types: ["X"]), options: options,
            using: &generator)
        }
        var (generator, shapes) = (RandomGenerator(seed: 1), ShapesOnly())
        try expectSameShapes(model(&generator), model(&shapes))
      }
    }
  }
}
