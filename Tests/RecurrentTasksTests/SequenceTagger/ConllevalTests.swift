import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// The scores of conlleval on what systems answered at the workshop W-NUT 2017.
@Suite struct ConllevalTests {
  private static let files =
    ["arcada", "drexel_cci", "flytxt", "mic-cis", "sjtu_adapt"]
    + ["spinningbytes", "uh_ritual"]

  @Test(
    .sharedData("ner/wnut17-test.conll.xz", "ner/wnut17-submissions/arcada.tsv"),
    arguments: zip(files, ["39.98", "26.30", "38.35", "37.06", "40.42", "40.78", "41.86"]))
  func submissions(_ system: String, _ published: String) async throws {
    func read(_ name: String) async throws -> TaggedSentences {
      try TaggedSentences.read(
        TextFile(bytes: Array(try await SharedData.bytes("ner/" + name)), source: name))
    }
    let comparison = try TagComparison(
      await read("wnut17-test.conll.xz"), await read("wnut17-submissions/\(system).tsv"))
    let scores = comparison.scores.entities
    #expect(NumberFormat.fixed(scores.overall.f1 * 100, 2) == published)
    #expect(scores.overall.actual == 1079 && comparison.sentences == 1287)
    #expect(comparison.scheme == .bio && comparison.scores.tokens == 23_394)
  }

  @Test func comparisons() throws {
    func sentences(_ tags: [String], _ tokens: [String]? = nil) -> TaggedSentences {
      TaggedSentences(
        [.init(tokens: tokens ?? tags.map { _ in "a" }, tags: tags, file: "t", line: 1)],
        source: "t")
    }
    let comparison = try TagComparison(
      sentences(["B-X", "I-X", "O", "B-Y"]),
      sentences(["I-X", "I-X", "B-Y", "B-Y"], ["b", "a", "a", "a"]))
    #expect(comparison.scores.entities.overall.correct == 2)
    #expect(comparison.scores.entities.overall.found == 3)
    // As they are written, as in conlleval: I-X is not B-X though it begins the same entity.
    #expect(comparison.scores.accuracy == 0.5)
    #expect(comparison.repairs == (0, 1) && comparison.differentTokens == 1)
    #expect("\(comparison)".contains("0 of the true tags and 1 of the predicted ones"))
    // Of another scheme's letters, the tags are brought to the true ones' scheme first.
    let other = try TagComparison(
      sentences(["B-X", "I-X", "O"]), sentences(["B-X", "L-X", "U-X"]))
    #expect(other.convertedFrom == .bilou && other.scores.correctTokens == 2)
    #expect("\(other)".contains("The predicted tags are BILOU, compared as BIO (IOB2)."))
    let plain = try TagComparison(sentences(["N", "V", "N"]), sentences(["N", "N", "N"]))
    #expect(plain.scheme == .plain && plain.scores.entities.types["N"]?.precision == 2.0 / 3)
    for (tags, part) in [
      (["O", "B-X"], "a sentence of 2 tokens, expected 3 as in t:1"), (["O", "X", "O"], "\"X\""),
    ] {
      let error = try #require(throws: DataError.self) {
        try TagComparison(sentences(["B-X", "O", "O"]), sentences(tags))
      }
      #expect("\(error)".contains(part), "\(error)")
    }
    #expect(throws: DataError.self) {
      try TagComparison(sentences(["B-X"]), TaggedSentences([], source: "t"))
    }
  }
}
