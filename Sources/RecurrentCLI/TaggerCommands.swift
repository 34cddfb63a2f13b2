import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` does with a sequence tagger.
struct TaggerPredictOptions: ParsableArguments {
  @Flag(help: "Read a CoNLL file and put a column with the tags behind the others.")
  var conll = false

  static let belongs = "--conll belongs to taggers."

  /// The error about flags that only other models have.
  func wrongFlags(_ model: String) -> DataError {
    DataError(
      file: model,
      problem: "is a sequence-tagger model; --steps, --plot, --explain and --html belong to others",
      advice: "Leave them out")
  }

  /// Answers each line of `file`, or of standard input as it comes.
  func run(model: String, file: String?, encoding: TextEncoding) throws {
    let tagger = try SequenceTagger(contentsOf: model)
    var stream = ConllStream(tagger, source: file ?? "standard input")
    func answer(_ lines: [String]) throws {
      let output =
        conll
        ? try stream.take(lines)
        : zip(lines, tagger.entities(in: lines)).reduce(into: "") { output, answer in
          output += SequenceTagger.json(text: answer.0, entities: answer.1) + "\n"
        }
      print(output, terminator: "")
      try flushOutput()
    }
    if let file {
      let lines = try TextFile(file, encoding: encoding).lines
      for start in stride(from: 0, to: lines.count, by: 1024) {
        try answer(Array(lines[start..<min(start + 1024, lines.count)]))
      }
    } else {
      var input = LineReader(encoding: encoding)
      while let lines = try input.next() { try answer(lines) }
    }
    print(stream.end(), terminator: "")
  }
}

extension Evaluate {
  /// How well a CoNLL file is tagged.
  func evaluateTagger() throws {
    guard moreFiles.isEmpty else {
      throw ValidationError("A tagger is measured on one file.")
    }
    let tagger = try SequenceTagger(contentsOf: model)
    let sentences = try TaggedSentences.read(
      file, columns: tagger.configuration.columns, encoding: encoding)
    let evaluation = try tagger.evaluate(on: sentences)
    print("\(sentences.source): all \(sentences.sentences.count) sentences")
    print(evaluation)
  }
}
