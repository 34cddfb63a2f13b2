import Recurrent
import Testing

/// Chunks and the tags that stand for them.
@Suite struct TagSchemeTests {
  private func tags(_ text: String) -> [ChunkTag] {
    text.split(separator: " ").compactMap { ChunkTag(String($0)) }
  }

  private func spans(_ text: String) -> [String] {
    TagScheme.spans(of: tags(text)).map {
      "\($0.type):\($0.range.lowerBound)-\($0.range.upperBound)"
    }
  }

  @Test func tagsAreTakenApart() {
    #expect(ChunkTag("B-creative-work") == ChunkTag(.begin, "creative-work"))
    #expect(ChunkTag("S-X")?.description == "S-X" && ChunkTag("O") == .outside)
    #expect(ChunkTag("I") == ChunkTag(.inside, ""))
    for odd in ["", "o", "b-PER", "B-", "BPER", "NN", "-LRB-", "O-PER", "OO", "B_PER", "É-PER"] {
      #expect(ChunkTag(odd) == nil, "\(odd)")
    }
  }

  /// What the rules of conlleval make of tags, right and wrong ones.
  @Test(
    arguments: [
      ("B-A I-A O B-B", ["A:0-2", "B:3-4"]), ("B-A B-A", ["A:0-1", "A:1-2"]),
      ("O I-A I-A", ["A:1-3"]), ("I-A I-B", ["A:0-1", "B:1-2"]),
      ("B-A I-B I-B", ["A:0-1", "B:1-3"]),
      ("I-A O I-A", ["A:0-1", "A:2-3"]), ("S-A S-A I-A", ["A:0-1", "A:1-2", "A:2-3"]),
      ("B-A I-A E-A E-A", ["A:0-3", "A:3-4"]), ("B-A E-A I-A", ["A:0-2", "A:2-3"]),
      ("I-A B-A", ["A:0-1", "A:1-2"]), ("O O", []), ("", []), ("B I I B", [":0-3", ":3-4"]),
    ] as [(String, [String])]) func conllevalRules(_ text: String, _ expected: [String])
  {
    #expect(spans(text) == expected)
  }

  /// Every scheme writes chunks so that they are read back, and counts what it would write
  /// differently.
  @Test func schemes() {
    let chunks = [
      TagSpan(type: "A", range: 0..<1), TagSpan(type: "A", range: 1..<4),
      TagSpan(type: "B", range: 4..<6), TagSpan(type: "A", range: 7..<8),
    ]
    let written: [TagScheme: String] = [
      .bio: "B-A B-A I-A I-A B-B I-B O B-A O", .iob1: "I-A B-A I-A I-A I-B I-B O I-A O",
      .bioes: "S-A B-A I-A E-A B-B E-B O S-A O", .bilou: "U-A B-A I-A L-A B-B L-B O U-A O",
      .bmes: "S-A B-A M-A E-A B-B E-B O S-A O", .bmewo: "W-A B-A M-A E-A B-B E-B O W-A O",
    ]
    for (scheme, text) in written {
      #expect(scheme.tags(of: chunks, count: 9) == tags(text), "\(scheme)")
      #expect(TagScheme.spans(of: tags(text)) == chunks, "\(scheme)")
      #expect(tags(text).map(\.description).joined(separator: " ") == text)
      #expect(scheme.violations(in: tags(text)) == 0)
      #expect(TagScheme.detected(in: [text.split(separator: " ").map(String.init)]) == scheme)
    }
    #expect(TagScheme.bilou.violations(in: tags("S-A B-A E-A O U-A")) == 2)
    #expect(TagScheme.bio.violations(in: tags("I-A I-A O B-B I-A")) == 2)
    #expect(TagScheme.iob1.violations(in: tags("B-A O I-A B-A")) == 1)
  }

  @Test func detection() {
    func detected(_ texts: String...) -> TagScheme {
      TagScheme.detected(in: texts.map { $0.split(separator: " ").map(String.init) })
    }
    #expect(detected("O I-A B-A", "I-A O") == .iob1)
    #expect(detected("O I-A", "B-A O", "B-B I-B") == .bio)  // one slip is no scheme
    #expect(detected("B-A O", "I-A") == .bio)
    #expect(detected("O S-A") == .bioes)
    #expect(detected("O U-A", "U-A U-A", "B-A O") == .bilou)  // one slip
    #expect(detected("B M E S", "B E") == .bmes)
    #expect(detected("O B-A E-A", "W-A") == .bmewo)
    // Letters that mean something else: most of them break every scheme.
    #expect(detected("M M U", "L L O M") == .plain)
    #expect(detected("NN VB", "DT") == .plain)
    #expect(detected("O PER", "O") == .plain)
    #expect(detected("O O") == .plain)
  }
}
