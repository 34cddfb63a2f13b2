import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

/// Parts of words, learned and put together again.
@Suite struct BytePairEncodingTests {
  /// Sennrich's example, worked by hand: "low" 5, "lower" 2, "newest" 6, "widest" 3.
  @Test func learnsTheMostFrequentPairs() {
    let text =
      Array(repeating: "low", count: 5) + ["lower", "lower"]
      + Array(repeating: "newest", count: 6) + ["widest", "widest", "widest"]
    let encoding = BytePairEncoding(learnedFrom: text, size: 11 + 5)
    // e, the space, w, s, t, l, o, n, d, i, r by count and code point; of equal pairs the older first.
    #expect(Set(encoding.symbols[..<11]) == Set(" edilnorstw".map(String.init)))
    #expect(encoding.symbols[11...] == ["es", "est", " l", "ow", " low"])
    #expect(encoding.tokens(in: "lowest") == [" low", "est"])
  }

  /// The quick learner finds what counting everything anew each time finds.
  @Test func equalsThePlainAlgorithm() {
    var generator = SeededGenerator(seed: 11)
    let words = (0..<200).map { _ in
      String(
        (0..<Int.random(in: 1...7, using: &generator)).map { _ in
          "abcd".randomElement(using: &generator) ?? "a"
        })
    }
    let encoding = BytePairEncoding(learnedFrom: words, size: 60)
    var symbols = Array(encoding.symbols[..<5])
    var pieces = words.map { (" " + $0).map { symbols.firstIndex(of: String($0)) ?? -1 } }
    while symbols.count < 60 {
      var counts: [[Int]: Int] = [:]
      for piece in pieces {
        for (left, right) in zip(piece, piece.dropFirst()) {
          counts[[left, right], default: 0] += 1
        }
      }
      let largest = counts.values.max() ?? 0
      let pair = counts.filter { $0.value == largest }.keys.min { $0.lexicographicallyPrecedes($1) }
      guard let pair else { break }
      let number = symbols.count
      symbols.append(symbols[pair[0]] + symbols[pair[1]])
      pieces = pieces.map { piece in
        var rest = piece[...]
        var result: [Int] = []
        while let first = rest.popFirst() {
          if first == pair[0], rest.first == pair[1] {
            rest.removeFirst()
            result.append(number)
          } else {
            result.append(first)
          }
        }
        return result
      }
    }
    #expect(encoding.symbols == symbols)
    for (word, piece) in paired(words, pieces) {
      #expect(encoding.tokens(in: word) == piece.map { symbols[$0] })
    }
  }

  /// Parts put together are the text, to the last character, spaces and odd characters included.
  @Test(arguments: [
    "", " ", "  two  spaces ", "tab\tand\nline\r\n", "don't 3.14", "आप कैसे हैं",
    "e\u{301}A\u{30A}Å\u{212B}",
    "\u{301}mark first", " \u{301}", "👩‍👩‍👧 \u{85}\u{2581}", "never seen: ξ",
  ]) func roundTrip(_ text: String) throws {
    let corpus = [
      "the theatre there", "don't do that, then", "3.14 or 3.15", "आप कैसे हैं", "A\u{30A} Å \u{212B}",
    ]
    let encoding = BytePairEncoding(learnedFrom: corpus, size: 80)
    let restored = encoding.text(of: encoding.tokens(in: text))
    #expect(Array(restored.unicodeScalars) == Array(text.unicodeScalars))
    let bytes = try JSONEncoder().encode(encoding)
    let copy = try JSONDecoder().decode(BytePairEncoding.self, from: bytes)
    #expect(copy == encoding && copy.tokens(in: text) == encoding.tokens(in: text))
  }

  @Test func refusesDamage() {
    for broken in [
      #"{"characters":["a"],"joins":[0]}"#, #"{"characters":["a"],"joins":[0,1]}"#,
      #"{"characters":["a","a"],"joins":[]}"#, #"{"characters":["ab"],"joins":[]}"#,
      #"{"characters":["a"],"joins":[0,0,0,0]}"#, #"{"characters":["a"],"joins":[-1,0]}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(BytePairEncoding.self, from: Data(broken.utf8))
      }
    }
  }

  /// A text with joins left out is cut into known parts that make the same text; with none left out it is
  /// cut as ever, with all left out into characters.
  @Test func joinsAreLeftOut() {
    let texts = ["the theatre there", "other feathers", "aaaaa aaaa", "never seen: ξ"]
    let encoding = BytePairEncoding(learnedFrom: texts.dropLast(), size: 60)
    var generator = SeededGenerator(seed: 3)
    var cuts: Set<[[Int]]> = []
    for text in texts {
      let words = encoding.words(in: text)
      #expect(words.joined().contains(-1) == text.contains("ξ"))
      let whole = words.map { encoding.joined($0) }
      for (symbol, token) in paired(Array(whole.joined()), encoding.tokens(in: text)) {
        #expect(symbol < 0 ? !encoding.symbols.contains(token) : encoding.symbols[symbol] == token)
      }
      #expect(words.map { encoding.joined($0) { true } } == words)
      for _ in 0..<20 {
        let cut = words.map { word in
          encoding.joined(word) { Bool.random(using: &generator) }
        }
        cuts.insert(cut)
        #expect(cut.joined().count >= whole.joined().count)
        for (part, word) in paired(cut, words) {
          let spelled = part.map { $0 < 0 ? "?" : encoding.symbols[$0] }.joined()
          #expect(spelled == word.map { $0 < 0 ? "?" : encoding.symbols[$0] }.joined())
        }
      }
    }
    #expect(cuts.count > 40)
  }

  /// Each round asks anew of each place where two symbols could be joined.
  @Test func roundsAreIndependent() {
    // " ab" is learned as "ab", then " ab".
    let encoding = BytePairEncoding(learnedFrom: ["ab", "ab", "xab"], size: 6)
    #expect(encoding.symbols == [" ", "a", "b", "x", "ab", " ab"])
    let word = encoding.words(in: "ab")[0]
    var answers = [false, true]
    var asked = 0
    let cut = encoding.joined(word) {
      asked += 1
      return answers.isEmpty ? false : answers.removeFirst()
    }
    // The first round joins a and b; the second leaves out the space, and it is over.
    #expect(cut.map { encoding.symbols[$0] } == [" ", "ab"] && asked == 2)
  }

  /// A part counts where it stands and where it was joined on.
  @Test func countsOfParts() {
    let encoding = BytePairEncoding(learnedFrom: ["ab", "ab", "xab"], size: 6)
    #expect(
      encoding.counts(in: ["ab", "xab", "a"])
        == [" ": 3, "a": 3, "b": 2, "x": 1, "ab": 2, " ab": 1])
  }

  /// Each join doubles a part: forty of them would stand for a text of 2^40 characters.
  @Test func noFileMakesAPartTooLong() throws {
    for count in [9, 20, 40] {
      let joins = (0..<count).map { "\($0),\($0)" }.joined(separator: ",")
      let file = Array(#"{"characters":["a"],"joins":[\#(joins)]}"#.utf8)
      let error = try #require(throws: DataError.self) {
        try decodeJSON(BytePairEncoding.self, from: file, file: "tokenizer.json")
      }
      #expect(error.file == "tokenizer.json" && error.place == "joins")
      #expect(
        error.problem
          == "join 8 of 8 and 8: makes a part of 512 characters, expected at most 256")
    }
  }

  /// What is learned from a text of one long word can be read back.
  @Test func noTextMakesAPartTooLong() throws {
    let encoding = BytePairEncoding(
      learnedFrom: [String(repeating: "a", count: 3000)], size: 2000)
    #expect(encoding.symbols.map(\.unicodeScalars.count).max() == 256)
    let bytes = try JSONEncoder().encode(encoding)
    #expect(try JSONDecoder().decode(BytePairEncoding.self, from: bytes) == encoding)
  }

  @Test func rareCharactersAreLeftOut() {
    let encoding = BytePairEncoding(
      learnedFrom: [String(repeating: "ab ", count: 500), "ξ"], size: 10, characterCoverage: 0.999)
    #expect(!encoding.symbols.contains("ξ"))
    #expect(encoding.tokens(in: "aξ").contains("ξ"))
  }
}
