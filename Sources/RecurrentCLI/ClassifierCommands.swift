import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` is told about a text classifier.
struct ClassifierPredictOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Show which tokens carried each decision: by leaving each out, or by attention. Of forecasters, which "
        + "rows and columns a forecast hangs on, by occlusion; --plot and --csv are then of that.",
      valueName: "method"))
  var explain: ExplanationMethod?

  @Option(
    help: ArgumentHelp("Write the explanations as a page.", valueName: "file.html"),
    completion: .file())
  var html: String?

  var flags: JobFlags {
    // A forecaster's is its own.
    JobFlags([TrainClassifier.self, TrainForecaster.self], ["--explain": explain != nil])
  }

  var pageFlags: JobFlags {
    JobFlags([TrainClassifier.self], ["--html": html != nil])
  }
}

extension Predict {
  /// The class of each line.
  fileprivate func classify(_ classifier: TextClassifier) throws {
    let (explain, html) = (explaining.explain, explaining.html)
    if explain == .attention, classifier.options.pooling != .attention {
      throw DataError(
        file: model,
        problem:
          "has \(classifier.options.pooling.rawValue) pooling, so there is no attention to show",
        advice: "Use --explain occlusion, or train with --pooling attention")
    }
    var page = ExplanationPage(title: model)
    func answer(_ requests: [LineRequest]) throws -> [String] {
      let texts = requests.map(\.text)
      return try zip(texts, classifier.classify(texts)).map { text, answer in
        let explanation = try (explain ?? (html == nil ? nil : .occlusion)).map {
          try classifier.explain(text, by: $0)
        }
        if html != nil, let explanation { page.append(explanation) }
        if json { return answer.json(labels: classifier.labels, explanation: explanation) }
        let shown = "\(answer.label)\t\(NumberFormat.fixed(Double(answer.probability), 4))"
        guard explain != nil, let explanation else { return shown }
        return shown + "\t" + explanation.terminal(colour: Terminal.wantsColour)
      }
    }
    func writePage() throws -> String {
      if let html {
        try Interruption.deferred { () throws(DataError) in try page.write(to: html) }
        warn("wrote \(html).")
      }
      return ""
    }
    try forEachBatch(isJSON: json) { requests, _ in
      try answer(requests)
    } end: {
      try writePage()
    }
  }
}

extension TrainClassifier {
  static func predict(_ classifier: TextClassifier, _ command: Predict) throws {
    try command.classify(classifier)
  }

  static func read(
    _ request: DataRequest, for classifier: TextClassifier
  ) throws -> DataRead<LabeledTexts> {
    let texts = try LabeledTexts.read(
      request.files, columns: classifier.configuration.columns ?? TextColumns(),
      encoding: request.encoding)
    let remarks = texts.remarks.map(\.capitalizedFirst).joined(separator: ". ")
    return DataRead(
      data: texts, source: texts.source, remark: remarks.isEmpty ? nil : remarks + ".")
  }
}

extension ExplanationMethod: ExpressibleByArgument {}
