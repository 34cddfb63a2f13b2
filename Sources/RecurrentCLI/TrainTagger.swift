import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train tagger FILE`
struct TrainTagger: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tagger",
    abstract: "Train a tagger of tokens: named entities, phrases, parts of speech.",
    discussion: """
      The sentences come as a CoNLL file: a token a line, columns between tabs or
      blanks, an empty line behind a sentence. Tags of chunks are read in the
      schemes BIO, IOB1 and BIOES; tags of any other kind are taken as they are.
      Lines -DOCSTART- are left out; so are, before a sentence, lines that begin
      with # and have other columns than the tokens.

      The report stands on sentences that training never saw: precision, recall and
      F1 of whole entities as conlleval counts them, beside each word's most
      frequent tag.

      Examples:
        recurrent train tagger train.conll --dev dev.conll --test test.conll
        recurrent train tagger en_ewt.iob2 --token-column 2 --tag-column 3
        recurrent train tagger pos.tsv --characters cnn --no-crf
      """)

  @Argument(help: ArgumentHelp("A CoNLL file.", valueName: "file"))
  var file: String

  @OptionGroup(title: "Sentences") var texts: TaggedTextOptions
  @OptionGroup(title: "Network and training") var network: TaggerNetworkOptions
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv and loss.svg.", valueName: "folder"))
  var output = "tagger"

  func validate() throws {
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
    for (name, number) in [("token", texts.tokenColumn), ("tag", texts.tagColumn ?? 1)]
    where number < 1 {
      throw ValidationError("--\(name)-column counts from 1, not \(number).")
    }
    if output.isEmpty { throw ValidationError("--output names a folder, not nothing.") }
  }

  private var options: SequenceTaggerOptions {
    var options = SequenceTaggerOptions()
    texts.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    threads.apply()
    // Before hours of training, not after.
    try ModelFolder.checkDestination(output)
    func read(_ path: String) throws(DataError) -> TaggedSentences {
      try TaggedSentences.read(path, columns: texts.columns, encoding: texts.encoding)
    }
    let data = try read(file)
    let plan = try SequenceTaggerPlan(
      data, validation: try texts.dev.map(read), test: try texts.test.map(read), options: options,
      vectors: texts.vectors)
    print("\(data.source): \(data.sentences.count) sentences, \(data.tokenCount) tokens")
    if data.comments > 0 { print("            \(data.comments) lines of comments were left out") }
    print("\(plan)\n")
    try flushOutput()

    Interruption.announceStop()
    let tagger = try train(plan)
    // Written before anything is printed: who reads the report may go away (`| head`).
    let failure = write(tagger)
    if !plan.test.sentences.isEmpty {
      let epochs = tagger.configuration.bestEpochs.map(String.init).joined(separator: ", ")
      print(
        "\nTest part: \(plan.test.sentences.count) sentences, weights of epoch \(epochs), "
          + "seed \(options.seed)")
    }
    print(tagger.report)
    if let failure { throw failure }
    print("\nWrote \(output): the model, history.csv, loss.svg")
    print("Next: echo 'A sentence.' | recurrent predict \(output.shellQuoted)")
  }

  private func train(_ plan: SequenceTaggerPlan) throws(NonFiniteError) -> SequenceTagger {
    var bars: [Int: ProgressBar] = [:]
    let (epochs, mode) = (options.epochs, progress)
    let steps = plan.stepsPerEpoch
    let name = plan.scheme == .plain ? "accuracy" : "F1"
    return try plan.train(callbacks: [
      { member, event, score in
        if bars[member] == nil, plan.options.members > 1, mode != .silent {
          warn("network \(member) of \(plan.options.members)")
        }
        let note = score.map { "\(name) \(NumberFormat.fixed($0 * 100, 2)) %" }
        return bars[
          member,
          default: ProgressBar(
            epochs: epochs, stepsPerEpoch: steps, unit: "sentences", mode: mode)
        ].show(event, note: note)
      }
    ])
  }

  private func write(_ tagger: SequenceTagger) -> DataError? {
    do throws(DataError) {
      try Interruption.deferred { () throws(DataError) in
        try tagger.save(
          to: output,
          reports: [
            ("history.csv", Array(tagger.historyTable.utf8)),
            // Several networks: the history of the first.
            ("loss.svg", Array(tagger.histories[0].chart.svg().utf8)),
          ])
      }
      return nil
    } catch {
      return error
    }
  }
}
