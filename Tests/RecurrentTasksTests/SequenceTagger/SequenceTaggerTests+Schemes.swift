import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Any scheme of tags, and tags that are no spans.
extension SequenceTaggerTests {
  /// Any scheme in, the same scheme out; what breaks it is counted.
  @Test func schemes() throws {
    let plain = TagGrammar.cues(60, seed: 2)
    var results: [[TagSpan]] = []
    for scheme in [TagScheme.bio, .iob1, .bioes, .bilou, .bmes, .bmewo] {
      var sentences = plain
      for index in sentences.sentences.indices {
        sentences.sentences[index].tags = scheme.normalized(plain.sentences[index].tags)
      }
      var options = TagGrammar.options
      options.epochs = 2
      let plan = try SequenceTaggerPlan(sentences, options: options)
      // Without a chunk of three tokens, BMES is BIOES.
      #expect(plan.scheme == (scheme == .bmes ? .bioes : scheme) && plan.repairs == 0)
      let tagger = try plan.train()
      let tags = tagger.tags(of: ["so", "mr", "Ada", "Lee", "near", "Rom"])
      #expect(scheme.violations(in: tags.compactMap { ChunkTag($0) }) == 0)
      results.append(TagScheme.spans(of: tags.compactMap { ChunkTag($0) }))
    }
    #expect(results.allSatisfy { $0 == results[0] })
    // Sentences in another scheme are measured all the same.
    var other = plain
    for index in other.sentences.indices {
      other.sentences[index].tags = TagScheme.bilou.normalized(plain.sentences[index].tags)
    }
    let measured = try TagGrammar.quick().evaluate(on: other)
    #expect(measured.convertedFrom == .bilou && measured.repairs == 0 && measured.unseen == 0)
    #expect("\(measured)".contains("The tags are BILOU"))
    #expect(try measured.network == TagGrammar.quick().evaluate(on: plain).network)
    var broken = plain
    let index = try #require(broken.sentences.firstIndex { $0.tags.contains("B-LOC") })
    let place = try #require(broken.sentences[index].tags.firstIndex(of: "B-LOC"))
    broken.sentences[index].tags[place] = "I-LOC"
    var options = TagGrammar.options
    options.testFraction = 0
    options.validationFraction = 0
    let plan = try SequenceTaggerPlan(broken, options: options)
    #expect(plan.scheme == .bio && plan.repairs == 1)
    #expect(plan.description.contains("1 tags break it"))
    let tagger = try TagGrammar.quick()
    let evaluation = try tagger.evaluate(on: broken)
    #expect(evaluation.repairs == 1 && "\(evaluation)".contains("1 tags break the scheme"))
    #expect(
      evaluation.network.entities.overall
        == (try tagger.evaluate(on: plain)).network.entities.overall)
  }

  /// Parts of speech: as many tags as there are, judged by the share of right ones.
  @Test func plainTags() throws {
    var sentences = TagGrammar.cues(200, seed: 4)
    for index in sentences.sentences.indices {
      sentences.sentences[index].tags = sentences.sentences[index].tokens.map {
        $0.first?.isUppercase == true ? "NAME" : ["mr", "near"].contains($0) ? "CUE" : "WORD"
      }
    }
    let tagger = try SequenceTaggerPlan(sentences, options: TagGrammar.options).train()
    let evaluation = try #require(tagger.configuration.evaluation)
    #expect(evaluation.isPlain && evaluation.network.accuracy == 1, "\(evaluation)")
    #expect(evaluation.network.entities.types.keys.sorted() == ["CUE", "NAME", "WORD"])
    #expect(tagger.entities(in: "so mr Ada").map(\.type) == ["WORD", "CUE", "NAME"])
    var other = sentences
    other.sentences = [.init(tokens: ["so", "mr"], tags: ["WORD", "ODD"])]
    let odd = try tagger.evaluate(on: other)
    #expect(odd.unseen == 1 && odd.network.accuracy == 0.5)
  }
}
