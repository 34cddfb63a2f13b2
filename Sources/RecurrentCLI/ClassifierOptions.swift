import ArgumentParser
import Recurrent
import RecurrentTasks

/// Where the texts stand and how they are read.
struct TextOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The column of the texts.", valueName: "column"))
  var text = TextColumns().text

  @Option(help: ArgumentHelp("The column of the labels.", valueName: "column"))
  var label = TextColumns().label

  @Option(help: ArgumentHelp("The encoding of the files.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @Option(help: ArgumentHelp("Texts that judge each epoch. (default: a share)", valueName: "file"))
  var validation: String?

  @Option(
    help: ArgumentHelp("Texts that only the report sees. (default: a share)", valueName: "file"))
  var test: String?

  @Option(
    help: ArgumentHelp("The share of texts that only the report sees.", valueName: "share"))
  var testFraction = TextClassifierOptions().testFraction

  @Option(
    help: ArgumentHelp(
      "Test on one of equal parts instead, as 3/10, for cross-validation.", valueName: "part"))
  var fold: Fold?

  @Option(
    help: ArgumentHelp("The share of the others that judges each epoch.", valueName: "share"))
  var validationFraction = TextClassifierOptions().validationFraction

  @Option(help: "What a token is.")
  var tokens = TextClassifierOptions().tokens

  @Option(help: ArgumentHelp("Parts that --tokens bpe learns.", valueName: "count"))
  var parts = TextClassifierOptions().partCount

  @Option(help: ArgumentHelp("The Unicode form of texts.", valueName: "form"))
  var normalization = TextClassifierOptions().normalization.form

  @Flag(help: "Tell capitals from small letters.")
  var keepCase = false

  @Option(
    help: ArgumentHelp(
      "How often a token has to occur; others are unknown.", valueName: "times"))
  var minimumCount = TextClassifierOptions().minimumCount

  @Option(help: ArgumentHelp("Tokens of a text that are read.", valueName: "tokens"))
  var maximumLength = TextClassifierOptions().maximumLength

  @Option(help: ArgumentHelp("The end of longer texts that is read.", valueName: "end"))
  var keep = TextClassifierOptions().keptEnd

  @Option(
    help: ArgumentHelp(
      "Word vectors to start from: a text file of GloVe, word2vec or fastText.",
      valueName: "file"))
  var vectors: String?

  func apply(to options: inout TextClassifierOptions) {
    options.testFraction = testFraction
    options.fold = fold
    options.validationFraction = validationFraction
    options.tokens = tokens
    options.partCount = parts
    options.normalization = TextNormalization(form: normalization, lowercases: !keepCase)
    options.minimumCount = minimumCount
    options.maximumLength = maximumLength
    options.keptEnd = keep
  }
}

/// What the network of a classifier is and how it is trained.
struct ClassifierNetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Numbers of a token's vector.", valueName: "count"))
  var embedding = TextClassifierOptions().embeddingSize

  @Option(help: "The recurrent layer.")
  var cell = TextClassifierOptions().cell

  @Option(help: ArgumentHelp("Hidden units of a layer, in each direction.", valueName: "units"))
  var hidden = TextClassifierOptions().hiddenSize

  @Option(help: ArgumentHelp("Recurrent layers.", valueName: "count"))
  var layers = TextClassifierOptions().layers

  @Flag(help: "Read from the start only.")
  var forwardOnly = false

  @Option(help: "What becomes of the hidden states of all tokens.")
  var pooling = TextClassifierOptions().pooling

  @Flag(help: "No naive Bayes (words and pairs of words) beside the network.")
  var networkOnly = false

  @Option(
    help: ArgumentHelp(
      "Dropout of token vectors, between layers and before the last layer.", valueName: "share"))
  var dropout = TextClassifierOptions().dropout

  @Option(
    help: ArgumentHelp(
      "The share of tokens that training replaces by the unknown token.", valueName: "share"))
  var tokenDropout = TextClassifierOptions().tokenDropout

  @Option(
    help: ArgumentHelp(
      "Networks to train; their probabilities are averaged.", valueName: "count"))
  var ensemble = TextClassifierOptions().members

  @Option(help: ArgumentHelp("Epochs at most.", valueName: "count"))
  var epochs = TextClassifierOptions().epochs

  @Option(help: ArgumentHelp("Texts in a training step.", valueName: "texts"))
  var batch = TextClassifierOptions().batchSize

  @Option(
    help: ArgumentHelp(
      "Tokens in a training step at most, padding included.", valueName: "tokens"))
  var tokenBudget: Int?

  @Option(help: ArgumentHelp("Adam's learning rate.", valueName: "rate"))
  var learningRate = TextClassifierOptions().learningRate

  @Option(
    help: ArgumentHelp(
      "Epochs without a better validation loss before training stops.", valueName: "epochs"))
  var patience = TextClassifierOptions().patience

  @Option(
    help: ArgumentHelp(
      "The share of the target that goes to all classes alike.", valueName: "share"))
  var labelSmoothing = TextClassifierOptions().labelSmoothing

  @Option(
    help: ArgumentHelp(
      "How much classes count: none, balanced, or as good=1,bad=3.", valueName: "weights"))
  var classWeights = ClassWeights.none

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  func apply(to options: inout TextClassifierOptions) {
    options.embeddingSize = embedding
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.isBidirectional = !forwardOnly
    options.pooling = pooling
    options.naiveBayes = !networkOnly
    options.dropout = dropout
    options.tokenDropout = tokenDropout
    options.members = ensemble
    options.epochs = epochs
    options.batchSize = batch
    options.tokenBudget = tokenBudget
    options.learningRate = learningRate
    options.patience = patience
    options.labelSmoothing = labelSmoothing
    options.classWeights = classWeights
    options.seed = seed
  }
}

extension Fold: ExpressibleByArgument {
  /// A part as `3/10`.
  public init?(argument: String) {
    let numbers = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let number = numbers[0], let count = numbers[1] else { return nil }
    self.init(number, of: count)
  }
}

extension ClassWeights: ExpressibleByArgument {
  /// `none`, `balanced`, or `label=weight` separated by commas.
  public init?(argument: String) {
    switch argument {
    case "none": self = .none
    case "balanced": self = .balanced
    default:
      var weights: [String: Float] = [:]
      for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
        guard let mark = part.lastIndex(of: "="),
          let weight = Float(part[part.index(after: mark)...]), weight > 0, weight.isFinite
        else { return nil }
        weights[String(part[..<mark])] = weight
      }
      self = .given(weights)
    }
  }

  /// As it is written.
  public var defaultValueDescription: String { "none" }
}

extension TextEncoding: ExpressibleByArgument {}
extension Tokenizer.Kind: ExpressibleByArgument {}
extension TextNormalization.Form: ExpressibleByArgument {}
extension TextEnd: ExpressibleByArgument {}
extension SequencePooling: ExpressibleByArgument {}
