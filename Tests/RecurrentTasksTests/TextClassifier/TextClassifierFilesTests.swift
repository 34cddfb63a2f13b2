import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Model folders of text classifiers.
@Suite struct TextClassifierFilesTests {
  @Test(arguments: Tokenizer.Kind.allCases) func roundTrip(_ kind: Tokenizer.Kind) throws {
    let classifier = try Grammar.quick {
      $0.tokens = kind
      $0.partCount = 30
      $0.pooling = kind == .word ? .attention : .last
      $0.isBidirectional = kind != .character
      $0.layers = kind == .bpe ? 2 : 1
      $0.members = kind == .whitespace ? 2 : 1
      $0.classWeights = .given(["red": 2])
      $0.naiveBayes = kind != .character
      $0.fold = Fold(2, of: 5)
    }
    try withTemporaryFolder { folder in
      try classifier.save(to: folder + "/m")
      let loaded = try TextClassifier(contentsOf: folder + "/m")
      #expect(loaded.configuration == classifier.configuration)
      #expect(loaded.encoder == classifier.encoder)
      #expect(loaded.classify(Grammar.oddTexts) == classifier.classify(Grammar.oddTexts))
      #expect(loaded.report == classifier.report && loaded.summary == classifier.summary)
    }
  }

  /// Parts of different models do not make a model.
  @Test func refusesMixedFolders() throws {
    try withTemporaryFolder { folder in
      try Grammar.quick().save(to: folder + "/a")
      try Grammar.quick { $0.tokens = .character }.save(to: folder + "/b")
      let file = URL(fileURLWithPath: folder + "/a/tokenizer.json")
      try Data(contentsOf: URL(fileURLWithPath: folder + "/b/tokenizer.json")).write(to: file)
      let error = try #require(throws: DataError.self) {
        try TextClassifier(contentsOf: folder + "/a")
      }
      #expect(error.problem.contains("altered or damaged"))
    }
    let plain = try Grammar.quick()
    let changes: [((inout TextClassifier.Configuration) -> Void, String)] = [
      ({ $0.vocabularySize += 1 }, "a vocabulary of"), ({ $0.labels = ["a", "a"] }, "labels"),
      ({ $0.labels = ["a", "b", "c"] }, "2 shares for 3"),
      ({ $0.options.hiddenSize = 0 }, "hidden"), ({ $0.shares = [] }, "0 shares"),
      ({ $0.options.naiveBayes = false }, "naive Bayes is off, but tokenizer.json has word counts"),
      (
        {
          $0.labels = ["a", "b", "c"]
          $0.shares = [0, 0, 1]
        }, "word counts of another number"
      ),
    ]
    for (change, part) in changes {
      var other = plain.configuration
      change(&other)
      #expect(try #require(TextClassifier.firstProblem(other, plain.extras)).contains(part))
    }
    #expect(TextClassifier.firstProblem(plain.configuration, plain.extras) == nil)
  }

  @Test func otherTasks() throws {
    try withTemporaryFolder { folder in
      try Grammar.quick().save(to: folder + "/a")
      let error = try #require(throws: DataError.self) { try Forecaster(contentsOf: folder + "/a") }
      #expect(error.problem == "is a text-classifier model, expected a forecaster model")
    }
  }

  @Test func shapesOfNetworks() throws {
    for pooling in SequencePooling.allCases {
      for isBidirectional in [true, false] {
        var options = TextClassifierOptions()
        options.embeddingSize = 5
        options.hiddenSize = 3
        options.layers = 2
        options.cell = .gru
        options.pooling = pooling
        options.isBidirectional = isBidirectional
        options.naiveBayes = isBidirectional
        func model(_ generator: inout some RandomNumberGenerator) -> TextClassifierModel {
          TextClassifierModel(
            vocabularySize: 7, classCount: 4, options: options, using: &generator)
        }
        var (generator, shapes) = (RandomGenerator(seed: 1), ShapesOnly())
        try expectSameShapes(model(&generator), model(&shapes))
      }
    }
  }
}
