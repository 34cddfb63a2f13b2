import ArgumentParser
import Recurrent
import RecurrentTasks

/// Where pairs of sentences stand and how they are read.
struct PairOptions: ParsableArguments {
  @Flag(help: "In a file with tabs, the translation stands first.")
  var swap = false

  @Option(help: ArgumentHelp("The encoding of the files.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  func read(_ files: [String]) throws(DataError) -> SentencePairs {
    try SentencePairs.read(files, swapped: swap, encoding: encoding)
  }
}

/// What the network of a translator is and how it is trained.
struct TranslatorNetworkOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pairs that judge each epoch, in the same form. (default: a share)", valueName: "files"))
  var dev: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pairs that only the report sees; more files are more references. (default: a share)",
      valueName: "files"))
  var test: [String] = []

  @Option(
    help: ArgumentHelp("The share of sentences that only the report sees.", valueName: "share"))
  var testFraction = TranslatorOptions().testFraction

  @Option(help: ArgumentHelp("The share of the others that judges each epoch.", valueName: "share"))
  var devFraction = TranslatorOptions().devFraction

  @Flag(help: "Write all in small letters.")
  var lowercase = false

  @Option(help: ArgumentHelp("The Unicode form of sentences.", valueName: "form"))
  var normalization = TranslatorOptions().normalization.form

  @Option(help: ArgumentHelp("Parts of words learned in each language.", valueName: "count"))
  var vocabulary = TranslatorOptions().partCount

  @Option(
    help: ArgumentHelp("How often a part has to occur; others are unknown.", valueName: "times"))
  var minimumCount = TranslatorOptions().minimumCount

  @Option(
    help: ArgumentHelp(
      "Tokens of a sentence. Longer pairs are not trained on.", valueName: "tokens"))
  var maximumLength = TranslatorOptions().maximumLength

  @Option(help: ArgumentHelp("Numbers of a token's vector.", valueName: "count"))
  var embedding = TranslatorOptions().embeddingSize

  @Option(help: "The recurrent layer that reads.")
  var cell = TranslatorOptions().cell

  @Option(
    help: ArgumentHelp(
      "Hidden units of a reading layer, in each direction; the writing layer has twice as many.",
      valueName: "units"))
  var hidden = TranslatorOptions().hiddenSize

  @Option(help: ArgumentHelp("Layers that read.", valueName: "count"))
  var layers = TranslatorOptions().layers

  @Option(help: "How what is being written is compared with what was read.")
  var attention = TranslatorOptions().attention

  @Option(
    help: ArgumentHelp(
      "Dropout of token vectors, of what was read, and of what is written.", valueName: "share"))
  var dropout = TranslatorOptions().dropout

  @Option(help: ArgumentHelp("Epochs at most.", valueName: "count"))
  var epochs = TranslatorOptions().epochs

  @Option(help: ArgumentHelp("Pairs in a training step.", valueName: "pairs"))
  var batch = TranslatorOptions().batchSize

  @Option(
    help: ArgumentHelp(
      "Tokens in a training step at most, padding included.", valueName: "tokens"))
  var tokenBudget: Int?

  @Option(help: ArgumentHelp("Adam's learning rate, behind its warm-up.", valueName: "rate"))
  var learningRate = TranslatorOptions().learningRate

  @Option(
    help: ArgumentHelp(
      "Epochs without a better dev loss before training stops.", valueName: "epochs"))
  var patience = TranslatorOptions().patience

  @Option(
    help: ArgumentHelp(
      "The share of the target that goes to all tokens alike.", valueName: "share"))
  var labelSmoothing = TranslatorOptions().labelSmoothing

  @Option(help: ArgumentHelp("Translations that are pursued at once.", valueName: "count"))
  var beam = TranslatorOptions().beam

  @Option(help: ArgumentHelp("α of the length penalty (Wu et al. 2016).", valueName: "number"))
  var lengthPenalty = TranslatorOptions().lengthPenalty

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  var options: TranslatorOptions {
    var options = TranslatorOptions()
    options.testFraction = testFraction
    options.devFraction = devFraction
    options.normalization = TextNormalization(form: normalization, lowercases: lowercase)
    options.partCount = vocabulary
    options.minimumCount = minimumCount
    options.maximumLength = maximumLength
    options.embeddingSize = embedding
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.attention = attention
    options.dropout = dropout
    options.epochs = epochs
    options.batchSize = batch
    options.tokenBudget = tokenBudget
    options.learningRate = learningRate
    options.patience = patience
    options.labelSmoothing = labelSmoothing
    options.beam = beam
    options.lengthPenalty = lengthPenalty
    options.seed = seed
    return options
  }
}

extension AttentionDecoder.AttentionKind: ExpressibleByArgument {}
