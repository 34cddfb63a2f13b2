import Foundation
import Recurrent
import Testing

/// Precision, recall and F1 of whole chunks.
@Suite struct EntityScoresTests {
  private func score(_ pairs: [(actual: String, predicted: String)]) -> EntityScores {
    var scores = EntityScores()
    for pair in pairs {
      let tags = [pair.actual, pair.predicted].map { text in
        text.split(separator: " ").compactMap { ChunkTag(String($0)) }
      }
      scores.add(
        actual: TagScheme.spans(of: tags[0]), predicted: TagScheme.spans(of: tags[1]))
    }
    return scores
  }

  /// Counted by hand: 3 of A, of which 1 is found, beside a false one of other length; 1 of B, found
  /// as C.
  @Test func counts() throws {
    let scores = score([
      ("B-A I-A O B-A O", "B-A I-A O B-A I-A"), ("B-A O B-B", "O O B-C"), ("O", "O"),
    ])
    #expect(scores.types.keys.sorted() == ["A", "B", "C"])
    let a = try #require(scores.types["A"])
    #expect((a.correct, a.found, a.actual) == (1, 2, 3))
    #expect(a.precision == 0.5 && a.recall == 1.0 / 3 && a.f1 == 0.4)
    let b = try #require(scores.types["B"])
    #expect((b.correct, b.found, b.actual) == (0, 0, 1) && b.f1 == 0 && b.precision == 0)
    let all = scores.overall
    #expect((all.correct, all.found, all.actual) == (1, 3, 4))
    #expect(all.f1 == 2.0 / 7)
  }

  /// Tags without a beginning count as conlleval counts them.
  @Test func repairs() {
    #expect(score([("B-A I-A", "I-A I-A")]).overall.f1 == 1)
    #expect(score([("B-A B-A", "I-A I-A")]).overall.correct == 0)
    #expect(score([("S-A B-B E-B", "B-A B-B I-B")]).overall.f1 == 1)
  }

  @Test func nothing() {
    let scores = score([("O O", "O O")])
    #expect(scores.types.isEmpty && scores.overall.f1 == 0 && scores.overall.recall == 0)
  }
}
