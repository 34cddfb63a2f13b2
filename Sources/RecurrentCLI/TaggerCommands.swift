import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` is told about a tagger.
struct TaggerPredictOptions: ParsableArguments {
  @Flag(help: "Read a CoNLL file and put a column with the tags behind the others.")
  var conll = false

  var flags: JobFlags { JobFlags([TrainTagger.self], ["--conll": conll]) }
}

extension Predict {
  /// The entities of each line, or the tags of a CoNLL file.
  fileprivate func tag(_ tagger: SequenceTagger) throws {
    if tagging.conll, json {
      throw ValidationError("--conll writes a CoNLL file, and --json JSON: give one of them.")
    }
    var hasBegun = tagging.conll
    var stream = ConllStream(tagger, source: file ?? "standard input")
    func answer(_ lines: [String]) throws -> String {
      if !hasBegun, tagger.areTokens(lines) {
        throw DataError(
          file: file ?? "standard input", line: 1,
          problem: "found a token and its columns in each line, expected a text",
          advice: "Read a CoNLL file with --conll")
      }
      hasBegun = true
      return try tagging.conll
        ? stream.take(lines)
        : zip(lines, tagger.entities(in: lines)).reduce(into: "") { output, answer in
          output += SequenceTagger.json(text: answer.0, entities: answer.1) + "\n"
        }
    }
    try forEachBatch(isJSON: true, answer, end: { stream.end() })
  }
}

extension TrainTagger {
  static func predict(_ tagger: SequenceTagger, _ command: Predict) throws {
    try command.tag(tagger)
  }

  static func read(
    _ request: DataRequest, for tagger: SequenceTagger
  ) throws -> DataRead<TaggedSentences> {
    let sentences = try TaggedSentences.read(
      request.files[0], columns: tagger.configuration.columns, encoding: request.encoding)
    let remarks = sentences.remarks.map(\.capitalizedFirst).joined(separator: ". ")
    return DataRead(
      data: sentences, source: sentences.source, remark: remarks.isEmpty ? nil : remarks + ".")
  }
}
