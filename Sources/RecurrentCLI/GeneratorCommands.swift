import ArgumentParser
import Recurrent
import RecurrentTasks

extension Predict {
  /// Each line goes on to its end, as soon as it is there.
  func continueLines() throws {
    guard steps == nil, plot == nil, !json else {
      throw DataError(
        file: model,
        problem: "is a text-generator model; --steps, --plot and --json belong to others",
        advice: "Leave them out")
    }
    let generator = try TextGenerator(contentsOf: model)
    func answer(_ line: String) throws {
      print(
        generator.continuation(
          ofLine: line, length: writing.length ?? 500, sampling: writing.sampling,
          seed: writing.seed
        ).safeForTerminal)
      try flushOutput()
    }
    if let file {
      for line in try TextFile(file, encoding: texts.encoding).lines { try answer(line) }
    } else {
      var input = LineReader(encoding: texts.encoding)
      while let lines = try input.next() {
        for line in lines { try answer(line) }
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
