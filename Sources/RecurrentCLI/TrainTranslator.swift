import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train translator FILE …`
struct TrainTranslator: TrainingCommand {
  static let configuration = CommandConfiguration(
    commandName: "translator",
    abstract: "Train a translator of sentences.",
    discussion: """
      The pairs come as one file with a sentence, a tab and its translation a line
      (what follows behind another tab is not read), or as two files that go line
      by line. Lines of which a side is empty are left out and counted.

      The report stands on sentences that training never saw: BLEU and chrF as
      sacreBLEU gives them, beside the copied sentences and the translation of the
      most similar training sentence.

      Examples:
        recurrent train translator deu.tsv --swap --lowercase
        recurrent train translator train.de train.en --dev val.de val.en \\
          --test test.de test.en --output de-en
      """)

  @Argument(
    help: ArgumentHelp("A file with tabs, or two files line by line.", valueName: "files"))
  var files: [String] = []

  @OptionGroup(title: "Pairs") var pairs: PairOptions
  @OptionGroup(title: "Network and training") var network: TranslatorNetworkOptions
  @OptionGroup var running: TrainingRunOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv and loss.svg.", valueName: "folder"))
  var output = "translator"

  func validate() throws {
    guard (1...2).contains(files.count) else {
      throw ValidationError(
        "Name a file with a sentence, a tab and its translation a line, or two files that go line "
          + "by line.")
    }
    if let problem = network.options.problem {
      throw ValidationError(problem.capitalizedFirst + ".")
    }
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    let data = try pairs.read(files)
    let plan = try TranslatorPlan(
      data, dev: network.dev.isEmpty ? nil : try pairs.read(network.dev),
      test: network.test.isEmpty ? nil : try pairs.read(network.test), options: network.options)
    var preface = "\(data.origin): \(data.pairs.count) pairs\n"
    if data.emptyLines > 0 {
      preface += "            \(data.emptyLines) lines with an empty side were left out\n"
    }
    try training.begin(preface + plan.description)

    let translator = try plan.train(callbacks: [
      { event, _ in training.show(event, epochs: plan.options.epochs, unit: "pairs") }
    ])
    let tested = plan.test.pairs.count
    try training.finish(
      translator, test: tested > 0 ? "\(tested) pairs" : nil, seed: plan.options.seed,
      next: "echo 'A sentence.' | recurrent predict \(output.shellQuoted)")
  }
}
