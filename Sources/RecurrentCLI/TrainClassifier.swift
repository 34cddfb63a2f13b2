import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train classifier FILE …`
struct TrainClassifier: TrainingCommand {
  static let configuration = CommandConfiguration(
    commandName: "classifier",
    abstract: "Train a classifier of texts: sentiment, topic, language, anything with labels.",
    discussion: """
      The texts come as a CSV file; as columns between tabs, in which quotes are
      text; as JSON lines; as one file a class with a text a line; or as a folder
      of folders, one a class, with a file a text. Columns of a file with tabs and
      without a header are numbered from 1.

      The report stands on texts that training never saw, beside the majority class
      and a bag of words (naive Bayes over words and pairs of words), which stands
      beside the network too: what it says is added to the network's logits.

      Examples:
        recurrent train classifier reviews.tsv --text sentence --label label
        recurrent train classifier yelp_labelled.txt --text 1 --label 2
        recurrent train classifier good.txt bad.txt --output reviews
        recurrent train classifier pos=rt.pos neg=rt.neg --encoding windows-1252
        recurrent train classifier tickets.jsonl --class-weights balanced
      """)

  @Argument(
    help: ArgumentHelp(
      "A table, JSON lines, a folder of folders, or a file a class (file or label=file).",
      valueName: "file"))
  var files: [String] = []

  @OptionGroup(title: "Texts") var texts: TextOptions
  @OptionGroup(title: "Network and training") var network: ClassifierNetworkOptions
  @OptionGroup var running: TrainingRunOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv and loss.svg.", valueName: "folder"))
  var output = "classifier"

  func validate() throws {
    if files.isEmpty {
      throw ValidationError(
        "Name a file with texts and labels, such as reviews.tsv --text sentence --label label, "
          + "or one file a class: good.txt bad.txt.")
    }
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }

  private var options: TextClassifierOptions {
    var options = TextClassifierOptions()
    texts.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    let columns = TextColumns(text: texts.text, label: texts.label)
    func read(_ paths: [String]) throws(DataError) -> LabeledTexts {
      try LabeledTexts.read(paths, columns: columns, encoding: texts.encoding)
    }
    let data = try read(files)
    let plan = try TextClassifierPlan(
      data, validation: try texts.validation.map { try read([$0]) },
      test: try texts.test.map { try read([$0]) }, options: options, vectors: texts.vectors)
    var preface = "\(data.source): \(data.examples.count) texts, \(plan.labels.count) classes\n"
    if data.blankLines > 0 {
      preface += "            \(data.blankLines) blank lines were left out\n"
    }
    try training.begin(preface + plan.description)

    let classifier = try plan.train(callbacks: [
      { member, event, _ in
        training.show(
          event, epochs: plan.options.epochs, unit: "texts",
          member: (member, plan.options.members))
      }
    ])
    let tested = plan.test.examples.count
    try training.finish(
      classifier, test: tested > 0 ? "\(tested) texts" : nil, seed: plan.options.seed,
      next: "echo 'A text.' | recurrent predict \(output.shellQuoted)")
  }
}
