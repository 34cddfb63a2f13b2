import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Labelled texts from files, as they should be and as they should not.
@Suite struct LabeledTextsTests {
  private func read(
    _ files: [String: String], _ names: [String], _ columns: TextColumns = TextColumns()
  ) throws -> LabeledTexts {
    try withTemporaryFolder { folder in
      for (name, text) in files {
        let url = URL(fileURLWithPath: folder + "/" + name)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      let paths = names.map { name in
        let parts = name.split(separator: "=").map(String.init)
        return parts.count == 2 ? "\(parts[0])=\(folder)/\(parts[1])" : folder + "/" + name
      }
      return try LabeledTexts.read(paths, columns: columns)
    }
  }

  /// What a packed file holds is told by its name before the ending.
  @Test func packedNames() throws {
    #expect(Packing.plainName("a.csv.gz") == "a.csv" && Packing.plainName("B.PNG.ZST") == "B.PNG")
    #expect(Packing.plainName("gz") == "gz" && Packing.plainName("a.gz.csv") == "a.gz.csv")
    let objects = ["t.jsonl.gz": "{\"text\": \"a\", \"label\": \"x\"}\n"]
    #expect(pairs(try read(objects, ["t.jsonl.gz"])) == [["a", "x", "1"]])
    let classes = ["rt.pos.gz": "fine\n", "rt.neg.gz": "poor\n"]
    #expect(
      pairs(try read(classes, ["rt.pos.gz", "rt.neg.gz"]))
        == [["fine", "pos", "1"], ["poor", "neg", "1"]])
  }

  /// Several files that tell their labels are one set, in the order in which they are named.
  @Test(arguments: ["csv", "tsv", "jsonl", "txt", "csv.gz"])
  func severalFiles(_ form: String) throws {
    func file(_ rows: [(String, String)]) -> String {
      let mark = form == "tsv" ? "\t" : ","
      switch form {
      case "jsonl": return rows.map { "{\"text\": \"\($0.0)\", \"label\": \"\($0.1)\"}\n" }.joined()
      case "txt": return rows.map { "__label__\($0.1) \($0.0)\n" }.joined()
      default: return "text\(mark)label\n" + rows.map { "\($0.0)\(mark)\($0.1)\n" }.joined()
      }
    }
    let files = [
      "a." + form: file([("fine", "good"), ("poor", "bad")]), "b." + form: file([("bah", "bad")]),
    ]
    let texts = try read(files, ["b." + form, "a." + form])
    let first = form == "jsonl" || form == "txt" ? 1 : 2
    #expect(
      pairs(texts) == [
        ["bah", "bad", "\(first)"], ["fine", "good", "\(first)"], ["poor", "bad", "\(first + 1)"],
      ])
    #expect(texts.examples[0].file.hasSuffix("b." + form))
  }

  /// Neither the parts in which files are read nor where texts and tokens lie change anything.
  @Test(arguments: ["csv", "tsv", "jsonl"]) func piecesAndDisk(_ form: String) throws {
    let made = Grammar.firstColour(90, seed: 7).examples
    let rows = made.enumerated().map { row, example -> (String, String) in
      let text = row % 7 == 3 && form == "csv" ? example.text + "\n, \"\"of\"\" it" : example.text
      return (text, example.label)
    }
    let lines = rows.enumerated().map { row, pair in
      switch form {
      case "csv": "\(row),\"\(pair.0)\",\(pair.1)\(row % 11 == 5 ? "\n\n" : "\n")"
      case "tsv": "\(row)\t\(pair.0)\t\(pair.1)\n"
      default: "{\"text\": \"\(pair.0)\", \"label\": \"\(pair.1)\"}\n"
      }
    }
    let header = ["csv": "n,text,label\n", "tsv": "n\ttext\tlabel\n"][form] ?? ""
    try withTemporaryFolder { folder in
      let path = folder + "/t." + form
      try Data((header + lines.joined() + (form == "csv" ? "\n \n" : "")).utf8)
        .write(to: URL(fileURLWithPath: path))
      let whole = try LabeledTexts.read([path])
      var reading = LabeledTextReading(mostKept: 100, partSize: 300)
      let pieces = try reading.texts(of: [path])
      #expect(whole.examples.count == 90 && whole.diskSize == 0)
      #expect(pieces.examples == whole.examples && pieces.diskSize > 1000)
      #expect(whole.examples[3].text.contains("\n, \"of\" it") == (form == "csv"))
      var options = Grammar.options
      options.epochs = 2
      let one = try TextClassifierPlan(whole, options: options)
      let other = try TextClassifierPlan(pieces, options: options, mostKept: 20)
      #expect(one.diskSize == 0 && other.diskSize > pieces.diskSize)
      #expect("\(other)".contains("texts and tokens on the disk"))
      let (a, b) = (try one.train(), try other.train())
      #expect(a.model.parameters.map(\.tensor) == b.model.parameters.map(\.tensor))
      #expect(a.configuration.evaluation == b.configuration.evaluation)
      #expect(a.encoder == b.encoder)
    }
  }

  /// What is wrong far down in a table that is read in parts is told by its line in the file.
  @Test func linesOfParts() throws {
    let rows = (0..<100).map { "\"two\nlines \($0)\",x\n" }
    for (bad, problem) in [
      ("a,b,c\n", "expected 2 cells"), ("well,\n", "found no label"),
      ("\"open,x\n", "closing quote"),
    ] {
      try withTemporaryFolder { folder in
        let path = folder + "/t.csv"
        let text = "text,label\n" + rows.joined() + bad + rows.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let error = try dataError {
          var reading = LabeledTextReading(partSize: 400)
          _ = try reading.texts(of: [path])
        }
        #expect(error.line == 202 && error.problem.contains(problem), "\(error)")
      }
    }
  }

  private func pairs(_ texts: LabeledTexts) -> [[String]] {
    texts.examples.map { [$0.text, $0.label, "\($0.line ?? 0)"] }
  }

  private func expectError(
    _ files: [String: String], _ names: [String], _ line: Int?, _ part: String,
    _ columns: TextColumns = TextColumns(), sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(throws: DataError.self, sourceLocation: sourceLocation) {
      try read(files, names, columns)
    }
    #expect(error.line == line, "\(error)", sourceLocation: sourceLocation)
    #expect("\(error)".contains(part), "\(error)", sourceLocation: sourceLocation)
  }

  /// Of numbered columns, a first line whose label no other has is a header; empty texts are counted.
  @Test(arguments: ["csv", "tsv"]) func headersAndEmptyTexts(_ form: String) throws {
    try withTemporaryFolder { folder in
      let mark = form == "csv" ? "," : "\t"
      func read(_ lines: [String], _ columns: TextColumns) throws -> LabeledTexts {
        let path = folder + "/t." + form
        let text = lines.map { $0.replacing("|", with: mark) }.joined(separator: "\n")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try LabeledTexts.read([path], columns: columns)
      }
      let numbered = TextColumns(text: "1", label: "2")
      let rows = ["fine|good", " |good", "poor|bad", "well|good", "bah|bad"]
      let headed = try read(["review|verdict"] + rows, numbered)
      #expect(headed.labels == ["bad", "good"] && headed.examples.count == 4)
      #expect(
        headed.remarks == [
          "the first line, \"review\" and \"verdict\", is taken for names of the columns, and left out",
          "1 row with an empty text was left out",
        ])
      #expect(headed.examples[0].line == 2 && headed.examples[1].line == 4)
      let plain = try read(rows, numbered)
      #expect(plain.examples.count == 4 && plain.header == nil)
      let named = try read(["text|label"] + rows, TextColumns())
      #expect(named.examples.count == 4 && named.emptyTexts == 1)
      let empty = try dataError { () throws in
        _ = try read(["text|label", "|good", "|bad"], TextColumns())
      }
      #expect(empty.problem == "all 2 texts are empty")
    }
  }

  @Test func labelsInFront() throws {
    let texts = try read(
      ["a.txt": "__label__good so, fine\n\n__label__bad poor\n__label__bad \n"], ["a.txt"])
    #expect(pairs(texts) == [["so, fine", "good", "1"], ["poor", "bad", "3"]])
    #expect(texts.blankLines == 1 && texts.emptyTexts == 1)
    let error = try dataError {
      _ = try read(["a.txt": "__label__a x\n__label__a __label__b y\n"], ["a.txt"])
    }
    #expect(error.line == 2 && error.problem == "found several labels, expected one")
    let column = try dataError { _ = try read(["a.csv": "Text;Kind\nx;y\n"], ["a.csv"]) }
    #expect(try #require(column.advice).contains("--text 1 --label 2"))
  }

  @Test func tables() throws {
    let csv = "id,label,text\n1,good,\"fine, \"\"very\"\" fine\nindeed\"\n2,bad,\n"
    let quoted = try read(["a.csv": csv], ["a.csv"])
    #expect(pairs(quoted) == [["fine, \"very\" fine\nindeed", "good", "2"]])
    #expect(quoted.emptyTexts == 1)
    // Between tabs, quotes are text, and U+0085 ends nothing.
    let tsv = "sentence\tclass\r\n\"so\" 'they\" say\u{85}x\t1\r\n\r\nno\t0\n"
    let texts = try read(["a.tsv": tsv], ["a.tsv"], TextColumns(text: "sentence", label: "class"))
    #expect(pairs(texts) == [["\"so\" 'they\" say\u{85}x", "1", "2"], ["no", "0", "4"]])
    #expect(texts.blankLines == 1 && texts.labels == ["0", "1"])
    let plain = try read(
      ["a.txt": "Wow.\t1\nNo.\t0\n"], ["a.txt"], TextColumns(text: "1", label: "2"))
    #expect(pairs(plain) == [["Wow.", "1", "1"], ["No.", "0", "2"]])
    let table = try read(
      ["a.csv": "\"Wow, yes.\",1\nNo.,0\n"], ["a.csv"], TextColumns(text: "1", label: "2"))
    #expect(pairs(table) == [["Wow, yes.", "1", "1"], ["No.", "0", "2"]])
  }

  @Test func jsonLines() throws {
    let json =
      #"{"text":"a \"b\"\n","label":2,"x":[1,{"y":null}]}"# + "\n\n"
      + #"{"label":true,"text":"é"}"#
    let texts = try read(["a.jsonl": json], ["a.jsonl"])
    #expect(pairs(texts) == [["a \"b\"\n", "2", "1"], ["é", "true", "3"]])
    #expect(texts.blankLines == 1)
  }

  @Test func filesAndFolders() throws {
    let files = ["good.txt": "a\n\nb, c\n", "bad.txt": "d"]
    let texts = try read(files, ["good.txt", "bad.txt"])
    #expect(pairs(texts) == [["a", "good", "1"], ["b, c", "good", "3"], ["d", "bad", "1"]])
    #expect(texts.blankLines == 1)
    #expect(try read(["p.pos": "a", "p.neg": "b"], ["p.pos", "p.neg"]).labels == ["neg", "pos"])
    #expect(try read(files, ["x=good.txt", "y=bad.txt"]).labels == ["x", "y"])
    let folders = try read(
      ["d/en/1.txt": "one\ntwo\n", "d/de/1.txt": "eins", "d/de/.x": "no", "d/README": "no"], ["d"])
    #expect(pairs(folders) == [["eins", "de", "0"], ["one\ntwo\n", "en", "0"]])
  }

  @Test func labelsInOrder() {
    func labels(_ all: [String]) -> [String] {
      LabeledTexts(all.map { .init(text: "", label: $0) }).labels
    }
    #expect(labels(["10", "9", "-1", "9"]) == ["-1", "9", "10"])
    #expect(labels(["10", "9", "b"]) == ["10", "9", "b"])
  }

  @Test func badTables() throws {
    try expectError(["a.csv": "text,label\na,b,c\n"], ["a.csv"], 2, "expected 2 cells")
    try expectError(["a.csv": "text,labl\na,b\n"], ["a.csv"], 1, "Did you mean \"labl\"?")
    try expectError(["a.csv": "text,label\na,x\nb,\n"], ["a.csv"], 3, "found no label")
    try expectError(["a.tsv": "text\tlabel\na\n"], ["a.tsv"], 2, "expected 2 columns")
    try expectError(["a.tsv": "text\tlabel\na\tb\tc\n"], ["a.tsv"], 2, "found 3")
    try expectError(["a.tsv": "text\tlab\na\tb\n"], ["a.tsv"], 1, "column \"label\"")
    try expectError(
      ["a.tsv": "a\tb\n"], ["a.tsv"], 1, "column \"3\"", TextColumns(text: "1", label: "3"))
    try expectError(["a.csv": ""], ["a.csv"], nil, "the file is empty")
    try expectError(["a.csv": "text,label\n"], ["a.csv"], 1, "expected rows")
  }

  @Test func badObjects() throws {
    let good = #"{"text":"a","label":"b"}"# + "\n"
    try expectError(["a.jsonl": good + "{\"text\":\n"], ["a.jsonl"], 2, "one object a line")
    try expectError(["a.jsonl": good + "[1]\n"], ["a.jsonl"], 2, "one object a line")
    try expectError(["a.jsonl": good + #"{"text":"a"}"#], ["a.jsonl"], 2, "member \"label\"")
    try expectError(
      ["a.jsonl": good + #"{"text":["a"],"label":"b"}"#], ["a.jsonl"], 2, "member \"text\"")
    try expectError(["a.jsonl": #"{"text":"a","label":""}"#], ["a.jsonl"], 1, "found no label")
  }

  @Test func badFiles() throws {
    try expectError(["a.txt": "x", "b.txt": ""], ["a.txt", "b.txt"], nil, "the file is empty")
    try expectError(["a.txt": "x"], ["a.txt", "c.txt"], nil, "no such file")
    try expectError(["p/a.txt": "x", "q/a.txt": "y"], ["p/a.txt", "q/a.txt"], nil, "label=file")
    try expectError(["d/a.txt": "x"], ["d"], nil, "no files in folders")
  }

  @Test func badData() throws {
    func plan(_ labels: [String]) throws -> TextClassifierPlan {
      try TextClassifierPlan(
        LabeledTexts(labels.map { .init(text: "a", label: $0) }), options: Grammar.options)
    }
    func problem(_ labels: [String]) throws -> String {
      try #require(throws: DataError.self) { try plan(labels) }.problem
    }
    #expect(try problem([]) == "there are no texts in it")
    #expect(try problem(["x", "x", "x"]) == "all 3 texts have the label \"x\"")
    #expect(try problem(["x", "y", "z"]) == "found 3 different labels on 3 texts")
    #expect(try plan(["x", "x", "y", "y"]).labels == ["x", "y"])
    let texts = Grammar.firstColour(40, seed: 1)
    let other = LabeledTexts([.init(text: "a", label: "green", file: "t.txt", line: 7)])
    let error = try #require(throws: DataError.self) { try TextClassifierPlan(texts, test: other) }
    #expect(
      "\(error)".hasPrefix("t.txt:7: found the label \"green\", which training has no text of"))
    let unseen = try #require(throws: DataError.self) { try Grammar.quick().evaluate(on: other) }
    #expect(unseen.line == 7)
  }

  /// A label of the other parts alone is told before training, and costs its texts alone.
  @Test func labelsOfOtherPartsAlone() throws {
    let texts = Grammar.firstColour(60, seed: 1)
    var test = Grammar.firstColour(30, seed: 2)
    for row in [3, 4, 9] { test.examples[row].label = row == 9 ? "green" : "grey" }
    var options = Grammar.options
    options.epochs = 1
    let plan = try TextClassifierPlan(texts, validation: test, test: test, options: options)
    let told = "3 test texts have a label that training does not have and are left out"
    #expect("\(plan)".contains(told + ": \"green\", \"grey\""))
    #expect("\(plan)".contains("3 validation texts have a label that"))
    #expect(plan.validation.examples.count == 27 && plan.test.examples.count == 27)
    let classifier = try plan.train()
    let evaluation = try #require(classifier.configuration.evaluation)
    #expect(evaluation.confusion.total == 27 && evaluation.unknown?.count == 3)
    let measured = try classifier.evaluate(on: test)
    #expect(measured.confusion == evaluation.confusion && measured.unknown?.labelCount == 2)
    #expect("\(measured)".contains("3 texts have a label that training does not have"))
    var known = test
    known.examples.removeAll { $0.label.hasPrefix("gre") }
    #expect(try classifier.evaluate(on: known).confusion == measured.confusion)
    // Training cannot learn a label that the model it goes on from has not.
    let error = try #require(throws: DataError.self) {
      try TextClassifierPlan(test, options: classifier.options, from: classifier)
    }
    #expect("\(error)".contains("\"grey\""))
  }
}
