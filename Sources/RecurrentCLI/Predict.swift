import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent predict MODEL [FILE.csv]`
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Forecast beyond the last row of a table, classify texts, or go on with them.",
    discussion: """
      A forecaster, without a file: beyond the last row of the table that the model
      was trained on. A text classifier: line by line, of a file or of standard
      input, with an answer a line as soon as the line is there. A text generator
      likewise, with what it writes up to the end of each line.
    abstract: "Forecast beyond the last row of a table, classify texts, or find entities.",
    discussion: """
      A forecaster, without a file: beyond the last row of the table that the model
      was trained on. A text classifier: line by line, of a file or of standard
      input, with an answer a line as soon as the line is there. A tagger: likewise,
      a JSON object a line, with the entities and where they stand, counted in
      Unicode characters (scalars) from 0; or with --conll a CoNLL file, each token
      line as it came with its tag behind it.

      Examples:
        recurrent predict model --steps 5
        recurrent predict model prices.csv --steps 5 --json
        recurrent predict model prices.csv --steps 10 --plot next.svg
        recurrent predict model --temperature 0.5 < half-lines.txt
        recurrent predict model --explain occlusion --html why.html < reviews.txt
        recurrent predict tagger < sentences.txt
        recurrent predict tagger test.conll --conll > tagged.conll
      """)

  @Argument(help: "A model folder.") var model: String
  @Argument(help: ArgumentHelp("A CSV file with the model's columns, or texts.", valueName: "file"))
  var file: String?

  @Option(help: ArgumentHelp("Rows to forecast. (default: the model's horizon)", valueName: "rows"))
  var steps: Int?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: ArgumentHelp("Draw the forecast as SVG.", valueName: "file.svg"))
  var plot: String?

  @OptionGroup(title: "Text classifiers") var texts: ClassifierPredictOptions
  @OptionGroup(title: "Text generators") var writing: WritingOptions
  @OptionGroup(title: "Taggers") var tagging: TaggerPredictOptions
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if let steps, !(1...100_000).contains(steps) {
      throw ValidationError("--steps is between 1 and 100000, not \(steps).")
    }
  }

  mutating func run() throws {
    threads.apply()
    let task = try ModelFolder.peekTask(model)
    if task == TextGenerator.task {
      guard !texts.explains else { throw ValidationError(ClassifierPredictOptions.belongs) }
      return try continueLines()
    }
    guard !writing.isUsed else {
      throw ValidationError(
        "--length, --temperature, --top-k, --top-p and --seed belong to text generators.")
    }
    if task == TextClassifier.task {
      guard !tagging.conll else { throw ValidationError(TaggerPredictOptions.belongs) }
      guard steps == nil, plot == nil else { throw texts.wrongFlags(model) }
      return try texts.run(model: model, file: file, json: json)
    }
    if task == SequenceTagger.task {
      guard steps == nil, plot == nil, !texts.explains else { throw tagging.wrongFlags(model) }
      return try tagging.run(model: model, file: file, encoding: texts.encoding)
    }
    guard !tagging.conll else { throw ValidationError(TaggerPredictOptions.belongs) }
    guard !texts.isUsed else { throw ValidationError(ClassifierPredictOptions.belongs) }
    switch task {
    case ImageClassifier.task: return try ImageCommands.predict(model, file, json: json)
    case Composer.task: return try predictNotes()
    default: break
    }
    let forecaster = try Forecaster(contentsOf: model)
    let series = try file.map { try forecaster.read($0) } ?? forecaster.recent
    let forecasts = try series.map { try forecaster.forecast(after: $0, steps: steps) }
    if let plot, let first = forecasts.first, let past = series.first {
      let chart = first.chart(after: past, nominalCoverage: forecaster.nominalCoverage)
      try Interruption.deferred { () throws(DataError) in try ChartFile.write(chart, to: plot) }
    }
    let report = ForecastReport(forecaster, forecasts, model: model)
    print(json ? try report.json : report.description)
    try flushOutput()
    if let plot { warn("wrote \(plot)\(series.count > 1 ? ", the first series" : "").") }
  }
}
