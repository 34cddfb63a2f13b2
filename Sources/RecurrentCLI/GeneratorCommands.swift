import ArgumentParser
import Recurrent
import RecurrentTasks

extension Predict {
  /// Each line goes on to its end, as soon as it is there.
  fileprivate func continueLines(_ generator: TextGenerator) throws {
    try forEachBatch(isJSON: json) { lines in
      for line in lines {
        let more = try generator.continuation(
          ofLine: line, length: writing.length ?? 500, sampling: writing.sampling,
          seed: writing.seed)
        print(
          json
            ? "{\"line\":\(line.jsonText),\"continuation\":\(more.jsonText)}"
            : more.safeForTerminal)
        try flushOutput()
      }
      return ""
    }
  }
}

extension TrainGenerator {
  static func predict(_ generator: TextGenerator, _ command: Predict) throws {
    try command.continueLines(generator)
  }

  static func evaluate(
    _ generator: TextGenerator, _ command: Evaluate
  ) throws -> (what: String, evaluation: GeneratorEvaluation) {
    let files = [command.file] + command.moreFiles
    let texts = try files.map { name throws(DataError) in
      try TextFile(name, encoding: command.encoding)
    }
    return (files.joined(separator: ", "), try generator.evaluate(on: texts))
  }
}
