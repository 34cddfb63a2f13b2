import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train tagger FILE`
struct TrainTagger: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "tagger",
    abstract: "Train a tagger of tokens: named entities, phrases, parts of speech.",
    discussion: flowing(
      """
      The sentences come as a CoNLL file: a token a line, columns between tabs or
      blanks, an empty line behind a sentence. Tags of chunks are read in the
      schemes BIO (IOB2), IOB1, BIOES (IOBES), BILOU, BMES and BMEWO, and
      predicted in that of the training part, which is printed; --scheme overrides
      it. Tags of any other kind are taken as they are.
      Lines -DOCSTART- are left out; so are, before a sentence, lines that begin
      with # and have other columns than the tokens. Of CoNLL-U, tokens are in the
      second column and tags in the fourth, unless told otherwise; ranges (4-5) and
      empty nodes (6.1) are left out and counted.
      Tables with a row a token (Sentence #,Word,POS,Tag) and JSON objects with
      lists (tokens and ner_tags or tags), one a line or in one array, are read too;
      what was taken for what is printed.

      The report stands on sentences that training never saw: precision, recall and
      F1 of whole entities as conlleval counts them, beside each word's most
      frequent tag.

      Examples:
        recurrent train tagger train.conll --dev dev.conll --test test.conll
        recurrent train tagger en_ewt-ud-train.conllu --dev en_ewt-ud-dev.conllu
        recurrent train tagger en_ewt.iob2 --token-column 2 --tag-column 3
        recurrent train tagger pos.tsv --characters cnn --no-crf
        recurrent train tagger train.conll --language-models forward backward
        recurrent train tagger train.conll --lists cities.txt people.txt
      """))

  @Argument(
    help: ArgumentHelp("A CoNLL file, a table or JSON.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup(title: "Sentences") var texts: TaggedTextOptions
  @OptionGroup(title: "Sentences") var split: SplitFlags<Self>
  @OptionGroup(title: "Sentences") var tokens: TokenFlags<Self>
  @OptionGroup(title: "Sentences") var knowledge: TaggerKnowledgeOptions
  @OptionGroup(title: "Network and training") var network: NetworkFlags<Self>
  @OptionGroup(title: "Network and training") var ensemble: EnsembleFlags<Self>
  @OptionGroup(title: "Network and training") var more: TaggerNetworkOptions
  @OptionGroup(title: "Network and training") var course: CourseFlags<Self>
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] {
    [file] + [texts.validation, texts.test, ensemble.vectors].compactMap(\.self)
      + knowledge.languageModels + knowledge.lists
  }

  static let plural = "taggers"
  static let words = FlagWords(
    unit: "sentences", hidden: "Hidden units of a layer, in each direction.",
    dropout: "Dropout of word features, between layers and before the last layer.",
    judged: "score on the validation part")

  func validate() throws {
    try validateOptions()
    for (name, number) in [
      ("token", texts.columns.token), ("tag", texts.columns.tag ?? 1),
      ("sentence", texts.sentenceColumn.flatMap { Int($0) } ?? 1),
    ] where number < 1 {
      throw ValidationError("--\(name)-column counts from 1, not \(number).")
    }
  }

  var options: SequenceTaggerOptions {
    var options = SequenceTaggerOptions()
    options.scheme = texts.scheme
    options.lowercases = !ensemble.keepCase
    split.apply(to: &options)
    tokens.apply(to: &options)
    network.apply(to: &options)
    ensemble.apply(to: &options)
    more.apply(to: &options)
    course.apply(to: &options)
    options.languageSize = knowledge.languageSize
    return options
  }

  func plan(from model: SequenceTagger?) throws -> (plan: SequenceTaggerPlan, preface: String) {
    let asked = texts.columns
    let columns = (asked == TagColumns() ? model?.configuration.columns : nil) ?? asked
    let encoding = texts.reading.encoding
    let data = try TaggedSentences.read(file, columns: columns, encoding: encoding)
    func read(_ path: String) throws(DataError) -> TaggedSentences {
      try TaggedSentences.read(path, columns: data.columns, encoding: encoding)
    }
    let plan = try SequenceTaggerPlan(
      data, validation: try texts.validation.map(read), test: try texts.test.map(read),
      options: options, vectors: ensemble.vectors, languageModels: try knowledge.models(),
      lists: knowledge.lists, from: model)
    var preface = "\(data.source): \(data.sentences.count) sentences, \(data.tokenCount) tokens"
    for remark in data.remarks { preface += "\n            \(remark)" }
    return (plan, preface)
  }

  func closing(_ tagger: SequenceTagger, _ plan: SequenceTaggerPlan) -> TrainingRun.Closing {
    .init(next: "echo 'A sentence.' | recurrent predict \(running.output.shellQuoted)")
  }
}
