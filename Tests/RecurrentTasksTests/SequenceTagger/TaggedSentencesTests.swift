import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// CoNLL files, as they should be and as they should not.
@Suite struct TaggedSentencesTests {
  private func read(
    _ text: String, _ columns: TagColumns = TagColumns(), _ encoding: TextEncoding = .utf8
  ) throws -> TaggedSentences {
    try read(Array(text.utf8), columns, encoding)
  }

  private func read(
    _ bytes: [UInt8], _ columns: TagColumns = TagColumns(), _ encoding: TextEncoding = .utf8
  ) throws -> TaggedSentences {
    try TaggedSentences.read(
      TextFile(bytes: bytes, source: "t.conll", encoding: encoding), columns: columns)
  }

  /// Sentences as `token/tag token/tag @line`.
  private func shown(_ sentences: TaggedSentences) -> [String] {
    sentences.sentences.map { sentence in
      zip(sentence.tokens, sentence.tags).map { "\($0)/\($1)" }.joined(separator: " ")
        + " @\(sentence.line ?? 0)"
    }
  }

  @Test func formsOfFiles() throws {
    // A line of one tab ends a sentence, so do several empty ones; no end at the end.
    #expect(
      shown(try read("a\tO\nb c\tB-X\n\t\nd\tO\n \n\n\ne\tI-X"))
        == ["a/O b c/B-X @1", "d/O @4", "e/I-X @8"])
    // Blanks, CRLF, another column.
    #expect(shown(try read("a NN  O\r\nb VB O\r\n\r\nc X\tB-Y\r\n")) == ["a/O b/O @1", "c/B-Y @4"])
    #expect(
      shown(try read("1\ta\tX\t-\n2\tb\tY\t-\n", TagColumns(token: 2, tag: 3))) == ["a/X b/Y @1"])
    #expect(shown(try read("a X Y\nb Z W\n", TagColumns(tag: -2))) == ["a/X b/Z @1"])
    // Only blanks and tabs separate, and only they are empty.
    #expect(shown(try read("a\u{A0}b\tO\n\u{2028}\tX\n\u{A0}\tO\n")).count == 1)
    #expect(try read("क्‍ष\tO\nab\tX\n").sentences[0].tokens[0] == "क्‍ष")
  }

  @Test func documentsAndComments() throws {
    let tabs = try read(
      "# sent_id = 1\n# text = # is\n1\t#\tO\n2\tis\tB-X\n\n# a\tb\n1\t#\tO\n", TagColumns(token: 2)
    )
    #expect(shown(tabs) == ["#/O is/B-X @3", "#/O @7"] && tabs.comments == 3)
    let blanks = try read("-DOCSTART- -X- O\n\n# a b O\n# X O\n# Y O\n-DOCSTART-\nc Z B-X\n")
    #expect(shown(blanks) == ["#/O #/O @4", "c/B-X @7"])
    #expect(blanks.comments == 1 && blanks.documents == 2)
  }

  /// What the UD project's own reader (conllu 6) counts as words: integers alone.
  @Test func rangesAndEmptyNodes() throws {
    func line(_ number: String, _ word: String, _ part: String) -> String {
      "\(number)\t\(word)\t_\t\(part)\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
    }
    let text =
      "# text = vámonos al mar\n" + line("1-2", "vámonos", "_") + line("1", "vamos", "VERB")
      + line("2", "nos", "PRON") + line("3-4", "al", "_") + line("3", "a", "ADP")
      + line("4", "el", "DET") + line("4.1", "gran", "ADJ") + line("5", "mar", "NOUN") + "\n"
      + line("0.1", "quien", "_") + line("1", "sabe", "_") + "\n"
    let read = try read(text)
    #expect(shown(read) == ["vamos/VERB nos/PRON a/ADP el/DET mar/NOUN @3", "sabe/_ @12"])
    #expect((0..<5).map { read.sentences[0].line(of: $0) } == [3, 4, 6, 7, 9])
    #expect(read.ranges == 2 && read.emptyNodes == 2 && read.comments == 1)
    #expect(read.columns == TagColumns(token: 2, tag: 4))
    #expect(
      read.remarks == [
        "1 lines of comments were left out",
        "the first column counts words, as in CoNLL-U; tokens stand in column 2, tags in column 4",
        "2 lines of a range of words were left out", "2 lines of an empty node were left out",
        "1 words have the tag _, taken as any other",
      ])
    // Behind the ten columns may stand what a tagger said.
    let said = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.contains("\t") ? $0 + "\tX" : $0
    }.joined(separator: "\n")
    #expect(shown(try self.read(said, TagColumns(tag: -2))) == shown(read))
    #expect(
      try self.read(said, TagColumns(tag: -1)).sentences[0].tags == ["X", "X", "X", "X", "X"])
    // What was said is what is taken.
    let other = try self.read(text, TagColumns(token: 2, tag: 10))
    #expect(other.sentences[0].tags[0] == "SpaceAfter=No" && other.ranges == 2)
    // A score is no range, and a number no word's, where the first column has the tokens.
    let scores = try self.read("1-2\tX\n1\tY\n2\tY\n2.1\tY\n\n7\tX\n3-4\tX\n")
    #expect(shown(scores) == ["1-2/X 1/Y 2/Y 2.1/Y @1", "7/X 3-4/X @6"] && scores.ranges == 0)
  }

  @Test func encodings() throws {
    let bytes = Array("caf".utf8) + [0xE9] + Array("\tO\n".utf8)
    #expect(try read(bytes, TagColumns(), .latin1).sentences[0].tokens == ["café"])
    let error = try #require(throws: DataError.self) { try read(Array("a\tO\n".utf8) + bytes) }
    #expect(error.line == 2 && error.problem.contains("byte 0xE9 (byte 7 of the file)"))
  }

  @Test(
    arguments: [
      ("", nil, "the file is empty"), ("\n\t\n", nil, "there is no token in it"),
      ("a\tO\nb\n", 2, "found 1 column, expected 2"),
      ("a\tO\nb\tX\tY\n", 2, "found 3 columns, expected 2"),
      ("a O\nb c O\n", 2, "found 3 columns"), ("a\tO\n# b\n", 2, "found 1 column, expected 2"),
      ("a\nb\n", 1, "found one column, expected a token and its tag"),
      ("a\tO\nb\t\n", 2, "column 2: found nothing, expected a tag"),
      ("a\tO\n\tO\n", 2, "column 1: found nothing, expected a token"),
      ("a\tO\n\u{0}\tO\n", 2, "a zero byte"),
    ] as [(String, Int?, String)]) func badFiles(_ text: String, _ line: Int?, _ part: String)
    throws
  {
    let error = try #require(throws: DataError.self) { try read(text) }
    #expect(error.file == "t.conll" && error.line == line, "\(error)")
    #expect("\(error)".contains(part), "\(error)")
  }

  @Test func columnsThatAreNotThere() throws {
    for columns in [TagColumns(tag: 3), TagColumns(token: 4), TagColumns(tag: -3)] {
      let error = try #require(throws: DataError.self) { try read("a\tO\n", columns) }
      #expect(error.line == 1 && error.problem == "there is no such column, only 2")
    }
  }

  @Test(
    arguments: [
      (["O O", "O"], nil, nil, "all 3 tokens of the training part have the tag \"O\""),
      (["B-X O", "O PER O"], nil, 5, "found the tag \"PER\" beside tags of chunks as \"B-X\""),
      (["B-X O", "O b-X"], .bio, 5, "found the tag \"b-X\", expected O or a tag as B-PER"),
      ([], nil, nil, "there are no sentences in it"),
    ] as [([String], TagScheme?, Int?, String)])
  func badTags(_ texts: [String], _ scheme: TagScheme?, _ line: Int?, _ part: String) throws {
    var line0 = 1
    let sentences = texts.map { text in
      let tags = text.split(separator: " ").map(String.init)
      defer { line0 += tags.count + 1 }
      return TaggedSentences.Sentence(tokens: tags.map { _ in "a" }, tags: tags, line: line0)
    }
    var options = SequenceTaggerOptions()
    options.scheme = scheme
    options.testFraction = 0
    options.validationFraction = 0
    let error = try #require(throws: DataError.self) {
      try SequenceTaggerPlan(TaggedSentences(sentences), options: options)
    }
    #expect(error.line == line && "\(error)".contains(part), "\(error)")
  }
}
