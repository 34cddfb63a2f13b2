import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

/// How texts become tokens.
@Suite struct TokenizerTests {
  private func words(_ text: String) -> [String] { WordSegmentation.tokens(in: text) }

  @Test func words() {
    #expect(
      words("Don't stop, l’eau won 3,141.50 (or 7)!") == [
        "Don't", "stop", ",", "l’eau", "won", "3,141.50", "(", "or", "7", ")", "!",
      ])
    #expect(
      words("'quoted' end. a.b 1.a x_1 3;4") == [
        "'", "quoted", "'", "end", ".", "a.b", "1", ".", "a", "x_1", "3;4",
      ])
    #expect(words("  \t\n\u{85}\u{A0}\u{2003}") == [])
    #expect(words("") == [])
    #expect(words("it 's ...") == ["it", "'", "s", ".", ".", "."])
  }

  /// Marks and joiners stay inside Indic words.
  @Test(arguments: [
    "आप कैसे हैं", "क्\u{200D}ष श्री\u{200C}मान", "മലയാളം ന\u{200D}", "தமிழ் மொழி", "বাংলা ভাষা",
    "ਪੰਜਾਬੀ ਹਿੰਦੀ", "ಕನ್ನಡ తెలుగు",
  ]) func indicWords(_ text: String) {
    #expect(words(text) == text.split(separator: " ").map(String.init))
    #expect(words(text + "।") == text.split(separator: " ").map(String.init) + ["।"])
  }

  @Test func otherScripts() {
    #expect(words("東京へ行く") == ["東", "京", "へ", "行", "く"])
    #expect(words("カタカナabc") == ["カタカナ", "abc"])
    #expect(words("สวัสดี") == ["ส", "วั", "ส", "ดี"])
    #expect(words("한국어 русский ελληνικά") == ["한국어", "русский", "ελληνικά"])
    #expect(words("👩‍👩‍👧👍🏽🇩🇪🇮🇳!") == ["👩‍👩‍👧", "👍🏽", "🇩🇪", "🇮🇳", "!"])
    #expect(words("e\u{301}té ☃️☃") == ["e\u{301}té", "☃️", "☃"])
  }

  /// The boundaries of the standard library's own UAX #29, where it has them.
  @Test func asTheStandardLibraryHasThem() {
    let texts = [
      "The quick (\"brown\") fox can't jump 32.3 feet, right?", "a,b 1,2 a.b.c 1.2.3",
      "naïve café — “quoted” … end", "आप कैसे हैं? मैं ठीक हूँ।", "über 3,5 Mio. €",
      "Привет, мир! 12:30", "foo_bar __x__ 9_9", "AT&T's R2-D2", "שלום עולם 7.", "ab\u{AD}cd e",
    ]
    for text in texts {
      let boundaries = Set(
        text.matches(of: /\b/.wordBoundaryKind(.default)).map(\.range.lowerBound))
      for range in WordSegmentation.ranges(in: text) {
        #expect(
          boundaries.contains(range.lowerBound) && boundaries.contains(range.upperBound),
          "\(text[range]) in \(text)")
        let inside = boundaries.filter { range.lowerBound < $0 && $0 < range.upperBound }
        #expect(inside.isEmpty, "\(text[range]) in \(text)")
      }
    }
  }

  /// Nothing but spaces is lost, whatever the text.
  @Test func everyCharacterIsInAToken() {
    var generator = SeededGenerator(seed: 4)
    let scalars: [UnicodeScalar] =
      Array("ab1,.'_ \t\u{200D}\u{301}क्षの漢カ👩🇩;：".unicodeScalars) + ["\u{FE0F}", "\u{0}"]
    for _ in 0..<500 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        text.append(scalars.randomElement(using: &generator) ?? "a")
      }
      let whole = String(text)
      let kept = WordSegmentation.tokens(in: whole).flatMap { Array($0.unicodeScalars) }
      let missing = text.filter { ![" ", "\t", "\u{0}"].contains($0) }
      #expect(kept.filter { ![" ", "\t", "\u{0}"].contains($0) } == Array(missing), "\(whole)")
    }
  }

  @Test func kindsAndNormalization() throws {
    let text = "Ｆｉne ﬁt  E\u{301}!"
    let plain = TextNormalization(form: .none)
    #expect(
      Tokenizer(.whitespace, normalization: plain).tokens(in: text) == [
        "Ｆｉne", "ﬁt", "E\u{301}!",
      ])
    let form = TextNormalization(form: .nfkc, lowercases: true)
    #expect(Tokenizer(.word, normalization: form).tokens(in: text) == ["fine", "fit", "é", "!"])
    let composed = Tokenizer(.word).tokens(in: "E\u{301}")
    #expect(Array(composed[0].unicodeScalars) == ["É"])
    #expect(Tokenizer(.character).tokens(in: "a 👩‍👧\n") == ["a", " ", "👩‍👧", "\n"])
    for tokenizer in [Tokenizer(.word, normalization: form), Tokenizer(.character)] {
      let copy = try JSONDecoder().decode(Tokenizer.self, from: JSONEncoder().encode(tokenizer))
      #expect(copy == tokenizer)
    }
    let broken = Data(#"{"kind":"bpe","normalization":{"form":"nfc","lowercases":true}}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Tokenizer.self, from: broken) }
  }
}
