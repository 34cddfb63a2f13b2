import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Lists of names.
@Suite struct NameListTests {
  /// Whole words, whatever their capitals; the longest name counts, in each list for itself.
  @Test func marks() throws {
    let lists = NameLists([
      "b": [["New", "York"], ["york", "times"]],
      "a": [["new", "york", "TIMES"], ["Éva"], ["new"]],
    ])
    #expect(lists.lists.map(\.label) == ["a", "b"])
    #expect(lists.lists[0].names == ["new", "new york times", "éva"] && lists.size == 4)
    // A row a word: begins and goes on in a, the same in b.
    #expect(
      lists.marks(of: ["NEW", "york", "Times", "e\u{301}va", "news", "new", "York"])
        == [
          [1, 0, 1, 0], [0, 1, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0],
          [0, 0, 0, 1],
        ].flatMap(\.self))
    #expect(lists.marks(of: []).isEmpty && lists.marks(of: [""]) == [0, 0, 0, 0])
    #expect(
      lists.explanation(on: [["new", "york", "x"], ["so"]])
        == "lists       a: 3 names, 25.00 % of the training words\n"
        + "            b: 2 names, 50.00 % of the training words")
  }

  private func read(_ files: [String: String]) throws -> NameLists {
    var lists: NameLists?
    try withTemporaryFolder { folder in
      for (name, text) in files {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      lists = try NameLists(files.keys.sorted().map { folder + "/" + $0 }) {
        $0.split(separator: " ").map(String.init)
      }
    }
    return try #require(lists)
  }

  @Test func files() throws {
    let lists = try read([
      "people.txt": "Ada Lovelace\n\nada  lovelace\r\nLee\n",
      "more.tsv": "city\tNew York\npeople\tEva\n",
      "long.txt": "x\n" + String(repeating: "y ", count: 21) + "\n",
    ])
    #expect(lists.lists.map(\.label) == ["city", "long", "people"])
    #expect(lists.lists.map(\.names) == [["new york"], ["x"], ["ada lovelace", "eva", "lee"]])
    #expect(lists.leftOut == 1)
    #expect(lists.explanation(on: [["so"]]).contains("1 names of more than 20 words were left out"))
    let bytes = try JSONEncoder().encode(lists)
    let decoded = try JSONDecoder().decode(NameLists.self, from: bytes)
    #expect(decoded.lists == lists.lists && decoded.marks(of: ["Eva"]) == lists.marks(of: ["Eva"]))
  }

  @Test(
    arguments: [
      ("", nil, "there is no name in it"), ("\n \n", nil, "there is no name in it"),
      ("a\tb\tc\n", 1, "found 3 columns"), ("x\ncity\t\n", 2, "no name behind the label"),
      ("x\n\tRom\n", 2, "no label before the tab"),
      ((0...100).map { "\($0)\tRom\n" }.joined(), 101, "expected at most 100 lists"),
    ] as [(String, Int?, String)]) func badFiles(_ text: String, _ line: Int?, _ part: String)
    throws
  {
    let error = try #require(throws: DataError.self) { try read(["l.txt": text]) }
    #expect(error.line == line && "\(error)".contains(part), "\(error)")
  }

  /// New words of which only a list tells what they are.
  @Test func listsAreLearned() throws {
    var generator = SeededGenerator(seed: 7)
    let words = (0..<600).map { _ in
      String((0..<6).map { _ in "abdeiklmnorstu".randomElement(using: &generator) ?? "a" })
    }
    let sentences = TaggedSentences(
      words.indices.map {
        TaggedSentences.Sentence(
          tokens: ["so", words[$0], "ran"], tags: ["O", $0 % 2 == 0 ? "B-PER" : "O", "O"])
      })
    func score(_ lists: [String]) throws -> Double {
      var options = TagGrammar.options
      options.epochs = 8
      let tagger = try SequenceTaggerPlan(sentences, options: options, lists: lists).train()
      return try #require(tagger.configuration.evaluation).score
    }
    try withTemporaryFolder { folder in
      let names = words.indices.filter { $0 % 2 == 0 }.map { words[$0].capitalized + "\n" }
      try Data(names.joined().utf8).write(to: URL(fileURLWithPath: folder + "/people.txt"))
      #expect(try score([folder + "/people.txt"]) == 1)
    }
    #expect(try score([]) < 0.8)
  }
}
