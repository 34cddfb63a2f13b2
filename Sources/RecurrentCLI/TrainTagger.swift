import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train tagger FILE`
struct TrainTagger: TrainingCommand {
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
  @OptionGroup var running: TrainingRunOptions

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
  }

  private var options: SequenceTaggerOptions {
    var options = SequenceTaggerOptions()
    texts.apply(to: &options)
    network.apply(to: &options)
    return options
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    func read(_ path: String) throws(DataError) -> TaggedSentences {
      try TaggedSentences.read(path, columns: texts.columns, encoding: texts.encoding)
    }
    let data = try read(file)
    let plan = try SequenceTaggerPlan(
      data, validation: try texts.dev.map(read), test: try texts.test.map(read), options: options,
      vectors: texts.vectors)
    var preface = "\(data.source): \(data.sentences.count) sentences, \(data.tokenCount) tokens\n"
    if data.comments > 0 {
      preface += "            \(data.comments) lines of comments were left out\n"
    }
    try training.begin(preface + plan.description)

    let name = plan.scheme == .plain ? "accuracy" : "F1"
    let tagger = try plan.train(callbacks: [
      { member, event, run in
        training.show(
          event, epochs: plan.options.epochs, unit: "sentences",
          member: (member, plan.options.members),
          note: run.history.epochs.last?.score.map {
            "\(name) \(NumberFormat.fixed($0.value * 100, 2)) %"
          })
      }
    ])
    let tested = plan.test.sentences.count
    try training.finish(
      tagger, test: tested > 0 ? "\(tested) sentences" : nil, seed: plan.options.seed,
      next: "echo 'A sentence.' | recurrent predict \(output.shellQuoted)")
  }
}
