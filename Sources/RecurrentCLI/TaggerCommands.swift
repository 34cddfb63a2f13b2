import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` is told about a tagger.
struct TaggerPredictOptions: ParsableArguments {
  @Flag(help: "Read a CoNLL file and put a column with the tags behind the others.")
  var conll = false

  var flags: JobFlags { JobFlags([.tagger], ["--conll": conll]) }
}

extension Predict {
  /// The entities of each line, or the tags of a CoNLL file.
  func tag() throws {
    let tagger = try SequenceTagger(contentsOf: model)
    var stream = ConllStream(tagger, source: file ?? "standard input")
    try forEachBatch(of: file, encoding: encoding) { lines in
      let output =
        tagging.conll
        ? try stream.take(lines)
        : zip(lines, tagger.entities(in: lines)).reduce(into: "") { output, answer in
          output += SequenceTagger.json(text: answer.0, entities: answer.1) + "\n"
        }
      print(output, terminator: "")
      try flushOutput()
    }
    print(stream.end(), terminator: "")
  }
}

extension Evaluate {
  /// How well a CoNLL file is tagged.
  func evaluateTagger() throws {
    let tagger = try SequenceTagger(contentsOf: model)
    let sentences = try TaggedSentences.read(
      file, columns: tagger.configuration.columns, encoding: encoding)
    let evaluation = try tagger.evaluate(on: sentences)
    print("\(sentences.source): all \(sentences.sentences.count) sentences")
    print(evaluation)
  }
}
