import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train translator FILE …`
struct TrainTranslator: ParsableCommand {
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
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic

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
    if output.isEmpty { throw ValidationError("--output names a folder, not nothing.") }
  }

  mutating func run() throws {
    threads.apply()
    // Before hours of training, not after.
    try ModelFolder.checkDestination(output)
    let data = try pairs.read(files)
    let plan = try TranslatorPlan(
      data, dev: network.dev.isEmpty ? nil : try pairs.read(network.dev),
      test: network.test.isEmpty ? nil : try pairs.read(network.test), options: network.options)
    print("\(data.origin): \(data.pairs.count) pairs")
    if data.emptyLines > 0 {
      print("            \(data.emptyLines) lines with an empty side were left out")
    }
    print("\(plan)\n")
    try flushOutput()

    Interruption.announceStop()
    var bar = ProgressBar(
      epochs: plan.options.epochs, stepsPerEpoch: plan.stepsPerEpoch, unit: "pairs", mode: progress)
    let translator = try plan.train(callbacks: [{ bar.show($0) }])
    // Written before anything is printed: who reads the report may go away (`| head`).
    let failure = write(translator)
    if !plan.test.pairs.isEmpty {
      print(
        "\nTest part: \(plan.test.pairs.count) pairs, weights of epoch "
          + "\(translator.configuration.bestEpoch), seed \(plan.options.seed)")
    }
    print(translator.report)
    if let failure { throw failure }
    print("\nWrote \(output): the model, history.csv, loss.svg")
    print("Next: echo 'A sentence.' | recurrent predict \(output.shellQuoted)")
  }

  private func write(_ translator: Translator) -> DataError? {
    do throws(DataError) {
      try Interruption.deferred { () throws(DataError) in
        try translator.save(
          to: output,
          reports: [
            ("history.csv", Array(translator.history.csv.utf8)),
            ("loss.svg", Array(translator.history.chart.svg().utf8)),
          ])
      }
      return nil
    } catch {
      return error
    }
  }
}
