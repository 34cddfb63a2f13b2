import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train generator TEXT…`
struct TrainGenerator: TrainingCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Train a generator of text that goes on as its texts do.",
    discussion: """
      Reads plain text; several files are read one after the other as one text.
      Line ends stay as they are: CR LF is one character. The report stands on the
      end of the text, which training never saw, beside a 5-gram of characters.

      Examples:
        recurrent train generator shakespeare.txt
        recurrent train generator shakespeare.txt --hidden 512 --output bard
        recurrent train generator *.txt --tokens bpe --vocabulary 2000 --steps 50
      """)

  @Argument(help: ArgumentHelp("Text files.", valueName: "text"))
  var files: [String] = []

  @Option(help: ArgumentHelp("The encoding of the files.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @Option(help: "What is read and written one after another: characters, or parts of words.")
  var tokens = TextGeneratorOptions().tokens

  @Option(
    help: ArgumentHelp(
      "Parts that --tokens bpe learns, from the training part. (default: 1000)", valueName: "count")
  )
  var vocabulary: Int?

  @Option(
    help: ArgumentHelp(
      "The share of the text, at its end, that only the report sees.", valueName: "share"))
  var testFraction = TextGeneratorOptions().testFraction

  @Option(
    help: ArgumentHelp(
      "The share of the text before it, at its end, that judges each epoch.", valueName: "share"))
  var validationFraction = TextGeneratorOptions().validationFraction

  @Option(help: "The recurrent layer.")
  var cell = TextGeneratorOptions().cell

  @Option(help: ArgumentHelp("Hidden units of a layer.", valueName: "units"))
  var hidden = TextGeneratorOptions().hiddenSize

  @Option(help: ArgumentHelp("Recurrent layers.", valueName: "count"))
  var layers = TextGeneratorOptions().layers

  @Option(help: ArgumentHelp("Numbers of a token's vector.", valueName: "count"))
  var embedding = TextGeneratorOptions().embeddingSize

  @Option(help: ArgumentHelp("Dropout behind each layer.", valueName: "share"))
  var dropout = TextGeneratorOptions().dropout

  @Option(help: ArgumentHelp("Epochs at most.", valueName: "count"))
  var epochs = TextGeneratorOptions().epochs

  @Option(
    help: ArgumentHelp(
      "Places of the text that are read side by side; a short text has fewer.", valueName: "count"))
  var streams = TextGeneratorOptions().streams

  @Option(
    help: ArgumentHelp(
      "Tokens from update to update; gradients go back as far, the state is kept.",
      valueName: "tokens"))
  var steps = TextGeneratorOptions().steps

  @Option(help: ArgumentHelp("Adam's learning rate at the start.", valueName: "rate"))
  var learningRate = TextGeneratorOptions().learningRate

  @Option(
    help: ArgumentHelp(
      "How it falls: along a cosine over all epochs, by half on each plateau, or not.",
      valueName: "way"))
  var decay = TextGeneratorOptions().decay

  @Option(help: ArgumentHelp("The longest that all gradients together may be.", valueName: "norm"))
  var clipping = TextGeneratorOptions().clipping

  @Option(
    help: ArgumentHelp(
      "Epochs without a better validation loss before training stops.", valueName: "epochs"))
  var patience = TextGeneratorOptions().patience

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  @OptionGroup var running: TrainingRunOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv and loss.svg.", valueName: "folder"))
  var output = "generator"

  func validate() throws {
    if files.isEmpty { throw ValidationError("Name a file of text, such as shakespeare.txt.") }
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
    if vocabulary != nil, tokens != .bpe {
      throw ValidationError("--vocabulary belongs to --tokens bpe; characters are all kept.")
    }
  }

  private var options: TextGeneratorOptions {
    var options = TextGeneratorOptions()
    options.tokens = tokens
    options.partCount = vocabulary ?? options.partCount
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.embeddingSize = embedding
    options.dropout = dropout
    options.epochs = epochs
    options.streams = streams
    options.steps = steps
    options.learningRate = learningRate
    options.decay = decay
    options.clipping = clipping
    options.patience = patience
    options.testFraction = testFraction
    options.validationFraction = validationFraction
    options.seed = seed
    return options
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    let texts = try files.map { file throws(DataError) in try TextFile(file, encoding: encoding) }
    let plan = try TextGeneratorPlan(texts, options: options)
    try training.begin("\(files.joined(separator: ", "))\n\(plan)")

    let generator = try plan.train(callbacks: [
      { event, _ in training.show(event, epochs: plan.options.epochs, unit: "updates") }
    ])
    let seconds = generator.history.epochs.reduce(0) { $0 + $1.seconds }
    let speed = Double(plan.tokensPerEpoch * generator.history.epochs.count) / max(seconds, 1e-9)
    let sample = try generator.generate(
      length: 300, sampling: Sampling(temperature: 0.8), seed: seed)
    try training.finish(
      generator,
      test: plan.test.isEmpty ? nil : "\(NumberFormat.grouped(plan.test.count)) characters",
      seed: seed,
      details: """
        Trained on \(NumberFormat.grouped(Int(speed))) tokens a second, validation included.

        A sample at temperature 0.8:

        \(sample.safeForTerminal)
        """,
      next: "recurrent generate \(output.shellQuoted) --prompt \(plan.firstWord.shellQuoted)")
  }
}

extension TextGeneratorPlan {
  /// A prompt to try.
  fileprivate var firstWord: String {
    training.split(whereSeparator: \.isWhitespace).first.map { String($0.prefix(20)) } ?? "A"
  }
}

extension GeneratorTokens: ExpressibleByArgument {}
extension LearningRateDecay: ExpressibleByArgument {}
