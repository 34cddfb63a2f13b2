import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train translator FILE …`
struct TrainTranslator: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "translator",
    abstract: "Train a translator of sentences.",
    discussion: flowing(
      """
      The pairs come as one file with a sentence, a tab and its translation a line
      (what follows behind another tab is not read), or as two files that go line
      by line. Lines of which a side is empty are left out and counted.

      The report stands on sentences that training never saw: BLEU and chrF as
      sacreBLEU gives them, beside the copied sentences and the translation of the
      most similar training sentence.

      More of the language that is written helps where pairs are few: a translator of
      the other direction translates it back (--back-translated).

      Examples:
        recurrent train translator deu.tsv --swap --lowercase
        recurrent train translator train.de train.en --dev val.de val.en \\
          --test test.de test.en --output de-en
        recurrent train translator train.en train.de --dev val.en val.de \\
          --test test.en test.de --output en-de
        recurrent predict en-de more.en > more.de
        recurrent train translator train.de train.en --dev val.de val.en \\
          --test test.de test.en --back-translated more.de more.en --output de-en
      """))

  @Argument(
    help: ArgumentHelp("A file with tabs, or two files line by line.", valueName: "files"),
    completion: .file())
  var files: [String] = []

  @OptionGroup(title: "Pairs") var pairs: PairOptions
  @OptionGroup(title: "Pairs") var split: SplitFlags<Self>
  @OptionGroup(title: "Pairs") var tokens: TokenFlags<Self>
  @OptionGroup(title: "Network and training") var network: NetworkFlags<Self>
  @OptionGroup(title: "Network and training") var more: TranslatorNetworkOptions
  @OptionGroup(title: "Network and training") var course: CourseFlags<Self>
  @OptionGroup(title: "Network and training") var padded: PaddedFlags<Self>
  @OptionGroup(title: "Network and training") var search: BeamOptions
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] { files + pairs.validation + pairs.test + pairs.backTranslated }

  static let plural = "translators"
  static let words = FlagWords(
    unit: "pairs", cell: "The recurrent layer that reads.",
    hidden:
      "Hidden units of a reading layer, in each direction; the writing layer has twice as many.",
    layers: "Layers that read.",
    dropout: "Dropout of token vectors, of what was read, and of what is written.",
    learningRate: "Adam's learning rate, behind its warm-up.")

  func validate() throws {
    guard (1...2).contains(files.count) else {
      throw ValidationError(
        "Name a file with a sentence, a tab and its translation a line, or two files that go line "
          + "by line.")
    }
    try validateOptions()
  }

  var options: TranslatorOptions {
    var options = TranslatorOptions()
    split.apply(to: &options)
    tokens.apply(to: &options)
    network.apply(to: &options)
    course.apply(to: &options)
    padded.apply(to: &options)
    options.normalization = TextNormalization(form: padded.normalization)
    more.apply(to: &options)
    options.beam = search.beam ?? options.beam
    if let penalty = search.lengthPenalty { options.lengthPenalty = penalty }
    options.coveragePenalty = search.coveragePenalty
    return options
  }

  func plan(from model: Translator?) throws -> (plan: TranslatorPlan, preface: String) {
    func part(_ files: [String]) throws(DataError) -> SentencePairs? {
      files.isEmpty ? nil : try pairs.read(files)
    }
    let data = try pairs.read(files)
    let back = try part(pairs.backTranslated)
    let plan = try TranslatorPlan(
      data, validation: try part(pairs.validation), test: try part(pairs.test),
      backTranslated: back, options: options, from: model)
    var preface = "\(data.origin): \(data.pairs.count) pairs"
    let emptyLines = data.emptyLines + (back?.emptyLines ?? 0)
    if emptyLines > 0 {
      preface += "\n            \(emptyLines) lines with an empty side were left out"
    }
    return (plan, preface)
  }

  func closing(_ translator: Translator, _ plan: TranslatorPlan) -> TrainingRun.Closing {
    .init(next: "echo 'A sentence.' | recurrent predict \(running.output.shellQuoted)")
  }
}
