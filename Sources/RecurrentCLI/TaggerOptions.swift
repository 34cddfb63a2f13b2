import ArgumentParser
import Recurrent
import RecurrentTasks

/// Where the tagged sentences stand and how they are read.
struct TaggedTextOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Sentences that choose the epoch. (default: a share)", valueName: "file"))
  var dev: String?

  @Option(
    help: ArgumentHelp("Sentences that only the report sees. (default: a share)", valueName: "file")
  )
  var test: String?

  @Option(
    help: ArgumentHelp("The share of sentences that only the report sees.", valueName: "share"))
  var testFraction = SequenceTaggerOptions().testFraction

  @Option(
    help: ArgumentHelp("The share of the others that chooses the epoch.", valueName: "share"))
  var devFraction = SequenceTaggerOptions().validationFraction

  @Option(help: ArgumentHelp("The column of the tokens, from 1.", valueName: "number"))
  var tokenColumn = TagColumns().token

  @Option(
    help: ArgumentHelp("The column of the tags, from 1. (default: the last)", valueName: "number"))
  var tagColumn: Int?

  @Option(help: ArgumentHelp("The encoding of the files.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @Option(
    help: ArgumentHelp(
      "How tags are written; plain: as they are, no chunks. (default: as it looks)",
      valueName: "scheme"))
  var scheme: TagScheme?

  @Flag(help: "Look words up with their capitals.")
  var keepCase = false

  @Option(
    help: ArgumentHelp("How often a word has to occur; others are unknown.", valueName: "times"))
  var minimumCount = SequenceTaggerOptions().minimumCount

  @Option(
    help: ArgumentHelp(
      "Tokens read at once; longer sentences are read in pieces.", valueName: "tokens"))
  var maximumLength = SequenceTaggerOptions().maximumLength

  @Option(
    help: ArgumentHelp(
      "Word vectors to start from: a text file of GloVe, word2vec or fastText.",
      valueName: "file"))
  var vectors: String?

  var columns: TagColumns { TagColumns(token: tokenColumn, tag: tagColumn) }

  func apply(to options: inout SequenceTaggerOptions) {
    options.testFraction = testFraction
    options.validationFraction = devFraction
    options.scheme = scheme
    options.lowercases = !keepCase
    options.minimumCount = minimumCount
    options.maximumLength = maximumLength
  }
}

/// What the network of a tagger is and how it is trained.
struct TaggerNetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Numbers of a word's vector.", valueName: "count"))
  var embedding = SequenceTaggerOptions().embeddingSize

  @Option(help: "What reads the characters of a word.")
  var characters = SequenceTaggerOptions().characters

  @Option(
    help: ArgumentHelp("Numbers that the characters of a word become.", valueName: "count"))
  var characterSize = SequenceTaggerOptions().characterSize

  @Flag(help: "Do not tell the network how words are written: capitals, digits, marks.")
  var noCapitals = false

  @Option(help: "The recurrent layer.")
  var cell = SequenceTaggerOptions().cell

  @Option(help: ArgumentHelp("Hidden units of a layer, in each direction.", valueName: "units"))
  var hidden = SequenceTaggerOptions().hiddenSize

  @Option(help: ArgumentHelp("Recurrent layers.", valueName: "count"))
  var layers = SequenceTaggerOptions().layers

  @Flag(help: "Read from the start only.")
  var forwardOnly = false

  @Flag(
    name: .customLong("no-crf"),
    help: "Choose each tag alone, without a conditional random field over their sequence.")
  var noCRF = false

  @Option(
    help: ArgumentHelp(
      "Dropout of word features, between layers and before the last layer.", valueName: "share"))
  var dropout = SequenceTaggerOptions().dropout

  @Option(
    help: ArgumentHelp(
      "w: training takes a word that occurs n times for unknown with probability w / (w + n).",
      valueName: "number"))
  var wordDropout = SequenceTaggerOptions().wordDropout

  @Option(
    help: ArgumentHelp("Networks to train; their scores are averaged.", valueName: "count"))
  var ensemble = SequenceTaggerOptions().members

  @Option(help: ArgumentHelp("Epochs at most.", valueName: "count"))
  var epochs = SequenceTaggerOptions().epochs

  @Option(help: ArgumentHelp("Sentences in a training step.", valueName: "sentences"))
  var batch = SequenceTaggerOptions().batchSize

  @Option(help: ArgumentHelp("Adam's learning rate.", valueName: "rate"))
  var learningRate = SequenceTaggerOptions().learningRate

  @Option(
    help: ArgumentHelp(
      "Epochs without a better dev score before training stops.", valueName: "epochs"))
  var patience = SequenceTaggerOptions().patience

  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  func apply(to options: inout SequenceTaggerOptions) {
    options.embeddingSize = embedding
    options.characters = characters
    options.characterSize = characterSize
    options.capitals = !noCapitals
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.isBidirectional = !forwardOnly
    options.usesCRF = !noCRF
    options.dropout = dropout
    options.wordDropout = wordDropout
    options.members = ensemble
    options.epochs = epochs
    options.batchSize = batch
    options.learningRate = learningRate
    options.patience = patience
    options.seed = seed
  }
}

extension TagScheme: ExpressibleByArgument {}
extension CharacterReader: ExpressibleByArgument {}
