import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train classifier FILE …`
struct TrainClassifier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classifier",
    abstract: "Train a classifier of texts: sentiment, topic, language, anything with labels.",
    discussion: """
      The texts come as a CSV file; as columns between tabs, in which quotes are
      text; as JSON lines; as one file a class with a text a line; or as a folder
      of folders, one a class, with a file a text. Columns of a file with tabs and
      without a header are numbered from 1.

      The report stands on texts that training never saw, beside the majority class
      and a bag of words (naive Bayes over words and pairs of words).

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
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic

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
    if output.isEmpty { throw ValidationError("--output names a folder, not nothing.") }
  }

  private var options: TextClassifierOptions {
    var options = TextClassifierOptions()
    texts.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    threads.apply()
    // Before hours of training, not after.
    try ModelFolder.checkDestination(output)
    let columns = TextColumns(text: texts.text, label: texts.label)
    func read(_ paths: [String]) throws(DataError) -> LabeledTexts {
      try LabeledTexts.read(paths, columns: columns, encoding: texts.encoding)
    }
    let data = try read(files)
    let plan = try TextClassifierPlan(
      data, validation: try texts.validation.map { try read([$0]) },
      test: try texts.test.map { try read([$0]) }, options: options, vectors: texts.vectors)
    print("\(data.source): \(data.examples.count) texts, \(plan.labels.count) classes")
    if data.blankLines > 0 { print("            \(data.blankLines) blank lines were left out") }
    print("\(plan)\n")
    try flushOutput()

    Interruption.announceStop()
    let classifier = try train(plan)
    // Written before anything is printed: who reads the report may go away (`| head`).
    let failure = write(classifier)
    if !plan.test.examples.isEmpty {
      let epochs = classifier.configuration.bestEpochs.map(String.init).joined(separator: ", ")
      print(
        "\nTest part: \(plan.test.examples.count) texts, weights of epoch \(epochs), "
          + "seed \(options.seed)")
    }
    print(classifier.report)
    if let failure { throw failure }
    print("\nWrote \(output): the model, history.csv, loss.svg")
    print("Next: echo 'A text.' | recurrent predict \(output.shellQuoted)")
  }

  private func train(_ plan: TextClassifierPlan) throws(NonFiniteError) -> TextClassifier {
    var bars: [Int: ProgressBar] = [:]
    let (epochs, mode) = (options.epochs, progress)
    return try plan.train(callbacks: [
      { member, event in
        if bars[member] == nil, plan.options.members > 1, mode != .silent {
          warn("network \(member) of \(plan.options.members)")
        }
        return bars[
          member,
          default: ProgressBar(
            epochs: epochs, stepsPerEpoch: plan.stepsPerEpoch, unit: "texts", mode: mode)
        ].show(event)
      }
    ])
  }

  private func write(_ classifier: TextClassifier) -> DataError? {
    do throws(DataError) {
      try Interruption.deferred { () throws(DataError) in
        // Several networks: the history of the first.
        let history = classifier.histories[0]
        try classifier.save(
          to: output,
          reports: [
            ("history.csv", Array(history.csv.utf8)),
            ("loss.svg", Array(history.chart.svg().utf8)),
          ])
      }
      return nil
    } catch {
      return error
    }
  }
}
