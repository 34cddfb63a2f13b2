import Recurrent

/// How a sequence tagger reads sentences, what its network is, and how it is trained.
public struct SequenceTaggerOptions: JobOptions {
  /// How the tags of the training part are written; nil: as ``TagScheme/detected(in:)`` says.
  public var scheme: TagScheme?
  /// Whether words are looked up in small letters; characters and capitals keep their case.
  public var lowercases = true
  /// How often a word has to occur in the training part to have a vector of its own.
  public var minimumCount = 1
  /// Tokens of a sentence that are read at once: a longer one is read in pieces of that many.
  public var maximumLength = 1000

  /// Numbers of a word's vector.
  public var embeddingSize = 100
  /// Words that the training part lacks and that are known by the vector that a file of vectors has for
  /// them, the first of that file; nil: 20,000.
  public var vectorWords: Int?
  /// What reads the characters of a word.
  public var characters = CharacterReader.cnn
  /// Numbers of a character's vector.
  public var characterEmbeddingSize = 25
  /// Numbers that the characters of a word become.
  public var characterSize = 100
  /// Whether the network is told how each word is written: capitals, digits, marks.
  public var capitals = true
  /// Numbers that the states of language models become by a dense layer, where there are such models;
  /// nil: 32.
  public var languageSize: Int?
  /// The kind of recurrent layer.
  public var cell = CellKind.lstm
  /// Hidden units of each layer, in each direction.
  public var hiddenSize = 100
  /// Recurrent layers.
  public var layers = 1
  /// Whether the layers also read from the end.
  public var isBidirectional = true
  /// Dropout of word features, between layers, and before the last layer.
  public var dropout: Float = 0.5
  /// How readily training takes a word for unknown: one that occurs n times with probability
  /// w / (w + n), with w this number (Kiperwasser and Goldberg 2016).
  public var wordDropout: Float = 2
  /// Whether the tags of a sentence are chosen together, by a conditional random field.
  public var usesCRF = true
  /// Networks that are trained, with random numbers of their own; their scores are averaged.
  public var members = 1

  /// Epochs at most.
  public var epochs = 15
  /// Sentences in a training step.
  public var batchSize = 16
  /// Adam's learning rate at first; it falls to 0 along half a cosine until the last epoch.
  public var learningRate: Float = 4e-3
  /// Epochs in a row without a better score on the validation part after which training stops.
  public var patience = 10
  /// The decay of the weights' average over the training steps, which is then what is judged and
  /// kept (``WeightAverage``); nil: the weights of the last step.
  public var averaging: Double?
  /// Parts of a batch whose gradients are computed apart, so that processes can share them
  /// (``TrainingOptions/shards``); nil: a batch is one.
  public var shards: Int?
  /// The share of sentences that training never sees.
  public var testFraction = 0.1
  /// The share of the remaining sentences that judges each epoch.
  public var validationFraction = 0.1
  /// Where all random numbers come from.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// What reads the characters of a word.
public enum CharacterReader: String, Sendable, Codable, CaseIterable {
  /// An LSTM from both ends, its last states (Lample et al. 2016, arXiv:1603.01360).
  case lstm
  /// A convolution over three characters, its largest values (Ma and Hovy 2016, arXiv:1603.01354).
  case cnn
  /// Characters are not read.
  case none
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTaggerOptions {
  public static var fullSize: Int { 3200 }
  public static var quarterBatchRate: Float { 2e-3 }

  public var networks: Int? { members }

  public mutating func takeCourse(of other: Self) {
    (testFraction, validationFraction) = (other.testFraction, other.validationFraction)
  }

  public func check(_ rules: inout OptionRules) {
    rules.require(
      shares: ["the test fraction": testFraction, "the validation fraction": validationFraction])
    rules.require(["the language size": languageWidth], in: 1...100_000)
    rules.require(["the words of vectors": vectorWords ?? 0], in: 0...10_000_000)
    rules.require([
      "the embedding size": embeddingSize, "the character embedding size": characterEmbeddingSize,
      "the minimum count": minimumCount, "the maximum length": maximumLength,
    ])
    rules.require(
      (2...1_000_000).contains(characterSize) && characterSize % 2 == 0,
      else: "the character size is an even number from 2, not \(characterSize)")
    rules.require(
      wordDropout >= 0 && wordDropout <= 1000,
      else: "word dropout is between 0 and 1000, not \(wordDropout)")
  }
}
