import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` does with a text classifier.
struct ClassifierPredictOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The encoding of the texts.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @Option(
    help: ArgumentHelp(
      "Show which tokens carried each decision: by leaving each out, or by attention.",
      valueName: "method"))
  var explain: ExplanationMethod?

  @Option(help: ArgumentHelp("Write the explanations as a page.", valueName: "file.html"))
  var html: String?

  /// Whether an option is set that only texts have.
  var isUsed: Bool { explains || encoding != .utf8 }

  /// Whether an option is set that only text classifiers have.
  var explains: Bool { explain != nil || html != nil }

  static let belongs = "--explain, --html and --encoding belong to text classifiers."

  /// The error about flags that only forecasters have.
  func wrongFlags(_ model: String) -> DataError {
    DataError(
      file: model, problem: "is a text-classifier model; --steps and --plot belong to forecasters",
      advice: "Leave them out")
  }

  /// Answers each line of `file`, or of standard input as it comes.
  func run(model: String, file: String?, json: Bool) throws {
    let classifier = try TextClassifier(contentsOf: model)
    if explain == .attention, classifier.options.pooling != .attention {
      throw DataError(
        file: model,
        problem:
          "has \(classifier.options.pooling.rawValue) pooling, so there is no attention to show",
        advice: "Use --explain occlusion, or train with --pooling attention")
    }
    var page = ExplanationPage(title: model)
    func answer(_ lines: [String]) throws {
      let answers = classifier.classify(lines)
      var output = ""
      for (line, answer) in zip(lines, answers) {
        let explanation = try (explain ?? (html == nil ? nil : .occlusion)).map {
          try classifier.explain(line, by: $0)
        }
        if json {
          output += answer.json(labels: classifier.labels, explanation: explanation) + "\n"
        } else {
          output += "\(answer.label)\t\(NumberFormat.fixed(Double(answer.probability), 4))"
          if explain != nil, let explanation {
            output += "\t" + explanation.terminal(colour: Terminal.wantsColour)
          }
          output += "\n"
        }
        if html != nil, let explanation { page.append(explanation) }
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
    if let html {
      try Interruption.deferred { () throws(DataError) in try page.write(to: html) }
      warn("wrote \(html).")
    }
  }
}

extension ExplanationMethod: ExpressibleByArgument {}
