import Recurrent
import Testing

@testable import RecurrentTasks

/// Raw text cut as the training part is.
@Suite struct SentenceTokenizerTests {
  /// Tokens and where they stand in the text.
  private func cut(_ text: String, as sentences: [[String]]) -> [String] {
    let tokenizer = SentenceTokenizer(learningFrom: sentences)
    let known = Set(sentences.joined())
    let scalars = Array(text.unicodeScalars)
    return SentenceTokenizer.chunks(of: text).flatMap { chunk, start in
      tokenizer.tokens(ofChunk: chunk.text) { known.contains($0) }.map { token in
        let range = start + token.range.lowerBound..<start + token.range.upperBound
        #expect(
          String(String.UnicodeScalarView(scalars[range])) == token.text)
        return token.text
      }
    }
  }

  @Test func words() {
    #expect(
      cut("It's 3.5\t(well-known)  @me #x https://a.b/c?d.", as: [["a"]]) == [
        "It's", "3.5", "(", "well", "-", "known", ")", "@", "me", "#", "x", "https", ":", "/", "/",
        "a.b", "/", "c", "?", "d", ".",
      ])
    #expect(cut("", as: [["a"]]).isEmpty && cut(" \u{A0}\n", as: [["a"]]).isEmpty)
    #expect(cut("é e\u{301} 👩‍👧!क्‍ष", as: [["a"]]) == ["é", "e\u{301}", "👩‍👧", "!", "क्‍ष"])
    #expect(cut("\u{200D}a \u{301}", as: [["x"]]).joined() == "\u{200D}a\u{301}")
  }

  /// A text without spaces takes time in proportion to its length.
  @Test func longTexts() {
    #expect(cut(String(repeating: "漢字", count: 20_000), as: [["a"]]).count == 40_000)
    let names = String(repeating: "@a-'s", count: 10_000)
    #expect(cut(names, as: [["@x", "a-b", "'s"], ["@y", "'s"]]).first == "@a")
  }

  @Test func asInTraining() {
    let sentences = [
      ["@you", "it", "'s", "so-so", ":)", "http://t.co/x", "do", "n't", "well-off"],
      ["#now", "he", "'s", "www.x.de", "is", "n't", "U.S."],
    ]
    #expect(
      cut("@me_2: He's at https://a.b/c. :) don't up-to-date U.S. (#so!) @me's", as: sentences) == [
        "@me_2", ":", "He", "'s", "at", "https://a.b/c", ".", ":)", "do", "n't", "up-to-date",
        "U.S.", "(", "#so", "!", ")", "@me", "'s",
      ])
  }
}
