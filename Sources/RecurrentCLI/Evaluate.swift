import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent evaluate MODEL FILE.csv`
struct Evaluate: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on data whose answers are known.",
    discussion: """
      A forecaster: on every window of a table. Models of texts and images: on data
      in any form that training takes, with classes, tags or translations; a text
      generator on any text, a composer on any tunes. Give what the model was not
      trained on.

      Examples:
        recurrent evaluate model prices-2014.csv
        recurrent evaluate reviews more-reviews.tsv
        recurrent evaluate tagger more-sentences.conll
        recurrent evaluate translator test.de test.en
      """)

  @Argument(help: "A model folder.") var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns; for others, any form that training takes.",
      valueName: "file"))
  var file: String
  @Argument(
    help: ArgumentHelp(
      "Further texts: a file a class, the translations, more of the text.", valueName: "files"))
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
    let job = try Job(ofModelIn: model)
    try job.check([
      JobFlags(
        [.translator],
        [
          "--swap": swap, "--beam": beam != nil, "--length-penalty": lengthPenalty != nil,
        ]),
      JobFlags(Job.texts, ["--encoding": encoding != .utf8]),
      JobFlags(
        [.classifier, .translator, .generator], ["a second file": !moreFiles.isEmpty]),
    ])
    switch job {
    case .forecaster: try evaluateForecasts()
    case .classifier: try evaluateTexts()
    case .tagger: try evaluateTagger()
    case .translator: try evaluateTranslator()
    case .generator: try evaluateGenerator()
    case .composer: try evaluateComposer()
    case .images: try ImageCommands.evaluate(model, file)
    }
  }

  private func evaluateForecasts() throws {
    let forecaster = try Forecaster(contentsOf: model)
    let evaluation = try forecaster.evaluate(on: try forecaster.read(file))
    print("\(file): all \(evaluation.windows) windows")
    print(evaluation)
  }
}
