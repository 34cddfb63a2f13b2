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
    if tagging.conll, lines.keyColumn != nil {
      throw ValidationError(
        "--conll reads columns of tokens, and --key-column lines of texts: give one of them.")
    }
    var stream = ConllStream(tagger, source: file ?? "standard input")
    func checkForm(_ requests: [LineRequest]) throws {
      if !tagging.conll, lines.keyColumn == nil, tagger.areTokens(requests.map(\.text)) {
        throw DataError(
          file: file ?? "standard input", line: 1,
          problem: "found a token and its columns in each line, expected a text",
          advice: "Read a CoNLL file with --conll")
      }
    }
    try forEachBatch(isJSON: true, begin: checkForm) { requests, _ in
      let texts = requests.map(\.text)
      guard !tagging.conll else { return [try stream.take(texts)] }
      return zip(texts, tagger.entities(in: texts)).map {
        SequenceTagger.json(text: $0, entities: $1)
      }
    } end: {
      stream.end()
    }
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
