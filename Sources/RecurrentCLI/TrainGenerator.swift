import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train generator TEXT…`
struct TrainGenerator: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Train a generator of text that goes on as its texts do.",
    discussion: flowing(
      """
      Reads plain text, also packed by gzip; several files are read one after the
      other as one text, which may be larger than the memory.
      Line ends stay as they are: CR LF is one character. The report stands on the
      end of the text, which training never saw, beside a 5-gram of characters.

      Examples:
        recurrent train generator shakespeare.txt
        recurrent train generator shakespeare.txt --hidden 512 --output bard
        recurrent train generator *.txt --tokens bpe --vocabulary 2000 --steps 50
        recurrent train generator *.txt --cell mogrifier --drop-connect 0.3
        recurrent train generator train.txt --validation valid.txt --test test.txt
      """))

  @Argument(help: ArgumentHelp("Text files.", valueName: "text"), completion: .file())
  var files: [String] = []

  @OptionGroup var reading: EncodingOption

  @Option(
    help: "What is read and written one after another: characters, parts of words, or words.")
  var tokens = TextGeneratorOptions().tokens

  @Option(
    help: ArgumentHelp(
      "Parts that --tokens bpe learns, from the training part (default: 1000), or words that --tokens words knows, the most frequent (default: 10000).",
      valueName: "count")
  )
  var vocabulary: Int?

  @Flag(
    help:
      "Read the text from its end: with a forward one, for `train tagger --language-models`. It writes nothing."
  )
  var backward = false

  @Option(
    help: ArgumentHelp(
      "How often input and hidden state gate each other in --cell mogrifier. (default: 4)",
      valueName: "count"))
  var rounds: Int?

  @Option(
    help: ArgumentHelp(
      "The rank of the matrices of those rounds: a smaller one takes less time. (default: full)",
      valueName: "rank"))
  var rank: Int?

  @Option(help: ArgumentHelp("Numbers of a token's vector.", valueName: "count"))
  var embedding = TextGeneratorOptions().embeddingSize

  @Option(
    help: ArgumentHelp(
      "Tokens from update to update; gradients go back as far, the state is kept.",
      valueName: "tokens"))
  var steps = TextGeneratorOptions().steps

  @Option(
    help: ArgumentHelp(
      "How it falls: along a cosine over all epochs, along three of them, each twice as long as the last, by half on each plateau, or not.",
      valueName: "way"))
  var decay = TextGeneratorOptions().decay

  @Option(help: ArgumentHelp("The longest that all gradients together may be.", valueName: "norm"))
  var clipping = TextGeneratorOptions().clipping

  @OptionGroup var parts: PartFlags
  @OptionGroup var split: SplitFlags<Self>
  @OptionGroup var network: NetworkFlags<Self>
  @OptionGroup var dropped: DropConnectFlag<Self>
  @OptionGroup var course: CourseFlags<Self>
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] { files + parts.files }

  static let plural = "text generators"
  static let words = FlagWords(
    unit: "updates", batch: "streams",
    batchHelp: "Places of the text that are read side by side; a short text has fewer.",
    dropout: "Dropout behind each layer.", learningRate: "Adam's learning rate at the start.")

  func validate() throws {
    if files.isEmpty { throw ValidationError("Name a file of text, such as shakespeare.txt.") }
    try validateOptions()
    if vocabulary != nil, tokens == .characters {
      throw ValidationError(
        "--vocabulary belongs to --tokens bpe and --tokens words; characters are all kept.")
    }
  }

  var options: TextGeneratorOptions {
    var options = TextGeneratorOptions()
    split.apply(to: &options)
    network.apply(to: &options)
    course.apply(to: &options)
    options.tokens = tokens
    if tokens == .words {
      options.wordCount = vocabulary
    } else {
      options.partCount = vocabulary ?? options.partCount
    }
    options.rounds = rounds
    options.rank = rank
    dropped.apply(to: &options)
    options.embeddingSize = embedding
    options.steps = steps
    options.readsBackward = backward ? true : nil
    options.decay = decay
    options.clipping = clipping
    return options
  }

  func plan(from model: TextGenerator?) throws -> (plan: TextGeneratorPlan, preface: String) {
    func text(_ files: [String]) throws(DataError) -> LongText? {
      files.isEmpty ? nil : try LongText(files, encoding: reading.encoding)
    }
    let plan = try TextGeneratorPlan(
      LongText(files, encoding: reading.encoding), validation: text(parts.validation),
      test: text(parts.test), options: options, from: model)
    return (plan, files.joined(separator: ", "))
  }

  func closing(_ generator: TextGenerator, _ plan: TextGeneratorPlan) throws -> TrainingRun.Closing
  {
    let epochs = generator.history.epochs
    let seconds = epochs.reduce(0) { $0 + $1.seconds }
    let speed = Double(plan.tokensPerEpoch * epochs.count) / max(seconds, 1e-9)
    let trained =
      "Trained on \(NumberFormat.grouped(Int(speed))) tokens a second, validation included."
    let output = running.output.shellQuoted
    if backward {
      return TrainingRun.Closing(
        details: trained,
        next: "recurrent train tagger train.conll --language-models FORWARD \(output)")
    }
    let sample = try generator.generate(
      length: 300, sampling: Sampling(temperature: 0.8), seed: course.seed)
    return TrainingRun.Closing(
      details: """
        \(trained)

        A sample at temperature 0.8:

        \(sample.safeForTerminal)
        """,
      next: "recurrent generate \(output) --prompt \(plan.firstWord.shellQuoted)")
  }
}

extension TextGeneratorPlan {
  /// A prompt to try.
  fileprivate var firstWord: String {
    opening.split(whereSeparator: \.isWhitespace).first.map { String($0.prefix(20)) } ?? "A"
  }
}

extension GeneratorTokens: ExpressibleByArgument {}
extension LearningRateDecay: ExpressibleByArgument {}
