import Recurrent
import TestSupport
import Testing

/// BLEU and chrF. Expected numbers are those of sacreBLEU 2.6.0 on the same sentences.
@Suite struct TranslationMetricsTests {
  private static let translations = [
    "The cat sat on the mat.", "He paid $1,234.50 (net) on 2016-07-04, i.e. yesterday.",
    "A man -- in a red hat --- walks his dog's bowl.",
    "&quot;No&quot;, she said; don't &amp; won't!", "", "well-known facts: 3-4 of them, 50%",
    "नमस्ते दुनिया, आप कैसे हैं?", "Straße \u{A0} über ÄPFEL… 5.000,3 €", "x",
    "ab. .c ,,d 1.a b,2 .5 5. [z]{y}~^_`|",
  ]
  private static let references = [
    [
      "The cat is sitting on the mat.", "He paid $1,234.50 net on 2016-07-04, that is, yesterday.",
      "A man in a red hat walks past his dog's bowl.", "\"No\", she said; \"I don't and won't!\"",
      "Nothing was said.", "Well-known facts: 3-4 of them; 50%",
      "नमस्ते दुनिया, तुम कैसे हो?", "Straßen über Äpfel… 5.000,3 €", "y",
      "ab. .c ,,d 1.a b,2 .5 5. [z]{y}~^_`|",
    ],
    [
      "There is a cat on the mat.", "On 2016-07-04 he paid $1,234.50.",
      "A man wearing a red hat walks by the bowl of his dog.", "\"No\", said she, \"never\"!", "",
      "3-4 well-known facts, 50%", "नमस्ते, आप कैसे हैं?", "über Straße ÄPFEL 5.000,3 €", "x",
      "AB . C",
    ],
  ]

  @Test(arguments: [
    (1, false, BLEU.Tokenization.v13a, 62.34276773315791),
    (1, false, .none, 34.75527540623971), (1, true, .v13a, 65.11463932747904),
    (1, true, .none, 41.14545780020593), (2, false, .v13a, 69.51644662866346),
    (2, false, .none, 39.21674403635722), (2, true, .v13a, 71.95877500092871),
    (2, true, .none, 45.855600244429915),
  ])
  func bleu(
    references: Int, lowercases: Bool, tokenization: BLEU.Tokenization, expected: Double
  ) {
    let bleu = BLEU(
      of: Self.translations, references: Array(Self.references.prefix(references)),
      tokenization: tokenization, lowercases: lowercases)
    #expect(abs(bleu.score - expected) < 1e-9)
  }

  @Test func partsOfBLEU() {
    let one = BLEU(
      of: Self.translations, references: Array(Self.references.prefix(1)), lowercases: true)
    #expect(
      one.description
        == "BLEU|nrefs:1|case:lc|eff:no|tok:13a|smooth:exp = 65.11 85.4/72.3/61.6/55.1 "
        + "(BP = 0.962 ratio = 0.963 hyp_len = 103 ref_len = 107)")
    let two = BLEU(of: Self.translations, references: Self.references, tokenization: .none)
    #expect(
      two.description
        == "BLEU|nrefs:2|case:mixed|eff:no|tok:none|smooth:exp = 39.22 82.5/54.2/32.5/18.8 "
        + "(BP = 0.966 ratio = 0.966 hyp_len = 57 ref_len = 59)")
  }

  @Test(arguments: [
    (1, false, 0, 63.91100960558074), (1, false, 1, 65.05848510768448),
    (1, false, 2, 63.889774553847936), (1, true, 0, 67.1839935738242),
    (1, true, 1, 68.20648484389083), (1, true, 2, 67.15380296707416),
    (2, false, 0, 66.5134835175461), (2, false, 1, 67.73580012562567),
    (2, false, 2, 66.48058590928964), (2, true, 0, 69.9765699137661),
    (2, true, 1, 70.92714757541029), (2, true, 2, 69.6877449021579),
  ])
  func chrF(references: Int, lowercases: Bool, wordOrder: Int, expected: Double) {
    let chrF = ChrF(
      of: Self.translations, references: Array(Self.references.prefix(references)),
      wordOrder: wordOrder, lowercases: lowercases)
    #expect(abs(chrF.score - expected) < 1e-9)
  }

  @Test func signatures() {
    let chrF = ChrF(of: ["a b"], references: [["a b"]], wordOrder: 2)
    #expect(
      chrF.description == "chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no = 100.00")
    #expect(ChrF(of: ["a"], references: [["a"], ["b"]]).name == "chrF2")
  }

  /// Orders without a match are smoothed, orders that do not occur make 0, and so do no matches.
  @Test func edges() {
    let smoothed = BLEU(of: ["a b c d", "e f"], references: [["a b x d", "e g"]])
    #expect(abs(smoothed.score - 31.947155212313625) < 1e-9)
    #expect(smoothed.precisions.dropFirst() == [25, 25, 25])
    let short = BLEU(of: ["a b", "c"], references: [["a b", "c"]])
    #expect(short.score == 0 && short.precisions == [100, 100, 0, 0])
    let none = BLEU(of: ["q"], references: [["z"]])
    #expect(none.score == 0 && none.precisions == [0, 0, 0, 0] && none.brevityPenalty == 1)
    let empty = BLEU(of: [""], references: [["z"]])
    #expect(empty.score == 0 && empty.brevityPenalty == 0)
    #expect(BLEU(of: [], references: [[]]).score == 0)
    #expect(ChrF(of: [""], references: [["z"]]).score == 0)
    #expect(ChrF(of: ["q"], references: [["z"]]).score == 0)
    let half = ChrF(of: ["a b c d", "e f"], references: [["a b x d", "e g"]], wordOrder: 1)
    #expect(abs(half.score - 31.666666666666664) < 1e-9)
  }
}
