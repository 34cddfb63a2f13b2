import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

/// Numbers of tokens, vectors of tokens, and batches of about one length.
@Suite struct VocabularyTests {
  @Test func ordersByCountThenText() {
    let texts = [["b", "a", "c", "a"], ["d", "b", "a", "<unk>", "</s>"]]
    let all = Vocabulary(counting: texts, specialTokens: ["</s>"])
    #expect(all.tokens == ["<unk>", "</s>", "a", "b", "</s>", "<unk>", "c", "d"])
    #expect(all.specialCount == 2 && all.id(special: "</s>") == 1)
    // What a text says is never a special token.
    #expect(all.ids(of: ["</s>", "<unk>", "a", "zz"]) == [4, 5, 2, 0])
    let twice = Vocabulary(counting: texts, minimumCount: 2)
    #expect(twice.tokens == ["<unk>", "a", "b"])
    #expect(Vocabulary(counting: texts, maximumSize: 2).tokens == ["<unk>", "a"])
    #expect(Vocabulary(counting: [[String]](), minimumCount: 2).count == 1)
  }

  @Test func roundTrip() throws {
    let vocabulary = Vocabulary(tokens: [" the", "\"", "\u{85}", "क्ष"], specialTokens: ["<s>"])
    let bytes = try JSONEncoder().encode(vocabulary)
    #expect(try JSONDecoder().decode(Vocabulary.self, from: bytes) == vocabulary)
    for broken in [
      #"{"specialTokens":["<unk>"],"tokens":["a","a"]}"#, #"{"specialTokens":[],"tokens":["a"]}"#,
      #"{"specialTokens":["<s>"],"tokens":[]}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Vocabulary.self, from: Data(broken.utf8))
      }
    }
  }

  private func vectors(_ text: String) throws -> WordVectors {
    try WordVectors(TextFile(bytes: Array(text.utf8), source: "v.txt"), isWanted: { $0 != "no" })
  }

  @Test func readsVectors() throws {
    for text in ["a 1 2 3\nno 1 2 3\n. . . 4 5 6e-1\na 7 7 7\n", "3 3\na 1 2 3 \n. . . 4 5 0.6\n"] {
      let vectors = try vectors(text)
      #expect(vectors.size == 3)
      #expect(vectors.vectors == ["a": [1, 2, 3], ". . .": [4, 5, 0.6]])
    }
    let vocabulary = Vocabulary(tokens: ["b", "a"])
    let table = Tensor([9, 8, 7, 6, 5, 4, 3, 2, 1], shape: [3, 3])
    let (weights, found) = try vectors("a 1 2 3").replacing(table, for: vocabulary)
    #expect(weights.elements == [9, 8, 7, 6, 5, 4, 1, 2, 3] && found == 1)
  }

  @Test(arguments: [
    ("a 1 2 3\nb 1 2\n", 2, "found 2 numbers, expected 3"),
    ("a 1 2 3\nb 1 2 3 4\n", 2, "found 4 numbers, expected 3"),
    ("2 4\nb 1 2 3\n", 2, "found 3 numbers, expected 4"),
    ("a 1 2\nb 1 x\n", 2, "found \"x\", expected a number"),
    ("a 1 2\nb 1 nan\n", 2, "found \"nan\", expected a number"),
    ("word\n", 1, "found 0 numbers"),
  ]) func refusesVectors(_ text: String, _ line: Int, _ problem: String) throws {
    let error = try #require(throws: DataError.self) { try vectors(text) }
    #expect(error.line == line && error.problem.contains(problem), "\(error)")
  }

  @Test func noVectorsAtAll() throws {
    let error = try #require(throws: DataError.self) { try vectors("\n") }
    #expect(error.problem == "there are no vectors")
  }

  /// Every example is in one batch, batches keep to size and budget, and padding is small.
  @Test func lengthBuckets() {
    var generator = SeededGenerator(seed: 2)
    let lengths = (0..<700).map { _ in Int.random(in: 0...90, using: &generator) }
    let order = Array(0..<700).shuffled(using: &generator)
    for budget in [nil, 300, 40] {
      let buckets = LengthBuckets(lengths: lengths, tokenBudget: budget)
      let batches = buckets.batches(of: order, size: 8)
      #expect(batches.flatMap(\.self).sorted() == Array(0..<700))
      for batch in batches {
        let longest = batch.map { lengths[$0] }.max() ?? 0
        #expect((1...8).contains(batch.count))
        if let budget { #expect(batch.count == 1 || batch.count * longest <= budget) }
      }
      let padded = batches.reduce(0) { $0 + $1.count * ($1.map { lengths[$0] }.max() ?? 0) }
      #expect(Double(padded) < 1.1 * Double(lengths.reduce(0, +)))
      // Neither from short to long, nor always the same.
      let firsts = batches.map { lengths[$0[0]] }
      #expect(firsts != firsts.sorted())
      #expect(batches != buckets.batches(of: order.reversed(), size: 8))
    }
    #expect(LengthBuckets(lengths: []).batches(of: [], size: 3).isEmpty)
  }
}
