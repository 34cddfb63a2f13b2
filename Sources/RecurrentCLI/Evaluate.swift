import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent evaluate MODEL FILE.csv`
struct Evaluate: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on data whose answers are known.",
    discussion: flowing(
      """
      A forecaster: on every window of a table that it has not learned. Models of
      texts and images: on data in any form that training takes, with classes, tags or
      translations; a text generator on any text, a composer on any tunes. Give what
      the model was not trained on.

      Examples:
        recurrent evaluate model prices-2014.csv
        recurrent evaluate model prices-2014.csv --json
        recurrent evaluate reviews more-reviews.tsv
        recurrent evaluate tagger more-sentences.conll
        recurrent evaluate translator test.de test.en
        recurrent evaluate bard more.txt --adapt
      """))

  @Argument(help: "A model folder.", completion: .directory) var model: String
  @Argument(
    help: ArgumentHelp(
      "A CSV file with the model's columns; for others, any form that training takes.",
      valueName: "file"), completion: .file())
  var file: String
  @Argument(
    help: ArgumentHelp(
      "Further texts: a file a class, the translations, more of the text.", valueName: "files"),
    completion: .file())
  var moreFiles: [String] = []

  @OptionGroup var reading: EncodingOption
  var encoding: TextEncoding { reading.encoding }

  @Flag(help: "For pairs of sentences between tabs: the translation stands first.")
  var swap = false

  @OptionGroup var answer: JSONFlag
  @OptionGroup(title: "Forecasters") var table: TableOptions
  @OptionGroup(title: "Forecasters") var times: TimeFlags
  @OptionGroup(title: "Translators") var search: BeamOptions
  @OptionGroup(title: "Text generators") var adapting: AdaptationOptions
  @OptionGroup var threads: ThreadOptions

  var request: DataRequest {
    DataRequest(
      files: [file] + moreFiles, encoding: encoding, isSwapped: swap, table: table,
      times: times.options)
  }

  mutating func run() throws {
    let job = try Jobs.ofModel(in: model)
    try job.check([
      JobFlags([TrainTranslator.self], ["--swap": swap]), search.flags, times.flags, table.flags,
      adapting.flags,
      JobFlags(Jobs.texts + [TrainForecaster.self], ["--encoding": encoding != .utf8]),
      JobFlags(
        [TrainClassifier.self, TrainTranslator.self, TrainGenerator.self],
        ["a second file": !moreFiles.isEmpty]),
    ])
    try job.evaluate(self)
  }
}
