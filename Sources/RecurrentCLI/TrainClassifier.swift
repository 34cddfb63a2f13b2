import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train classifier FILE …`
struct TrainClassifier: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "classifier",
    abstract: "Train a classifier of texts: sentiment, topic, language, anything with labels.",
    discussion: flowing(
      """
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
      """))

  @Argument(
    help: ArgumentHelp(
      "A table, JSON lines, a folder of folders, or a file a class (file or label=file).",
      valueName: "file"), completion: .file())
  var files: [String] = []

  @OptionGroup(title: "Texts") var texts: TextOptions
  @OptionGroup(title: "Texts") var split: SplitFlags<Self>
  @OptionGroup(title: "Texts") var tokens: TokenFlags<Self>
  @OptionGroup(title: "Network and training") var network: NetworkFlags<Self>
  @OptionGroup(title: "Network and training") var ensemble: EnsembleFlags<Self>
  @OptionGroup(title: "Network and training") var more: ClassifierNetworkOptions
  @OptionGroup(title: "Network and training") var course: CourseFlags<Self>
  @OptionGroup(title: "Network and training") var padded: PaddedFlags<Self>
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] {
    files + [texts.validation, texts.test, ensemble.vectors].compactMap(\.self)
  }

  static let plural = "text classifiers"
  static let words = FlagWords(
    unit: "texts", hidden: "Hidden units of a layer, in each direction.",
    dropout: "Dropout of token vectors, between layers and before the last layer.")

  func validate() throws {
    if files.isEmpty {
      throw ValidationError(
        "Name a file with texts and labels, such as reviews.tsv --text sentence --label label, "
          + "or one file a class: good.txt bad.txt.")
    }
    try validateOptions()
  }

  var options: TextClassifierOptions {
    var options = TextClassifierOptions()
    texts.apply(to: &options)
    split.apply(to: &options)
    tokens.apply(to: &options)
    network.apply(to: &options)
    ensemble.apply(to: &options)
    more.apply(to: &options)
    course.apply(to: &options)
    padded.apply(to: &options)
    options.normalization = TextNormalization(
      form: padded.normalization, lowercases: !ensemble.keepCase)
    return options
  }

  func plan(from model: TextClassifier?) throws -> (plan: TextClassifierPlan, preface: String) {
    let asked = TextColumns(text: texts.text, label: texts.label)
    let columns = (asked == TextColumns() ? model?.configuration.columns : nil) ?? asked
    func read(_ paths: [String]) throws(DataError) -> LabeledTexts {
      try LabeledTexts.read(paths, columns: columns, encoding: texts.reading.encoding)
    }
    let data = try read(files)
    let plan = try TextClassifierPlan(
      data, validation: try texts.validation.map { try read([$0]) },
      test: try texts.test.map { try read([$0]) }, options: options, vectors: ensemble.vectors,
      from: model)
    var preface = "\(data.source): \(data.examples.count) texts, \(plan.labels.count) classes"
    for remark in data.remarks { preface += "\n            \(remark)" }
    return (plan, preface)
  }

  func closing(_ classifier: TextClassifier, _ plan: TextClassifierPlan) -> TrainingRun.Closing {
    .init(next: "echo 'A text.' | recurrent predict \(running.output.shellQuoted)")
  }
}
