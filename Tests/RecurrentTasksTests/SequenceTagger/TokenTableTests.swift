import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Tables and JSON objects of tokens and tags.
@Suite struct TokenTableTests {
  private func read(
    _ text: String, _ columns: TagColumns = TagColumns(), source: String = "t.csv"
  ) throws -> TaggedSentences {
    try TaggedSentences.read(TextFile(bytes: Array(text.utf8), source: source), columns: columns)
  }

  private func shown(_ sentences: TaggedSentences) -> [String] {
    sentences.sentences.map { sentence in
      zip(sentence.tokens, sentence.tags).map { "\($0)/\($1)" }.joined(separator: " ")
        + " @\(sentence.line ?? 0)"
    }
  }

  private let kaggle =
    "Sentence #,Word,POS,Tag\nSentence: 1,Ada,NNP,B-per\n,\",\",\",\",O\n,\"\"\"\",``,O\n"
    + "Sentence: 2,ran,VBD,O\n,NA,NN,B-org\n"

  /// The sentence told in its first row alone, or in each; other names, another separator.
  @Test func tables() throws {
    let sentences = ["Ada/B-per ,/O \"/O @2", "ran/O NA/B-org @5"]
    let found = try read(kaggle)
    #expect(shown(found) == sentences && found.columns == TagColumns())
    #expect(
      found.remarks == [
        "read as a table: tokens in column \"Word\", tags in \"Tag\", sentences by \"Sentence #\"; others by "
          + "--token-column, --tag-column, --sentence-column"
      ])
    #expect(shown(try read(kaggle, source: "t.txt")) == sentences)
    let each = "tokens;sentence_id;ner\nAda;7;B-per\nran;7;O\nso;8;O\nLee;8;B-per\nran;7;O\n"
    #expect(shown(try read(each)) == ["Ada/B-per ran/O @2", "so/O Lee/B-per @4", "ran/O @6"])
    // By number or name.
    var columns = TagColumns(tag: 3)
    #expect(shown(try read(kaggle, columns))[1] == "ran/VBD NA/NN @5")
    columns = TagColumns()
    (columns.tokenName, columns.tagName, columns.sentenceName) = ("POS", "Word", "1")
    #expect(shown(try read(kaggle, columns))[1] == "VBD/ran NN/NA @5")
    // Rows without a token are left out and told.
    let gap = try read("word,tag,sentence\na,O,1\n,O,1\nb,B-X,1\n")
    #expect(shown(gap) == ["a/O b/B-X @2"] && gap.remarks.last == "1 empty tokens were left out")
  }

  @Test func objects() throws {
    let lines =
      "{\"id\": 1, \"tokens\": [\"Ada\", \"ran\"], \"pos_tags\": [1, 2], \"ner_tags\": [\"B-PER\", \"O\"]}\n\n"
      + "{\"tokens\": [\"so\"], \"ner_tags\": [\"O\"]}\n"
    let found = try read(lines, source: "t.jsonl")
    #expect(shown(found) == ["Ada/B-PER ran/O @1", "so/O @3"])
    #expect(found.sentences[0].line(of: 1) == 1)
    #expect(
      found.remarks == [
        "read as JSON: tokens in \"tokens\", tags in \"ner_tags\"; others by --token-column and --tag-column"
      ])
    let array = "[\n{\"words\": [\"Ada\", \"ran\"],\n\"tags\": [1, 0]}]"
    #expect(shown(try read(array, source: "t.json")) == ["Ada/1 ran/0 @0"])
    #expect(try read(array).remarks[0].contains("the tags are numbers, taken as plain tags"))
    var columns = TagColumns()
    columns.tagNames = ["O", "B-PER"]
    #expect(shown(try read(array, columns)) == ["Ada/B-PER ran/O @0"])
    (columns.tagNames, columns.tagName) = (nil, "pos_tags")
    let one = lines.split(separator: "\n")[0]
    #expect(shown(try read(String(one), columns)) == ["Ada/1 ran/2 @1"])
    // A brace is a token too.
    #expect(shown(try read("{\tO\n}\tB-X\n", source: "t.conll")) == ["{/O }/B-X @1"])
  }

  @Test(
    arguments: [
      ("word,tag\na,O\n", 1, "no column of sentences among \"word\", \"tag\""),
      ("word,tag,sentence\na,O,1\nb,O,2\n", nil, "is another in each row"),
      ("word,tag,sentence\na,,1\nb,O,1\n", 2, "column \"tag\": found nothing, expected a tag"),
      ("word,tag,sentence\na,O,1\nb,O\n", 3, "found 2"),
      ("{\"tokens\": [\"a\"], \"tags\": [\"O\", \"O\"]}", 1, "found 1 tokens and 2 tags"),
      ("{\"tokens\": [\"a\"], \"tags\": [\"\"]}", 1, "an empty tag"),
      (
        "{\"tokens\": [\"a\"]}", 1,
        "no member of tags among the lists of the first object: \"tokens\""
      ),
      (
        "{\"tokens\": [\"a\"], \"tags\": [\"O\"]}\n{\"tokens\": [\"a\"]}", 2,
        "no list of texts or numbers"
      ),
      ("{\"tokens\": [\"a\"], \"tags\": [\"O\"]}\n{\"tokens\": \n", 2, "one object a line"),
      ("[{\"tokens\": [1, 2.5], \"tags\": [\"O\"]}]", nil, "no member of tokens"),
      ("[{\"tokens\": [], \"tags\": []}]", nil, "there is no token in it"),
    ] as [(String, Int?, String)]) func badFiles(_ text: String, _ line: Int?, _ part: String)
    throws
  {
    let error = try #require(throws: DataError.self) { try read(text) }
    #expect("\(error)".contains(part), "\(error)")
    #expect(error.line == line, "\(error)")
  }

  @Test func numbersWithoutNames() throws {
    var columns = TagColumns()
    columns.tagNames = ["O"]
    for tag in ["1", "-1"] {
      let error = try #require(throws: DataError.self) {
        try read("{\"tokens\": [\"a\"], \"tags\": [\(tag)]}", columns)
      }
      #expect("\(error)".contains("found the tag \(tag), expected 0 to 0, of --tag-names"))
    }
  }
}
