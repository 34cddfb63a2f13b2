import ArgumentParser
import Recurrent
import RecurrentTasks

extension Predict {
  /// Writes how each line of standard input goes on, a line as soon as it is read.
  fileprivate func continueLines(_ generator: TextGenerator) throws {
    try forEachBatch(isJSON: json, together: 1) { requests, _ in
      try requests.map { request throws(DataError) in
        let more = try generator.continuation(
          ofLine: request.text, length: writing.length ?? 500, sampling: writing.sampling,
          seed: writing.seed)
        return json
          ? "{\"line\":\(request.text.jsonText),\"continuation\":\(more.jsonText)}"
          : more.safeForTerminal
      }
    }
  }
}

/// How a generator is measured that goes on learning.
struct AdaptationOptions: ParsableArguments {
  @Flag(
    help:
      "Measure beside it a copy of the network that goes on learning from the text that it has been judged on."
  )
  var adapt = false

  @Option(
    help: ArgumentHelp(
      "How far --adapt goes with each segment. (default: \(TextAdaptation().rate))",
      valueName: "rate"))
  var adaptRate: Float?

  @Option(
    help: ArgumentHelp(
      "The share of the way back to the trained weights that --adapt goes with each. (default: \(TextAdaptation().decay))",
      valueName: "share"))
  var adaptDecay: Float?

  @Option(
    help: ArgumentHelp(
      "Tokens of a segment. (default: \(TextAdaptation().steps))", valueName: "tokens"))
  var adaptSteps: Int?

  var flags: JobFlags {
    JobFlags([TrainGenerator.self], ["--adapt": adapt])
  }

  /// Nil: it is not asked for.
  var adaptation: TextAdaptation? {
    guard adapt else { return nil }
    var adaptation = TextAdaptation()
    adaptation.rate = adaptRate ?? adaptation.rate
    adaptation.decay = adaptDecay ?? adaptation.decay
    adaptation.steps = adaptSteps ?? adaptation.steps
    return adaptation
  }

  func validate() throws {
    if !adapt, adaptRate != nil || adaptDecay != nil || adaptSteps != nil {
      throw ValidationError("--adapt-rate, --adapt-decay and --adapt-steps go with --adapt.")
    }
    if let problem = adaptation?.problem {
      throw ValidationError(problem.capitalizedFirst + ".")
    }
  }
}

extension TrainGenerator {
  static func evaluate(
    _ generator: TextGenerator, on texts: [TextFile], _ command: Evaluate
  ) throws -> GeneratorEvaluation {
    guard let adaptation = command.adapting.adaptation else {
      return try generator.evaluate(on: texts)
    }
    return try generator.evaluate(on: texts, adapting: adaptation)
  }

  static func predict(_ generator: TextGenerator, _ command: Predict) throws {
    try command.continueLines(generator)
  }

  static func read(
    _ request: DataRequest, for generator: TextGenerator
  ) throws -> DataRead<[TextFile]> {
    let texts = try request.files.map { name throws(DataError) in
      try TextFile(name, encoding: request.encoding)
    }
    return DataRead(data: texts, source: request.files.joined(separator: ", "))
  }
}
