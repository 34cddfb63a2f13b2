import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Words that only a file of vectors knows.
@Suite struct StartingVectorsTests {
  /// Twelve words a class, whose vectors tell it; of each class three are in no text of training.
  private static let words = (0..<24).map { (text: "w\($0)", isGood: $0 % 2 == 0) }

  private static var file: String {
    words.map { word in
      let numbers = (0..<12).map { place in
        place == 0 ? (word.isGood ? "1" : "-1") : "0.0\(place)"
      }
      return ([word.text] + numbers).joined(separator: " ") + "\n"
    }.joined()
  }

  private static var texts: LabeledTexts {
    var generator = SeededGenerator(seed: 4)
    return LabeledTexts(
      (0..<200).map { row in
        let known = words.prefix(18).filter { $0.isGood == (row % 2 == 0) }
        let text = (0..<4).compactMap { _ in known.randomElement(using: &generator)?.text }
        return .init(
          text: text.joined(separator: " "), label: row % 2 == 0 ? "good" : "bad", line: row + 1)
      }, source: "words")
  }

  private static func trained(
    _ path: String, _ change: (inout TextClassifierOptions) -> Void = { _ in }
  ) throws -> TextClassifier {
    var options = Grammar.options
    options.naiveBayes = false
    change(&options)
    return try TextClassifierPlan(texts, options: options, vectors: path).train()
  }

  @Test func unseenWordsAreReadByTheirVectors() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/v.txt"
      try Self.file.write(toFile: path, atomically: true, encoding: .utf8)
      let classifier = try Self.trained(path)
      for word in Self.words {
        let answer = classifier.classify(word.text)
        #expect(answer.label == (word.isGood ? "good" : "bad"), "\(word)")
      }
      let folder = folder + "/model"
      try classifier.save(to: folder)
      #expect(try TextClassifier(contentsOf: folder).classify("w20") == classifier.classify("w20"))

      let without = try Self.trained(path) { $0.vectorWords = 0 }
      #expect(without.classify("w20") == without.classify("w21"))
      #expect(without.encoder.vocabulary.count == 19)
    }
  }

  /// Known are frequent words, rare ones with a vector, and behind them the first others that a text can have.
  @Test func whichWordsAreKnown() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/v.txt"
      try "Upper 1\nrare 2\nnew 3\nnew 4\nsecond 5\nthird 6\n".write(
        toFile: path, atomically: true, encoding: .utf8)
      let counts = ["often": 5, "rare": 1, "seldom": 1]
      let vectors = try StartingVectors(path, counts: counts, size: 1, mostOthers: 2) {
        $0 == $0.lowercased()
      }
      let known = Vocabulary(counts: counts, minimumCount: 2, vectors: vectors)
      #expect(known.tokens == [Vocabulary.unknownToken, "often", "rare", "new", "second"])
      #expect(vectors.table.vectors["new"] == [3])
      #expect(
        vectors.explanation(known, of: "tokens")
          == "vectors     of \(path) for 1 of 2 known tokens of the training part and 2 others")
      #expect(
        Vocabulary(counts: counts, minimumCount: 2, vectors: nil).tokens
          == [Vocabulary.unknownToken, "often"])
    }
  }

  @Test func aTaggerReadsUnseenWordsByTheirVectors() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/v.txt"
      try Self.file.write(toFile: path, atomically: true, encoding: .utf8)
      var generator = SeededGenerator(seed: 7)
      let sentences = TaggedSentences(
        (0..<120).map { line in
          let words = (0..<4).compactMap { _ in
            Self.words.prefix(18).randomElement(using: &generator)
          }
          return .init(
            tokens: words.map(\.text), tags: words.map { $0.isGood ? "good" : "bad" },
            line: line * 5 + 1)
        }, source: "words")
      var options = TagGrammar.options
      options.embeddingSize = 12
      options.wordDropout = 0
      options.capitals = false
      let tagger = try SequenceTaggerPlan(sentences, options: options, vectors: path).train()
      #expect(
        tagger.tags(of: Self.words.map(\.text)) == Self.words.map { $0.isGood ? "good" : "bad" })
      #expect(tagger.encoder.isLearned("w3"))
      #expect(!tagger.encoder.isLearned("w20") && tagger.encoder.vocabulary.contains("w20"))
    }
  }
}
