import ArgumentParser
import Recurrent
import RecurrentTasks

extension Predict {
  /// Each line goes on to its end, as soon as it is there.
  func continueLines() throws {
    let generator = try TextGenerator(contentsOf: model)
    try forEachBatch(of: file, encoding: encoding) { lines in
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
    }
  }
}

extension Evaluate {
  /// How well other text is foretold.
  func evaluateGenerator() throws {
    let generator = try TextGenerator(contentsOf: model)
    let files = [file] + moreFiles
    let texts = try files.map { name throws(DataError) in
      try TextFile(name, encoding: encoding)
    }
    print(files.joined(separator: ", "))
    print(try generator.evaluate(on: texts))
  }
}
