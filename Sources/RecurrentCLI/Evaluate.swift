import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent evaluate MODEL FILE.csv`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measure a model on a table whose future, or on texts whose class or tags are known.",
    discussion: """
      Every window of the file is forecast. Give rows that the model was not trained on.

      Examples:
        recurrent evaluate model prices-2014.csv
        recurrent evaluate model more-reviews.tsv
        recurrent evaluate tagger more-sentences.conll
      """)

  @Argument(help: "A model folder.") var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns; texts in any form that training takes.",
      valueName: "file"))
  var file: String
  @Argument(help: ArgumentHelp("For texts: further files; of a classifier, one a class.", valueName: "files"))
  var moreFiles: [String] = []

  @Option(help: ArgumentHelp("The encoding of texts.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @OptionGroup var threads: ThreadOptions

  mutating func run() throws {
    threads.apply()
    switch try ModelFolder.peekTask(model) {
    case TextClassifier.task: return try evaluateTexts()
    case SequenceTagger.task: return try evaluateTagger()
    case ImageClassifier.task: return try ImageCommands.evaluate(model, file)
    case Composer.task: return try evaluateComposer()
    case TextGenerator.task: return try evaluateGenerator()
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
