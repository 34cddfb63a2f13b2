import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent evaluate MODEL FILE.csv`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on a table whose future, or on texts whose class is known.",
    discussion: """
      Every window of the file is forecast. Give rows that the model was not trained on.

      Examples:
        recurrent evaluate model prices-2014.csv
        recurrent evaluate model more-reviews.tsv
      """)

  @Argument(help: "A model folder.") var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns; texts in any form that training takes.",
      valueName: "file"))
  var file: String
  @Argument(help: ArgumentHelp("For texts: further files, one a class.", valueName: "files"))
  var moreFiles: [String] = []

  @Option(help: ArgumentHelp("The encoding of texts.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @Flag(help: "For pairs of sentences between tabs: the translation stands first.")
  var swap = false

  @Option(
    help: ArgumentHelp(
      "For translators: translations pursued at once. (default: the model's)", valueName: "count"))
  var beam: Int?

  @Option(
    help: ArgumentHelp(
      "For translators: α of the length penalty. (default: the model's)", valueName: "number"))
  var lengthPenalty: Float?

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if let beam, !(1...100).contains(beam) {
      throw ValidationError("--beam is between 1 and 100, not \(beam).")
    }
    if let lengthPenalty, !(lengthPenalty >= 0 && lengthPenalty <= 10) {
      throw ValidationError("--length-penalty is between 0 and 10, not \(lengthPenalty).")
    }
  }

  mutating func run() throws {
    threads.apply()
    let task = try ModelFolder.peekTask(model)
    guard task == Translator.task || (!swap && beam == nil && lengthPenalty == nil) else {
      throw ValidationError("--swap, --beam and --length-penalty belong to translators.")
    }
    switch task {
    case Translator.task: return try evaluateTranslator()
    case TextClassifier.task: return try evaluateTexts()
    case ImageClassifier.task: return try ImageCommands.evaluate(model, file)
    case Composer.task: return try evaluateComposer()
    default: break
    }
    guard moreFiles.isEmpty, encoding == .utf8 else {
      throw ValidationError("A forecaster is measured on one file, in UTF-8.")
    }
    let forecaster = try Forecaster(contentsOf: model)
    let evaluation = try forecaster.evaluate(on: try forecaster.read(file))
    print("\(file): all \(evaluation.windows) windows")
    print(evaluation)
  }

  private func evaluateTexts() throws {
    let classifier = try TextClassifier(contentsOf: model)
    let texts = try LabeledTexts.read(
      [file] + moreFiles, columns: classifier.configuration.columns ?? TextColumns(),
      encoding: encoding)
    let evaluation = try classifier.evaluate(on: texts)
    print("\(texts.source): all \(texts.examples.count) texts")
    print(evaluation)
  }
}
