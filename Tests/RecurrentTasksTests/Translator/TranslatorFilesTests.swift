import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Files of pairs, and model folders of translators.
@Suite struct TranslatorFilesTests {
  private func read(
    _ files: [String], swapped: Bool = false
  ) throws -> SentencePairs {
    try withTemporaryFolder { folder in
      var paths: [String] = []
      for (index, text) in files.enumerated() {
        paths.append("\(folder)/\(index).txt")
        try Data(text.utf8).write(to: URL(fileURLWithPath: paths[index]))
      }
      return try SentencePairs.read(paths, swapped: swapped)
    }
  }

  private func problem(_ files: [String]) throws -> DataError {
    try #require(throws: DataError.self) { try read(files) }
  }

  @Test func tabs() throws {
    let pairs = try read(["Hi.\tSalut.\tcredit\tmore\r\n\nGo\tVa\n\tx\ny\t \n\"q\t«q\n"])
    #expect(
      pairs.pairs == [
        .init("Hi.", targets: ["Salut."], line: 1), .init("Go", targets: ["Va"], line: 3),
        .init("\"q", targets: ["«q"], line: 6),
      ])
    #expect(pairs.emptyLines == 3)
    let swapped = try read(["Hi.\tSalut.\tcredit\n"], swapped: true)
    #expect(swapped.pairs == [.init("Salut.", targets: ["Hi."], line: 1)])
  }

  @Test func lineByLine() throws {
    let pairs = try read(["a\n\nc\u{2028}c\n", "A\nB\nC", "1\n2\n3\n"])
    #expect(
      pairs.pairs == [
        .init("a", targets: ["A", "1"], line: 1),
        .init("c\u{2028}c", targets: ["C", "3"], line: 3),
      ])
    #expect(pairs.emptyLines == 1)
  }

  @Test func mistakes() throws {
    let noTab = try problem(["a\tb\nno tab here\n"])
    #expect(noTab.line == 2 && noTab.problem.contains("found no tab"))
    let lengths = try problem(["a\nb\n", "A\n"])
    #expect(lengths.problem.hasPrefix("found 1 line, expected 2 as in"))
    #expect(lengths.file.hasSuffix("1.txt"))
    for empty in [[""], ["\n\n"], ["", ""], ["a\t\n\tb\n"]] {
      #expect(try problem(empty).problem == "there are no pairs of sentences in it")
    }
    #expect(try problem(["a\tb\u{0}\n"]).line == 1)
    try withTemporaryFolder { folder in
      let path = folder + "/latin1.tsv"
      try Data([0x61, 0x09, 0x62, 0x0A, 0x61, 0x09, 0xE4, 0x0A]).write(
        to: URL(fileURLWithPath: path))
      let error = try #require(throws: DataError.self) { try SentencePairs.read([path]) }
      #expect(error.line == 2)
      #expect(
        try SentencePairs.read([path], encoding: .latin1).pairs.map(\.target) == ["b", "ä"])
      let missing = try #require(throws: DataError.self) {
        try SentencePairs.read([folder + "/missing"])
      }
      #expect(missing.file.hasSuffix("/missing"))
    }
    let few = try #require(throws: DataError.self) {
      try TranslatorPlan(
        SentencePairs([.init("a", "b")]), options: Reversal.options { $0.testFraction = 0.9 })
    }
    #expect(few.problem == "no pair is left in the training part")
  }

  @Test func options() {
    let changes: [((inout TranslatorOptions) -> Void, String)] = [
      ({ $0.testFraction = 1 }, "the test fraction is at least 0 and less than 1, not 1.0"),
      (
        { $0.validationFraction = .nan },
        "the validation fraction is at least 0 and less than 1, not nan"
      ),
      ({ $0.hiddenSize = 0 }, "the hidden size is between 1 and 1000000, not 0"),
      ({ $0.beam = 0 }, "the beam is between 1 and 100, not 0"),
      ({ $0.layers = 1001 }, "the number of layers is between 1 and 1000, not 1001"),
      ({ $0.dropout = 1 }, "dropout is at least 0 and less than 1, not 1.0"),
      ({ $0.labelSmoothing = -1 }, "label smoothing is at least 0 and less than 1, not -1.0"),
      ({ $0.learningRate = .infinity }, "the learning rate is a positive number, not inf"),
      ({ $0.lengthPenalty = -0.5 }, "the length penalty is between 0 and 10, not -0.5"),
      ({ $0.patience = -1 }, "the patience is between 0 and 1000000, not -1"),
    ]
    for (change, problem) in changes { #expect(Reversal.options(change).problem == problem) }
    #expect(TranslatorOptions().problem == nil)
  }

  @Test(arguments: [CellKind.lstm, .gru]) func roundTrip(_ cell: CellKind) throws {
    let translator = try Reversal.quick {
      $0.cell = cell
      $0.attention = cell == .gru ? .additive : .multiplicative
      $0.layers = cell == .gru ? 2 : 1
      $0.joint = cell == .gru ? true : nil
      $0.normalization = TextNormalization(form: .nfkc, lowercases: true)
    }
    try withTemporaryFolder { folder in
      try translator.save(to: folder + "/m")
      let loaded = try Translator(contentsOf: folder + "/m")
      #expect(loaded.configuration == translator.configuration)
      #expect(loaded.source == translator.source && loaded.target == translator.target)
      let sentences = Reversal.pairs(6, seed: 8).pairs.map(\.source)
      #expect(try loaded.translations(of: sentences) == translator.translations(of: sentences))
      #expect(loaded.report == translator.report && loaded.summary == translator.summary)
      let error = try #require(throws: DataError.self) { try Forecaster(contentsOf: folder + "/m") }
      #expect(error.problem == "is a translator model, expected a forecaster model")
    }
  }

  /// Parts of different models do not make a model.
  @Test func refusesMixedFolders() throws {
    let translator = try Reversal.quick()
    let changes: [((inout Translator.Configuration) -> Void, String)] = [
      ({ $0.sourceSize += 1 }, "tokens of the source, but source.json has"),
      ({ $0.targetSize -= 1 }, "tokens of the target, but target.json has"),
      ({ $0.options.embeddingSize = 0 }, "embedding"),
      ({ $0.options.joint = true }, "but source.json and target.json differ"),
    ]
    for (change, part) in changes {
      var other = translator.configuration
      change(&other)
      let problem = Translator.firstProblem(other, translator.extras)
      #expect(try #require(problem).contains(part))
    }
    #expect(
      Translator.firstProblem(translator.configuration, translator.extras) == nil)
  }

  @Test(arguments: CellKind.allCases) func shapesOfNetworks(_ cell: CellKind) throws {
    let options = Reversal.options {
      $0.cell = cell
      $0.layers = 2
      $0.attention = cell == .gru ? .additive : .multiplicative
    }
    func model(_ generator: inout some RandomNumberGenerator) -> TranslatorModel {
      TranslatorModel(sourceSize: 9, targetSize: 7, options: options, using: &generator)
    }
    var (generator, shapes) = (RandomGenerator(seed: 1), ShapesOnly())
    try expectSameShapes(model(&generator), model(&shapes))
  }
}
