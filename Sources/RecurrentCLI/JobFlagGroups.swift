import ArgumentParser
import Recurrent
import RecurrentTasks

// The flags that jobs share, each defined once, with the defaults and the words of the job.

/// What every training command is told about its run.
struct TrainingRunOptions<Command: JobCommand>: ParsableArguments {
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with "
        + listedWithAnd(["history.csv", "loss.svg"] + Command.reports) + ".", valueName: "folder"),
    completion: .directory)
  var output = Command.name

  @OptionGroup var watching: WatchingFlags

  @Option(
    help: ArgumentHelp(
      "The folder of a trained model to go on from: its network, and what it has learned or fitted, "
        + "stay; epochs count anew. Of other flags only those may be given that say how to train or "
        + "split, or what the model has.", valueName: "folder"), completion: .directory)
  var from: String?

  @Flag(help: "Give up a training to the same folder that was stopped, and begin anew.")
  var restart = false

  @OptionGroup var answer: AnswerFlags

  @Option(
    name: .customLong("options"),
    help: ArgumentHelp(
      "Options from a JSON file, as {\"window\": 36, \"learning-rate\": 0.001}, or those with which the model "
        + "of a folder was trained; what is given beside it wins.", valueName: "file-or-folder"),
    completion: .file())
  var reused: String?

  @Flag(help: "Replace the model in the folder even if it is one of another job.")
  var force = false
}

/// What the recurrent layers are.
struct NetworkFlags<Command: JobCommand>: ParsableArguments {
  @Option(help: ArgumentHelp(Command.words.cell))
  var cell = Command.Options().cell

  @Option(help: ArgumentHelp(Command.words.hidden, valueName: "units"))
  var hidden = Command.Options().hiddenSize

  @Option(help: ArgumentHelp(Command.words.layers, valueName: "count"))
  var layers = Command.Options().layers

  @Option(help: ArgumentHelp(Command.words.dropout, valueName: "share"))
  var dropout = Command.Options().dropout

  func apply(to options: inout Command.Options) {
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.dropout = dropout
  }
}

/// How they are trained.
///
/// What is not given follows the size of the data (``JobOptions/following(size:keeping:)``).
struct CourseFlags<Command: JobCommand>: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Epochs at most. (default: \(Command.Options().epochs), more for few data)",
      valueName: "count"))
  var epochs: Int?

  @Option(
    name: .customLong(Command.words.batch),
    help: ArgumentHelp(
      (Command.words.batchHelp ?? "\(Command.words.unit.capitalizedFirst) in a training step.")
        + " (default: \(Command.Options().batchSize), fewer for few data)",
      valueName: Command.words.unit))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "\(Command.words.learningRate) (default: \(Command.Options().learningRate)"
        + (Command.Options.quarterBatchRate == Command.Options().learningRate
          ? ")" : ", another for few data)"),
      valueName: "rate"))
  var learningRate: Float?

  @Option(
    help: ArgumentHelp(
      "Epochs without a better \(Command.words.judged) before training stops. "
        + "(default: \(Command.Options().patience), more for few data)",
      valueName: "epochs"))
  var patience: Int?

  @Option(
    help: ArgumentHelp(
      "Judge and keep not the weights of the last step but their mean over the steps, in which each "
        + "step back counts this much less, such as 0.999.", valueName: "decay"))
  var averaging: Double?

  @Option(
    help: ArgumentHelp(
      "Compute the gradients of each batch in so many parts, which are added up in a fixed order: what is "
        + "trained is then the same, to the bit, in one process or in up to as many under mpirun. "
        + "(default: under mpirun one for each process)", valueName: "count"))
  var shards: Int?

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  func apply(to options: inout Command.Options) {
    options.epochs = epochs ?? options.epochs
    options.batchSize = batch ?? options.batchSize
    options.learningRate = learningRate ?? options.learningRate
    options.patience = patience ?? options.patience
    options.averaging = averaging
    options.shards = shards
    options.seed = seed
  }

  /// What stays as it was told, whatever the size of the data.
  var given: Set<CourseMember> {
    Set(
      [
        (CourseMember.epochs, epochs != nil), (.batchSize, batch != nil),
        (.patience, patience != nil), (.learningRate, learningRate != nil),
      ].compactMap { $1 ? $0 : nil })
  }
}

/// Options of jobs that take shares of their data apart.
protocol SplitOptions: JobOptions {
  var testFraction: Double { get set }
  var validationFraction: Double { get set }
}

/// What of the data is for what.
struct SplitFlags<Command: JobCommand>: ParsableArguments where Command.Options: SplitOptions {
  @Option(
    help: ArgumentHelp(
      "The share of the data that only the report sees, where no test part is given.",
      valueName: "share"))
  var testFraction = Command.Options().testFraction

  @Option(
    name: [.customLong("validation-fraction"), .customLong("dev-fraction")],
    help: ArgumentHelp("The share of the rest that judges each epoch.", valueName: "share"))
  var validationFraction = Command.Options().validationFraction

  func apply(to options: inout Command.Options) {
    options.testFraction = testFraction
    options.validationFraction = validationFraction
  }
}

/// Parts of the data that lie in files of their own.
struct PartFlags: ParsableArguments {
  @Option(
    name: [.long, .customLong("dev")], parsing: .upToNextOption,
    help: ArgumentHelp(
      "What judges each epoch, in the same form. (default: a share)", valueName: "files"),
    completion: .file())
  var validation: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("What only the report sees. (default: a share)", valueName: "files"),
    completion: .file())
  var test: [String] = []

  var files: [String] { validation + test }
}

/// Options of jobs whose recurrent weights are dropped by choice.
protocol DropConnectOptions: JobOptions {
  var dropConnect: Float? { get set }
}

/// DropConnect.
struct DropConnectFlag<Command: JobCommand>: ParsableArguments
where Command.Options: DropConnectOptions {
  @Option(
    help: ArgumentHelp(
      "The share of recurrent weights left out, anew in each training step.", valueName: "share"))
  var dropConnect: Float?

  func apply(to options: inout Command.Options) { options.dropConnect = dropConnect }
}

/// Options of jobs that read tokens.
protocol TokenOptions: JobOptions {
  var embeddingSize: Int { get set }
  var minimumCount: Int { get set }
  var maximumLength: Int { get set }
}

/// Which tokens are known, and their vectors.
struct TokenFlags<Command: JobCommand>: ParsableArguments where Command.Options: TokenOptions {
  @Option(
    help: ArgumentHelp("How often a token has to occur; others are unknown.", valueName: "times"))
  var minimumCount = Command.Options().minimumCount

  @Option(
    help: ArgumentHelp(
      "Tokens of a text that are read; of tagged sentences, those read at once; of pairs, those "
        + "of a side, longer ones being left out.", valueName: "tokens"))
  var maximumLength = Command.Options().maximumLength

  @Option(help: ArgumentHelp("Numbers of a token's vector.", valueName: "count"))
  var embedding = Command.Options().embeddingSize

  func apply(to options: inout Command.Options) {
    options.minimumCount = minimumCount
    options.maximumLength = maximumLength
    options.embeddingSize = embedding
  }
}

/// Options of jobs whose layers read in both directions and whose networks may be several.
protocol EnsembleOptions: JobOptions {
  var isBidirectional: Bool { get set }
  var members: Int { get set }
  var vectorWords: Int? { get set }
}

/// Directions and networks.
struct EnsembleFlags<Command: JobCommand>: ParsableArguments
where Command.Options: EnsembleOptions {
  @Flag(help: "Read from the start only.")
  var forwardOnly = false

  @Option(
    name: [.customLong("ensemble"), .customLong("members")],
    help: ArgumentHelp("Networks to train; they answer together.", valueName: "count"))
  var ensemble = Command.Options().members

  @Flag(help: "Tell capitals from small letters.")
  var keepCase = false

  @Option(
    help: ArgumentHelp(
      "Word vectors to start from: a text file of GloVe, word2vec or fastText.",
      valueName: "file"), completion: .file())
  var vectors: String?

  @Option(
    help: ArgumentHelp(
      "Words of --vectors that the training part lacks and that are known too, the first of the "
        + "file. (default: 20000)", valueName: "count"))
  var vectorWords: Int?

  func validate() throws {
    guard vectors != nil || vectorWords == nil else {
      throw ValidationError("--vector-words counts words of --vectors, and there are none.")
    }
  }

  func apply(to options: inout Command.Options) {
    options.isBidirectional = !forwardOnly
    options.members = ensemble
    options.vectorWords = vectorWords
  }
}

/// Options of jobs whose batches are padded and whose classes are smoothed.
protocol PaddedOptions: JobOptions {
  var tokenBudget: Int? { get set }
  var labelSmoothing: Float { get set }
}

/// Padding and smoothing.
struct PaddedFlags<Command: JobCommand>: ParsableArguments where Command.Options: PaddedOptions {
  @Option(
    help: ArgumentHelp(
      "Tokens in a training step at most, padding included.", valueName: "tokens"))
  var tokenBudget: Int?

  @Option(
    help: ArgumentHelp(
      "The share of the target that goes to all classes alike.", valueName: "share"))
  var labelSmoothing = Command.Options().labelSmoothing

  @Option(help: ArgumentHelp("The Unicode form of texts.", valueName: "form"))
  var normalization = TextNormalization.Form.nfc

  func apply(to options: inout Command.Options) {
    options.tokenBudget = tokenBudget
    options.labelSmoothing = labelSmoothing
  }
}

/// How files of text are read.
struct EncodingOption: ParsableArguments {
  @Option(help: ArgumentHelp("The encoding of texts.", valueName: "encoding"))
  var encoding = TextEncoding.utf8
}

/// How translations are looked for.
struct BeamOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Translations pursued at once. (default: the model's; in training 5)", valueName: "count"))
  var beam: Int?

  @Option(
    help: ArgumentHelp(
      "α of the length penalty (Wu et al. 2016). (default: the model's; in training the best on the validation "
        + "part, or 0.6)",
      valueName: "number"))
  var lengthPenalty: Float?

  @Option(
    help: ArgumentHelp(
      "β of the coverage penalty (Wu et al. 2016): how much a translation loses by leaving out words of "
        + "the sentence, such as 0.2. (default: the model's; in training 0)", valueName: "number"))
  var coveragePenalty: Float?

  var flags: JobFlags {
    JobFlags(
      [TrainTranslator.self],
      [
        "--beam": beam != nil, "--length-penalty": lengthPenalty != nil,
        "--coverage-penalty": coveragePenalty != nil,
      ])
  }

  func validate() throws {
    if let beam, !(1...100).contains(beam) {
      throw ValidationError("--beam is between 1 and 100, not \(beam).")
    }
    for (name, penalty) in [("length", lengthPenalty), ("coverage", coveragePenalty)] {
      guard let penalty, !(penalty >= 0 && penalty <= 10) else { continue }
      throw ValidationError("--\(name)-penalty is between 0 and 10, not \(penalty).")
    }
  }
}

/// `a, b and c`.
func listedWithAnd(_ names: [String]) -> String {
  names.dropLast().joined(separator: ", ") + (names.count > 1 ? " and " : "") + (names.last ?? "")
}

extension ForecasterOptions: SplitOptions {}
extension TextClassifierOptions: SplitOptions, TokenOptions, EnsembleOptions, PaddedOptions {}
extension SequenceTaggerOptions: SplitOptions, TokenOptions, EnsembleOptions {}
extension TranslatorOptions: SplitOptions, TokenOptions, PaddedOptions {}
extension TextGeneratorOptions: SplitOptions, DropConnectOptions {}
extension ComposerOptions: DropConnectOptions {}
extension ImageClassifierOptions: SplitOptions {}
